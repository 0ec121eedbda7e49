import type { TimeframeName } from "@/server/domain/time/timeframe";

/** What is kept for a time of its own. */
export type KeptPart = "ticks" | "depth" | "1s" | "1m" | "15m" | "1d";

export interface TableSize {
  table: string;
  /** On disk, indexes included. */
  bytes: number;
  /** As the database estimates them; null before it has looked. */
  rows: number | null;
}

export interface DayOfPart {
  part: KeptPart;
  /** In the 24 hours up to the newest row: rows of the table, bytes (of bars with their revisions and differences), and for ticks how many they hold. Estimated from a sample of instruments. */
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

/** What a running system does with its tables besides writing and reading. */
export interface UpkeepStore {
  /**
   * Deletes bars of a timeframe that begin before an instant, what they were before, and how history differed from them. In steps of
   * some ten milliseconds with room for others between them; ends early when the signal says so. Answers how many bars.
   */
  pruneBars(timeframe: TimeframeName, before: number, signal: AbortSignal): Promise<number>;
  /**
   * Puts bars that are finished into the order they are read in, and gives the room of deleted ones back, where the database does
   * not by itself. `pruned`: seconds before it are gone; `finished`: weeks that end before it are over. Epoch ms.
   */
  settleBars(bounds: { pruned: number; finished: number }, signal: AbortSignal): Promise<Settled>;
  sizes(): Promise<TableSize[]>;
  /** What a day brings, from what the newest has brought. */
  newestDay(): Promise<DayOfPart[]>;
}
