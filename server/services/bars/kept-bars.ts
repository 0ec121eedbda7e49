import { type BarColumns, barColumns } from "@/server/domain/bars/bar";
import { copyRows, rowAt, viewOf } from "@/server/domain/bars/bar-rows";
import { KINDS, kindOf, placeOf, type StoredBars, storedBarsOf } from "@/server/domain/bars/stored-bars";
import { RecentMap } from "@/server/domain/basics/recent-map";
import { timeframe, type TimeframeName } from "@/server/domain/time/timeframe";
import type { BarStore, BarWrite, StoredKind } from "@/server/ports/stores";

/** Bytes of one row of `BarColumns`: nine float64, one int32, two uint8. */
const ROW_BYTES = 78;
/** Kept in all. 5,000 bars take 0.5 MB with their room to grow. */
const MOST_BYTES = 24 * 1024 * 1024;
/** Rows of one instrument and kind: more are read from the store each time. */
const MOST_ROWS = 60_000;
/** Rows of a read without a limit, up to which they are worth keeping: two long days of minutes. */
const MOST_SPAN_ROWS = 2_000;
/** Queries that end later end with the newest bar. */
const NO_END = Date.UTC(2100, 0);
/** Spans of stored bars that are remembered, once to twice as many. */
const KEPT_SPANS = 2_000;

type Query = Parameters<BarStore["read"]>[0];
type Span = { first: number; last: number };

/** Times of bars that were written and must be read again; empty when `to` is below `from`. */
interface Changed {
  from: number;
  to: number;
}
const nothing = (): Changed => ({ from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY });
const mark = (changed: Changed, time: number): void => {
  if (time < changed.from) changed.from = time;
  if (time > changed.to) changed.to = time;
};

interface Kept {
  instrumentId: number;
  kind: StoredKind;
  /** All stored bars at or after it are in `rows`, except what `changed` names. Epoch ms. */
  from: number;
  /** Rows are only ever appended: views that readers hold stay what they were. A change makes new columns. */
  rows: BarColumns;
  /** The most rows that anybody asked for; as many stay when the columns are full. */
  wanted: number;
  changed: Changed;
  /** The changed rows are being read again. */
  mending: Promise<void> | null;
}

/**
 * The newest stored bars of what was asked for, in columns: 5,000 bars cost microseconds instead of a query. It stands in
 * front of the store, and the one writer writes through it, so it knows of every change. A bar that closed is appended; bars
 * that were written in any other way (a late tick, history, a removal, a write that failed) are read again from the store
 * before the next reader gets them. How bars merge is known to the database alone.
 *
 * Only for a store that nobody else writes to. The least recently read go first.
 */
export class KeptBars {
  /** By instrument and kind, the least recently read first. */
  private readonly places = new Map<number, Kept>();
  /** Reads from the store under way: what is written meanwhile may be in their answer or not. */
  private readonly filling = new Map<number, Changed>();
  private spans = new RecentMap<number, Span>(KEPT_SPANS);
  /** Goes up with every write that ends and every removal of old bars. */
  private writes = 0;
  private size = 0;
  readonly store: BarStore;

  constructor(
    private readonly inner: BarStore,
    private readonly most = MOST_BYTES,
  ) {
    this.store = {
      ...inner,
      write: (bars, how) => this.writeRows(storedBarsOf(bars), how),
      writeRows: (rows, how) => this.writeRows(rows, how),
      read: (query) => this.read(query),
      span: (instrumentId, name) => this.span(instrumentId, name),
      prune: async (name, before) => {
        try {
          return await inner.prune(name, before);
        } finally {
          this.forget(name as StoredKind);
        }
      },
    };
  }

  /** Bytes of the columns kept. */
  get bytes(): number {
    return this.size;
  }
  get count(): number {
    return this.places.size;
  }

  /** Nothing is known any more about bars of a kind: they were deleted past this. */
  forget(kind: StoredKind): void {
    this.writes++;
    this.spans = new RecentMap(KEPT_SPANS);
    for (const [place, kept] of this.places) if (kept.kind === kind) this.drop(place);
    // What is being read may hold what is gone.
    for (const [place, changed] of this.filling) {
      if (place % KINDS !== kindOf(kind)) continue;
      mark(changed, Number.NEGATIVE_INFINITY);
      mark(changed, Number.POSITIVE_INFINITY);
    }
  }

