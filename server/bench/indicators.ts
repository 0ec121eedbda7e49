import { measureInChild, median } from "./child";
import {
  batchIds,
  indicatorIds,
  type IndicatorId,
  type IndicatorJob,
  type IndicatorResult,
} from "./measure-indicators";

export interface IndicatorRow extends Pick<IndicatorJob, "id" | "who" | "instances" | "among"> {
  updateNs: number;
  /** NaN of whole series. */
  peekNs: number;
  aged: number;
}

const contenders = ["bare", "candela", "tradingSignals"] as const;
const shapes = [
  { instances: 1, among: false },
  { instances: 3_000, among: false },
  { instances: 1, among: true },
  { instances: 3_000, among: true },
] as const;
/** Whole series are of a million bars; trading-signals takes up to a microsecond a value. */
const valuesOf = ({ who, instances }: Pick<IndicatorJob, "who" | "instances">): number =>
  instances === 0 ? 10_000_000 : who === "tradingSignals" ? 600_000 : 3_000_000;

/** Updates and looks of each indicator, one instance and 3,000, alone and among others, and whole series. Throws when ours and the bare loop differ by more than rounding. */
export const measureIndicators = async (
  program: string,
  rounds: number,
  onProgress: (doing: string) => void,
): Promise<IndicatorRow[]> => {
  const streaming = indicatorIds.flatMap((id) =>
    shapes.flatMap((shape) => contenders.map((who) => ({ id: id as IndicatorId, who, ...shape }))),
  );
  const whole = batchIds.flatMap((id) =>
    (["bare", "candela"] as const).map((who) => ({ id: id as IndicatorId, who, instances: 0, among: true })),
  );
  const rows = [...streaming, ...whole].map((row) => ({ ...row, results: [] as IndicatorResult[] }));
  for (let round = 1; round <= rounds; round++) {
    onProgress(`round ${round} of ${rounds}: indicators`);
    for (const { results, ...row } of rows) {
      results.push(
        await measureInChild<IndicatorResult>(program, "indicator", {
          ...row,
          values: valuesOf(row),
        } satisfies IndicatorJob),
      );
    }
  }
  for (const { id, who, instances, results } of rows) {
    const floor = rows.find((row) => row.id === id && row.instances === instances && row.who === "bare")!.results[0]!
      .sum;
    if (who === "candela" && !(Math.abs(results[0]!.sum - floor) <= Math.abs(floor) * 1e-12))
      throw new Error(`${id}: Candela adds up to ${results[0]!.sum}, the bare loop to ${floor}`);
  }
  return rows.map(({ results, ...row }) => ({
    ...row,
    updateNs: median(results.map((each) => each.updateNs)),
    peekNs: median(results.map((each) => each.peekNs ?? Number.NaN)),
    aged: median(results.map((each) => each.aged)),
  }));
};
