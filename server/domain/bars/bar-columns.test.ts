import { describe, expect, it } from "vitest";
import {
  addHash,
  AUCTION_BAR,
  type Bar,
  barAt,
  type BarColumns,
  barStates,
  columnsOf,
  fromCollector,
  HASH_SIZE,
  joinPassports,
  noPassport,
  tickHash,
} from "./bar";
import { copyRow, cut, filterRows, join, merge, overlay, within } from "./bar-rows";
import {
  cutStored,
  isStoredKind,
  kindNamed,
  kindOf,
  pickStored,
  placeOf,
  putRow,
  type StoredBar,
  storedBarAt,
  storedBars,
  storedBarsOf,
} from "./stored-bars";
import { concerns, type Gap, gapStates, isClosed, minutesTouched } from "./gap";
import { barColumns } from "./bar";
import { MOST_VALUE } from "@/server/domain/basics/bounds";

/** Every figure another one. */
const bar = (time: number, seed = 0): Bar => ({
  time,
  open: 11 + seed,
  high: 19 + seed,
  low: 5 + seed,
  close: 13 + seed,
  volume: 101 + seed,
  value: 1_200 + seed,
  ticks: 7 + seed,
  openInterest: 41 + seed,
  rev: 3 + seed,
  state: barStates[(seed + 2) % 5]!,
  incomplete: seed % 2 === 0,
});
const list = (columns: BarColumns): Bar[] => Array.from({ length: columns.length }, (_, row) => barAt(columns, row));
const bars = [bar(10), bar(20, 1), bar(30, 2), bar(40, 3)];
const passport = { late: 1, firstTime: 10, lastTime: 19, firstSequence: 50, lastSequence: 56, sources: 9, hash: 1_001 };

describe("a bar in columns", () => {
  it("comes out as it went in, figure by figure", () => expect(list(columnsOf(bars))).toEqual(bars));
  it("of a state this version does not know is closed", () => {
    const columns = columnsOf(bars);
    columns.state[0] = 77;
    expect(barAt(columns, 0).state).toBe("closed");
  });
  it("is cut, joined and chosen without losing a figure", () => {
    const columns = columnsOf(bars);
    expect(list(cut(columns, 1, 3))).toEqual(bars.slice(1, 3));
    expect(cut(columns, 0, 4)).toBe(columns);
    expect(list(cut(columns, 0, 3))).toEqual(bars.slice(0, 3));
    expect(cut(columns, 3, 2).length).toBe(0);
    expect(cut(columns, 3, 2).time).toHaveLength(0);
    expect(cut(columns, 1, 2).open.buffer).toBe(columns.open.buffer);
    expect(list(join([cut(columns, 0, 1), columnsOf([]), cut(columns, 1, 4)]))).toEqual(bars);
    expect(join([columnsOf([]), columns])).toBe(columns);
    expect(join([]).length).toBe(0);
    expect(list(filterRows(columns, (row) => row % 2 === 1))).toEqual([bars[1], bars[3]]);
    expect(filterRows(columns, () => false).time).toHaveLength(0);
    // Room behind the last row is no row.
    const roomy = barColumns(6);
    for (let row = 0; row < 2; row++) copyRow(columns, row, roomy);
    expect(list(join([roomy, cut(columns, 2, 4)]))).toEqual(bars);
    expect(cut(roomy, 0, 2).time).toHaveLength(2);
  });
  it("lies within a span from its start and before its end", () => {
    const columns = columnsOf(bars);
    expect(list(within(columns, 20, 40)).map(({ time }) => time)).toEqual([20, 30]);
    expect(list(within(columns, 21, 41)).map(({ time }) => time)).toEqual([30, 40]);
    expect(list(within(columns, 0))).toEqual(bars);
    expect(within(columns, 41).length).toBe(0);
    expect(within(columns, 0, 10).length).toBe(0);
  });
  it("gives way to a newer one of its time", () => {
    const columns = columnsOf(bars);
    const newer = [bar(5, 9), bar(20, 8), bar(35, 7), bar(50, 6)];
    expect(list(overlay(columns, newer))).toEqual([newer[0], bars[0], newer[1], bars[2], newer[2], bars[3], newer[3]]);
    expect(overlay(columns, newer).time).toHaveLength(7);
    expect(overlay(columns, [])).toBe(columns);
    expect(list(overlay(columnsOf([]), newer))).toEqual(newer);
  });
  it("is merged by time, of one time the first sequence's first", () => {
    const other = [bar(5, 9), bar(20, 8), bar(50, 7)];
    const columns = columnsOf(bars);
    expect(list(merge(columns, columnsOf(other)))).toEqual([
      other[0],
      bars[0],
      bars[1],
      other[1],
      bars[2],
      bars[3],
      other[2],
    ]);
    expect(merge(columns, columnsOf([]))).toBe(columns);
    expect(merge(columnsOf([]), columns)).toBe(columns);
  });
});

