export interface WatchlistRow {
  key: string;
  /** The heading above the row, or "". */
  section: string;
}
export const watchlistCategories = ["index", "sector", "user", "demo"] as const;
export interface Watchlist {
  name: string;
  title: string;
  category: (typeof watchlistCategories)[number];
  /** Predefined lists cannot be edited, only copied. */
  readOnly: boolean;
  rows: WatchlistRow[];
}
