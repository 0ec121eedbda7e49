import { describe, expect, it } from "vitest";
import { barAt, type Bar, barStates, columnsOf } from "./bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { resample, spanAt } from "./resample";
import { timeframe } from "@/server/domain/time/timeframe";

const calendar = createCalendar();
const at = (text: string): number => Date.parse(`${text}+05:30`);
const bar = (time: string, overrides: Partial<Bar> = {}): Bar => ({
  time: at(time),
  open: 10,
  high: 12,
  low: 9,
  close: 11,
  volume: 5,
  value: 55,
  ticks: 2,
  openInterest: -1,
  rev: 1,
  state: "closed",
  incomplete: false,
  ...overrides,
});
const folded = (bars: Bar[], to: Parameters<typeof timeframe>[0], now?: number) => {
  const out = resample(columnsOf(bars), calendar, "NSE", timeframe(to), now);
  return { ...out, bars: Array.from({ length: out.bars.length }, (_, row) => barAt(out.bars, row)) };
};

describe("resample", () => {
  it("takes the first open, the last close, the extremes and the sums", () => {
    const { bars } = folded(
      [
        bar("2024-08-13T09:15:00", { open: 7, low: 6 }),
        bar("2024-08-13T09:16:00", { high: 20, openInterest: 4 }),
        bar("2024-08-13T09:19:00", { close: 13, incomplete: true }),
      ],
      "5m",
    );
    expect(bars).toEqual([
      {
        time: at("2024-08-13T09:15:00"),
        open: 7,
        high: 20,
        low: 6,
        close: 13,
        volume: 15,
        value: 165,
        ticks: 6,
        openInterest: 4,
        rev: 1,
        state: "closed",
        incomplete: true,
      },
    ]);
  });
  it("calls a bar forming whose end has not come, and keeps a state all its parts have", () => {
    const parts = [
      bar("2024-08-13T09:15:00", { state: "backfilled" }),
      bar("2024-08-13T09:20:00", { state: "backfilled" }),
      bar("2024-08-13T09:21:00"),
    ];
    expect(folded(parts, "5m").bars.map(({ state }) => state)).toEqual(["backfilled", "closed"]);
    expect(folded(parts, "5m", at("2024-08-13T09:24:59")).bars.map(({ state }) => state)).toEqual([
      "backfilled",
      "forming",
    ]);
    expect(barStates[0]).toBe("forming");
  });
  it("leaves out and counts what no session holds", () => {
    expect(
      folded([bar("2024-08-13T09:14:00"), bar("2024-08-13T09:15:00"), bar("2024-08-15T10:00:00")], "5m"),
    ).toMatchObject({ outside: 2, bars: [{ volume: 5 }] });
  });
  it("has no traded value if a part that traded has none, and one if only untraded parts lack it", () => {
    const live = bar("2024-08-13T09:15:00");
    expect(
      folded([live, bar("2024-08-13T09:16:00", { value: 0 }), bar("2024-08-13T09:17:00")], "5m").bars,
    ).toMatchObject([{ volume: 15, value: 0 }]);
    expect(
      folded(
        [bar("2024-08-13T09:14:00", { time: at("2024-08-13T09:15:00"), value: 0 }), bar("2024-08-13T09:16:00")],
        "5m",
      ).bars,
    ).toMatchObject([{ volume: 10, value: 0 }]);
    expect(folded([live, bar("2024-08-13T09:16:00", { value: 0, volume: 0 })], "5m").bars).toMatchObject([
      { volume: 5, value: 55 },
    ]);
  });
  it("does not join bars across a session's end", () => {
    expect(folded([bar("2024-08-13T15:29:00"), bar("2024-08-14T09:15:00")], "2h").bars.map(({ time }) => time)).toEqual(
      [at("2024-08-13T15:15:00"), at("2024-08-14T09:15:00")],
    );
  });
  it("knows the span of a short last bar, a week with a holiday, a month", () => {
    expect(spanAt(calendar, "NSE", timeframe("2h"), at("2024-08-13T15:20:00"))).toEqual({
      start: at("2024-08-13T15:15:00"),
      end: at("2024-08-13T15:30:00"),
    });
    expect(spanAt(calendar, "NSE", timeframe("1W"), at("2024-08-13T12:00:00"))).toEqual({
      start: at("2024-08-12T09:15:00"),
      end: at("2024-08-16T16:00:00"),
    });
    expect(spanAt(calendar, "NSE", timeframe("1m"), at("2024-08-13T15:30:00"))).toBeNull();
  });
});
