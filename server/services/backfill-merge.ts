/**
 * What becomes of a stored bar when history tells the same bar. One table, read from the top: the first row that holds
 * decides. Pure: bars in, verdicts out.
 */
import { type Bar, type BarColumns, barAt, BY_OUR_CLOCK, type BarPassport } from "@/server/domain/bar";
import type { DayCounts } from "@/server/domain/job";
import type { BarDifference, Figures } from "@/server/ports/jobs";
import type { StoredBar } from "@/server/ports/stores";

export type Verdict = "added" | "unchanged" | "kept" | "corrected" | "flagged";
export type Authority = "broker" | "file";

/** History's prices further than this from the stored bar's range are somebody's mistake. */
const FAR = 0.1;
/** Of the volume that our ticks counted, history must know at least this share. */
const LEAST_VOLUME = 0.5;

interface Case { stored: Bar & { passport?: BarPassport }; history: Bar; authority: Authority }

interface Rule {
  /** In words, as it is kept with the difference. */
  rule: string;
  verdict: Exclude<Verdict, "added">;
  holds(which: Case): boolean;
}

const equal = ({ stored: a, history: b }: Case): boolean =>
  a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close && a.volume === b.volume;

const isFromHistory = ({ stored }: Case): boolean => stored.state === "backfilled" || stored.state === "corrected";

const isFar = ({ stored, history }: Case): boolean => history.high > stored.high * (1 + FAR) || history.low < stored.low * (1 - FAR)
  || history.low > stored.high * (1 + FAR) || history.high < stored.low * (1 - FAR);

/** Our ticks were trades at these prices: a bar without them is not the whole truth. */
const leavesOut = ({ stored, history }: Case): boolean => history.high < stored.high || history.low > stored.low;

/** Ticks put into their second by the time of receipt may stand in the neighbouring minute. */
const byOurClock = ({ stored }: Case): boolean => ((stored.passport?.sources ?? 0) & BY_OUR_CLOCK) !== 0;

/** Stored bars and history's, from the top. */
export const mergeRules: readonly Rule[] = [
  { verdict: "unchanged", rule: "both say the same", holds: (which) => equal(which) && !which.stored.incomplete },
  { verdict: "corrected", rule: "history confirms a bar that had a hole", holds: equal },
  { verdict: "flagged", rule: `prices are more than ${FAR * 100} % away from what is stored`, holds: isFar },
  { verdict: "kept", rule: "history is stored, and a file does not overrule it", holds: (which) => isFromHistory(which) && which.authority === "file" },
  { verdict: "corrected", rule: "the broker's history says otherwise than it did", holds: isFromHistory },
  { verdict: "corrected", rule: "the stored bar had a hole", holds: ({ stored }) => stored.incomplete },
  { verdict: "corrected", rule: "ticks were placed by our clock: some may belong to the next bar", holds: byOurClock },
  { verdict: "flagged", rule: "history leaves out a price that traded", holds: leavesOut },
  { verdict: "flagged", rule: "history has less than half of the volume that ticks counted", holds: ({ stored, history }) => history.volume < stored.volume * LEAST_VOLUME },
  { verdict: "corrected", rule: "history saw more than the ticks we had", holds: () => true },
];

const CONTRADICTS_ITSELF = "history's open, high, low and close contradict each other";
const NOT_IN_HISTORY = "history has no such bar";

export interface Merged {
  /** What is to be written in place of what is stored. */
  write: StoredBar[];
  differences: Omit<BarDifference, "jobId">[];
  counts: DayCounts;
}

export interface MergeOrder {
  instrumentId: number;
  timeframe: StoredBar["timeframe"] & BarDifference["timeframe"];
  authority: Authority;
  /** History has told all there is of the span: a bar it does not have is remarkable. */
  whole: boolean;
}

const figures = ({ open, high, low, close, volume }: Bar): Figures => [open, high, low, close, volume];

const isBar = ({ open, high, low, close, volume }: Bar): boolean =>
  low > 0 && high >= Math.max(open, close) && low <= Math.min(open, close) && volume >= 0;

/** Both in order of time. Stored bars without one of history are told of where the order says so. */
export const mergeBars = (stored: readonly StoredBar[], history: BarColumns, order: MergeOrder): Merged => {
  const { instrumentId, timeframe, authority } = order;
  const merged: Merged = { write: [], differences: [], counts: { bars: 0, added: 0, unchanged: 0, kept: 0, corrected: 0, flagged: 0 } };
  const differ = (verdict: BarDifference["verdict"], rule: string, time: number, ours: Bar | null, theirs: Bar | null): void => {
    merged.differences.push({ instrumentId, timeframe, time, verdict, rule, stored: ours === null ? null : figures(ours), history: theirs === null ? null : figures(theirs) });
  };
  /** A bar that ticks made, which history does not know. */
  const alone = (bar: StoredBar): void => {
    if (!order.whole || bar.incomplete || bar.ticks === 0 || bar.state === "backfilled" || bar.state === "corrected") return;
    merged.counts.flagged++;
    differ("flagged", NOT_IN_HISTORY, bar.time, bar, null);
  };
  let place = 0;
  for (let row = 0; row < history.length; row++) {
    const told = barAt(history, row);
    merged.counts.bars++;
    while (place < stored.length && stored[place]!.time < told.time) alone(stored[place++]!);
    const ours = stored[place]?.time === told.time ? stored[place++]! : null;
    if (!isBar(told)) {
      merged.counts.flagged++;
      differ("flagged", CONTRADICTS_ITSELF, told.time, ours, told);
    } else if (ours === null) {
      merged.counts.added++;
      merged.write.push({ ...told, instrumentId, timeframe, value: 0, ticks: 0, rev: 1, state: "backfilled", incomplete: false });
    } else {
      const which: Case = { stored: ours, history: told, authority };
      const { verdict, rule } = mergeRules.find(({ holds }) => holds(which))!;
      merged.counts[verdict]++;
      const same = equal(which);
      if (verdict === "corrected") merged.write.push(corrected(ours, told, same));
      if (verdict !== "unchanged" && !same) differ(verdict, rule, told.time, ours, told);
    }
  }
  while (place < stored.length) alone(stored[place++]!);
  return merged;
};

/** History's figures in the place of ours. Traded value stays only where the volume it belongs to does. */
const corrected = (ours: StoredBar, told: Bar, same: boolean): StoredBar => ({
  instrumentId: ours.instrumentId, timeframe: ours.timeframe, time: told.time, open: told.open, high: told.high, low: told.low, close: told.close, volume: told.volume,
  value: same ? ours.value : 0, ticks: ours.ticks, openInterest: told.openInterest >= 0 ? told.openInterest : ours.openInterest, rev: ours.rev + 1,
  state: ours.incomplete || ours.state === "backfilled" ? "backfilled" : "corrected", incomplete: false,
});
