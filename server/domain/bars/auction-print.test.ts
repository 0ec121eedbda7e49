import { describe, expect, it } from "vitest";
import {
  addToDays,
  type AuctionMode,
  closingRowsOf,
  type ClosingSpan,
  placeAuctions,
  type PrintRules,
  printAuctions,
} from "./auction-print";
import { type Bar, barAt, type BarColumns, columnsOf } from "./bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import type { CalendarEdit } from "@/server/domain/calendar/calendar-edits";
import { type InstrumentClass, conventionOf } from "@/server/domain/instruments/source-conventions";
import { timeframe } from "@/server/domain/time/timeframe";

const calendar = createCalendar();
const at = (ist: string): number => Date.parse(`${ist}+05:30`);
const bar = (
  time: string,
  [open, high, low, close, volume]: readonly [number, number, number, number, number],
  more: Partial<Bar> = {},
): Bar => ({
  time: at(time),
  open,
  high,
  low,
  close,
  volume,
  value: 0,
  ticks: 5,
  openInterest: -1,
  rev: 1,
  state: "closed",
  incomplete: false,
  ...more,
});
const auction = (time: string, price: number, volume: number): Bar =>
  bar(time, [price, price, price, price, volume], { value: price * volume });
const always: ClosingSpan = { from: 0, to: Number.POSITIVE_INFINITY };
const rules = (mode: AuctionMode, source = "kite", of: InstrumentClass = "stock", hours = "NSE_CAS"): PrintRules => ({
  calendar,
  hours,
  mode,
  convention: (day) => conventionOf(source, of, day),
});
const figures = (rows: BarColumns) =>
  Array.from({ length: rows.length }, (_, row) => {
    const { open, high, low, close, volume } = barAt(rows, row);
    return [open, high, low, close, volume];
  });

/** ANGELONE as Kite printed it on three days, and what continuous trading alone may have been: the open below, the range inside. */
const angel = [
  {
    date: "2026-08-10",
    preOpen: [29_200, 7_605],
    first: [29_230, 29_400, 29_150, 29_300, 367_153],
    printed: [29_200, 29_400, 29_150, 29_300, 367_153],
  },
  {
    date: "2026-08-11",
    preOpen: [29_480, 6_520],
    first: [29_400, 29_460, 29_300, 29_350, 1_177_244],
    printed: [29_480, 29_480, 29_300, 29_350, 1_177_244],
  },
  {
    date: "2026-08-12",
    preOpen: [29_075, 5_857],
    first: [29_100, 29_180, 29_090, 29_150, 454_288],
    printed: [29_075, 29_180, 29_075, 29_150, 454_288],
  },
] as const;

