import { type Bar, barColumnNames, type BarColumns, barColumns, copyBar, setBar } from "./bar";

/** Rows [from, to) as columns that share the memory of `rows`. */
export const cut = (rows: BarColumns, from: number, to: number): BarColumns => {
  if (from === 0 && to === rows.length && rows.time.length === to) return rows;
  const part = { length: Math.max(0, to - from) } as BarColumns;
  for (const name of barColumnNames)
    (part as unknown as Record<string, unknown>)[name] = rows[name].subarray(from, Math.max(from, to));
  return part;
};

/** The same as an object of its own, whoever goes on appending to `rows`. */
export const viewOf = (rows: BarColumns, from: number, to: number): BarColumns => {
  const part = { length: to - from } as BarColumns;
  for (const name of barColumnNames) (part as unknown as Record<string, unknown>)[name] = rows[name].subarray(from, to);
  return part;
};

/** Appends rows [from, to) to columns that have room. */
export const copyRows = (rows: BarColumns, from: number, to: number, into: BarColumns): void => {
  if (to <= from) return;
  for (const name of barColumnNames) into[name].set(rows[name].subarray(from, to), into.length);
  into.length += to - from;
};

/** The first row at or after an instant; `length` where there is none. */
export const rowAt = (rows: BarColumns, instant: number): number => {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows.time[middle]! < instant) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** One after the other. */
export const join = (parts: readonly BarColumns[]): BarColumns => {
  const full = parts.filter((part) => part.length > 0);
  if (full.length === 1) return full[0]!;
  const all = barColumns(full.reduce((sum, part) => sum + part.length, 0));
  for (const part of full) copyRows(part, 0, part.length, all);
  return all;
};

/** Rows with from <= time < to of columns in order of time. */
export const within = (rows: BarColumns, from: number, to = Number.MAX_SAFE_INTEGER): BarColumns => {
  const first = rowAt(rows, from);
  return cut(rows, first, Math.max(first, rowAt(rows, to)));
};

/** The rows that `keep` accepts, in their order; the rest of the memory is let go. */
export const filterRows = (rows: BarColumns, keep: (row: number) => boolean): BarColumns => {
  const kept = barColumns(rows.length);
  for (let row = 0; row < rows.length; row++) if (keep(row)) copyRow(rows, row, kept);
  return cut(kept, 0, kept.length);
};

/** `base` with the bars of `newer` in their places; both in order of time. */
export const overlay = (base: BarColumns, newer: readonly Bar[]): BarColumns => {
  if (newer.length === 0) return base;
  const all = barColumns(base.length + newer.length);
  let row = 0;
  for (const bar of newer) {
    const place = rowAt(base, bar.time);
    copyRows(base, row, place, all);
    row = Math.max(row, place);
    if (row < base.length && base.time[row] === bar.time) row++;
    setBar(all, all.length++, bar);
  }
  copyRows(base, row, base.length, all);
  return cut(all, 0, all.length);
};

/** Rows in memory of their own. */
export const copyOf = (rows: BarColumns): BarColumns => {
  const copy = barColumns(rows.length);
  copyRows(rows, 0, rows.length, copy);
  return copy;
};

/** Two sequences in order of time as one; at the same time the row of `first` comes first. */
export const merge = (first: BarColumns, second: BarColumns): BarColumns => {
  if (first.length === 0) return second;
  if (second.length === 0) return first;
  const all = barColumns(first.length + second.length);
  let a = 0;
  let b = 0;
  while (a < first.length || b < second.length) {
    if (b === second.length || (a < first.length && first.time[a]! <= second.time[b]!)) copyRow(first, a++, all);
    else copyRow(second, b++, all);
  }
  return all;
};

/** Appends a row to columns that have room. */
export const copyRow = (from: BarColumns, row: number, to: BarColumns): void => copyBar(to, to.length++, from, row);
