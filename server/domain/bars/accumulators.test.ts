import { describe, expect, it } from "vitest";
import { Accumulators } from "./accumulators";
import {
  type Bar,
  barAt,
  barBatch,
  barColumns,
  CLOSED,
  columnsOf,
  FORMING,
  HASH_SIZE,
  passportAt,
  setBar,
} from "./bar";

/** Every figure another one. */
const first: Bar = {
  time: 1_000,
  open: 11,
  high: 19,
  low: 5,
  close: 13,
  volume: 100,
  value: 1_200,
  ticks: 7,
  openInterest: 41,
  rev: 3,
  state: "patched",
  incomplete: false,
};
const second: Bar = {
  ...first,
  time: 2_000,
  open: 14,
  high: 23,
  low: 3,
  close: 17,
  volume: 30,
  value: 500,
  ticks: 2,
  openInterest: 43,
};
const inner: Bar = { ...second, high: 18, low: 6 };
const firstPassport = {
  late: 1,
  firstTime: 1_010,
  lastTime: 1_900,
  firstSequence: 50,
  lastSequence: 56,
  sources: 9,
  hash: 1_001,
};
const secondPassport = {
  late: 2,
  firstTime: 2_020,
  lastTime: 2_800,
  firstSequence: 60,
  lastSequence: 61,
  sources: 20,
  hash: 2_002,
};
const noPassport = { late: 0, firstTime: 0, lastTime: 0, firstSequence: 0, lastSequence: 0, sources: 0, hash: 0 };

const batchOf = (...rows: [Bar, typeof firstPassport][]) => {
  const batch = barBatch(rows.length);
  rows.forEach(([bar, passport], row) => {
    setBar(batch, row, bar);
    for (const name of Object.keys(passport) as (keyof typeof passport)[]) batch[name][row] = passport[name];
  });
  batch.length = rows.length;
  return batch;
};
const shown = (cells: Accumulators, cell: number) => {
  const batch = barBatch(2);
  batch.length = 1; // rows are appended
  cells.toBatch(cell, batch, 2, 33, 4, CLOSED);
  return {
    ...barAt(batch, 1),
    passport: passportAt(batch, 1),
    to: [batch.event[1], batch.instrument[1], batch.timeframe[1], batch.end[1], batch.length],
  };
};
const TO = [2, 33, 4, 9_000, 2];

describe("a bar being built", () => {
  it("is its first part under the time and end of its own", () => {
    const cells = new Accumulators(3);
    cells.beginBatch(1, 500, 9_000, batchOf([first, firstPassport]), 0);
    expect(shown(cells, 1)).toEqual({ ...first, time: 500, rev: 1, state: "closed", passport: firstPassport, to: TO });
    expect([cells.isEmpty(0), cells.isEmpty(1), cells.isEmpty(2)]).toEqual([true, false, true]);
    expect([cells.timeOf(1), cells.endOf(1)]).toEqual([500, 9_000]);
    const columns = barColumns(1);
    cells.toColumns(1, columns, FORMING);
    expect([barAt(columns, 0).state, columns.length]).toEqual(["forming", 1]);
    cells.clear(1);
    expect([cells.isEmpty(1), cells.endOf(1)]).toEqual([true, 0]);
  });

  it("takes a later part: open stays, close moves, extremes widen, sums add, marks of both", () => {
    const cells = new Accumulators(1);
    const batch = batchOf([first, firstPassport], [{ ...second, incomplete: true }, secondPassport]);
    cells.beginBatch(0, 500, 9_000, batch, 0);
    cells.foldBatch(0, batch, 1);
    expect(shown(cells, 0)).toEqual({
      time: 500,
      open: 11,
      high: 23,
      low: 3,
      close: 17,
      volume: 130,
      value: 1_700,
      ticks: 9,
      openInterest: 43,
      rev: 1,
      state: "closed",
      incomplete: true,
      passport: {
        late: 3,
        firstTime: 1_010,
        lastTime: 2_800,
        firstSequence: 50,
        lastSequence: 61,
        sources: 29,
        hash: 3_003,
      },
      to: TO,
    });
  });

  it("keeps extremes and open interest where a part says no more", () => {
    const cells = new Accumulators(1);
    cells.beginRow(0, 500, 9_000, columnsOf([first]), 0);
    cells.foldRow(0, columnsOf([{ ...inner, openInterest: -1 }]), 0);
    expect(shown(cells, 0)).toMatchObject({ high: 19, low: 5, close: 17, openInterest: 41, passport: noPassport });
    cells.foldRow(0, columnsOf([{ ...inner, openInterest: 0 }]), 0);
    expect(shown(cells, 0).openInterest).toBe(0);
  });

  it("takes an earlier part: it sets the open; the close and the open interest stay", () => {
    const cells = new Accumulators(1);
    cells.beginRow(0, 500, 9_000, columnsOf([second]), 0);
    cells.foldBefore(0, columnsOf([first]), 0);
    expect(shown(cells, 0)).toMatchObject({
      open: 11,
      high: 23,
      low: 3,
      close: 17,
      volume: 130,
      value: 1_700,
      ticks: 9,
      openInterest: 43,
    });
    const silent = new Accumulators(1);
    silent.beginRow(0, 500, 9_000, columnsOf([{ ...second, openInterest: -1 }]), 0);
    silent.foldBefore(0, columnsOf([first]), 0);
    expect(shown(silent, 0).openInterest).toBe(41);
    silent.beginRow(0, 500, 9_000, columnsOf([{ ...second, openInterest: 0 }]), 0);
    silent.foldBefore(0, columnsOf([first]), 0);
    expect(shown(silent, 0).openInterest).toBe(0);
  });

  it("has no value if any part with volume has none", () => {
    const unknown = { ...second, value: 0 };
    for (const parts of [
      [first, unknown],
      [unknown, first],
      [first, unknown, first],
    ]) {
      const cells = new Accumulators(1);
      cells.beginRow(0, 500, 9_000, columnsOf(parts), 0);
      for (let row = 1; row < parts.length; row++) cells.foldRow(0, columnsOf(parts), row);
      expect(shown(cells, 0).value).toBe(0);
    }
    const cells = new Accumulators(1);
    cells.beginRow(0, 500, 9_000, columnsOf([first]), 0);
    cells.foldRow(0, columnsOf([{ ...second, value: 0, volume: 0 }]), 0);
    expect(shown(cells, 0).value).toBe(1_200);
  });

  it("is incomplete for good once a part is", () => {
    const cells = new Accumulators(2);
    cells.beginRow(0, 500, 9_000, columnsOf([{ ...first, incomplete: true }]), 0);
    cells.foldRow(0, columnsOf([second]), 0);
    expect(shown(cells, 0).incomplete).toBe(true);
    cells.beginRow(1, 500, 9_000, columnsOf([first]), 0);
    expect(shown(cells, 1).incomplete).toBe(false);
    cells.markIncomplete(1);
    cells.markIncomplete(1);
    expect(shown(cells, 1)).toMatchObject({ incomplete: true, passport: noPassport });
  });

  it("starts without anything of the bar before it", () => {
    const cells = new Accumulators(1);
    cells.beginBatch(0, 500, 9_000, batchOf([{ ...first, incomplete: true }, firstPassport]), 0);
    cells.beginRow(0, 600, 9_000, columnsOf([second]), 0);
    expect(shown(cells, 0)).toEqual({ ...second, time: 600, rev: 1, state: "closed", passport: noPassport, to: TO });
  });
});

