import type { TimeframeName } from "@/server/domain/time/timeframe";

/** What is kept for a time of its own. */
export type KeptPart = "ticks" | "depth" | "1s" | "1m" | "15m" | "1d";

export interface TableSize {
  table: string;
  /** On disk, indexes included. */
  bytes: number;
  /** As estimated by the database; null before it has measured. */
  rows: number | null;
}

export interface DayOfPart {
  part: KeptPart;
  /**
   * In the 24 hours up to the newest row: table rows, bytes (for bars with their revisions and differences), and for
   * ticks their number. Estimated from a sample of instruments.
   */
  rows: number;
  bytes: number;
  ticks?: number;
}

export interface Settled {
  /** Files written once more. */
  chunks: number;
  /** Given back to the disk; below zero where they grew. */
  bytes: number;
  /** Left for another time: in use, or too long. */
  busy: number;
}

/** Maintenance of the tables in a running system. */
export interface UpkeepStore {
  /**
   * Deletes bars of a timeframe that begin before a time, with their revisions and recorded differences. It works in
   * steps of some ten milliseconds with pauses in between, and ends early if the signal aborts. Returns the number of
   * bars.
   */
  pruneBars(timeframe: TimeframeName, before: number, signal: AbortSignal): Promise<number>;
  /**
   * Puts bars that are finished into the order they are read in, and gives the room of deleted ones back, where the database does
   * not by itself. `pruned`: seconds before it are gone; `finished`: weeks that end before it are over. Epoch ms.
   */
  settleBars(bounds: { pruned: number; finished: number }, signal: AbortSignal): Promise<Settled>;
  sizes(): Promise<TableSize[]>;
  /** Projected size of a day, from the newest one. */
  newestDay(): Promise<DayOfPart[]>;
}