describe("a stored bar", () => {
  const stored: StoredBar[] = [
    { ...bar(10), instrumentId: 7, timeframe: "1m", passport },
    { ...bar(20, 1), instrumentId: 8, timeframe: "auction" },
    { ...bar(30, 2), instrumentId: 9, timeframe: "1d", passport: { ...passport, late: 4 } },
  ];
  const all = (rows: ReturnType<typeof storedBars>) =>
    Array.from({ length: rows.length }, (_, row) => storedBarAt(rows, row));

  it("comes out as it went in, with its passport or without", () => {
    const rows = storedBarsOf(stored);
    expect(all(rows)).toEqual(stored);
    expect(all(cutStored(rows, 1, 3))).toEqual(stored.slice(1));
    expect(all(pickStored(rows, [2, 0]))).toEqual([stored[2], stored[0]]);
    const copied = storedBars(2);
    putRow(copied, 7, kindOf("1m"), rows, 0);
    putRow(copied, 9, kindOf("1d"), rows, 2);
    expect(all(copied)).toEqual([stored[0], stored[2]]);
  });
  it("has no value beyond the largest exact one", () => {
    const [over, most] = [MOST_VALUE * 2, MOST_VALUE].map((value) => storedBarsOf([{ ...stored[0]!, value }]));
    expect([over!.value[0], most!.value[0]]).toEqual([0, MOST_VALUE]);
    const copied = storedBars(3);
    for (const value of [MOST_VALUE * 2, MOST_VALUE, Number.NaN]) {
      most!.value[0] = value;
      putRow(copied, 7, 0, most!, 0);
    }
    expect([...copied.value]).toEqual([0, MOST_VALUE, 0]);
    expect(storedBarsOf([{ ...stored[0]!, value: Number.NaN }]).value[0]).toBe(0);
  });
  it("has one place an instrument and kind", () => {
    const rows = storedBarsOf(stored);
    expect([placeOf(rows, 0), placeOf(rows, 1)]).toEqual([7 * 128 + kindOf("1m"), 8 * 128 + AUCTION_BAR]);
    for (const name of ["1s", "1m", "15m", "1d", "auction"] as const) {
      expect(kindNamed(kindOf(name))).toBe(name);
      expect(isStoredKind(kindOf(name))).toBe(true);
    }
    expect([isStoredKind(kindOf("1m") + 1), isStoredKind(99)]).toEqual([false, false]);
    expect(AUCTION_BAR).toBe(100);
  });
});

describe("a passport", () => {
  it("of two parts spans both, whichever comes first", () => {
    const other = {
      late: 2,
      firstTime: 5,
      lastTime: 15,
      firstSequence: 60,
      lastSequence: 61,
      sources: 20,
      hash: 2_002,
    };
    const both = { late: 3, firstTime: 5, lastTime: 19, firstSequence: 50, lastSequence: 61, sources: 29, hash: 3_003 };
    expect(joinPassports(passport, other)).toEqual(both);
    expect(joinPassports(other, passport)).toEqual(both);
    expect(joinPassports({ ...noPassport, sources: 2 }, passport)).toEqual({ ...passport, sources: 11 });
    expect(joinPassports(passport, { ...noPassport, sources: 2 })).toEqual({ ...passport, sources: 11 });
  });
  it("names a collector by a bit of its own, sixteen in all", () => {
    expect([0, 1, 15, 16].map(fromCollector)).toEqual([0x100, 0x200, 0x80_0000, 0x100]);
  });
  it("adds hashes modulo 2^48, and a tick's hash depends on time, price and volume", () => {
    expect([addHash(1, 2), addHash(HASH_SIZE - 1, 1), addHash(HASH_SIZE - 1, 3)]).toEqual([3, 0, 2]);
    expect(HASH_SIZE).toBe(281_474_976_710_656);
    // Stored with every bar: another hash of the same tick would call every stored bar changed.
    expect(tickHash(1_732_074_300_000, 252_050, 1_234)).toBe(1_512_189_335);
    const one = tickHash(1_000, 10, 5);
    expect(
      new Set([one, tickHash(1_001, 10, 5), tickHash(1_000, 11, 5), tickHash(1_000, 10, 6), tickHash(1_000, 10, -1)])
        .size,
    ).toBe(5);
  });
});

describe("a gap", () => {
  const gap = (over: Partial<Gap>) => ({ instrument: null, instruments: null, collector: null, ...over }) as Gap;
  it("concerns its instrument, its instruments, or all of its collector", () => {
    expect([
      concerns(gap({ instrument: 3 }), 3, []),
      concerns(gap({ instrument: 3, collector: "a" }), 4, ["a"]),
    ]).toEqual([true, false]);
    expect([
      concerns(gap({ instruments: [3, 4], collector: "a" }), 4, []),
      concerns(gap({ instruments: [3], collector: "a" }), 4, ["a"]),
    ]).toEqual([true, false]);
    expect([
      concerns(gap({ collector: "a" }), 4, ["b", "a"]),
      concerns(gap({ collector: "a" }), 4, ["b"]),
      concerns(gap({}), 4, ["a"]),
    ]).toEqual([true, false, false]);
  });
  it("is over when healed, proved or set aside", () => {
    expect(gapStates.filter(isClosed)).toEqual(["healed", "no_trade", "ignored"]);
  });
  it("touches whole minutes", () => {
    expect(minutesTouched(60_000, 120_000)).toEqual({ from: 60_000, to: 120_000 });
    expect(minutesTouched(60_001, 120_001)).toEqual({ from: 60_000, to: 180_000 });
  });
});