  private async read(query: Query): Promise<BarColumns> {
    if (query.asOf !== undefined) return this.inner.read(query);
    const place = query.instrumentId * KINDS + kindOf(query.timeframe);
    for (let kept = this.places.get(place); kept !== undefined; kept = this.places.get(place)) {
      const found = answer(kept.rows, kept.from, query);
      if (found === null) {
        if (!(await this.reachBack(place, kept, query))) break;
        continue;
      }
      if (kept.changed.to < kept.changed.from && kept.mending === null) {
        this.places.delete(place);
        this.places.set(place, kept);
        return found;
      }
      await this.mend(place, kept);
      query.signal?.throwIfAborted();
    }
    return this.fill(place, query);
  }

  /** The newest rows from the store; kept when the answer is of a size that pays. */
  private async fill(place: number, query: Query): Promise<BarColumns> {
    const { from, limit, once = false } = query;
    const pays = limit === undefined ? from > 0 : limit > 0 && limit <= MOST_ROWS;
    if (once || !pays || query.to < NO_END || this.filling.has(place) || this.places.has(place))
      return this.inner.read(query);
    const changed = nothing();
    this.filling.set(place, changed);
    try {
      const rows = await this.inner.read(query);
      const isWhole = limit === undefined || rows.length < limit;
      if (rows.length <= (limit ?? MOST_SPAN_ROWS))
        this.keep(place, query, rows, isWhole ? from : rows.time[0]!, changed);
      return rows;
    } finally {
      this.filling.delete(place);
    }
  }

  /** Puts what is older before what is kept, as far as a query wants it; false where that does not pay. */
  private async reachBack(place: number, kept: Kept, query: Query): Promise<boolean> {
    const { limit, from } = query;
    if (query.once === true || this.filling.has(place) || query.to < kept.from) return false;
    const lacking = limit === undefined ? undefined : limit - rowAt(kept.rows, query.to);
    const more = lacking ?? (kept.from - from) / timeframe(kept.kind === "auction" ? "1d" : kept.kind).lengthMs;
    if (kept.rows.length + more > (lacking === undefined ? MOST_SPAN_ROWS : MOST_ROWS)) return false;
    const [until, changed] = [kept.from, nothing()];
    this.filling.set(place, changed);
    try {
      const { to: _, limit: __, ...rest } = query;
      const older = await this.inner.read({ ...rest, to: until, ...(lacking === undefined ? {} : { limit: lacking }) });
      if (this.places.get(place) !== kept || kept.from !== until) return false;
      this.size -= bytesOf(kept);
      kept.rows = joined(older, kept.rows);
      kept.from = lacking === undefined || older.length < lacking ? from : older.time[0]!;
      kept.wanted = Math.max(kept.wanted, kept.rows.length);
      if (changed.to >= changed.from) {
        mark(kept.changed, changed.from);
        mark(kept.changed, changed.to);
      }
      this.size += bytesOf(kept);
      this.makeWay();
      return true;
    } finally {
      this.filling.delete(place);
    }
  }

  private keep(place: number, query: Query, rows: BarColumns, from: number, changed: Changed): void {
    const kept: Kept = {
      instrumentId: query.instrumentId,
      kind: query.timeframe,
      from,
      rows: withRoom(rows, 0),
      wanted: rows.length,
      changed,
      mending: null,
    };
    this.places.set(place, kept);
    this.size += bytesOf(kept);
    this.makeWay();
  }

  private makeWay(): void {
    for (const oldest of this.places.keys()) {
      if (this.size <= this.most) break;
      this.drop(oldest);
    }
  }

  private drop(place: number): void {
    const kept = this.places.get(place);
    if (kept === undefined) return;
    this.places.delete(place);
    this.size -= bytesOf(kept);
  }

  /** Reads what was changed again and puts it in its place, in new columns. */
  private mend(place: number, kept: Kept): Promise<void> {
    kept.mending ??= (async () => {
      const { changed } = kept;
      // What is written from here on is marked anew.
      kept.changed = nothing();
      const from = Math.max(kept.from, changed.from);
      try {
        const rows = await this.inner.read({
          instrumentId: kept.instrumentId,
          timeframe: kept.kind,
          from,
          to: changed.to + 1,
        });
        if (this.places.get(place) !== kept) return;
        this.size -= bytesOf(kept);
        const first = rowAt(kept.rows, from);
        const after = rowAt(kept.rows, changed.to + 1);
        const all = barColumns(roomFor(kept.rows.length + rows.length));
        copyRows(kept.rows, 0, first, all);
        copyRows(rows, 0, rows.length, all);
        copyRows(kept.rows, after, kept.rows.length, all);
        kept.rows = all;
        this.size += bytesOf(kept);
        this.makeWay();
      } catch (cause) {
        this.drop(place);
        throw cause;
      } finally {
        kept.mending = null;
      }
    })();
    return kept.mending;
  }

