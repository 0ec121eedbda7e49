/**
 * Which bars of a session are there, which had no trade and which are missing. Every bar in which there is continuous
 * trading is a slot; auctions, halts and announced stops have none.
 */
import { BACKFILLED, type BarColumns, CORRECTED, PATCHED } from "./bar";
import { barEnd } from "./bar-time";
import { dayEnd } from "@/server/domain/calendar/day-end";
import { isUnknown, type Session } from "@/server/domain/time/session";
import type { Timeframe } from "@/server/domain/time/timeframe";

export const slotKinds = [
  "received", // made by the stream, whole
  "patched", // and changed by a late tick
  "corrected", // the exchange's own figures took the place of ours
  "backfilled", // from history
  "incomplete", // present, but the feed was down during part of it
  "no_trade", // not there, and proved: nothing traded
  "missing", // absent, for an unknown reason
] as const;
export type SlotKind = (typeof slotKinds)[number];

export type SlotCounts = Record<SlotKind, number>;

/** Epoch ms, `to` exclusive. */
export interface Stretch {
  from: number;
  to: number;
}

/** Neighbouring slots of one kind; a halt ends a run. */
export interface Run extends Stretch {
  kind: SlotKind;
  bars: number;
}

export interface Completeness {
  /** Slots that have ended: the sum of the counts. */
  expected: number;
  counts: SlotCounts;
  /** Runs of everything but `received`, in order. */
  runs: Run[];
  /** Bars outside every slot: during a halt, or off the grid. */
  outside: number;
}

export interface CompletenessInput {
  session: Session;
  timeframe: Timeframe;
  /** Closed bars of the session, oldest first, no two of one time. */
  bars: BarColumns;
  /** Slots that end after this instant are not expected yet. */
  until: number;
  /** Spans history has answered for: without a bar in them, nothing traded. In order, not touching. */
  answered: readonly Stretch[];
  /** Spans during which the feed sent nothing and that are not filled. */
  gaps: readonly Stretch[];
  /** True if a feed delivered the instrument that day; then a silent minute without a recorded gap had no trade. */
  seen: boolean;
}

/** Calls back for every slot of a session in order: start, end and whether it follows the one before without a halt between. */
export const eachSlot = (
  session: Session,
  timeframe: Timeframe,
  visit: (start: number, end: number, joined: boolean) => void,
): void => {
  if (timeframe.kind !== "intraday") {
    visit(session.open, dayEnd(session), false);
    return;
  }
  const { lengthMs } = timeframe;
  let next = 0; // first place on the grid not visited yet
  let before = -2;
  for (const { phase, from, to } of session.phases) {
    if (phase !== "continuous") continue;
    const after = Math.ceil((to - session.open) / lengthMs);
    for (let place = Math.max(next, Math.floor((from - session.open) / lengthMs)); place < after; place++) {
      const start = session.open + place * lengthMs;
      visit(start, barEnd(session, timeframe, start), place === before + 1);
      before = place;
    }
    next = Math.max(next, after);
  }
};

/** Slots of a session that overlap [from, to). */
export const slotsWithin = (session: Session, timeframe: Timeframe, from: number, to: number): number => {
  let count = 0;
  eachSlot(session, timeframe, (start, end) => {
    if (end > from && start < to) count++;
  });
  return count;
};

/**
 * Counts a session's slots by kind. A day without a known holiday list lacks nothing while it has no bar. On a day
 * without any bar, every slot is missing whatever history answered: an empty response for a day on which no feed saw
 * the instrument does not prove that it did not trade.
 */
export const completenessOf = ({
  session,
  timeframe,
  bars,
  until,
  answered,
  gaps,
  seen,
}: CompletenessInput): Completeness => {
  const counts = Object.fromEntries(slotKinds.map((kind) => [kind, 0])) as SlotCounts;
  const runs: Run[] = [];
  const spoken = seen || bars.length > 0;
  if (isUnknown(session) && !spoken) return { expected: 0, counts, runs, outside: 0 };
  let expected = 0;
  let outside = 0;
  let row = 0;
  let answer = 0;
  eachSlot(session, timeframe, (start, end, joined) => {
    while (row < bars.length && bars.time[row]! < start) {
      row++;
      outside++;
    }
    const there = row < bars.length && bars.time[row] === start;
    const at = there ? row++ : -1;
    if (end > until) return;
    while (answer < answered.length && answered[answer]!.to < end) answer++;
    const proved = spoken && answer < answered.length && answered[answer]!.from <= start;
    const away = (): boolean => gaps.some((gap) => gap.from < end && gap.to > start);
    const kind: SlotKind = there ? kindOf(bars, at) : proved || (seen && !away()) ? "no_trade" : "missing";
    expected++;
    counts[kind]++;
    if (kind === "received") return;
    const last = runs[runs.length - 1];
    if (last !== undefined && joined && last.kind === kind && last.to === start) {
      last.to = end;
      last.bars++;
    } else runs.push({ kind, from: start, to: end, bars: 1 });
  });
  outside += bars.length - row;
  return { expected, counts, runs, outside };
};

const kindOf = (bars: BarColumns, row: number): SlotKind => {
  if (bars.incomplete[row] === 1) return "incomplete";
  const state = bars.state[row]!;
  return state === BACKFILLED
    ? "backfilled"
    : state === CORRECTED
      ? "corrected"
      : state === PATCHED
        ? "patched"
        : "received";
};

/** Share of expected bars that are there whole or had no trade, 0 to 1; null when none was expected yet. */
export const completeShare = ({ expected, counts }: Pick<Completeness, "expected" | "counts">): number | null =>
  expected === 0 ? null : (expected - counts.missing - counts.incomplete) / expected;

/** Words for a share, as people say them. */
export const qualityOf = (
  share: number | null,
): "excellent" | "good" | "fair" | "poor" | "none expected" | "unknown" =>
  share === null
    ? "none expected"
    : share >= 0.995
      ? "excellent"
      : share >= 0.99
        ? "good"
        : share >= 0.95
          ? "fair"
          : "poor";

/** Stretches in order, those that touch or overlap made one. */
export const joinStretches = (stretches: readonly Stretch[]): Stretch[] => {
  const joined: Stretch[] = [];
  for (const { from, to } of [...stretches].sort((a, b) => a.from - b.from)) {
    const last = joined[joined.length - 1];
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
};
