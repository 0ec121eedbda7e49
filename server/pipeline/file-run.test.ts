import { describe, expect, it } from "vitest";
import { AUCTION_BAR, type Bar, barAt, type BarBatch, CLOSE } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { named } from "@/server/testing/pipeline-rig";
import { randomOf } from "@/server/testing/session-rounds";
import { FileRun, type TickColumns } from "./file-run";

type Row = [stamp: string, rupees: number, volume: number];

const columns = (rows: readonly Row[]): TickColumns => ({
  length: rows.length,
  time: rows.map(([stamp]) => Date.parse(`${stamp.replace(" ", "T")}+05:30`)),
  price: rows.map(([, rupees]) => Math.round(rupees * 100)),
  volume: rows.map(([, , volume]) => volume),
});

/** Closed bars of a recording by timeframe position, of an instrument with these hours. */
const play = (hours: string, ticks: TickColumns, rowsPerBatch?: number): Map<number, Bar[]> => {
  const table = new InstrumentTable();
  table.put(testInstrument(1, { tickSize: 1 }), hours);
  const bars = new Map<number, Bar[]>();
  const run = new FileRun(table, createCalendar(), (batch: BarBatch) => {
    for (let row = 0; row < batch.length; row++) {
      if (batch.event[row] !== CLOSE) continue;
      const of = batch.timeframe[row]!;
      bars.set(of, [...(bars.get(of) ?? []), barAt(batch, row)]);
    }
  });
  run.play(0, ticks, rowsPerBatch);
  run.finish();
  return bars;
};
const brief = (bars: readonly Bar[] | undefined) =>
  (bars ?? []).map(({ open, high, low, close, volume }) => [open, high, low, close, volume]);

describe("the end of a day in a recording", () => {
  const day = (hours: string, rows: readonly Row[], rowsPerBatch?: number) =>
    brief(play(hours, columns(rows), rowsPerBatch).get(named("1d").index));

  it.each([1, 2, 3, undefined])(
    "counts the closing auction once, without a tick of its order collection (%s rows a batch)",
    (rowsPerBatch) => {
      const rows: Row[] = [
        ["2026-11-20 09:15:00", 99.2, 1_200],
        ["2026-11-20 09:15:30", 99.5, 1_500],
        ["2026-11-20 15:14:59", 101, 9_000],
        ["2026-11-20 15:31:00", 101.2, 9_500],
      ];
      expect(day("NSE_CAS", rows, rowsPerBatch)).toEqual([[9_920, 10_120, 9_920, 10_120, 9_500]]);
      expect(brief(play("NSE_CAS", columns(rows), rowsPerBatch).get(AUCTION_BAR))).toEqual([
        [10_120, 10_120, 10_120, 10_120, 500],
      ]);
    },
  );
  it.each([1, 2, 3, undefined])("counts the post-close once (%s rows a batch)", (rowsPerBatch) => {
    const rows: Row[] = [
      ["2025-11-20 09:08:05", 99, 1_000],
      ["2025-11-20 09:15:00", 99.2, 1_200],
      ["2025-11-20 09:15:30", 99.5, 1_500],
      ["2025-11-20 15:29:59", 101, 9_000],
      ["2025-11-20 15:45:00", 100.8, 9_400],
    ];
    expect(day("NSE", rows, rowsPerBatch)).toEqual([[9_900, 10_100, 9_900, 10_080, 9_400]]);
  });
  it.each([1, 2, 3, undefined])(
    "leaves indicative prices of the closing auction out (%s rows a batch)",
    (rowsPerBatch) => {
      const rows: Row[] = [
        ["2026-11-20 09:15:00", 100, 1_000],
        ["2026-11-20 15:14:59", 101, 5_000],
        ["2026-11-20 15:22:00", 101.5, 5_000],
        ["2026-11-20 15:25:00", 103, 5_000],
        ["2026-11-20 15:31:00", 102, 9_000],
      ];
      expect(day("NSE_CAS", rows, rowsPerBatch)).toEqual([[10_000, 10_200, 10_000, 10_200, 9_000]]);
    },
  );
  it("is the same with several days in one batch", () => {
    const rows: Row[] = [
      ["2026-11-19 15:14:59", 101, 9_000],
      ["2026-11-19 15:31:00", 101.2, 9_500],
      ["2026-11-19 15:52:00", 101.2, 9_600],
      ["2026-11-20 09:11:00", 102, 300],
      ["2026-11-20 09:15:00", 102.2, 400],
      ["2026-11-20 15:31:00", 103, 700],
    ];
    for (const rowsPerBatch of [1, 2, 4, undefined])
      expect(day("NSE_CAS", rows, rowsPerBatch)).toEqual([
        [10_100, 10_120, 10_100, 10_120, 600],
        [10_200, 10_300, 10_200, 10_300, 700],
      ]);
  });
  it("is the same whatever the size of the batches", () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = randomOf(seed);
      const ticks = randomDays(random);
      const whole = play("NSE_CAS", ticks);
      for (const rowsPerBatch of [1, 2 + Math.floor(random() * 9), 10 + Math.floor(random() * 90)]) {
        const other = play("NSE_CAS", ticks, rowsPerBatch);
        for (const [of, bars] of whole)
          expect(other.get(of), `seed ${seed}, ${rowsPerBatch} rows a batch, timeframe ${of}`).toEqual(bars);
        expect(other.size).toBe(whole.size);
      }
    }
  });
});

