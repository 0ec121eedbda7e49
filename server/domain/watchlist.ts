export interface WatchlistRow {
  key: string;
  /** Heading the row stands under, or "". */
  section: string;
}
export interface Watchlist {
  name: string;
  title: string;
  category: "index" | "sector" | "user" | "demo";
  /** Predefined lists cannot be edited, only copied. */
  readOnly: boolean;
  rows: WatchlistRow[];
}
