/** In which order day, month and year stand in a column of dates: what its rows show, or what they leave open. */
import { DAY_MS } from "@/server/domain/session";
import { type DateOrder, ordersOf, TimeReader, type TimeRules } from "@/server/domain/read-time";

export const orderNames: Readonly<Record<DateOrder, string>> = { dmy: "DD-MM-YYYY", mdy: "MM-DD-YYYY", ymd: "YY-MM-DD" };

export type ColumnOrder =
  | { order: DateOrder | null }
  /** Rows so far allow several orders; `at`: the first row that does. */
  | { open: readonly DateOrder[]; at: number }
  /** Row `at` allows none of those that row `told` left. */
  | { contradiction: { at: number; told: number } };

/** How much further apart neighbours must stand in one order than in another for that one to be ruled out. */
const MUCH_FURTHER = 5;

/** `texts`: the column in the file's order. Null as order: no text is a date of three numbers. */
export const columnOrder = (texts: readonly string[], rules: TimeRules): ColumnOrder => {
  let possible: DateOrder[] = ["dmy", "mdy", "ymd"];
  let seen = false;
  let told = -1;
  for (let at = 0; at < texts.length; at++) {
    const orders = ordersOf(texts[at]!);
    if (orders === null || orders.length === 0) continue;
    seen = true;
    const left = possible.filter((order) => orders.includes(order));
    if (left.length === 0) return { contradiction: { at, told } };
    if (left.length < possible.length) told = at;
    possible = left;
  }
  if (!seen) return { order: null };
  if (possible.includes("ymd")) possible = withoutFarYears(texts, possible, rules);
  const readers = possible.map((order) => new TimeReader({ ...rules, order }));
  // Day and month that are equal in every row say nothing, and need not.
  const at = texts.findIndex((text) => new Set(readers.map((reader) => reader.read(text)).filter((time) => !Number.isNaN(time))).size > 1);
  return at === -1 ? { order: possible[0]! } : { open: possible, at };
};

/**
 * Two digits that may be a day or a year: read the wrong way round, neighbouring days lie years apart. Of one date alone
 * slashes and points are how days come first; a hyphen leaves it open.
 */
const withoutFarYears = (texts: readonly string[], possible: readonly DateOrder[], rules: TimeRules): DateOrder[] => {
  const dated = [...new Set(texts.filter((text) => ordersOf(text) !== null))];
  const steps = new Map(possible.map((order) => {
    const reader = new TimeReader({ ...rules, order });
    const days = [...new Set(dated.map((text) => Math.floor(reader.read(text) / DAY_MS)).filter((day) => !Number.isNaN(day)))];
    const apart = days.slice(1).map((day, at) => Math.abs(day - days[at]!)).sort((a, b) => a - b);
    return [order, apart[apart.length >> 1] ?? 0] as const;
  }));
  if ([...steps.values()].every((step) => step === 0)) return possible.filter((order) => order !== "ymd" || !dated.some((text) => /^\d+[/.]/.test(text)));
  const least = Math.max(1, Math.min(...steps.values()));
  return possible.filter((order) => steps.get(order)! < least * MUCH_FURTHER);
};
