export interface WatchlistRow {
  key: string;
  /** Heading the row stands under, or "". */
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
