import {
  AUCTION_BAR,
  type Bar,
  barAt,
  barColumnNames,
  type BarColumns,
  barColumns,
  type BarPassport,
  copyBar,
  copyPassport,
  noPassport,
  passportAt,
  passportColumnNames,
  type PassportColumns,
  passportColumns,
  setBar,
  setPassport,
} from "./bar";
import { MOST_VALUE } from "@/server/domain/basics/bounds";
import { type StoredKind, timeframe, timeframes } from "@/server/domain/time/timeframe";

/** A stored bar with its instrument and timeframe. */
export interface StoredBar extends Bar {
  instrumentId: number;
  timeframe: StoredKind;
  /** Absent where no tick of ours made it. */
  passport?: BarPassport;
}

/**
 * Bars of many instruments and kinds on their way to the store, one row each. Thousands close in one turn, and as
 * objects they would be garbage in the next.
 */
export interface StoredBars extends BarColumns, PassportColumns {
  instrumentId: Int32Array;
  /** Position in `timeframes`, or `AUCTION_BAR`. */
  kind: Uint8Array;
  /** 0: it has no passport. */
  made: Uint8Array;
}

/** More than any number of a kind. */
export const KINDS = 128;
export const kindOf = (name: StoredKind): number => (name === "auction" ? AUCTION_BAR : timeframe(name).index);
export const kindNamed = (kind: number): StoredKind => (kind === AUCTION_BAR ? "auction" : timeframes[kind]!.name);
export const isStoredKind = (kind: number): boolean => kind === AUCTION_BAR || timeframes[kind]?.stored === true;
/** One number for an instrument's bars of a kind. */
export const placeOf = (rows: StoredBars, row: number): number => rows.instrumentId[row]! * KINDS + rows.kind[row]!;

export const storedBars = (capacity: number): StoredBars => ({
  ...barColumns(capacity),
  ...passportColumns(capacity),
  instrumentId: new Int32Array(capacity),
  kind: new Uint8Array(capacity),
  made: new Uint8Array(capacity),
});

const names = [...barColumnNames, ...passportColumnNames, "instrumentId", "kind", "made"] as const;

/** Rows [from, to); memory is shared. */
export const cutStored = (rows: StoredBars, from: number, to: number): StoredBars => {
  const part = { length: to - from } as StoredBars;
  for (const name of names) (part as unknown as Record<string, unknown>)[name] = rows[name].subarray(from, to);
  return part;
};

/** The named rows, in their order. */
export const pickStored = (rows: StoredBars, wanted: readonly number[]): StoredBars => {
  const picked = storedBars(wanted.length);
  for (const name of names) for (let at = 0; at < wanted.length; at++) picked[name][at] = rows[name][wanted[at]!]!;
  picked.length = wanted.length;
  return picked;
};

/** Appends a bar as the stages hand it on, to rows that have room. */
export const putRow = (
  into: StoredBars,
  instrumentId: number,
  kind: number,
  from: BarColumns & PassportColumns,
  row: number,
): void => {
  const at = into.length++;
  into.instrumentId[at] = instrumentId;
  into.kind[at] = kind;
  into.made[at] = 1;
  copyBar(into, at, from, row);
  copyPassport(into, at, from, row);
  if (!(from.value[row]! <= MOST_VALUE)) into.value[at] = 0;
};

/** Appends a bar to rows that have room. */
export const putBar = (into: StoredBars, bar: StoredBar): void => {
  const at = into.length++;
  setBar(into, at, bar);
  if (!(bar.value <= MOST_VALUE)) into.value[at] = 0;
  into.instrumentId[at] = bar.instrumentId;
  into.kind[at] = kindOf(bar.timeframe);
  into.made[at] = bar.passport === undefined ? 0 : 1;
  setPassport(into, at, bar.passport ?? noPassport);
};

export const storedBarsOf = (list: readonly StoredBar[]): StoredBars => {
  const rows = storedBars(list.length);
  for (const bar of list) putBar(rows, bar);
  return rows;
};

/** One row as an object, for the cold paths. */
export const storedBarAt = (rows: StoredBars, row: number): StoredBar => ({
  instrumentId: rows.instrumentId[row]!,
  timeframe: kindNamed(rows.kind[row]!),
  ...barAt(rows, row),
  ...(rows.made[row] === 0 ? {} : { passport: passportAt(rows, row) }),
});
