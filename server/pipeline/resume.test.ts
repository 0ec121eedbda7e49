import { serialize } from "node:v8";
import { describe, expect, it } from "vitest";
import type { BarBatch } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { EXCHANGE_CLOCK, tickBatch, TRADE } from "@/server/domain/ticks/tick";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { randomOf } from "@/server/testing/session-rounds";
import { SecondBars } from "./second-bars";
import { TimeframeBars } from "./resample";

const calendar = createCalendar();
const INSTRUMENTS = 3;
const OPEN = Date.parse("2026-09-07T09:15:00+05:30");

interface Tick {
  instrument: number;
  time: number;
  price: number;
  volume: number;
  openInterest: number;
}
interface Step {
  now: number;
  ticks: Tick[];
}

/** Three minutes of ticks with timestamps `lagMs` behind our clock, as if our clock were ahead. */
const feed = (seed: number, lagMs: number): Step[] => {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const volumes = Array.from({ length: INSTRUMENTS }, () => 1_000 + below(500));
  return Array.from({ length: 700 }, (_, step) => {
    const now = OPEN + lagMs + step * 250;
    const ticks = Array.from({ length: below(3) }, () => {
      const instrument = below(INSTRUMENTS);
      const time = Math.floor((now - lagMs - below(1_500)) / 1_000) * 1_000;
      return {
        instrument,
        time: Math.max(OPEN, time),
        price: 10_000 + below(400) * 5,
        volume: (volumes[instrument] = volumes[instrument]! + below(40)),
        openInterest: 50_000 + below(900),
      };
    });
    return { now, ticks };
  });
};

/** Every figure of every row the two stages emit. */
const rowsOf = (batch: BarBatch): string[] =>
  Array.from({ length: batch.length }, (_, row) =>
    Object.entries(batch)
      .map(([name, column]) => (ArrayBuffer.isView(column) ? `${name} ${(column as Float64Array)[row]}` : ""))
      .join(" "),
  );

/** The output of a run; in step `cut` the stages are rebuilt from their snapshots. */
const run = (steps: readonly Step[], cut: number): { rows: string[]; late: number } => {
  const table = new InstrumentTable();
  for (let id = 1; id <= INSTRUMENTS; id++) table.put(testInstrument(id), "NSE");
  const rows: string[] = [];
  let seconds = new SecondBars();
  let longer = new TimeframeBars(calendar, table, seconds, true);
  const read = (batch: BarBatch): void => void rows.push(...rowsOf(batch));
  const toLonger = (batch: BarBatch): void => longer.on(batch, read);
  const batch = tickBatch(4);
  batch.sequence = 1;
  steps.forEach(({ now, ticks }, step) => {
    seconds.at(now, toLonger);
    longer.at(now, read);
    // Between the clock and the frame: later ticks must know what the clock has closed.
    if (step === cut) {
      const [before, longerBefore] = [seconds.snapshot(), longer.snapshot()];
      seconds = new SecondBars();
      seconds.restore(before);
      longer = new TimeframeBars(calendar, table, seconds, true);
      longer.restore(longerBefore);
      expect(serialize([seconds.snapshot(), longer.snapshot()]).equals(serialize([before, longerBefore]))).toBe(true);
    }
    if (ticks.length === 0) return;
    batch.length = ticks.length;
    batch.receivedTime = now;
    ticks.forEach((tick, row) => {
      batch.instrument[row] = tick.instrument;
      batch.time[row] = tick.time;
      batch.price[row] = tick.price;
      batch.volume[row] = tick.volume;
      batch.openInterest[row] = tick.openInterest;
      batch.flags[row] = TRADE | EXCHANGE_CLOCK;
    });
    seconds.on(batch, toLonger);
    batch.sequence += ticks.length;
  });
  seconds.finish(toLonger);
  longer.finish(read);
  return { rows, late: seconds.late };
};

describe("a run that is resumed from snapshots of its stages", () => {
  // No lag; a lag within the watermark, which makes late ticks; a clock that is ahead; a slow broker.
  it.each([0, 1_500, 7_400, 45_000])("equals the whole run wherever it was cut, with a feed %i ms behind", (lagMs) => {
    for (let seed = 1; seed <= 10; seed++) {
      const steps = feed(seed, lagMs);
      const whole = run(steps, -1);
      expect(whole.late > 0, "only a lag that is not waited for makes ticks late").toBe(lagMs === 1_500);
      expect(whole.rows.length).toBeGreaterThan(300);
      const random = randomOf(seed + 1_000);
      for (let cuts = 0; cuts < 4; cuts++) {
        const cut = Math.floor(random() * steps.length);
        expect(run(steps, cut), `seed ${seed}, cut in step ${cut}`).toEqual(whole);
      }
    }
  });

  it("does not go on from a snapshot of another format", () => {
    const seconds = new SecondBars();
    const table = new InstrumentTable();
    const longer = new TimeframeBars(calendar, table, seconds);
    const [other, longerOther] = [seconds.snapshot(), longer.snapshot()];
    for (const format of [other.format - 1, other.format + 1]) {
      const message = `snapshot format: ${format} is not accepted; use a snapshot of format ${other.format}`;
      expect(() => seconds.restore({ ...other, format })).toThrow(message);
      expect(() => longer.restore({ ...longerOther, format })).toThrow(message);
    }
  });
});
