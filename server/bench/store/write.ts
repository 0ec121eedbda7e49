import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import { BarWriter } from "@/server/pipeline/persist";
import type { Store, StoredBar } from "@/server/ports/stores";
import { median } from "../child";
import { copyBars, createCopyTable } from "./copy";
import { type Timing, timing, took } from "./percentiles";
import { INSTRUMENTS, secondBars, secondTicks } from "./rows";

export interface WriteResult {
  /** Bars a second by way of writing: medians of the rounds. */
  perSecond: Record<"copy" | "added" | "again" | "replaced" | "copyWithTicks" | "addedWithTicks", number>;
  /** From the same round. */
  ratio: Record<"added" | "again" | "replaced" | "addedWithTicks", number>;
  /** Ticks that were stored beside the bars, a second. */
  ticksPerSecond: number;
  /** From the close of a bar to its commit, ms, while ticks are stored. */
  closeToCommit: { instruments: number; timing: Timing }[];
}

/** Rows a statement: the writer's own number. */
const BATCH = 2_000;
const SECONDS = 20;
const TICKS = 10_000;
const COMMIT_SECONDS = 15;

const newWriter = (store: Store, metrics = new Metrics()): BarWriter => {
  const writer = new BarWriter(store.bars, new InstrumentTable(), systemClock(), silentLog(), metrics);
  writer.start();
  return writer;
};

/**
 * Bars through the writer's queue, Prisma and the merge into TimescaleDB, beside COPY of the same bars in the same
 * batches into a table like it, round by round; then the same with 10,000 ticks a second stored beside both.
 */
export const measureWrites = async (options: {
  store: Store;
  url: string;
  rounds: number;
  onProgress(doing: string): void;
}): Promise<WriteResult> => {
  const { store, url, rounds, onProgress } = options;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await createCopyTable(client);
  const writer = newWriter(store);
  // Seconds in the future: as when a bar closes, nothing of them is stored.
  let second = Math.ceil(Date.now() / 1_000) * 1_000 + 3_600_000;
  const made = (): StoredBar[] => {
    const bars: StoredBar[] = [];
    for (let each = 0; each < SECONDS; each++) bars.push(...secondBars((second += 1_000)));
    return bars;
  };
  const ours = async (bars: readonly StoredBar[], how: "merge" | "replace"): Promise<number> =>
    rate(
      bars,
      await took(async () => {
        writer.enqueue(bars, how);
        await writer.settled();
      }),
    );
  const copied = async (bars: readonly StoredBar[]): Promise<number> =>
    rate(bars, await took(() => copyBars(client, bars, BATCH)));

  const measured: Record<keyof WriteResult["perSecond"], number[]> = {
    copy: [],
    added: [],
    again: [],
    replaced: [],
    copyWithTicks: [],
    addedWithTicks: [],
  };
  await ours(made(), "merge");
  for (let round = 1; round <= rounds; round++) {
    onProgress(`writing bars, round ${round} of ${rounds}`);
    const bars = made();
    measured.copy.push(await copied(bars));
    measured.added.push(await ours(bars, "merge"));
    measured.again.push(await ours(bars, "merge"));
    measured.replaced.push(
      await ours(
        bars.map((bar) => ({ ...bar, high: bar.high + 5, state: "corrected" })),
        "replace",
      ),
    );
  }
  const tickRates: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    onProgress(`writing bars with ${TICKS} ticks a second beside them, round ${round} of ${rounds}`);
    const ticks = tickWriter(store);
    const bars = [...made(), ...made()];
    measured.copyWithTicks.push(await copied(bars));
    measured.addedWithTicks.push(await ours(bars, "merge"));
    tickRates.push(await ticks.stop());
  }
  await writer.stop();

  const closeToCommit: WriteResult["closeToCommit"] = [];
  for (const instruments of [50, INSTRUMENTS]) {
    onProgress(`from close to commit, ${instruments} instruments`);
    closeToCommit.push({ instruments, timing: await closesToCommits(store, instruments, () => (second += 1_000)) });
  }
  await client.end();
  const ratio = (of: readonly number[], floor: readonly number[]): number =>
    median(of.map((value, round) => value / floor[round]!));
  return {
    perSecond: Object.fromEntries(
      Object.entries(measured).map(([name, values]) => [name, median(values)]),
    ) as WriteResult["perSecond"],
    ratio: {
      added: ratio(measured.added, measured.copy),
      again: ratio(measured.again, measured.copy),
      replaced: ratio(measured.replaced, measured.copy),
      addedWithTicks: ratio(measured.addedWithTicks, measured.copyWithTicks),
    },
    ticksPerSecond: median(tickRates),
    closeToCommit,
  };
};

const rate = (bars: readonly StoredBar[], ms: number): number => (bars.length / ms) * 1_000;

/** Stores a second's ticks every second until stopped; returns the rate. */
const tickWriter = (store: Store): { stop(): Promise<number> } => {
  const stopping = new AbortController();
  const began = performance.now();
  let stored = 0;
  const running = (async () => {
    for (let turn = 1; !stopping.signal.aborted; turn++) {
      const time = Date.now();
      await store.ticks.write(secondTicks(time, TICKS, time * 1_000));
      stored += TICKS;
      await pause(Math.max(0, began + turn * 1_000 - performance.now()));
    }
    return stored / ((performance.now() - began) / 1_000);
  })();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
};

/** All instruments close at the turn of each second, as they do live. */
const closesToCommits = async (store: Store, instruments: number, next: () => number): Promise<Timing> => {
  const measured: number[] = [];
  const metrics = new Metrics();
  const record = metrics.record.bind(metrics);
  metrics.record = (name, value) => {
    if (name === "closeToCommit") measured.push(value);
    record(name, value);
  };
  const writer = newWriter(store, metrics);
  const ticks = tickWriter(store);
  for (let each = 0; each < COMMIT_SECONDS; each++) {
    writer.enqueue(secondBars(next(), instruments), "merge");
    await pause(1_000);
  }
  await ticks.stop();
  await writer.settled();
  await writer.stop();
  return timing(measured);
};
