/** Writes the result of a merge with history, for a start, a fill, a backfill and a comparison alike. */
import { addToDays } from "@/server/domain/bars/auction-print";
import { BACKFILLED, barAt, type BarPassport, columnsOf, FORMING, joinPassports } from "@/server/domain/bars/bar";
import { filterRows } from "@/server/domain/bars/bar-rows";
import { barEnd, barStart } from "@/server/domain/bars/bar-time";
import { resample } from "@/server/domain/bars/resample";
import { type Calendar, type HoursKey, istDay, istMidnight } from "@/server/domain/time/session";
import { timeframe as timeframeNamed } from "@/server/domain/time/timeframe";
import type { RecentBars } from "@/server/ports/live";
import type { BarStore, StoredBar } from "@/server/ports/stores";
import type { Merged } from "./merge";
import { figureNames } from "./bar-rules";

interface PutParts {
  store: Pick<BarStore, "read" | "readWhole">;
  recent: RecentBars;
  calendar: Calendar;
}

export interface PutOrder {
  instrumentId: number;
  hours: HoursKey;
  timeframe: StoredBar["timeframe"];
  /**
   * Stored minutes of every quarter hour that contains a merged minute, in time order; with `daily`, of every such day.
   */
  held: readonly StoredBar[];
  /** Bars that end at or before this time have ended. */
  until: number;
  /** Makes day bars where none is stored. */
  daily?: boolean;
}

const QUARTER = timeframeNamed("15m");

/** Stored bars with those on their way to the store in their places. */
export const storedAndWaiting = async (
  { store, recent }: Pick<PutParts, "store" | "recent">,
  query: Parameters<BarStore["readWhole"]>[0],
): Promise<StoredBar[]> => {
  const stored = await store.readWhole(query);
  const waiting = recent.recent(query.instrumentId, query.timeframe, query.from, query.to);
  if (waiting.length === 0) return stored;
  const byTime = new Map([...stored, ...waiting].map((bar) => [bar.time, bar]));
  return [...byTime.values()].sort((a, b) => a.time - b.time);
};

/** Widens a span of minutes to whole quarters of an hour of its sessions. */
export const wholeQuarters = (
  calendar: Calendar,
  hours: HoursKey,
  from: number,
  to: number,
): { from: number; to: number } => {
  const [first, last] = [calendar.on(hours, istDay(from)), calendar.on(hours, istDay(to - 1))];
  return {
    from: first === null || from < first.open || from >= first.close ? from : barStart(first, QUARTER, from),
    to:
      last === null || to <= last.open || to > last.close ? to : barEnd(last, QUARTER, barStart(last, QUARTER, to - 1)),
  };
};

/** Resolves when everything is committed; true if anything was written. */
export const putMerged = async (
  parts: PutParts,
  order: PutOrder,
  { write, remove }: Pick<Merged, "write" | "remove">,
): Promise<boolean> => {
  const { recent } = parts;
  const longer = order.timeframe === "1m" ? await longerBars(parts, order, write, remove) : { write: [], remove: [] };
  const gone = [...remove, ...longer.remove];
  const put = [...write, ...longer.write];
  if (gone.length + put.length === 0) return false;
  if (gone.length > 0) recent.enqueue(gone, "remove");
  recent.enqueue(put, "replace");
  await recent.settled();
  return true;
};

/**
 * The stored timeframes changed by these minutes: their quarter hours, quarter hours that a crash or a full disk kept
 * out of the store earlier, and day bars if requested and missing.
 */
