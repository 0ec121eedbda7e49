import { measureInChild, median } from "./child";
import { indicatorIds, type IndicatorId, type IndicatorJob, type IndicatorResult } from "./measure-indicators";

export interface IndicatorRow {
  id: IndicatorId;
  instances: number;
  who: IndicatorJob["who"];
  updateNs: number;
  peekNs: number;
}

const VALUES = 4_000_000;
const contenders = ["bare", "candela", "tradingSignals"] as const;

/** Updates and looks of each indicator, one instance and 3,000. Throws when ours and the bare loop differ by more than rounding. */
export const measureIndicators = async (program: string, rounds: number, onProgress: (doing: string) => void): Promise<IndicatorRow[]> => {
  const rows = indicatorIds.flatMap((id) => [1, 3_000].flatMap((instances) => contenders.map((who) => ({ id, instances, who, results: [] as IndicatorResult[] }))));
  for (let round = 1; round <= rounds; round++) {
    onProgress(`round ${round} of ${rounds}: indicators`);
    for (const { id, instances, who, results } of rows) {
      results.push(await measureInChild<IndicatorResult>(program, "indicator", { id, who, instances, values: VALUES } satisfies IndicatorJob));
    }
  }
  for (const row of rows) {
    const floor = rows.find(({ id, instances, who }) => id === row.id && instances === row.instances && who === "bare")!.results[0]!.sum;
    // trading-signals seeds its EMA otherwise: only ours must equal the bare loop.
    if (row.who === "candela" && Math.abs(row.results[0]!.sum - floor) > Math.abs(floor) * 1e-12) {
      throw new Error(`${row.id}: Candela adds up to ${row.results[0]!.sum}, the bare loop to ${floor}`);
    }
  }
  return rows.map(({ results, ...row }) => ({ ...row, updateNs: median(results.map((each) => each.updateNs)), peekNs: median(results.map((each) => each.peekNs)) }));
};
