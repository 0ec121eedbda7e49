import type { Bar, BarColumns, BarState } from "@/server/domain/bar";
import type { CalendarChange } from "@/server/domain/calendar-edits";
import type { CollectorRow } from "@/server/domain/collector";
import type { Instrument, InstrumentAlias, ListedInstrument } from "@/server/domain/instrument";
import type { TimeframeName } from "@/server/domain/timeframe";
import type { Watchlist } from "@/server/domain/watchlist";

/** A stored bar with what it belongs to; `timeframe` is one of the stored ones (1s, 1m, 15m, 1d). */
export interface StoredBar extends Bar {
  instrumentId: number;
  timeframe: TimeframeName;
}

export interface BarStore {
  /**
   * Upserts by (instrument, timeframe, time). `merge`: a replay or late part of the same bar, greatest high, least low,
   * rev + 1 only when something changed. `replace`: the exchange's own bar, taken as it is, rev + 1 when it differs.
   * Idempotent; resolves after commit.
   */
  write(bars: readonly StoredBar[], how: "merge" | "replace"): Promise<void>;
  /** Bars with from <= time < to, oldest first; with `limit`, the newest `limit` of them. */
  read(query: { instrumentId: number; timeframe: TimeframeName; from: number; to: number; limit?: number }): Promise<BarColumns>;
  /** Time of the first and last stored bar, or null when there is none. */
  span(instrumentId: number, timeframe: TimeframeName): Promise<{ first: number; last: number } | null>;
  /** Last stored bar time per instrument at a timeframe, in one query. */
  lastTimes(timeframe: TimeframeName): Promise<Map<number, number>>;
  /** Deletes bars of a timeframe older than `before`; answers how many. */
  prune(timeframe: TimeframeName, before: number): Promise<number>;
}

export interface InstrumentStore {
  /** All instruments and the aliases in force on a date (`YYYY-MM-DD`, IST). */
  load(date: string): Promise<{ instruments: Instrument[]; aliases: InstrumentAlias[] }>;
  /**
   * Takes a broker's list of the day: adds what is new, renames what a token now means (the old alias ends, a new one
   * begins), leaves the rest untouched. Idempotent within a day. Ids are stable.
   */
  upsert(vendor: string, date: string, listed: readonly ListedInstrument[]): Promise<void>;
}

export interface CollectorStore {
  list(): Promise<CollectorRow[]>;
  /** Creates or changes by name; `login` is stored encrypted by the store and never listed. */
  save(row: Omit<CollectorRow, "id">, login: Record<string, string>): Promise<CollectorRow>;
  login(name: string): Promise<Record<string, string> | null>;
}

export interface WatchlistStore {
  list(): Promise<Watchlist[]>;
  get(name: string): Promise<Watchlist | null>;
  save(list: Watchlist): Promise<void>;
}

/** Small settings of the app and of screens, as JSON by name (workspace, preferences, checkpoints). */
export interface SettingStore {
  get(name: string): Promise<unknown>;
  set(name: string, value: unknown): Promise<void>;
}

/** Changes of the exchange calendar, oldest first. Append-only: what has been said stays said. */
export interface CalendarEditStore {
  list(): Promise<CalendarChange[]>;
  /** `edit` null: a new edit, which takes the change's own id. Resolves after commit. */
  append(change: Omit<CalendarChange, "id" | "edit"> & { edit: number | null }): Promise<CalendarChange>;
}

export interface Store {
  bars: BarStore;
  instruments: InstrumentStore;
  collectors: CollectorStore;
  watchlists: WatchlistStore;
  settings: SettingStore;
  calendarEdits: CalendarEditStore;
  /** What is behind it, for the status page: `PGlite 18.6, embedded` or `TimescaleDB 2.19.3 (apache), PostgreSQL 17.4`. */
  describe(): { kind: "embedded" | "postgres" | "timescale"; version: string; location: string };
  /** One round trip, in ms: for health. */
  ping(): Promise<number>;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}
export type { BarState };
