import type { Bar, BarColumns } from "@/server/domain/bars/bar";
import type { DayCounts } from "@/server/domain/basics/job";
import type { BarDifference, Figures } from "@/server/ports/jobs";
import type { StoredBar } from "@/server/ports/stores";
import { barInPlace, figureNames, judgeBars, type JudgeOrder, type Verdict } from "./bar-rules";
import { type Opening, printedOpenings, withoutOpenings } from "./merge-openings";

export interface Merged {
  /** What to write in place of the stored bar. */
  write: StoredBar[];
  /** What is to be taken out of the store. */
  remove: StoredBar[];
  verdicts: Verdict<StoredBar>[];
  differences: Omit<BarDifference, "jobId">[];
  counts: DayCounts;
}

export interface MergeOrder extends JudgeOrder {
  instrumentId: number;
  timeframe: StoredBar["timeframe"] & BarDifference["timeframe"];
  /** Pre-opens that are kept of the days: history's first minutes hold them, ours do not. */
  openings?: readonly Opening[];
}

const figures = (bar: Bar | null): Figures | null =>
  bar === null ? null : (figureNames.map((figure) => bar[figure]) as unknown as Figures);

/** A bar that history confirms stays as stored, without the pre-open. */
const asKept = (theirs: Bar, ours: StoredBar | undefined): Bar =>
  ours === undefined ? theirs : { ...theirs, open: ours.open, high: ours.high, low: ours.low };

/** Both are in time order. A stored bar without one in history is yielded at its place in that order. */
export const mergeBars = (stored: readonly StoredBar[], told: BarColumns, order: MergeOrder): Merged => {
  const { instrumentId, timeframe } = order;
  const openings = timeframe === "1m" ? (order.openings ?? []) : [];
  const history = withoutOpenings(told, stored, openings);
  const kept = new Map(openings.length === 0 ? [] : stored.map((bar) => [bar.time, bar]));
  const verdicts = judgeBars(
    openings.length === 0 ? stored : printedOpenings(stored, history, openings),
    history,
    order,
  );
  const merged: Merged = {
    write: [],
    remove: [],
    verdicts,
    differences: [],
    counts: { bars: history.length, added: 0, unchanged: 0, kept: 0, corrected: 0, flagged: 0 },
  };
  for (const { time, ours, theirs, verdict, rule, differs } of verdicts) {
    // A bar that came from history before, or that nobody saw completely, is not worth recording.
    if (theirs === null && verdict === "kept") continue;
    merged.counts[verdict === "equal" ? "unchanged" : verdict === "removed" ? "corrected" : verdict]++;
    if (verdict === "added" || verdict === "corrected")
      merged.write.push(
        barInPlace(instrumentId, timeframe, ours, differs.length > 0 ? theirs! : asKept(theirs!, kept.get(time))),
      );
    if (verdict === "removed") merged.remove.push(ours!);
    if (verdict === "equal" || verdict === "added" || differs.length === 0) continue;
    merged.differences.push({
      instrumentId,
      timeframe,
      time,
      verdict: verdict === "removed" ? "corrected" : verdict,
      rule,
      stored: figures(ours),
      history: figures(theirs),
    });
  }
  return merged;
};
