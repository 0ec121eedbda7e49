import type { Bar, BarColumns } from "@/server/domain/bars/bar";
import type { CalendarChange } from "@/server/domain/calendar/calendar-edits";
import type { CollectorRow } from "@/server/domain/ticks/collector";
import type { LeftOut } from "@/server/domain/instruments/broker-list";
import type {
  Instrument,
  InstrumentAlias,
  InstrumentKey,
  ListedInstrument,
} from "@/server/domain/instruments/instrument";
import type { StoredBar, StoredBars } from "@/server/domain/bars/stored-bars";
import type { StoredTicks } from "@/server/domain/ticks/stored-ticks";
import type { StoredKind, TimeframeName } from "@/server/domain/time/timeframe";
import type { Watchlist } from "@/server/domain/instruments/watchlist";
import type { UpkeepStore } from "./upkeep";
import type { CompareStore, GapStore } from "./gap-stores";
import type { JobStore } from "./jobs";
import type { LeaseStore } from "./leases";
import type { BookStore } from "./order-books";
import type { SnapshotStore } from "./snapshots";

export type { StoredBar, StoredKind };

/**
 * `merge`: a bar the pipeline closed, perhaps once more. `patch`: late ticks alone, to be added to the bar they belong
 * to. `replace`: the exchange's own bar. `remove`: a bar that the exchange does not have.
 */
export type BarWrite = "merge" | "patch" | "replace" | "remove";

/** A bar before a change. */
export interface BarRevision extends Bar {
  /** Epoch ms since when and until when it was in force. */
  knownAt: number;
  replacedAt: number;
}

export interface BarStore {
  /**
   * Upserts by (instrument, timeframe, time). `merge`: the same bar again; greatest high, least low, rev + 1 only if
   * something changed. `patch`: ticks, hash and late counts are added, once. `replace`: written as given, rev + 1 if it
   * differs. `remove`: deletes the bar of that time. Earlier versions stay readable as revisions. Idempotent; resolves
   * after commit.
   */
  write(bars: readonly StoredBar[], how: BarWrite): Promise<void>;
  /** The same with columns; they must stay as they are until it resolves. */
  writeRows(rows: StoredBars, how: BarWrite): Promise<void>;
  /**
   * Bars with from <= time < to, oldest first; with `limit`, the newest `limit` of them; with `asOf`, as they were
   * known at that time. A long read ends when its client disconnects.
   */
  read(query: {
    instrumentId: number;
    timeframe: StoredKind;
    from: number;
    to: number;
    limit?: number;
    asOf?: number;
    signal?: AbortSignal | undefined;
    /** Nobody will ask again soon: what keeps bars need not keep these. */
    once?: boolean;
  }): Promise<BarColumns>;
  /** Bars with their passports, oldest first. */
  readWhole(query: { instrumentId: number; timeframe: StoredKind; from: number; to: number }): Promise<StoredBar[]>;
  /** Earlier revisions of one bar, oldest first, without the one in force. */
  revisions(instrumentId: number, timeframe: StoredKind, time: number): Promise<BarRevision[]>;
  /** Time of the first and last stored bar, or null when there is none. */
  span(instrumentId: number, timeframe: TimeframeName): Promise<{ first: number; last: number } | null>;
  /** Last stored bar time per instrument at a timeframe, in one query. */
  lastTimes(timeframe: TimeframeName): Promise<Map<number, number>>;
  /** Time and close of the last stored bar of each of some instruments, in one query; those without one are left out. */
  lastCloses(
    timeframe: TimeframeName,
    instrumentIds: readonly number[],
  ): Promise<Map<number, { time: number; close: number }>>;
  /** Deletes bars of a timeframe older than `before`; returns how many. */
  prune(timeframe: TimeframeName, before: number): Promise<number>;
}

/** A symbol of the past: the newest instrument that had it. */
export interface FormerSymbol {
  instrumentId: number;
  symbol: string;
}