  private async writeRows(rows: StoredBars, how: BarWrite): Promise<void> {
    let done = false;
    try {
      await this.inner.writeRows(rows, how);
      done = true;
    } finally {
      // A write that failed may have been made in part, or in whole.
      this.writes++;
      for (let row = 0; row < rows.length; row++) this.written(rows, row, done && how === "merge");
      for (let row = 0; row < rows.length; row++) this.spanned(rows, row, done && how !== "remove");
    }
  }

  /** `closes`: a bar of which nothing was stored is stored as it is. */
  private written(rows: StoredBars, row: number, closes: boolean): void {
    const place = placeOf(rows, row);
    const time = rows.time[row]!;
    const filling = this.filling.get(place);
    if (filling !== undefined) mark(filling, time);
    const kept = this.places.get(place);
    if (kept === undefined || time < kept.from) return;
    const last = kept.rows.length === 0 ? Number.NEGATIVE_INFINITY : kept.rows.time[kept.rows.length - 1]!;
    // What is being read again may hold this bar already.
    if (!closes || time <= last || kept.mending !== null) return mark(kept.changed, time);
    if (kept.rows.length === kept.rows.time.length) this.makeRoom(kept);
    copyRows(rows, row, row + 1, kept.rows);
    if (kept.rows.openInterest[kept.rows.length - 1]! < 0) kept.rows.openInterest[kept.rows.length - 1] = -1;
  }

  private makeRoom(kept: Kept): void {
    this.size -= bytesOf(kept);
    const { rows, wanted } = kept;
    const first = rows.length >= 2 * wanted + 64 ? rows.length - wanted : 0;
    kept.rows = withRoom(rows, first);
    if (first > 0) kept.from = rows.time[first]!;
    this.size += bytesOf(kept);
    this.makeWay();
  }

  private async span(instrumentId: number, name: TimeframeName): Promise<Span | null> {
    const place = instrumentId * KINDS + kindOf(name as StoredKind);
    const known = this.spans.get(place);
    if (known !== undefined) return { ...known };
    const before = this.writes;
    const told = await this.inner.span(instrumentId, name);
    if (told !== null && before === this.writes) this.spans.set(place, { ...told });
    return told;
  }

  /** `is`: the bar is stored now. */
  private spanned(rows: StoredBars, row: number, is: boolean): void {
    const span = this.spans.get(placeOf(rows, row));
    if (span === undefined) return;
    if (!is) this.spans.delete(placeOf(rows, row));
    else {
      span.first = Math.min(span.first, rows.time[row]!);
      span.last = Math.max(span.last, rows.time[row]!);
    }
  }
}

const roomFor = (rows: number): number => Math.ceil(rows * 1.25) + 16;
const bytesOf = ({ rows }: Kept): number => rows.time.length * ROW_BYTES;

/** Rows from `first` on, in columns of their own that can grow. */
const withRoom = (rows: BarColumns, first: number): BarColumns => {
  const all = barColumns(roomFor(rows.length - first));
  copyRows(rows, first, rows.length, all);
  return all;
};

/** Older rows, then newer ones, in columns that can grow. */
const joined = (older: BarColumns, newer: BarColumns): BarColumns => {
  const all = barColumns(roomFor(older.length + newer.length));
  copyRows(older, 0, older.length, all);
  copyRows(newer, 0, newer.length, all);
  return all;
};

/** What a query gets of rows that hold all since `since`; null where some may be missing. */
const answer = (rows: BarColumns, since: number, { from, to, limit }: Query): BarColumns | null => {
  const end = rowAt(rows, to);
  let first = rowAt(rows, from);
  if (limit !== undefined) first = Math.max(first, end - limit);
  const isWhole = from >= since || (limit !== undefined && end - first === limit && limit > 0);
  return isWhole ? viewOf(rows, first, Math.max(first, end)) : null;
};