describe("a late tick", () => {
  const late = (price: number, time: number, sequence = 70) =>
    batchOf([
      { ...first, open: price, high: price, low: price, close: price, volume: 999, value: 999, ticks: 1 },
      {
        ...noPassport,
        late: 1,
        firstTime: time,
        lastTime: time,
        firstSequence: sequence,
        lastSequence: sequence,
        sources: 4,
        hash: 5,
      },
    ]);
  const after = (price: number, time: number, sequence?: number) => {
    const cells = new Accumulators(1);
    cells.beginBatch(0, 500, 9_000, batchOf([first, firstPassport]), 0);
    cells.late(0, late(price, time, sequence), 0);
    return shown(cells, 0);
  };

  it("inside the bar counts, and moves neither open nor close; its volume has been counted", () => {
    expect(after(12, 1_500)).toEqual({
      ...first,
      time: 500,
      rev: 1,
      state: "closed",
      ticks: 8,
      passport: { ...firstPassport, late: 2, lastSequence: 70, sources: 13, hash: 1_006 },
      to: TO,
    });
  });
  it("widens the bar", () => {
    expect(after(30, 1_500)).toMatchObject({ open: 11, high: 30, low: 5, close: 13 });
    expect(after(2, 1_500)).toMatchObject({ open: 11, high: 19, low: 2, close: 13 });
  });
  it("is the open where it is the earliest, the close where it is the latest or of the last one's instant", () => {
    expect(after(12, 1_009)).toMatchObject({ open: 12, close: 13, passport: { firstTime: 1_009, lastTime: 1_900 } });
    expect(after(12, 1_010)).toMatchObject({ open: 11, close: 13 });
    expect(after(12, 1_899)).toMatchObject({ open: 11, close: 13 });
    expect(after(12, 1_900)).toMatchObject({ open: 11, close: 12, passport: { lastTime: 1_900 } });
    expect(after(12, 1_901)).toMatchObject({ open: 11, close: 12, passport: { lastTime: 1_901 } });
  });
  it("with an earlier number is the first that arrived", () => {
    expect(after(12, 1_500, 49).passport).toMatchObject({ firstSequence: 49, lastSequence: 56 });
  });
});

