/** The order of day, month and year in a column of dates: what its rows show, or what remains open. */
import { DAY_MS } from "@/server/domain/time/session";
import { type DateOrder, ordersOf, TimeReader, type TimeRules } from "@/server/domain/time/read-time";

export const orderNames: Readonly<Record<DateOrder, string>> = {
  dmy: "DD-MM-YYYY",
  mdy: "MM-DD-YYYY",
  ymd: "YY-MM-DD",
};

export type ColumnOrder =
  | { order: DateOrder | null }
  /** Rows so far allow several orders; `at`: the first row that does. */
  | { open: readonly DateOrder[]; at: number }
  /** Row `at` allows none of the orders that row `told` left. */
  | { contradiction: { at: number; told: number } }
  /**
   * Row `at` is written differently from row `told`, or the dates jump there in a way no file's do; what changed some
   * of them is unknown.
   */
  | { mixed: { at: number; told: number; by: "separator" | "jump" } };

/** How much further apart neighbours must be in one order than in another to rule it out. */
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
  const mixed =
    separatorsOf(texts) ?? (possible.length === 1 || !seen ? jumpOf(texts, seen ? possible[0]! : null, rules) : null);
  if (mixed !== null) return { mixed };
  if (!seen) return { order: null };
  if (possible.includes("ymd")) possible = withoutFarYears(texts, possible, rules);
  const readers = possible.map((order) => new TimeReader({ ...rules, order }));
  // Day and month that are equal in every row say nothing, and need not.
  const at = texts.findIndex(
    (text) => new Set(readers.map((reader) => reader.read(text)).filter((time) => !Number.isNaN(time))).size > 1,
  );
  return at === -1 ? { order: possible[0]! } : { open: possible, at };
};

/**
 * Two digits may be a day or a year; read the wrong way, neighbouring days are years apart. In a single date, slashes
 * and points mean day first; a hyphen leaves it open.
 */
const withoutFarYears = (texts: readonly string[], possible: readonly DateOrder[], rules: TimeRules): DateOrder[] => {
  const dated = [...new Set(texts.filter((text) => ordersOf(text) !== null))];
  const steps = new Map(
    possible.map((order) => {
      const reader = new TimeReader({ ...rules, order });
      const days = [
        ...new Set(dated.map((text) => Math.floor(reader.read(text) / DAY_MS)).filter((day) => !Number.isNaN(day))),
      ];
      const apart = days
        .slice(1)
        .map((day, at) => Math.abs(day - days[at]!))
        .sort((a, b) => a - b);
      return [order, apart[apart.length >> 1] ?? 0] as const;
    }),
  );
  if ([...steps.values()].every((step) => step === 0))
    return possible.filter((order) => order !== "ymd" || !dated.some((text) => /^\d+[/.]/.test(text)));
  const least = Math.max(1, Math.min(...steps.values()));
  return possible.filter((order) => steps.get(order)! < least * MUCH_FURTHER);
};

const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)/;
const NUMBERS = /^(\d{1,2})([-/.])(\d{1,2})\2/;

/** Programs write one separator. If a column has two, a spreadsheet has rewritten some of its dates. */
const separatorsOf = (texts: readonly string[]): { at: number; told: number; by: "separator" } | null => {
  let told = -1;
  let separator = "";
  for (let at = 0; at < texts.length; at++) {
    const match = NUMBERS.exec(texts[at]!);
    if (match === null) continue;
    if (told === -1) {
      told = at;
      separator = match[2]!;
    } else if (match[2] !== separator) return { at, told, by: "separator" };
  }
  return null;
};

/** Fewer dates, or fewer swapped ones, prove nothing. */
const LEAST_DATES = 4;
const LEAST_TURNED = 2;

/**
 * A spreadsheet with another locale swaps day and month where the day may be a month, and leaves other dates. The dates
 * then jump back and forth as written, and are in order when swapped back.
 */
const jumpOf = (
  texts: readonly string[],
  order: DateOrder | null,
  rules: TimeRules,
): { at: number; told: number; by: "jump" } | null => {
  if (order === "ymd") return null;
  const reader = new TimeReader({ ...rules, order });
  const other = new TimeReader({ ...rules, order: order === "dmy" ? "mdy" : "dmy" });
  const dates: { at: number; day: number; turned: number }[] = [];
  let last = "";
  for (let at = 0; at < texts.length; at++) {
    const date = /^\S+/.exec(texts[at]!)?.[0] ?? "";
    if (date === last || !/^\d{1,4}[-/.]\d/.test(date)) continue;
    last = date;
    const day = reader.read(date);
    if (Number.isNaN(day)) continue;
    const turned = YEAR_FIRST.test(date) ? reader.read(date.replace(YEAR_FIRST, "$1$2$4$2$3")) : other.read(date);
    dates.push({ at, day, turned: Number.isNaN(turned) ? day : turned });
  }
  if (dates.length < LEAST_DATES || dates.filter(({ day, turned }) => day !== turned).length < LEAST_TURNED)
    return null;
  const back = firstFall(dates.map(({ day }) => day));
  if (back === null || firstFall(dates.map(({ turned }) => turned)) !== null) return null;
  return { at: dates[back]!.at, told: dates[back - 1]!.at, by: "jump" };
};

/** Index of the first value that breaks the rising or falling order; null if none does. */
const firstFall = (values: readonly number[]): number | null => {
  const breaks = [1, -1].map((sign) => values.findIndex((value, at) => at > 0 && (value - values[at - 1]!) * sign < 0));
  return breaks.includes(-1) ? null : Math.max(...breaks);
};
