import { measureInChild, median } from "./child";
import type { BarSums } from "./contender";
import type { ContenderName } from "./contenders";
import type { Floor } from "./floor";
import type { MarketShape } from "./market";
import type { HotJob, HotResult } from "./measure-hot";

export interface HotOptions {
  program: string;
  floor: Floor | null;
  rounds: number;
  /** Called with what is being measured. */
  onProgress(doing: string): void;
}

/** Medians of the rounds of one contender on one market. */
export interface HotRow {
  shape: MarketShape;
  contender: ContenderName | "c";
  ns: number;
  /** Null where the contender has no collector. */
  gcMs: number | null;
  ticks: number;
}

const PER_SECOND = 10;
const shapes: readonly MarketShape[] = ([50, 3_000, 9_000] as const).flatMap((instruments) =>
  (["quote", "full"] as const).map((packet) => ({ instruments, packet, perSecond: PER_SECOND })),
);

/** The slow peers are shown once, in the middle: their decoders take seconds for what ours does in milliseconds. */
const slow: Record<"official" | "tardis", { instruments: number; seconds: number }> = {
  official: { instruments: 3_000, seconds: 4 },
  tardis: { instruments: 3_000, seconds: 10 },
};

/** More than a minute passes including warm-up, so that minutes close too; small markets run longer. */
const secondsOf = ({ instruments, perSecond }: MarketShape): number =>
  Math.max(60, Math.ceil(1_500_000 / (instruments * perSecond)));
const warmUpOf = ({ instruments, perSecond }: MarketShape): number =>
  Math.max(5, Math.ceil(500_000 / (instruments * perSecond)));

/**
 * Every contender on every market, each measurement in a process of its own, rounds interleaved so that a busy moment
 * of the machine hits all alike. Throws when two contenders built different bars.
 */
export const measureHotPath = async (options: HotOptions): Promise<HotRow[]> => {
  const measured = new Map<
    string,
    { shape: MarketShape; contender: HotRow["contender"]; ticks: number; ns: number[]; gcMs: number[] }
  >();
  const keep = (
    shape: MarketShape,
    contender: HotRow["contender"],
    seconds: number,
    ns: number,
    gcMs: number | null,
  ): void => {
    const key = `${shape.instruments}/${shape.packet}/${contender}`;
    const row = measured.get(key) ?? {
      shape,
      contender,
      ticks: shape.instruments * shape.perSecond * seconds,
      ns: [],
      gcMs: [],
    };
    row.ns.push(ns);
    if (gcMs !== null) row.gcMs.push(gcMs);
    measured.set(key, row);
  };

  for (let round = 1; round <= options.rounds; round++) {
    for (const shape of shapes) {
      options.onProgress(`round ${round} of ${options.rounds}: ${describeShape(shape)}`);
      const warmUp = warmUpOf(shape);
      const seconds = secondsOf(shape);
      const run = (contender: ContenderName, length = seconds): Promise<HotResult> =>
        measureInChild(options.program, "hot", {
          contender,
          shape,
          warmUp: length < seconds ? 2 : warmUp,
          seconds: length,
        } satisfies HotJob);

      const ours = await run("candela");
      keep(shape, "candela", seconds, ours.ns, ours.gcMs);
      if (options.floor !== null) {
        const floor = await options.floor.measure(shape, warmUp, seconds);
        agree("the C loop", shape, floor.sums, ours.sums);
        keep(shape, "c", seconds, floor.ns, null);
      }
      const objects = await run("objectATick");
      agree("the object-a-tick version", shape, objects.sums, ours.sums);
      keep(shape, "objectATick", seconds, objects.ns, objects.gcMs);

      for (const peer of ["tardis", "official"] as const) {
        if (shape.instruments !== slow[peer].instruments) continue;
        const length = slow[peer].seconds;
        const result = await run(peer, length);
        agree(peer, shape, result.sums, (await run("candela", length)).sums);
        keep(shape, peer, length, result.ns, result.gcMs);
      }
    }
  }
  return [...measured.values()].map(({ ns, gcMs, ...row }) => ({
    ...row,
    ns: median(ns),
    gcMs: gcMs.length === 0 ? null : median(gcMs),
  }));
};

export const describeShape = ({ instruments, packet }: MarketShape): string =>
  `${instruments.toLocaleString("en-IN")} instruments, ${packet} packets`;

/** Every timeframe a contender has built must add up to ours. */
const agree = (who: string, shape: MarketShape, theirs: BarSums, ours: BarSums): void => {
  for (const [timeframe, sums] of Object.entries(theirs)) {
    const expected = ours[timeframe];
    if (expected?.bars === sums.bars && expected.close === sums.close && expected.volume === sums.volume) continue;
    throw new Error(
      `${who} and Candela disagree on ${timeframe} bars of ${describeShape(shape)}: ${JSON.stringify(sums)} and ${JSON.stringify(expected)}`,
    );
  }
};