export interface Renamed {
  id: number;
  from: InstrumentKey;
  to: InstrumentKey;
}

/** What became of a broker's list. */
export interface TakenList {
  leftOut: LeftOut[];
  renamed: Renamed[];
}

export interface InstrumentStore {
  /** All instruments, the aliases in force on a date (`YYYY-MM-DD`, IST), and symbols that instruments had under aliases that have ended. */
  load(date: string): Promise<{ instruments: Instrument[]; aliases: InstrumentAlias[]; former: FormerSymbol[] }>;
  /**
   * Applies a broker's list of the day: adds new instruments, renames those whose token has a new meaning (the old
   * alias ends, a new one begins), and leaves the rest unchanged. Idempotent within a day. Ids are stable. A row that
   * the plan or the database rejects is skipped alone.
   */
  upsert(vendor: string, date: string, listed: readonly ListedInstrument[]): Promise<TakenList>;
}

export interface CollectorStore {
  list(): Promise<CollectorRow[]>;
  /** Creates or changes by name; `login` is stored encrypted by the store and never listed. */
  save(row: Omit<CollectorRow, "id">, login: Record<string, string>): Promise<CollectorRow>;
  /** Changes only a collector's subscriptions. */
  subscribe(name: string, subscriptions: readonly string[]): Promise<void>;
  login(name: string): Promise<Record<string, string> | null>;
}

export interface WatchlistStore {
  list(): Promise<Watchlist[]>;
  get(name: string): Promise<Watchlist | null>;
  save(list: Watchlist): Promise<void>;
}

/** Rows [first, end) of `ticks`, all of one instrument, in the order of their sequence. Without the two, all rows. */
export interface TickRun {
  instrumentId: number;
  ticks: StoredTicks;
  first?: number;
  end?: number;
}

export interface TickStore {
  /** Appends; idempotent by sequence. Times are kept as whole ms. Resolves after commit. */
  write(runs: readonly TickRun[]): Promise<void>;
  /** Ticks whose bucketing time is in [from, to), in order of arrival; with `limit`, the newest ones. */
  read(query: { instrumentId: number; from: number; to: number; limit?: number }): Promise<StoredTicks>;
  /** Deletes data before a time, in small steps; returns the number of tick blocks. */
  prune(before: number): Promise<number>;
}

/** Small settings of the app and of screens, as JSON by name (workspace, preferences, checkpoints). */
export interface SettingStore {
  get(name: string): Promise<unknown>;
  set(name: string, value: unknown): Promise<void>;
}

/** Changes of the exchange calendar, oldest first. Append-only. */
export interface CalendarEditStore {
  list(): Promise<CalendarChange[]>;
  /** `edit` null: a new edit, which takes the change's own id. Resolves after commit. */
  append(change: Omit<CalendarChange, "id" | "edit"> & { edit: number | null }): Promise<CalendarChange>;
}

export interface Store {
  bars: BarStore;
  ticks: TickStore;
  books: BookStore;
  upkeep: UpkeepStore;
  instruments: InstrumentStore;
  collectors: CollectorStore;
  watchlists: WatchlistStore;
  settings: SettingStore;
  /** Kept states of the running indicators. */
  snapshots: SnapshotStore;
  calendarEdits: CalendarEditStore;
  /** A resource only one instance may hold at a time: a broker login. */
  leases: LeaseStore;
  /** Work that outlives a process, with checkpoints and findings. */
  jobs: JobStore;
  /** The gap ledger, and what history has answered for. */
  gaps: GapStore;
  compares: CompareStore;
  /** What is behind it, for the status page: `PGlite 18.6, embedded` or `TimescaleDB 2.19.3 (apache), PostgreSQL 17.4`. */
  describe(): { kind: "embedded" | "postgres" | "timescale"; version: string; location: string };
  /** One round trip, in ms: for health. */
  ping(): Promise<number>;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}
