import { describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { InstrumentTable, TokenMap } from "@/server/domain/instruments/instrument-table";
import { rawBatch } from "@/server/domain/ticks/tick";
import { Normaliser } from "@/server/pipeline/normalise";
import type { FeedDefinition, QuoteDetails } from "@/server/ports/feed";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { quoteMeta } from "@/server/web/read-figures";
import { createDesk } from "./desk";

const CALENDAR = createCalendar();
const TEN = Date.parse("2026-09-07T10:00:00+05:30");
const COLLECTOR = 3;
/** In wire units of a hundredth of a minor unit, each figure another one. */
const DETAILS: QuoteDetails = { open: 1_010_000, high: 1_030_000, low: 990_000, close: 1_005_000, averagePrice: 77 };
/** The figures of a broker's packet at an offset of its frame. */
const OFFSET = 6;

interface Wire {
  price?: number;
  volume?: number;
  details?: QuoteDetails | null;
  framed?: boolean;
  divisor?: number;
}

/** A desk over the board that one packet, taken by the real normaliser, has written. */
const deskAfter = ({
  price = 1_020_000,
  volume = 4_321,
  details = DETAILS,
  framed = true,
  divisor = 100,
}: Wire = {}) => {
  const table = new InstrumentTable();
  const tokens = new TokenMap();
  table.put(testInstrument(1), "NSE");
  tokens.set(1_000, table.put(testInstrument(2), "NSE"), divisor);
  const normaliser = new Normaliser({
    table,
    windows: new SessionWindows(CALENDAR, table),
    tokens: () => tokens,
    maxSkewMs: 0,
    maxAgeMs: Number.POSITIVE_INFINITY,
  });
  const raw = rawBatch(1);
  const asked: { collector: number; offset: number }[] = [];
  const feed = {
    quote: (frame: Uint8Array, offset: number) => {
      asked.push({ collector: frame[0]!, offset });
      return details;
    },
  } as unknown as FeedDefinition;
  const desk = createDesk({
    live: { table, board: normaliser.board },
    feedAt: (collector: number) => (collector === COLLECTOR ? feed : undefined),
    calendar: CALENDAR,
    clock: { now: () => TEN },
  } as unknown as Parameters<typeof createDesk>[0]);
  const tick = (times = 1, collector = COLLECTOR): void => {
    for (let time = 0; time < times; time++) {
      Object.assign(raw, {
        collector,
        receivedTime: TEN + 345,
        length: 1,
        frame: framed ? new Uint8Array(64).fill(9) : null,
      });
      raw.token[0] = 1_000;
      raw.price[0] = price;
      raw.volume[0] = volume;
      raw.exchangeTime[0] = TEN + time;
      raw.openInterest[0] = 55;
      raw.offset[0] = OFFSET;
      normaliser.on(raw, () => {});
    }
  };
  return { desk, tick, asked, table };
};

describe("the quote of an instrument", () => {
  it("has every figure in its own place, in minor units", () => {
    const { desk, tick, asked } = deskAfter();
    tick();
    expect(desk.quote(1)).toEqual({
      price: 10_200,
      previousClose: 10_050,
      open: 10_100,
      high: 10_300,
      low: 9_900,
      volume: 4_321,
      time: TEN,
      received: TEN + 345,
      sequence: 1,
    });
    expect(asked).toEqual([{ collector: 9, offset: OFFSET }]);
  });

  it("divides the packet's figures by the wire units of its broker, and rounds them", () => {
    const { desk, tick } = deskAfter({ price: 10_200, divisor: 1, details: { ...DETAILS, close: 10_050 } });
    tick();
    expect(desk.quote(1)).toMatchObject({ price: 10_200, previousClose: 10_050, open: 1_010_000 });
    const other = deskAfter({ divisor: 1_000, price: 10_200_000, details: { ...DETAILS, close: 10_049_501 } });
    other.tick();
    expect(other.desk.quote(1)).toMatchObject({ price: 10_200, previousClose: 10_050 });
  });

  it.each([
    ["a packet without day figures", { details: {} }],
    ["a packet of unknown length", { details: null }],
    ["a feed without packets", { framed: false }],
  ])("of %s knows no close, and no other figure of the day", (_, wire) => {
    const { desk, tick } = deskAfter(wire);
    tick();
    expect(desk.quote(1)).toMatchObject({ price: 10_200, previousClose: 0, open: 0, high: 0, low: 0 });
  });

  it("does not ask another collector's feed about a packet", () => {
    const { desk, tick, asked } = deskAfter();
    tick(1, COLLECTOR + 1);
    expect(desk.quote(1)).toMatchObject({ price: 10_200, previousClose: 0 });
    expect(asked).toEqual([]);
  });

  it("without a volume has none: 0, never -1", () => {
    const { desk, tick } = deskAfter({ volume: -1 });
    tick();
    expect(desk.quote(1)!.volume).toBe(0);
  });

  it("is null before the first tick, beyond the board, and when nothing came since", () => {
    const { desk, tick } = deskAfter();
    tick();
    expect([desk.quote(0), desk.quote(5_000)]).toEqual([null, null]);
    expect(desk.quote(1, 1)).toBeNull();
    expect(desk.quote(1, 0)).toMatchObject({ sequence: 1 });
    tick(2);
    expect(desk.quote(1, 1)).toMatchObject({ sequence: 2 });
  });

  describe("as REST tells its change", () => {
    it.each([
      { price: 1_020_000, close: 1_005_000, change: 1.5, percent: 1.49 },
      { price: 990_000, close: 1_005_000, change: -1.5, percent: -1.49 },
      { price: 1_005_000, close: 1_005_000, change: 0, percent: 0 },
      { price: 2_010_000, close: 1_005_000, change: 100.5, percent: 100 },
      { price: 1_005_500, close: 1_005_000, change: 0.05, percent: 0.05 },
      // No close, and one that is no price: no change rather than a wrong one.
      { price: 1_020_000, close: 0, change: null, percent: null },
      { price: 1_020_000, close: undefined, change: null, percent: null },
    ])("$price against $close is $change, $percent %", ({ price, close, change, percent }) => {
      const { close: _, ...without } = DETAILS;
      const { desk, tick, table } = deskAfter({
        price,
        details: close === undefined ? without : { ...without, close },
      });
      tick();
      const about = { instrument: table.at(1), token: 1, quote: desk.quote(1), averagePrice: 0 };
      expect(quoteMeta(about, "Asia/Kolkata")).toEqual({
        lastPrice: price / 10_000,
        dayVolume: 4_321,
        time: "2026-09-07T10:00:00+05:30",
        change,
        changePercent: percent,
      });
    });

    it("is nothing before the first tick", () => {
      const { desk, table } = deskAfter();
      expect(
        quoteMeta({ instrument: table.at(1), token: 1, quote: desk.quote(1), averagePrice: 0 }, undefined),
      ).toBeNull();
    });
  });
});
