import type { BarBatch } from "@/server/domain/bars/bar";
import type { PointBatch } from "@/server/domain/bars/indicator";
import type { RawMessage, TickMessage } from "@/server/domain/ticks/tick";
import type { Bus } from "@/server/ports/bus";
import type { Clock } from "@/server/ports/clock";
import type { SecondBars } from "./second-bars";
import type { AuctionBars } from "./auction";
import type { Indicators } from "./indicate";
import type { Normaliser } from "./normalise";
import type { DerivedBars } from "./derive";
import type { PrintedBars } from "./print";
import type { TimeframeBars } from "./resample";
import { sink, source, type Sink, type Source, type Stage, step } from "./stage";

export interface Parts {
  collectors: Source<RawMessage>;
  normaliser: Normaliser;
  auctions: AuctionBars;
  seconds: SecondBars;
  timeframes: TimeframeBars;
  printed: PrintedBars;
  derived: DerivedBars;
  indicators: Indicators;
  writer: Sink<BarBatch>;
  /** Null where ticks are not kept. */
  recorder: Sink<TickMessage> | null;
  /** The newest bars for other programs. */
  latest: Sink<BarBatch>;
  /** The newest indicator values for them. */
  latestPoints: Sink<PointBatch>;
  /** Browsers and other readers: ticks mark what changed, bars and points are carried out. */
  readers: {
    ticks: Sink<TickMessage>;
    bars: Sink<BarBatch>;
    derived: Sink<BarBatch>;
    auctions: Sink<BarBatch>;
    points: Sink<PointBatch>;
  };
}

/**
 * The pipeline, in the order of the data. Messages pass between stages here and nowhere else. The last column names the
 * stages whose state a stage also reads: an auction needs the day's volume that seconds have counted, and stages that show
 * forming bars read them there, since forming bars are merged when they are read. `broadcast` reads five topics,
 * which the hub sends in one frame: ticks mark what forms, bars of listed and of derived timeframes have closed, auctions
 * say that there is a row to show, points are indicator values of closed bars.
 */
export const pipeline = (parts: Parts): Stage[] => [
  //      name          from         core                    to           also reads
  source("collect", parts.collectors, "raw"),
  step("normalise", "raw", parts.normaliser, "ticks"),
  step("auction", "ticks", parts.auctions, "auctions", ["aggregate"]),
  step("aggregate", "ticks", parts.seconds, "bars.base"),
  step("resample", "bars.base", parts.timeframes, "bars", ["aggregate"]),
  step("print", "bars", parts.printed, "printed", ["resample"]),
  step("indicate", "printed", parts.indicators, "points"),
  step("print", "auctions", { on: (batch, emit) => parts.printed.onAuctions(batch, emit) }, "printed", ["resample"]),
  step("derive", "printed", parts.derived, "derived", ["print"]),
  step("indicate", "derived", { on: (batch, emit) => parts.indicators.on(batch, emit) }, "points"),
  step("resample", "auctions", { on: (batch, emit) => parts.timeframes.onAuctions(batch, emit) }, "bars", [
    "aggregate",
  ]),
  ...(parts.recorder === null ? [] : [sink("record", "ticks", parts.recorder)]),
  sink("persist", "bars", parts.writer),
  sink("persist", "auctions", parts.writer),
  sink("publish", "printed", parts.latest, ["normalise"]),
  sink("publish", "points", parts.latestPoints, ["indicate"]),
  sink("broadcast", "ticks", parts.readers.ticks, ["normalise", "print", "derive", "indicate"]),
  sink("broadcast", "printed", parts.readers.bars),
  sink("broadcast", "derived", parts.readers.derived),
  sink("broadcast", "auctions", parts.readers.auctions),
  sink("broadcast", "points", parts.readers.points),
];

/** Longer between two turns, and something has held the process up. */
const STALL_MS = 500;

export interface StageTiming {
  /** A stage's own time for one message, without downstream calls, in ms. */
  (stage: string, rows: number, ms: number): void;
}

/** Joins the stages to the bus. The returned function parts them, in reverse order. */
export const run = (stages: readonly Stage[], bus: Bus, clock: Clock, timing: StageTiming): (() => void) => {
  const turns: ((now: number) => void)[] = [];
  /** Time spent downstream of the stage that runs now: publishing is a call, so stages nest. */
  let downstream = 0;
  const leave = stages.map((stage) =>
    stage.join({
      publish: (topic, message) => bus.publish(topic, message),
      subscribe: (topic, read) => bus.subscribe(topic, read),
      eachTurn(turn) {
        turns.push(turn);
        return () => turns.splice(turns.indexOf(turn), 1);
      },
      timed(name, rows, work) {
        const before = downstream;
        downstream = 0;
        const began = performance.now();
        work();
        const whole = performance.now() - began;
        timing(name, rows, whole - downstream);
        downstream = before + whole;
      },
    }),
  );
  let last = performance.now();
  // One timer for all: a second is closed before the minute that waits for it.
  const stop = clock.every(50, () => {
    const passed = performance.now() - last;
    last += passed;
    // After a stall of the process frames wait to be read: first they, or all their ticks would be late.
    if (passed > STALL_MS) return;
    const now = clock.now();
    for (const turn of turns) turn(now);
  });
  return () => {
    stop();
    for (const part of leave.reverse()) part();
  };
};
