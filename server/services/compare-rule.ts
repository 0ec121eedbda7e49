import { BACKFILLED, type BarColumns, CORRECTED } from "@/server/domain/bar";
import type { Decision, Difference } from "@/server/ports/gaps";

const fields = ["open", "high", "low", "close", "volume"] as const;
type Field = (typeof fields)[number];

/** What becomes of one bar that either side has. Rows are -1 where there is none. */
export interface Verdict {
  time: number;
  ours: number;
  theirs: number;
  decision: Decision | "equal";
  why: string;
  differs: readonly Field[];
}

/**
 * Our bars beside the broker's, both oldest first. A feed samples: where history's bar holds all that ours has seen, it
 * knows more and takes its place. Where our ticks saw a price or a volume that history does not have, ours stays and
 * somebody should look; a trade at the border of two bars is no such case. `traded`: it has volume, an index has none.
 */
export const compareBars = (ours: BarColumns, theirs: BarColumns, traded: boolean): Verdict[] => {
  const verdicts: Verdict[] = [];
  let our = 0;
  let their = 0;
  while (our < ours.length || their < theirs.length) {
    const ourTime = our < ours.length ? ours.time[our]! : Number.POSITIVE_INFINITY;
    const theirTime = their < theirs.length ? theirs.time[their]! : Number.POSITIVE_INFINITY;
    const time = Math.min(ourTime, theirTime);
    const pair = { time, ours: ourTime === time ? our++ : -1, theirs: theirTime === time ? their++ : -1 };
    const differs = fields.filter((field) => pair.ours === -1 || pair.theirs === -1 || ours[field][pair.ours] !== theirs[field][pair.theirs]);
    const [decision, why] = differs.length === 0 ? ["equal", ""] as const : judge(ours, pair.ours, theirs, pair.theirs, traded);
    verdicts.push({ ...pair, decision, why, differs });
  }
  return verdicts;
};

const judge = (ours: BarColumns, our: number, theirs: BarColumns, their: number, traded: boolean): readonly [Decision, string] => {
  if (our === -1) return ["corrected", "history has a bar that we have not"];
  if (their === -1) {
    return traded && ours.volume[our] === 0
      ? ["kept", "a price came without a trade; the exchange has no bar for that"]
      : ["flagged", `history has no such bar; our feed saw ${ours.ticks[our]} ticks`];
  }
  const state = ours.state[our];
  if (ours.incomplete[our] === 1) return ["corrected", "the feed was away during part of it"];
  if (state === BACKFILLED || state === CORRECTED || ours.ticks[our] === 0) return ["corrected", "history has changed since it was asked last"];
  const wider = theirs.high[their]! >= ours.high[our]! && theirs.low[their]! <= ours.low[our]!;
  const more = !traded || theirs.volume[their]! >= ours.volume[our]!;
  if (wider && more) return ["corrected", "the exchange saw more than the feed showed"];
  const around = [their - 1, their, their + 1].filter((row) => row >= 0 && row < theirs.length && Math.abs(theirs.time[row]! - theirs.time[their]!) <= BORDER_MS);
  const within = around.some((row) => theirs.high[row]! >= ours.high[our]!) && around.some((row) => theirs.low[row]! <= ours.low[our]!);
  const volumeAround = !traded || sumAt(theirs, around) >= sumAt(ours, near(ours, our));
  if (around.length > 1 && within && volumeAround) return ["corrected", "a trade at the border of two bars is in the other one"];
  return ["flagged", wider ? "our feed counted more volume than history has" : "our ticks saw prices that history does not have"];
};

/** Bars are neighbours when nothing lies between them: minutes. */
const BORDER_MS = 60_000;
const near = (rows: BarColumns, row: number): number[] => [row - 1, row, row + 1].filter((at) => at >= 0 && at < rows.length && Math.abs(rows.time[at]! - rows.time[row]!) <= BORDER_MS);
const sumAt = (rows: BarColumns, at: readonly number[]): number => at.reduce((sum, row) => sum + rows.volume[row]!, 0);

/** A row a figure that differs, as it is recorded. */
export const differencesOf = (verdicts: readonly Verdict[], ours: BarColumns, theirs: BarColumns, timeframe: "1m" | "1d"): Difference[] =>
  verdicts.flatMap(({ time, ours: our, theirs: their, decision, why, differs }) => (decision === "equal" ? [] : differs.map((field): Difference => ({
    timeframe, time, field, ours: our === -1 ? null : ours[field][our]!, theirs: their === -1 ? null : theirs[field][their]!, decision, why,
  }))));
