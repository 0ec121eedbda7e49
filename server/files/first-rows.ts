/** What is looked at before a table is read: whose it should be, its first rows, and where they seem to have what. */
import type { Places, TableKind } from "./columns";
import type { FileRules } from "./options";
import type { RowBlock } from "./row-block";

export interface Asked {
  kind: TableKind;
  file: string;
  rules: FileRules;
  /** An index has no volume: an unknown column is not missed. */
  volumeless: boolean;
  /** Squeezed names of what is asked for: which columns of a table of several instruments hold it. */
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
