import { istDay } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";
import { inDoubt } from "@/server/files/doubt";
import type { OpenTable } from "@/server/files/read-table";
import type { FileBar } from "./bar-file";

/** Fewer neighbours prove nothing: volumes of a few bars may happen to rise. */
const LEAST_PAIRS = 8;
/** One neighbour in so many may fall all the same: a counter that was set right. */
const SELDOM = 50;

/**
 * Throws where a day's volumes hardly ever fall from bar to bar: they are the day's volume so far, and would be summed. Bars'
 * own volumes that rise by one or two steps from row to row are made up, not counted.
 */
export const checkVolumes = (file: string, table: OpenTable, bars: readonly FileBar[], of: AnyTimeframe): void => {
  if (of.kind !== "intraday" || table.seen.places.volume === -1 || table.rules.wishes.has("volume")) return;
  const rows = [...new Map(bars.map((bar) => [bar.label, bar])).values()].sort((a, b) => a.label - b.label);
  let pairs = 0;
  let rises = 0;
  let falls = 0;
  const steps = new Set<number>();
  for (let at = 1; at < rows.length; at++) {
    const [before, bar] = [rows[at - 1]!, rows[at]!];
    if (istDay(before.label) !== istDay(bar.label)) continue;
    pairs++;
    const step = bar.volume - before.volume;
    if (step > 0) rises++;
    if (step < 0) falls++;
    if (steps.size < 3) steps.add(step);
  }
  if (pairs < LEAST_PAIRS || falls * SELDOM > pairs || rises * 2 < pairs) return;
  const first = rows[0]!;
  if (steps.size < 3 && !(steps.size === 1 && steps.has(first.volume))) return;
  const last = rows.findLast(({ label }) => istDay(label) === istDay(first.label))!;
  throw inDoubt({
    file,
    line: last.line,
    unit: table.seen.unit,
    field: "volume",
    value: last.volume,
    why: `from ${istText(first.label)} on, it never falls within a day: it seems to be the day's cumulative volume, not the bar's`,
    option: "--columns volume=none, or --columns volume=NAME (or its number) if it is each bar's volume,",
  });
};
