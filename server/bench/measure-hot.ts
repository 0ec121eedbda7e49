import { PerformanceObserver } from "node:perf_hooks";
import { setImmediate as breathe } from "node:timers/promises";
import { contenders, type ContenderName } from "./contenders";
import type { BarSums, Contender } from "./contender";
import { SyntheticMarket, type MarketShape } from "./market";

export interface HotJob {
  contender: ContenderName;
  shape: MarketShape;
  /** Seconds of the market before the clock starts: the compiler settles. */
  warmUp: number;
  /** Seconds of the market that are timed. */
  seconds: number;
}

export interface HotResult {
  /** CPU time of the process (all threads, garbage collection included) per tick. */
  ns: number;
  /** Milliseconds of garbage collection per million ticks. */
  gcMs: number;
  sums: BarSums;
}

/** Runs one contender over one market in this process. Making the frames is not timed. */
export const measureHot = async ({ contender: name, shape, warmUp, seconds }: HotJob): Promise<HotResult> => {
  const market = new SyntheticMarket(shape);
  const contender: Contender = await contenders[name](shape);
  for (let second = 0; second < warmUp; second++) await contender.run(contender.prepare(market.next()));

  let gc = 0;
  const pauses = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) gc += duration;
  });
  await breathe();
  pauses.observe({ entryTypes: ["gc"] });
  let microseconds = 0;
  let ticks = 0;
  for (let second = 0; second < seconds; second++) {
    const made = market.next();
    const input = contender.prepare(made);
    const before = process.cpuUsage();
    const running = contender.run(input);
    if (running !== undefined) await running;
    const { user, system } = process.cpuUsage(before);
    microseconds += user + system;
    ticks += made.ticks;
    // Pauses are reported when the loop turns.
    if (second % 20 === 0) await breathe();
  }
  await breathe();
  for (const { duration } of pauses.takeRecords()) gc += duration;
  pauses.disconnect();
  return { ns: (microseconds * 1_000) / ticks, gcMs: (gc * 1e6) / ticks, sums: await contender.finish() };
};
