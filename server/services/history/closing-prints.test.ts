import { describe, expect, it } from "vitest";
import { type Bar, columnsOf } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { dayOfDate } from "@/server/domain/time/session";
import type { InstrumentClass } from "@/server/domain/instruments/source-conventions";
import { RefusedRows } from "@/server/domain/bars/told-rows";
import { closingPrints, isAuctionRow } from "./closing-prints";

const calendar = createCalendar();
const at = (text: string): number => Date.parse(`${text}+05:30`);
const row = (time: string, price: number, volume: number): Bar => ({
  time: at(time),
  open: price,
  high: price,
  low: price,
  close: price,
  volume,
  value: 0,
  ticks: 0,
  openInterest: -1,
  rev: 0,
  state: "backfilled",
  incomplete: false,
});
const prints = (
  source: string,
  rows: Bar[],
  {
    of = "stock",
    hours = "NSE_CAS",
    until = "2026-09-01T09:00:00",
  }: { of?: InstrumentClass; hours?: string; until?: string } = {},
) =>
  closingPrints(columnsOf(rows), { calendar, hours, of, source, until: at(until) }).map(({ time, price, volume }) => [
    new Date(time + 19_800_000).toISOString().slice(0, 16),
    price,
    volume,
  ]);

/** RELIANCE as Upstox returns 2026-08-31: flat to 15:28, the print at 15:29 (`auctions-in-candles.md`, section 4). */
const upstox = [
  row("2026-08-31T15:14:00", 129_490, 40_000),
  ...Array.from({ length: 14 }, (_, minute) => row(`2026-08-31T15:${15 + minute}:00`, 129_490, 0)),
  row("2026-08-31T15:29:00", 127_700, 26_600_000),
];

describe("the closing auction in a broker's minutes", () => {
  it("is the one row with volume of a stock, at the start of its auction", () => {
    expect(prints("upstox", upstox)).toEqual([["2026-08-31T15:20", 127_700, 26_600_000]]);
    expect(prints("angel", [upstox[0]!, row("2026-08-31T15:28:00", 127_700, 26_600_000)])).toEqual([
      ["2026-08-31T15:20", 127_700, 26_600_000],
    ]);
  });

  it("is no print while the auction runs, of a source nobody knows, or of a stock that trades on to 15:30", () => {
    expect(prints("upstox", upstox, { until: "2026-08-31T15:29:30" })).toEqual([]);
    expect(prints("unknown", upstox)).toEqual([]);
    expect(prints("kite", upstox)).toEqual([]);
    expect(prints("upstox", upstox, { hours: "NSE" })).toEqual([]);
    expect(prints("upstox", upstox.slice(0, -1))).toEqual([]);
  });

  it("is an index's last row from the random end on: what moves before it is indicative", () => {
    const index = [
      row("2026-08-31T15:15:00", 2_457_335, 0),
      row("2026-08-31T15:20:00", 2_460_000, 0),
      row("2026-08-31T15:27:00", 2_470_000, 0),
    ];
    const more = { of: "index", hours: "NSE_INDEX" } as const;
    expect(prints("angel", index, more)).toEqual([]);
    expect(prints("angel", [...index, row("2026-08-31T15:29:00", 2_477_430, 0)], more)).toEqual([
      ["2026-08-31T15:20", 2_477_430, 0],
    ]);
    expect(prints("kite", [...index, row("2026-08-31T15:28:00", 2_477_430, 0)], more)).toEqual([
      ["2026-08-31T15:20", 2_477_430, 0],
    ]);
  });

  it("gives one a day, oldest first", () => {
    expect(prints("upstox", [row("2026-08-28T15:29:00", 130_000, 5), ...upstox]).map(([time]) => time)).toEqual([
      "2026-08-28T15:20",
      "2026-08-31T15:20",
    ]);
  });

  it("counts rows of auctions, which hide no bar, and no others", () => {
    const refused = new RefusedRows();
    const session = calendar.on("NSE_CAS", dayOfDate("2026-08-31"))!;
    const of = ["09:07", "09:14", "09:15", "15:14", "15:15", "15:29", "15:37", "15:50", "15:59", "16:00", "16:30"].map(
      (clock) => isAuctionRow(session, at(`2026-08-31T${clock}:00`), refused),
    );
    expect(of).toEqual([true, true, false, false, true, true, false, true, true, false, false]);
    expect([refused.counts.get("of_auction"), refused.total, refused.faulty, refused.hidesAny]).toEqual([
      6,
      6,
      0,
      false,
    ]);
  });
});
