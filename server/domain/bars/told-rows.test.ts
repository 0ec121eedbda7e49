import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bar, barAt, columnsOf } from "./bar";
import { checkedRows, RefusedRows } from "./told-rows";

const MINUTE = 60_000;
const at = (minute: number): number => Date.parse("2026-11-18T10:00:00+05:30") + minute * MINUTE;
const bar = (minute: number, more: Partial<Bar> = {}): Bar => ({
  time: at(minute),
  open: 100,
  high: 105,
  low: 99,
  close: 104,
  volume: 10,
  value: 0,
  ticks: 0,
  openInterest: -1,
  rev: 0,
  state: "backfilled",
  incomplete: false,
  ...more,
});
const checked = (bars: readonly Bar[], span = { from: at(0), to: at(9), days: false }) => {
  const refused = new RefusedRows();
  const kept = checkedRows(columnsOf(bars), span, refused);
  return {
    times: [...kept.time.subarray(0, kept.length)].map((time) => (time - at(0)) / MINUTE),
    kept,
    refused,
    counts: Object.fromEntries(refused.counts),
  };
};

describe("rows from outside", () => {
  it.each<[string, Partial<Bar>, string]>([
    ["a high below its low", { high: 98 }, "prices_contradict"],
    ["an open above its high", { open: 106 }, "prices_contradict"],
    ["a close below its low", { close: 98 }, "prices_contradict"],
    ["a price of nothing", { low: 0 }, "price_out_of_bounds"],
    ["a negative price", { low: -1 }, "price_out_of_bounds"],
    ["a price that is none", { open: Number.NaN }, "price_out_of_bounds"],
    ["a price no market knows", { high: 4_294_967_295 }, "price_out_of_bounds"],
    ["a negative volume", { volume: -1 }, "volume_out_of_bounds"],
    ["a volume no market knows", { volume: 1e15 }, "volume_out_of_bounds"],
    ["a part of a share", { volume: 10.5 }, "volume_out_of_bounds"],
    ["a price between two", { close: 100.5 }, "price_out_of_bounds"],
    ["a time within a millisecond", { time: at(1) + 0.5 }, "unreadable"],
    ["a time that is none", { time: Number.NaN }, "unreadable"],
    ["a time before the span", { time: at(-1) }, "outside_span"],
    ["a time behind it", { time: at(10) }, "outside_span"],
  ])("sets %s aside, and takes the rest", (_, more, fault) => {
    const { times, counts, refused } = checked([bar(0), bar(1, more), bar(2)]);
    expect([times, counts, refused.total]).toEqual([[0, 2], { [fault]: 1 }, 1]);
    expect(refused.first).toContain(fault);
  });

  it("orders what comes in any order", () => {
    expect(checked([bar(3), bar(1), bar(2)]).times).toEqual([1, 2, 3]);
  });

  it("takes 400,000 rows of one minute as one minute, the last of them", () => {
    const bars = Array.from({ length: 400_000 }, (_, row) => bar(4, { close: row === 399_999 ? 105 : 104 }));
    const { times, counts, kept } = checked(bars);
    expect([times, counts, barAt(kept, 0).close]).toEqual([[4], { repeated: 399_999 }, 105]);
  });

  it("takes an open interest that cannot be for none", () => {
    expect(
      checked([
        bar(1, { openInterest: -7 }),
        bar(2, { openInterest: Number.NaN }),
        bar(3, { openInterest: 8 }),
        bar(4, { openInterest: 0.5 }),
      ]).kept.openInterest.slice(0, 4),
    ).toEqual(Float64Array.from([-1, -1, 8, -1]));
  });

  it("takes a day's bar by its date, though the span begins later that day", () => {
    const day = bar(0, { time: Date.parse("2026-11-18T00:00:00+05:30") });
    expect(checked([day], { from: at(0), to: at(9), days: true }).kept.length).toBe(1);
    expect(checked([day]).kept.length).toBe(0);
  });

  it("knows which bars remain unknown, unless another row has them", () => {
    const { refused } = checked([bar(1, { high: 98 }), bar(2, { high: 98 }), bar(2)]);
    expect([refused.hides(at(0), at(1)), refused.hides(at(1), at(2)), refused.hides(at(2), at(3))]).toEqual([
      false,
      true,
      false,
    ]);
    expect(refused.spoken(at(0), at(5), MINUTE)).toEqual([
      { from: at(0), to: at(1) },
      { from: at(2), to: at(5) },
    ]);
    const blind = checked([bar(1, { time: Number.NaN })]).refused;
    expect([blind.hides(at(7), at(8)), blind.spoken(at(0), at(5), MINUTE)]).toEqual([true, []]);
  });

  it("takes the bar at either end of the span", () => {
    expect(checked([bar(0), bar(9)]).times).toEqual([0, 9]);
  });

  it("says nothing of what an unreadable bar hides of the span that follows its start", () => {
    const { refused } = checked([]);
    refused.add("off_grid", at(0) + 30_000, () => "between");
    expect(refused.spoken(at(1), at(5), MINUTE)).toEqual([{ from: at(1) + 30_000, to: at(5) }]);
    expect(refused.spoken(at(2), at(5), MINUTE)).toEqual([{ from: at(2), to: at(5) }]);
  });

  it("names the first that is wrong, not one that is only not wanted", () => {
    const { refused } = checked([]);
    refused.add("of_auction", at(0), () => "of an auction");
    refused.add("off_grid", at(1), () => "between");
    refused.add("off_grid", at(2), () => "again");
    expect([refused.first, refused.total, refused.faulty]).toEqual(["between", 3, 2]);
  });

  it("claims nothing about any bar when too many rows are unreadable", () => {
    const { refused } = checked([]);
    for (let row = 0; row <= 100_000; row++) refused.add("prices_contradict", at(row), () => "");
    expect([refused.hides(at(200_000), at(200_001)), refused.spoken(at(200_000), at(200_001), MINUTE)]).toEqual([
      true,
      [],
    ]);
  });

  it("never passes rows that are contradictory, duplicated or out of order", () => {
    const number = fc.oneof(
      fc.integer({ min: -2, max: 120 }),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32 - 1),
    );
    const rows = fc.array(
      fc.record({
        minute: fc.integer({ min: -2, max: 12 }),
        open: number,
        high: number,
        low: number,
        close: number,
        volume: number,
      }),
    );
    fc.assert(
      fc.property(rows, (told) => {
        const { kept, refused } = checked(told.map(({ minute, ...figures }) => bar(minute, figures)));
        expect(kept.length + refused.total).toBe(told.length);
        for (let row = 0; row < kept.length; row++) {
          const { open, high, low, close, volume, time } = barAt(kept, row);
          expect(
            low > 0 &&
              low <= Math.min(open, close) &&
              high >= Math.max(open, close) &&
              high < 2 ** 31 &&
              volume >= 0 &&
              volume < 1e14,
          ).toBe(true);
          if (row > 0) expect(time).toBeGreaterThan(kept.time[row - 1]!);
        }
      }),
    );
  });
});
