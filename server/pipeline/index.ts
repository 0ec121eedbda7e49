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
import { type Role, sink, source, type Sink, type Source, type Stage, step } from "./stage";

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
 * The pipeline, in the order of the data. Nothing else joins stages. `broadcast` reads five topics: what forms is
 * marked by ticks, what closed comes as bars, of listed timeframes and of derived ones, its indicator values as points, and auctions say that there is a row to show; the hub
 * sends them in one frame.
 */
export const pipeline = (parts: Parts): Stage[] => [
  //      name          role         from         core                    to
  source("collect", "ingest", parts.collectors, "raw"),
  step("normalise", "ingest", "raw", parts.normaliser, "ticks"),
  step("auction", "aggregate", "ticks", parts.auctions, "auctions"),
  step("aggregate", "aggregate", "ticks", parts.seconds, "bars.base"),
  step("resample", "aggregate", "bars.base", parts.timeframes, "bars"),
  step("print", "aggregate", "bars", parts.printed, "printed"),
  step("indicate", "indicate", "printed", parts.indicators, "points"),
  step("print", "aggregate", "auctions", { on: (batch, emit) => parts.printed.onAuctions(batch, emit) }, "printed"),
  step("derive", "aggregate", "printed", parts.derived, "derived"),
  step("indicate", "indicate", "derived", { on: (batch, emit) => parts.indicators.on(batch, emit) }, "points"),
  step("day", "aggregate", "auctions", { on: (batch, emit) => parts.timeframes.onAuctions(batch, emit) }, "bars"),
  ...(parts.recorder === null ? [] : [sink("record", "store", "ticks", parts.recorder)]),
  sink("persist", "store", "bars", parts.writer),
  sink("persist", "store", "auctions", parts.writer),
  sink("publish", "store", "printed", parts.latest),
  sink("publish", "store", "points", parts.latestPoints),
  sink("broadcast", "web", "ticks", parts.readers.ticks),
  sink("broadcast", "web", "printed", parts.readers.bars),
  sink("broadcast", "web", "derived", parts.readers.derived),
  sink("broadcast", "web", "auctions", parts.readers.auctions),
  sink("broadcast", "web", "points", parts.readers.points),
];

/** Longer between two turns, and something has held the process up. */
const STALL_MS = 500;

export interface StageTiming {
  /** Own time of a stage on one message, without what it called downstream, in ms. */
  (stage: string, rows: number, ms: number): void;
}

/** Joins the stages of the given roles to the bus. The returned function parts them, in reverse order. */
export const run = (
  stages: readonly Stage[],
  roles: ReadonlySet<Role>,
  bus: Bus,
  clock: Clock,
  timing: StageTiming,
): (() => void) => {
  const turns: ((now: number) => void)[] = [];
  /** Time spent downstream of the stage that runs now: publishing is a call, so stages nest. */
  let downstream = 0;
  const leave = stages
    .filter((stage) => roles.has(stage.role))
    .map((stage) =>
      stage.join({
        publish: (topic, message) => bus.publish(topic, message),
        subscribe: (topic, read) => bus.subscribe(topic, read),
        every(_, turn) {
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