describe("a recording that goes on over night", () => {
  const minutes = (rows: readonly Row[]) =>
    (play("NSE", columns(rows)).get(named("1m").index) ?? []).map(({ volume }) => volume);
  it("has all of a date whose first trade comes a while after the open", () => {
    expect(
      minutes([
        ["2025-11-19 09:15:00", 100, 100],
        ["2025-11-19 15:29:58", 101, 5_000],
        ["2025-11-20 09:15:04", 102, 300],
        ["2025-11-20 09:15:09", 102, 500],
        ["2025-11-20 15:29:00", 103, 6_000],
      ]),
    ).toEqual([100, 4_900, 500, 5_500]);
    expect(
      minutes([
        ["2025-11-19 15:29:58", 101, 5_000],
        ["2025-11-20 09:16:04", 102, 300],
        ["2025-11-20 09:17:09", 102, 500],
      ]),
    ).toEqual([0, 0, 200]);
    expect(
      minutes([
        ["2025-11-20 09:15:04", 102, 300],
        ["2025-11-20 09:15:09", 102, 500],
      ]),
    ).toEqual([200]);
  });
});

describe("a trade stamped in the second of the close", () => {
  it("belongs to the last bar where nothing follows", () => {
    const bars = play(
      "MCX",
      columns([
        ["2026-08-20 23:29:40", 500, 1_000],
        ["2026-08-20 23:29:59", 501, 1_100],
        ["2026-08-20 23:30:00", 502, 1_398],
        ["2026-08-20 23:30:01", 600, 9_000],
      ]),
    );
    expect(brief(bars.get(named("1m").index))).toEqual([[50_000, 50_200, 50_000, 50_200, 398]]);
    expect(bars.get(named("1s").index)!.at(-1)).toMatchObject({
      time: Date.parse("2026-08-20T23:29:59+05:30"),
      close: 50_200,
      volume: 398,
    });
    expect(brief(bars.get(named("1d").index))).toEqual([[50_000, 50_200, 50_000, 50_200, 398]]);
  });
  it("belongs to the last bar before a post-close that begins later, and before the closing auction's pause", () => {
    const classic = play(
      "NSE",
      columns([
        ["2025-11-20 15:29:59", 100, 1_000],
        ["2025-11-20 15:30:00", 101, 1_250],
        ["2025-11-20 15:41:00", 101, 1_300],
      ]),
    );
    expect(brief(classic.get(named("1m").index))).toEqual([[10_000, 10_100, 10_000, 10_100, 250]]);
    expect(brief(classic.get(AUCTION_BAR))).toEqual([[10_100, 10_100, 10_100, 10_100, 50]]);
    const auction = play(
      "NSE_CAS",
      columns([
        ["2026-11-20 15:14:59", 100, 1_000],
        ["2026-11-20 15:15:00", 101, 1_250],
        ["2026-11-20 15:31:00", 102, 1_300],
      ]),
    );
    expect(brief(auction.get(named("1m").index))).toEqual([[10_000, 10_100, 10_000, 10_100, 250]]);
    expect(brief(auction.get(AUCTION_BAR))).toEqual([[10_200, 10_200, 10_200, 10_200, 50]]);
  });
});

/** Three days of trading with pre-open, closing auction and post-close, some of them lacking one. */
const randomDays = (random: () => number): TickColumns => {
  const time: number[] = [];
  const price: number[] = [];
  const volume: number[] = [];
  const below = (limit: number): number => Math.floor(random() * limit);
  for (const date of ["2026-11-18", "2026-11-19", "2026-11-20"]) {
    let total = 0;
    let last = 10_000 + below(500);
    for (const [from, to, most] of [
      ["09:00:00", "09:14:59", 3],
      ["09:15:00", "15:15:00", 30],
      ["15:20:00", "15:34:59", 3],
      ["15:50:00", "15:59:59", 3],
    ] as const) {
      const start = Date.parse(`${date}T${from}+05:30`);
      const length = Date.parse(`${date}T${to}+05:30`) - start;
      for (const at of Array.from({ length: below(most + 1) }, () => start + below(length + 900)).sort(
        (a, b) => a - b,
      )) {
        last += below(41) - 20;
        total += below(3) === 0 ? 0 : below(400);
        time.push(at);
        price.push(last);
        volume.push(total);
      }
    }
  }
  return { length: time.length, time, price, volume };
};