describe("auctions in intraday bars", () => {
  it.each(angel)(
    "Kite's first candle of $date opens at the pre-open's price, contains it, and leaves its volume out",
    ({ date, preOpen, first, printed }) => {
      const bars = columnsOf([
        bar(`${date}T09:15:00`, first),
        bar(`${date}T09:30:00`, [29_300, 29_350, 29_290, 29_310, 1_000]),
      ]);
      const auctions = columnsOf([auction(`${date}T09:00:00`, preOpen[0], preOpen[1])]);
      expect(figures(printAuctions(bars, auctions, rules("broker")))).toEqual([
        printed,
        [29_300, 29_350, 29_290, 29_310, 1_000],
      ]);
      expect(figures(printAuctions(bars, auctions, rules("broker", "upstox")))[0]).toEqual([
        ...printed.slice(0, 4),
        first[4] + preOpen[1],
      ]);
      expect(figures(printAuctions(bars, auctions, rules("apart")))[0]).toEqual(first);
      // Printing twice gives the same result, and the input rows are unchanged.
      expect(
        figures(printAuctions(printAuctions(bars, auctions, rules("broker")), auctions, rules("broker")))[0],
      ).toEqual(printed);
      expect(figures(bars)[0]).toEqual(first);
    },
  );

  it("RELIANCE on 2021-05-10: its first minute is 147,384 with the pre-open and 116,214 without", () => {
    const bars = columnsOf([bar("2021-05-10T09:15:00", [193_800, 194_000, 193_500, 193_700, 116_214])]);
    const auctions = columnsOf([auction("2021-05-10T09:00:00", 193_900, 31_170)]);
    expect(figures(printAuctions(bars, auctions, rules("broker")))[0]).toEqual([
      193_900, 194_000, 193_500, 193_700, 116_214,
    ]);
    expect(figures(printAuctions(bars, auctions, rules("merged")))[0]).toEqual([
      193_900, 194_000, 193_500, 193_700, 147_384,
    ]);
  });

  it("merged, the sum of a day's bars is the day: pre-open, closing auction and post-close in the bars beside them", () => {
    const date = "2026-08-12";
    const bars = columnsOf([
      bar(`${date}T09:15:00`, [29_100, 29_180, 29_090, 29_150, 4_000]),
      bar(`${date}T15:14:00`, [28_830, 28_840, 28_820, 28_835, 600]),
    ]);
    const auctions = columnsOf([
      auction(`${date}T09:00:00`, 29_075, 500),
      auction(`${date}T15:20:00`, 29_100, 900),
      auction(`${date}T15:50:00`, 29_100, 30),
    ]);
    expect(figures(printAuctions(bars, auctions, rules("merged")))).toEqual([
      [29_075, 29_180, 29_075, 29_150, 4_500],
      [28_830, 29_100, 28_820, 29_100, 1_530],
    ]);
    // Asked for up to 15:00 the last row is not the day's last.
    expect(figures(printAuctions(bars, auctions, rules("merged"), () => true, at(`${date}T15:00:00`)))[1]).toEqual([
      28_830, 28_840, 28_820, 28_835, 600,
    ]);
  });

  it("opens only the day's first bar, whenever that is", () => {
    const auctions = columnsOf([auction("2026-08-12T09:00:00", 29_075, 500)]);
    const late = columnsOf([bar("2026-08-12T09:17:00", [29_100, 29_100, 29_100, 29_100, 5])]);
    expect(figures(printAuctions(late, auctions, rules("broker")))[0]![0]).toBe(29_075);
    expect(figures(printAuctions(late, auctions, rules("broker"), () => false))[0]![0]).toBe(29_100);
    const next = columnsOf([bar("2026-08-13T09:15:00", [29_100, 29_100, 29_100, 29_100, 5])]);
    expect(printAuctions(next, auctions, rules("broker"))).toBe(next);
  });

  it("a derivative opens at its first trade", () => {
    const bars = columnsOf([bar("2026-08-12T09:15:00", [100, 110, 90, 105, 5])]);
    expect(
      figures(
        printAuctions(
          bars,
          columnsOf([auction("2026-08-12T09:00:00", 95, 9)]),
          rules("broker", "kite", "derivative", "NFO"),
        ),
      )[0]![0],
    ).toBe(100);
  });

  /** NIFTY 50 on Kite, 15-minute candles: the last continuous one and that of 15:15. */
  it.each([
    ["2026-09-18", 2_334_185, 2_334_640],
    ["2026-09-21", 2_342_900, 2_341_430],
    ["2026-09-22", 2_334_950, 2_332_900],
  ])("NIFTY on %s goes on from %d to the auction's %d in a row of 15:15", (date, open, close) => {
    const bars = columnsOf([
      bar(`${date}T15:00:00`, [2_340_000, 2_345_000, 2_330_000, open, 0]),
      bar("2026-09-24T09:15:00", [2_340_000, 2_345_000, 2_330_000, 2_340_000, 0]),
    ]);
    const auctions = columnsOf([auction(`${date}T15:20:00`, close, 0)]);
    const index = (mode: AuctionMode): PrintRules => rules(mode, "kite", "index", "NSE_INDEX");
    const row = [at(`${date}T15:15:00`), open, Math.max(open, close), Math.min(open, close), close, 0];
    const rowsOf = (each: BarColumns): number[][] => figures(each).map((one, place) => [each.time[place]!, ...one]);
    for (const name of ["1m", "5m", "15m", "1h"] as const)
      expect(rowsOf(closingRowsOf(bars, auctions, index("broker"), timeframe(name), always)), name).toEqual([row]);
    for (const name of ["1s", "30s", "1d", "1W"] as const)
      expect(closingRowsOf(bars, auctions, index("broker"), timeframe(name), always).length, name).toBe(0);
    for (const mode of ["apart", "merged"] as const)
      expect(closingRowsOf(bars, auctions, index(mode), timeframe("15m"), always).length, mode).toBe(0);
    // A span that begins after the last bar knows the last price before it; one that ends with trading has no row.
    const cut = (span: ClosingSpan): number[][] =>
      rowsOf(closingRowsOf(columnsOf([]), auctions, index("broker"), timeframe("15m"), span));
    expect(cut({ from: at(`${date}T15:20:00`), to: at(`${date}T15:35:00`), before: open })).toEqual([row]);
    expect([
      cut({ from: at(`${date}T15:35:00`), to: at("2026-09-30T00:00:00"), before: open }),
      cut({ from: at(`${date}T15:10:00`), to: at(`${date}T15:15:00`), before: open }),
      cut(always),
    ]).toEqual([[], [], []]);
  });

  it("a stock on Kite has no row of its closing auction", () => {
    const bars = columnsOf([bar("2026-08-12T15:00:00", [29_100, 29_100, 28_800, 28_835, 600])]);
    expect(
      closingRowsOf(
        bars,
        columnsOf([auction("2026-08-12T15:20:00", 29_100, 900)]),
        rules("broker"),
        timeframe("15m"),
        always,
      ).length,
    ).toBe(0);
  });

  it("add their value where the bar's is known, and leave none where it is not", () => {
    const value = (volume: number, known: number): number =>
      printAuctions(
        columnsOf([bar("2026-08-12T09:15:00", [100, 110, 90, 105, volume], { value: known })]),
        columnsOf([auction("2026-08-12T09:00:00", 95, 10)]),
        rules("merged"),
      ).value[0]!;
    expect([value(5, 520), value(5, 0), value(0, 0)]).toEqual([520 + 950, 0, 950]);
  });

  it("merged, the closing auction is in the last bar of whoever asks up to the close", () => {
    const bars = columnsOf([bar("2026-08-12T15:14:00", [28_830, 28_840, 28_820, 28_835, 600])]);
    const closing = columnsOf([auction("2026-08-12T15:20:00", 29_100, 900)]);
    const volume = (to: string): number =>
      printAuctions(bars, closing, rules("merged"), () => true, at(`2026-08-12T${to}`)).volume[0]!;
    expect([volume("15:14:59"), volume("15:15:00")]).toEqual([600, 1_500]);
  });

  it("merged, that of a reopening opens the bar in which trading resumes, and only widens one that began before the halt", () => {
    const halt: CalendarEdit = {
      id: 1,
      type: "halt",
      hours: ["NSE"],
      date: "2026-08-12",
      name: "Halt",
      from: "11:00",
      to: "11:15",
      reopening: [
        { phase: "pre_open", from: "11:00", to: "11:10" },
        { phase: "pre_open_matching", from: "11:10", to: "11:15" },
      ],
    };
    const halted = { ...rules("merged"), hours: "NSE", calendar: createCalendar({ edits: [halt] }) };
    const reopening = columnsOf([auction("2026-08-12T11:00:00", 120, 30)]);
    const first = bar("2026-08-12T10:45:00", [100, 110, 90, 105, 5]);
    expect(placeAuctions(reopening, halted.calendar, "NSE").map(({ place }) => place)).toEqual(["reopening"]);
    expect(
      figures(
        printAuctions(columnsOf([first, bar("2026-08-12T11:15:00", [115, 118, 110, 116, 5])]), reopening, halted),
      ),
    ).toEqual([
      [100, 110, 90, 105, 5],
      [120, 120, 110, 116, 35],
    ]);
    expect(figures(printAuctions(columnsOf([first]), reopening, halted))).toEqual([[100, 120, 90, 105, 35]]);
    const day = columnsOf([bar("2026-08-12T09:15:00", [100, 110, 90, 105, 10])]);
    addToDays(day, reopening, halted.calendar, "NSE");
    expect(figures(day)).toEqual([[100, 120, 90, 105, 40]]);
  });

  it("of the morning leave the day's close alone", () => {
    const day = columnsOf([bar("2026-08-12T09:15:00", [29_100, 29_180, 28_820, 28_835, 1_500])]);
    addToDays(day, columnsOf([auction("2026-08-12T09:00:00", 29_075, 500)]), calendar, "NSE_CAS");
    expect(figures(day)).toEqual([[29_075, 29_180, 28_820, 28_835, 2_000]]);
  });

  it("make a day of minutes the exchange's: open of the pre-open, close of the closing auction, all volumes once", () => {
    const days = columnsOf([bar("2026-08-12T09:15:00", [29_100, 29_180, 28_820, 28_835, 1_500])]);
    addToDays(
      days,
      columnsOf([
        auction("2026-08-12T09:00:00", 29_075, 500),
        auction("2026-08-12T15:20:00", 29_200, 150),
        auction("2026-08-12T15:50:00", 29_200, 50),
      ]),
      calendar,
      "NSE_CAS",
    );
    expect(figures(days)).toEqual([[29_075, 29_200, 28_820, 29_200, 2_200]]);
  });
});