const longerBars = async (
  { store, recent, calendar }: PutParts,
  { instrumentId, hours, held, until, daily = false }: PutOrder,
  write: readonly StoredBar[],
  remove: readonly StoredBar[],
): Promise<{ write: StoredBar[]; remove: StoredBar[] }> => {
  const minutes = overwritten(held, write, remove);
  const quarterOf = (time: number): number | null => {
    const session = calendar.on(hours, istDay(time));
    return session === null ? null : barStart(session, QUARTER, time);
  };
  const changed = [...write, ...remove].flatMap(({ time }) => quarterOf(time) ?? []);
  const starts = [
    ...changed,
    ...[minutes.at(0), minutes.at(-1)].flatMap((bar) => (bar === undefined ? [] : (quarterOf(bar.time) ?? []))),
  ];
  if (starts.length === 0) return { write: [], remove: [] };
  const stored = await storedAndWaiting(
    { store, recent },
    { instrumentId, timeframe: "15m", from: Math.min(...starts), to: Math.max(...starts) + 1 },
  );
  const before = new Map(stored.map((bar) => [bar.time, bar]));
  const isChanged = new Set(changed);
  const touched = new Set([
    ...changed,
    ...minutes.flatMap(({ time }) => quarterOf(time) ?? []).filter((start) => !before.has(start)),
  ]);
  if (touched.size === 0) return { write: [], remove: [] };
  const columns = columnsOf(minutes);
  const made = resample(columns, calendar, hours, QUARTER, until).bars;
  const passports = new Map<number, BarPassport>();
  for (const { time, passport } of minutes) {
    const session = calendar.on(hours, istDay(time));
    if (session === null || passport === undefined) continue;
    const start = barStart(session, QUARTER, time);
    const known = passports.get(start);
    if (touched.has(start)) passports.set(start, known === undefined ? passport : joinPassports(known, passport));
  }
  const quarters: StoredBar[] = [];
  const left = new Set<number>();
  for (let row = 0; row < made.length; row++) {
    const time = made.time[row]!;
    left.add(time);
    if (made.state[row] === FORMING || !touched.has(time)) continue;
    const bar = { ...barAt(made, row), instrumentId, timeframe: "15m" as const };
    const known = before.get(time);
    const same = known !== undefined && figureNames.every((figure) => known[figure] === bar[figure]);
    if (same && known.incomplete === bar.incomplete && known.value === bar.value) continue;
    const passport = passports.get(time);
    quarters.push({
      ...bar,
      state: same ? known.state : isChanged.has(time) && made.state[row] !== BACKFILLED ? "corrected" : bar.state,
      rev: (known?.rev ?? 0) + 1,
      ...(passport === undefined ? {} : { passport }),
    });
  }
  const empty = stored.filter(({ time }) => touched.has(time) && !left.has(time));
  if (!daily) return { write: quarters, remove: empty };
  const days = resample(columns, calendar, hours, timeframeNamed("1d"), until).bars;
  const auctions = await storedAndWaiting(
    { store, recent },
    {
      instrumentId,
      timeframe: "auction",
      from: istMidnight(istDay(minutes[0]!.time)),
      to: istMidnight(istDay(minutes.at(-1)!.time) + 1),
    },
  );
  addToDays(days, columnsOf(auctions), calendar, hours);
  const heldDays = await store.read({
    instrumentId,
    timeframe: "1d",
    from: minutes[0]!.time,
    to: minutes.at(-1)!.time + 1,
  });
  const known = new Set(heldDays.time.subarray(0, heldDays.length));
  const missing = filterRows(days, (row) => days.state[row] !== FORMING && !known.has(days.time[row]!));
  // A bar whose parts all came from history is backfilled; any other is corrected.
  const dayBars = Array.from({ length: missing.length }, (_, row): StoredBar => ({
    ...barAt(missing, row),
    instrumentId,
    timeframe: "1d",
    state: missing.state[row] === BACKFILLED ? "backfilled" : "corrected",
  }));
  return { write: [...quarters, ...dayBars], remove: empty };
};

/** Held bars with the written ones in their places and without the removed ones, in order of time. */
const overwritten = (
  held: readonly StoredBar[],
  write: readonly StoredBar[],
  remove: readonly StoredBar[],
): StoredBar[] => {
  // The written bar has no passport of its own; it keeps that of the bar it replaces.
  const before = new Map(held.map((bar) => [bar.time, bar]));
  const all = new Map(before);
  for (const bar of write) {
    const passport = bar.passport ?? before.get(bar.time)?.passport;
    all.set(bar.time, passport === undefined ? bar : { ...bar, passport });
  }
  for (const { time } of remove) all.delete(time);
  return [...all.values()].sort((a, b) => a.time - b.time);
};