describe("cells folded into a longer bar", () => {
  const pair = (a: [Bar, typeof firstPassport], b: [Bar, typeof firstPassport]) => {
    const parts = new Accumulators(3);
    const whole = new Accumulators(2);
    const batch = batchOf(a, b);
    parts.beginBatch(1, 1_000, 2_000, batch, 0);
    parts.beginBatch(2, 2_000, 3_000, batch, 1);
    whole.addCell(1, 500, 9_000, parts, 1);
    whole.addCell(1, 777, 8_888, parts, 2);
    return shown(whole, 1);
  };
  it("give what their rows would have given", () => {
    expect(pair([first, firstPassport], [second, secondPassport])).toEqual({
      time: 500,
      open: 11,
      high: 23,
      low: 3,
      close: 17,
      volume: 130,
      value: 1_700,
      ticks: 9,
      openInterest: 43,
      rev: 1,
      state: "closed",
      incomplete: false,
      passport: {
        late: 3,
        firstTime: 1_010,
        lastTime: 2_800,
        firstSequence: 50,
        lastSequence: 61,
        sources: 29,
        hash: 3_003,
      },
      to: TO,
    });
    expect(pair([second, secondPassport], [first, { ...firstPassport, lastTime: 2_900 }])).toMatchObject({
      open: 14,
      high: 23,
      low: 3,
      close: 13,
      openInterest: 41,
      passport: { firstTime: 1_010, lastTime: 2_900, firstSequence: 50, lastSequence: 61 },
    });
  });
  it("close with the later tick, or with a part whose ticks are unknown", () => {
    expect(pair([first, firstPassport], [second, { ...secondPassport, lastTime: 1_899 }]).close).toBe(13);
    expect(pair([first, firstPassport], [second, { ...secondPassport, lastTime: 1_900 }]).close).toBe(17);
    expect(pair([first, firstPassport], [second, noPassport])).toMatchObject({ close: 17, passport: firstPassport });
  });
  it("keep open interest where a part has none, and are incomplete where one is", () => {
    expect(pair([first, firstPassport], [{ ...second, openInterest: -1 }, secondPassport]).openInterest).toBe(41);
    expect(pair([first, firstPassport], [{ ...second, openInterest: 0 }, secondPassport]).openInterest).toBe(0);
    expect(pair([first, firstPassport], [{ ...second, incomplete: true }, secondPassport]).incomplete).toBe(true);
    expect(pair([{ ...first, incomplete: true }, firstPassport], [second, secondPassport]).incomplete).toBe(true);
  });
  it("take the first known passport of a part as it is", () => {
    expect(pair([first, noPassport], [second, secondPassport]).passport).toEqual(secondPassport);
    const cells = new Accumulators(1);
    cells.beginRow(0, 500, 9_000, columnsOf([first]), 0);
    cells.foldPassport(0, firstPassport);
    expect(shown(cells, 0).passport).toEqual(firstPassport);
    cells.foldPassport(0, secondPassport);
    expect(shown(cells, 0).passport).toEqual({
      late: 3,
      firstTime: 1_010,
      lastTime: 2_800,
      firstSequence: 50,
      lastSequence: 61,
      sources: 29,
      hash: 3_003,
    });
  });
  it("add hashes within 48 bits", () => {
    const hash = HASH_SIZE - 1;
    expect(pair([first, { ...firstPassport, hash }], [second, { ...secondPassport, hash: 1 }]).passport.hash).toBe(0);
    expect(pair([first, { ...firstPassport, hash }], [second, { ...secondPassport, hash: 5 }]).passport.hash).toBe(4);
  });
});

describe("a block of cells", () => {
  it("keeps its bars when it grows, and grows at least to twice its size", () => {
    const cells = new Accumulators(4);
    cells.beginBatch(3, 500, 9_000, batchOf([first, firstPassport]), 0);
    cells.grow(4);
    expect(cells.capacity).toBe(4);
    cells.grow(5);
    expect(cells.capacity).toBe(8);
    cells.grow(20);
    expect(cells.capacity).toBe(20);
    cells.beginRow(19, 600, 9_000, columnsOf([second]), 0);
    expect(shown(cells, 3).passport).toEqual(firstPassport);
    expect([cells.isEmpty(18), cells.timeOf(19)]).toEqual([true, 600]);
  });
  it("continues from a snapshot, which later bars do not change", () => {
    const cells = new Accumulators(3);
    cells.beginBatch(1, 500, 9_000, batchOf([first, firstPassport]), 0);
    cells.beginRow(2, 600, 9_000, columnsOf([second]), 0);
    const kept = cells.snapshot();
    cells.beginRow(1, 700, 9_000, columnsOf([second]), 0);
    const again = new Accumulators(1);
    again.restore(kept);
    expect([again.capacity, again.timeOf(1), again.timeOf(2), again.isEmpty(0)]).toEqual([3, 500, 600, true]);
    again.clear(1);
    expect(kept).not.toEqual(again.snapshot());
    const other = new Accumulators(3);
    other.copy(cells, 1, 2, 0);
    expect([other.timeOf(0), other.timeOf(1), other.isEmpty(2)]).toEqual([700, 600, true]);
  });
  it("begins with a stored row where the cell is empty, and folds into it where not", () => {
    const cells = new Accumulators(1);
    cells.addRow(0, 500, 9_000, columnsOf([first, second]), 0);
    cells.addRow(0, 777, 8_888, columnsOf([first, second]), 1);
    expect(shown(cells, 0)).toMatchObject({ time: 500, open: 11, close: 17, volume: 130, to: TO });
  });
});
