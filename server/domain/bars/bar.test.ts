import { describe, expect, it } from "vitest";
import {
  addHash,
  type Bar,
  barAt,
  type BarPassport,
  barStates,
  BY_EXCHANGE_CLOCK,
  BY_OUR_CLOCK,
  columnsOf,
  FROM_HISTORY,
  FROM_LATE,
  FROM_STREAM,
  fromCollector,
  joinPassports,
  noPassport,
  passportAt,
  passportColumns,
  tickHash,
} from "./bar";

describe("stored bars", () => {
  it("keeps its numbers: states, sources, collectors", () => {
    expect(barStates).toEqual(["forming", "closed", "patched", "backfilled", "corrected"]);
    expect([FROM_STREAM, FROM_HISTORY, FROM_LATE, BY_EXCHANGE_CLOCK, BY_OUR_CLOCK]).toEqual([1, 2, 4, 8, 16]);
    expect([0, 1, 15, 16, 17].map(fromCollector)).toEqual([256, 512, 8_388_608, 256, 512]);
  });

  it("keeps the hash of a tick: bars of years ago are verified by it", () => {
    expect(
      [
        [1_788_752_700_000, 10_000, 500],
        [1_788_752_700_001, 10_000, 500],
        [1_788_752_700_000, 10_005, 500],
        [1_788_752_700_000, 10_000, 501],
        [1_788_752_700_000, 10_000, -1],
      ].map(([time, price, volume]) => tickHash(time!, price!, volume!)),
    ).toEqual([1_740_826_080, 2_409_095_878, 2_225_172_778, 2_532_455_353, 4_257_698_675]);
  });
});

describe("hashes of ticks", () => {
  it("add up modulo 2^48", () => {
    expect(addHash(3, 4)).toBe(7);
    expect(addHash(2 ** 48 - 1, 1)).toBe(0);
    expect(addHash(2 ** 48 - 1, 2 ** 48 - 1)).toBe(2 ** 48 - 2);
  });
});

describe("a bar as columns", () => {
  it("comes back with every figure in its own place", () => {
    const bars = barStates.flatMap((state, at) =>
      [true, false].map((incomplete): Bar => {
        const n = (at + 1) * (incomplete ? 100 : 1_000);
        const [time, open, high, low, close, volume] = [n + 1, n + 2, n + 3, n + 4, n + 5, n + 6];
        return {
          time,
          open,
          high,
          low,
          close,
          volume,
          value: n + 7,
          ticks: n + 8,
          openInterest: n + 9,
          rev: n + 10,
          state,
          incomplete,
        };
      }),
    );
    const columns = columnsOf(bars);
    expect(bars.map((_, row) => barAt(columns, row))).toEqual(bars);
    expect([...columns.high]).toEqual(bars.map(({ high }) => high));
    expect([...columns.openInterest]).toEqual(bars.map(({ openInterest }) => openInterest));
  });
});

describe("passports", () => {
  const early: BarPassport = {
    late: 1,
    firstTime: 100,
    lastTime: 200,
    firstSequence: 7,
    lastSequence: 30,
    sources: 1 | 256,
    hash: 2 ** 48 - 5,
  };
  const later: BarPassport = {
    late: 2,
    firstTime: 150,
    lastTime: 300,
    firstSequence: 9,
    lastSequence: 20,
    sources: 4 | 8,
    hash: 12,
  };

  it("of two parts cover both, the earlier one first or not", () => {
    const both = { late: 3, firstTime: 100, lastTime: 300, firstSequence: 7, lastSequence: 30, sources: 269, hash: 7 };
    expect(joinPassports(early, later)).toEqual(both);
    expect(joinPassports(later, early)).toEqual(both);
  });

  it("of a part that no tick made leave the ticks as they are, and name its source", () => {
    const told = { ...noPassport, sources: FROM_HISTORY };
    expect(joinPassports(early, told)).toEqual({ ...early, sources: 259 });
    expect(joinPassports(told, early)).toEqual({ ...early, sources: 259 });
  });

  it("come out of columns with every figure in its own place", () => {
    const columns = passportColumns(2);
    for (const name of ["late", "firstTime", "lastTime", "firstSequence", "lastSequence", "sources", "hash"] as const)
      columns[name][1] = early[name];
    expect([passportAt(columns, 0), passportAt(columns, 1)]).toEqual([noPassport, early]);
  });
});
