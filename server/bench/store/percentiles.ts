/** Percentiles of durations in ms. */
export interface Timing {
  p50: number;
  p95: number;
}

export const timing = (values: readonly number[]): Timing => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95) };
};

/** The round that the machine's other work disturbed least. */
export const quietest = (rounds: readonly Timing[]): Timing =>
  rounds.reduce((best, each) => (each.p95 < best.p95 ? each : best));

/** Duration of the work, ms. */
export const took = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};
