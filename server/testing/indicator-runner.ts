/**
 * A program for the crash test: runs indicators over the bars of `walkBars`, continues where the store in the folder
 * ends, and prints each value as a JSON line. Every few bars an earlier bar gets a late part.
 */
import { type BarBatch, barBatch, CLOSE, CLOSED, PATCH, PATCHED } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { timeframe } from "@/server/domain/time/timeframe";
import { systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import { Indicators } from "@/server/pipeline/indicate";
import { BarWriter } from "@/server/pipeline/persist";
import type { Clock } from "@/server/ports/clock";
import type { LiveBars, LiveMarket } from "@/server/ports/live";
import { Bars } from "@/server/services/bars/bars";
import { IndicatorService } from "@/server/services/indicators/service";
import { walkBars } from "./indicator-bars";
import { testInstrument } from "./pipeline-rig";
import { startedStore } from "./store-open";

const [dataDir = "", count = "0", databaseUrl] = process.argv.slice(2);
const bars = walkBars(Number(count), 21);
const say = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const minute = timeframe("1m");
const clock = systemClock();
// Half a minute is a third of a second.
const wall: Clock = {
  ...clock,
  every: (intervalMs, run) => clock.every(intervalMs >= 30_000 ? intervalMs / 90 : intervalMs / 10, run),
};
const log = silentLog();
const meter = new Metrics();
const store = await startedStore(dataDir, databaseUrl === undefined ? {} : { databaseUrl });
const table = new InstrumentTable();
table.put(testInstrument(1), "NSE");
const writer = new BarWriter(store.bars, table, wall, log, meter);
writer.start();
const liveBars: Partial<LiveBars> = { forming: () => 0, settledBefore: (instant) => instant };
const live = { table, bars: liveBars } as LiveMarket;
const calendar = createCalendar();
let now = 0;
const core = new Indicators();
const service = new IndicatorService({
  running: core,
  bars: new Bars({ store: store.bars, recent: writer, live, calendar, clock: { ...clock, now: () => now } }),
  live,
  calendar,
  clock: { ...clock, now: () => now },
  wall,
  log,
  meter,
  snapshots: store.snapshots,
  settings: store.settings,
  liveInstruments: () => [0],
  configuration: { configs: "EMA:20,RSI:14,BB:20:2,SUPERTREND,VWAP", timeframes: "1m" },
  reread: () => ({ configs: "", timeframes: "1m" }),
});

const batch = barBatch(1);
let sequence = 0;
const batchOf = (bar: IndicatorBar, event: number): BarBatch => {
  for (const name of ["time", "open", "high", "low", "close", "volume", "openInterest"] as const)
    batch[name][0] = bar[name];
  batch.length = 1;
  batch.event[0] = event;
  batch.timeframe[0] = minute.index;
  batch.end[0] = bar.time + 60_000;
  batch.rev[0] = 1;
  batch.ticks[0] = event === PATCH ? 1 : 9;
  batch.state[0] = event === PATCH ? PATCHED : CLOSED;
  batch.firstTime[0] = bar.time;
  batch.lastTime[0] = bar.time + (event === PATCH ? 59_999 : 50_000);
  batch.hash[0] = bar.time % 9_973;
  batch.late[0] = event === PATCH ? 1 : 0;
  batch.firstSequence[0] = sequence;
  batch.lastSequence[0] = sequence;
  return batch;
};
const tell = (points: Parameters<Parameters<Indicators["at"]>[1]>[0]): void => {
  for (let row = 0; row < points.length; row++) {
    const instance = core.get(points.instance[row]!)!;
    say({
      of: instance.resolved.definition.id,
      time: points.time[row],
      values: Array.from(points.values.subarray(row * points.stride, row * points.stride + instance.plots), (value) =>
        Number.isNaN(value) ? null : value,
      ),
    });
  }
};
// As in the table: indicators first, then the store.
const flow = (bar: IndicatorBar, event: number): void => {
  sequence++;
  core.on(batchOf(bar, event), tell);
  writer.on(batchOf(bar, event));
};

const span = await store.bars.span(1, "1m");
const first = span === null ? 0 : bars.findIndex(({ time }) => time > span.last);
now = bars[first]!.time;
sequence = first * 3;
await service.start();
while (service.active().unseeded > 0 || [...core.all()].some((each) => each.lastTime === 0)) await clock.sleep(5);
core.at(0, tell);
say({ resumed: meter.counters.get("indicators.resumed") ?? 0, first });
for (let row = first; row < bars.length; row++) {
  const bar = bars[row]!;
  now = bar.time + 60_000;
  flow(bar, CLOSE);
  if (row % 17 === 16) {
    const late = bars[row - (row % 13)]!;
    flow({ ...late, high: late.high + 700, low: late.low, close: late.high + 700, volume: 0 }, PATCH);
  }
  core.at(0, tell);
  await clock.sleep(8);
}
await writer.settled();
while ([...core.all()].some((each) => core.isStale(each))) await clock.sleep(20);
core.at(0, tell);
say({ done: true });
await service.stop();
await writer.stop();
await store.stop();
