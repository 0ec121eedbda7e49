/** What is examined before a table is read: the requested instrument, the first rows, and the likely columns. */
import type { Places, TableKind } from "./columns";
import type { FileRules } from "./options";
import type { RowBlock } from "./row-block";

export interface Asked {
  kind: TableKind;
  file: string;
  rules: FileRules;
  /** An index has no volume: an unknown column is not missed. */
  volumeless: boolean;
  /** Normalised names of the requested instrument, which identify its columns in a table of several. */
  wanted: (ticker: string) => boolean;
}

export interface Head {
  blocks: RowBlock[];
  rows: string[][];
  lines: number[];
}

export interface Layout {
  places: Places;
  names: readonly string[] | null;
  namesLine: number;
  preamble: string[];
  width: number;
  labels: "start" | "end" | null;
  notes: string[];
  /** Instruments that lines above the table name. */
  titles: string[];
  /** First row of figures, among the head's rows. */
  from: number;
}

/** Columns that are understood. */
export const usedPlaces = (places: Places): Set<number> =>
  new Set([
    ...places.time,
    places.clock,
    places.minute,
    places.second,
    places.open,
    places.high,
    places.low,
    places.close,
    places.price,
    places.volume,
    ...places.symbol,
    places.series,
    places.exchange,
    places.token,
    places.expiry,
    places.strike,
    places.right,
    places.type,
  ]);
