/** Snapshot and frames of `quotes` folded into rows. Pure: the socket is `quotes.ts`. */
import type { QuoteRow, QuotesFrame, QuotesSnapshot } from "@/server/contract/live";

/** Points of a whole session's sparkline, as the server cuts it. */
export const SPARK_POINTS = 60;

export interface QuoteTable {
  /** Rows in the snapshot's order: frames name them by number. */
  rows: readonly QuoteRow[];
  unknown: readonly string[];
  seq: number;
}

export const emptyQuotes: QuoteTable = { rows: [], unknown: [], seq: -1 };

export const quotesOf = (snapshot: QuotesSnapshot): QuoteTable => ({
  rows: snapshot.rows,
  unknown: snapshot.unknown,
  seq: snapshot.seq,
});

/**
 * The table after a frame, and the numbers of the rows that changed. A frame the snapshot already contains changes
 * nothing; rows it does not know are left out (they belong to a list no longer asked for).
 */
export const applyQuotes = (
  table: QuoteTable,
  frame: QuotesFrame,
): { table: QuoteTable; changed: readonly number[] } => {
  if (frame.seq <= table.seq) return { table, changed: [] };
  const rows = [...table.rows];
  const changed = new Set<number>();
  for (const [row, price, volume, time, received, high, low, open, previousClose] of frame.rows) {
    const before = rows[row];
    if (before === undefined) continue;
    rows[row] = { ...before, price, volume, time, received, high, low, open, previousClose };
    changed.add(row);
  }
  for (const [row, closes] of frame.spark) {
    const before = rows[row];
    if (before === undefined) continue;
    rows[row] = { ...before, spark: [...closes] };
    changed.add(row);
  }
  return { table: { ...table, rows, seq: frame.seq }, changed: [...changed] };
};
