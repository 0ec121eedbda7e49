import type { Clock } from "@/server/ports/clock";
import type { Latest, LatestBar, LatestPoint, LatestState, LatestTick, Mover } from "@/server/ports/latest";
import {
  BAR_SECONDS,
  barText,
  isWhole,
  MOVERS_SECONDS,
  names,
  type Names,
  pointSeconds,
  pointText,
  TICK_SECONDS,
  tickText,
} from "./wire";

interface StreamRow {
  bar: LatestBar;
  replaces: boolean;
}

/** Fields that decide whether two versions of a bar are equal. */
const figuresOf = (bar: LatestBar): string => barText({ ...bar, event: "close", rev: 0 });

interface Held<Row> {
  row: Row;
  until: number;
}

/**
 * The same within the process, without Redis: newest values, streams and channels under the same names. Values become
 * text when they are read.
 */
export class MemoryLatest implements Latest {
  readonly isRead: boolean;
  private readonly names: Names;
  private readonly bars = new Map<string, Held<LatestBar>>();
  private readonly ticks = new Map<string, Held<LatestTick>>();
  private readonly points = new Map<string, Held<LatestPoint>>();
  private readonly movers = new Map<string, { rows: readonly Mover[]; until: number }>();
  private readonly streams = new Map<string, StreamRow[]>();
  /** Start of the newest closed bar, by stream. */
  private readonly closes = new Map<string, number>();
  private readonly readers = new Map<string, Set<(text: string) => void>>();
  private readonly since: number;

  constructor(
    private readonly options: {
      prefix: string;
      clock: Clock;
      /** Entries kept per stream; 0 keeps none. */
      streamLength: number;
      isRead?: boolean;
    },
  ) {
    this.isRead = options.isRead ?? true;
    this.names = names(options.prefix);
    this.since = options.clock.now();
  }

  publishBars(rows: readonly LatestBar[]): void {
    const until = this.options.clock.now() + BAR_SECONDS * 1_000;
    for (const given of rows) {
      const stream = this.names.barStream(given.timeframe, given.key);
      const newest = this.closes.get(stream);
      const row =
        newest !== undefined && given.event === "close" && given.time > newest
          ? { bar: given, replaces: false }
          : this.unwritten(stream, given);
      if (row !== null) {
        this.append(stream, row);
        this.tell(this.names.barChannel(given.timeframe, given.key), () => barText(row.bar, row.replaces));
      }
      if (given.event === "close" && !(newest !== undefined && given.time <= newest))
        this.closes.set(stream, given.time);
      if (isWhole(given) && !(newest !== undefined && given.time < newest))
        this.bars.set(this.names.bar(given.timeframe, given.key), { row: given, until });
    }
  }

  publishTicks(rows: readonly LatestTick[]): void {
    const until = this.options.clock.now() + TICK_SECONDS * 1_000;
    for (const row of rows) {
      this.ticks.set(this.names.tick(row.key), { row, until });
      this.tell(this.names.tickChannel(row.key), () => tickText(row));
    }
  }

  publishPoints(rows: readonly LatestPoint[]): void {
    const now = this.options.clock.now();
    for (const row of rows) {
      this.points.set(this.names.point(row.name, row.timeframe, row.key), {
        row,
        until: now + pointSeconds(row.timeframe) * 1_000,
      });
      this.tell(this.names.pointChannel(row.name, row.timeframe, row.key), () => pointText(row));
    }
  }

  publishMovers(side: "gainers" | "losers", rows: readonly Mover[]): void {
    this.movers.set(this.names.movers(side), { rows, until: this.options.clock.now() + MOVERS_SECONDS * 1_000 });
  }

  /** Members of a sorted set with their scores, the greatest first. */
  members(name: string): [string, number][] {
    const held = this.movers.get(name);
    if (held === undefined || held.until <= this.options.clock.now()) return [];
    return held.rows.map(({ key, change }): [string, number] => [key, change]).sort((a, b) => b[1] - a[1]);
  }

  /** The latest value of a name, and how many ms it remains valid; null if there is none. */
  value(name: string): { text: string; ttlMs: number } | null {
    const now = this.options.clock.now();
    const bar = this.bars.get(name);
    if (bar !== undefined) return bar.until > now ? { text: barText(bar.row), ttlMs: bar.until - now } : null;
    const point = this.points.get(name);
    if (point !== undefined) return point.until > now ? { text: pointText(point.row), ttlMs: point.until - now } : null;
    const tick = this.ticks.get(name);
    return tick !== undefined && tick.until > now ? { text: tickText(tick.row), ttlMs: tick.until - now } : null;
  }

  /** Entries of a stream, oldest first. */
  stream(name: string): string[] {
    return (this.streams.get(name) ?? []).map(({ bar, replaces }) => barText(bar, replaces));
  }

  /** The returned function ends it. */
  subscribe(channel: string, read: (text: string) => void): () => void {
    const readers = this.readers.get(channel) ?? new Set();
    this.readers.set(channel, readers.add(read));
    return () => {
      readers.delete(read);
    };
  }

  state(): LatestState {
    return {
      kind: "memory",
      ok: true,
      since: this.since,
      detail: "in process; no Redis configured",
      queued: 0,
      dropped: 0,
    };
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {
    this.readers.clear();
  }

  /**
   * What to append for a bar that may already be there: null if it is there with these values; a patch if it has
   * others.
   */
  private unwritten(stream: string, given: LatestBar): StreamRow | null {
    if (!isWhole(given)) return { bar: given, replaces: false };
    const entries = this.streams.get(stream) ?? [];
    const last = entries.findLast(({ bar }) => bar.time === given.time);
    if (last !== undefined && figuresOf(last.bar) === figuresOf(given)) return null;
    const closed =
      given.event === "close" && entries.some(({ bar }) => bar.event === "close" && bar.time === given.time);
    return closed ? { bar: { ...given, event: "patch" }, replaces: true } : { bar: given, replaces: false };
  }

  private append(name: string, row: StreamRow): void {
    const { streamLength } = this.options;
    if (streamLength === 0) return;
    const stream = this.streams.get(name);
    if (stream === undefined) {
      this.streams.set(name, [row]);
      return;
    }
    stream.push(row);
    // Trimmed by and by, as Redis does.
    if (stream.length > streamLength + 100) stream.splice(0, stream.length - streamLength);
  }

  private tell(channel: string, text: () => string): void {
    const readers = this.readers.get(channel);
    if (readers === undefined || readers.size === 0) return;
    const said = text();
    for (const read of readers) read(said);
  }
}
