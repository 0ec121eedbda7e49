/** Rows of texts, in the file's order. */
export interface RowBlock {
  rows: string[][];
  /** Line of each row, counted from 1; of a JSON document the row's own number. */
  lines: number[];
  /** Why a row is unreadable, by its index in `rows`. */
  broken: Map<number, string> | null;
}
