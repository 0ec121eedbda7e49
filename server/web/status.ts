import { monitorEventLoopDelay } from "node:perf_hooks";
import { readdir, stat, statfs } from "node:fs/promises";
import path from "node:path";
import type { FeedFrame, JobView, Percentiles, StageView, StatusSnapshot } from "@/server/contract/live";
import type { LeftOut } from "@/server/domain/instruments/broker-list";
import type { FeedTruth, ListTruth } from "@/server/domain/ticks/collector";
import type { CoverageState } from "@/server/domain/calendar/calendar-coverage";
import { type HoursKey, istDay, type Session } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import type { Clock } from "@/server/ports/clock";
import type { Store } from "@/server/ports/stores";
import { sessionView } from "./views";

export interface StatusParts {
  /** Market time. */
  clock: Clock;
  wall: Clock;
  clockRate(): number;
  store: Store;
  dataDir: string;
  version: string;
  truth(): FeedTruth[];
  jobs(): JobView[];
  markets(now: number): { exchange: string; session: Session; closedSince: number | null }[];
  /** Instruments that are mute by themselves, at most so many. */
  mute(most: number): FeedFrame["mute"];
  /** What the calendar's data know of an exchange's hours on the day of an instant. */
  coverage(hours: HoursKey, now: number): CoverageState;
  stages(now: number): StageView[];
  rejects(): Record<string, number>;
  counters(): Record<string, number>;
  percentiles(name: string, bucketMs: number): Percentiles;
  events(): StatusSnapshot["events"];
  /** Adds an event when something became unavailable or available again. */
  note(level: "info" | "warn", source: string, message: string): void;
  instruments(): number;
  /** Bars waiting and since when the store refuses them. */
  writer(): {
    waiting: number;
    spooled: number;
    failingSince: number | null;
    refused: number;
    refusedAt: number | null;
  };
  sockets(): { clients: number; conflated: number; dropped: number };
  bus(): { kind: string; ok: boolean; detail: string };
  clockSkew(): { ms: number; errorMs: number } | null;
  lists(): ListTruth[];
  /** Stored instruments that cannot be used. */
  unusable(): readonly LeftOut[];
}

const LONGEST = 180;
const POINT_MS = 5_000;
/** Mute instruments a frame names. */
const MOST_MUTE = 200;
/** So long a bar that was lost puts out the store's light. */
const REFUSED_MS = 15 * 60_000;

/** Measures the process and puts together what /status and the status bar show. */
export class Status {
  private readonly startedAt: number;
  private readonly loop = monitorEventLoopDelay({ resolution: 10 });
  private history: StatusSnapshot["history"] = [];
  private pingMs = 0;
  private storeDetail = "";
  private disk: StatusSnapshot["disk"] = null;
  private frames = { count: 0, rate: 0 };
  private stops: (() => void)[] = [];
  private probes = 0;
  private dataMb: number | null = null;
  private readonly warnedOn = new Map<string, number>();
  private readonly untold = new Set<string>();
  private readonly away = new Set<"store" | "bus">();

  constructor(private readonly parts: StatusParts) {
    this.startedAt = parts.wall.now();
  }

  start(): void {
    const { wall } = this.parts;
    this.loop.enable();
    this.stops = [
      wall.every(POINT_MS, () => {
        this.point();
        this.noteAway();
        this.noteCoverage();
        void this.probe();
      }),
    ];
    void this.probe();
  }
  stop(): void {
    this.loop.disable();
    for (const stop of this.stops) stop();
    this.stops = [];
  }

  feed(): FeedFrame {
    const { clock } = this.parts;
    const now = clock.now();
    const feeds = this.part("feeds", () => this.parts.truth(), []);
    return {
      feeds,
      serverTime: now,
      clockRate: this.parts.clockRate(),
      replay: feeds.some((feed) => feed.feed === "replay"),
      ticksPerSecond: this.ticksPerSecond(feeds),
      simulated: feeds.some((feed) => feed.simulated),
      markets: this.part(
        "markets",
        () =>
          this.parts.markets(now).map(({ exchange, session, closedSince }) => ({
            exchange,
            session: sessionView(session, now),
            closedSince,
          })),
        [],
      ),
      mute: this.part("mute", () => this.parts.mute(MOST_MUTE), []),
      job: this.jobs().find((job) => !job.finished && (job.state ?? "running") === "running") ?? null,
    };
  }

  /** Jobs that run, wait, or are lately over. */
  jobs(): JobView[] {
    return this.part("jobs", () => this.parts.jobs(), []);
  }

  /** An unavailable part is omitted and named once; the rest is reported. */
  private part<T>(name: string, tell: () => T, otherwise: T): T {
    try {
      return tell();
    } catch (cause) {
      if (!this.untold.has(name)) {
        this.untold.add(name);
        this.parts.note("warn", "status", `${name} is unavailable: ${(cause as Error).message}`);
      }
      return otherwise;
    }
  }

  storeOk(): { ok: boolean; detail: string } {
    const { failingSince, waiting, spooled, refused, refusedAt } = this.parts.writer();
    if (failingSince !== null)
      return {
        ok: false,
        detail: `rejects bars since ${istText(failingSince)}; ${waiting} waiting${spooled === 0 ? "" : `, ${spooled} batches on disk`}`,
      };
    if (this.storeDetail !== "") return { ok: false, detail: this.storeDetail };
    if (refusedAt === null) return { ok: true, detail: "" };
    // A bar is lost: that is not well, though the store works.
    return {
      ok: this.parts.wall.now() - refusedAt > REFUSED_MS,
      detail: `refused ${refused === 1 ? "a bar" : `${refused} bars`} as invalid, most recently at ${istText(refusedAt)}; see the log`,
    };
  }

  snapshot(): StatusSnapshot {
    const { parts } = this;
    const now = parts.clock.now();
    const memory = process.memoryUsage();
    const ok = this.storeOk();
    const skew = parts.clockSkew();
    return {
      startedAt: this.startedAt,
      serverTime: now,
      version: parts.version,
      node: process.version,
      feeds: this.part("feeds", () => parts.truth(), []),
      stages: this.part("stages", () => parts.stages(parts.wall.now()), []),
      rejects: parts.rejects(),
      counters: parts.counters(),
      latency: {
        receiveToEmit: parts.percentiles("receiveToEmit", 0.5),
        emitToSocket: parts.percentiles("emitToSocket", 0.25),
        commit: parts.percentiles("commit", 20),
        eventLoop: this.eventLoop(),
      },
      history: this.history,
      store: { ...this.described(), pingMs: this.pingMs, ...ok },
      bus: parts.bus(),
      sockets: { ...parts.sockets(), framesPerSecond: this.frames.rate },
      process: { rssMb: memory.rss / 1_048_576, heapMb: memory.heapUsed / 1_048_576, uptimeS: process.uptime() },
      disk: this.disk,
      clockSkewMs: skew?.ms ?? null,
      clockSkewErrorMs: skew?.errorMs ?? null,
      lists: this.part("lists", () => parts.lists(), []),
      unusable: parts.unusable(),
      markets: this.part(
        "markets",
        () =>
          parts.markets(now).map(({ exchange, session }) => ({
            exchange,
            session: sessionView(session, now),
            ...parts.coverage(session.hours, now),
          })),
        [],
      ),
      instruments: parts.instruments(),
      jobs: this.jobs(),
      events: parts.events(),
    };
  }

  /** The database or Redis has gone, or is back: an event each. */
  private noteAway(): void {
    for (const [source, { ok, detail }] of [
      ["store", this.storeOk()],
      ["bus", this.parts.bus()],
    ] as const) {
      if (ok !== this.away.has(source)) continue;
      if (ok) this.away.delete(source);
      else this.away.add(source);
      this.parts.note(ok ? "info" : "warn", source, ok ? "works again" : detail);
    }
  }

  /** Holiday lists that end soon, or have ended: an event a day for each exchange in use. */
  private noteCoverage(): void {
    const { parts } = this;
    const now = parts.clock.now();
    for (const { exchange, session } of parts.markets(now)) {
      const { warning } = parts.coverage(session.hours, now);
      if (warning === null || this.warnedOn.get(exchange) === istDay(now)) continue;
      this.warnedOn.set(exchange, istDay(now));
      parts.note("warn", "calendar", `${warning}; add closed days as calendar edits, or update Candela`);
    }
  }

  private described(): { kind: string; version: string; location: string } {
    try {
      return this.parts.store.describe();
    } catch {
      return { kind: "none", version: "not running", location: "" };
    }
  }

  /** The figure of each feed is the figure of all: a stage's own counts over another window. */
  private ticksPerSecond(feeds = this.part("feeds", () => this.parts.truth(), [])): number {
    return feeds.reduce((sum, feed) => sum + feed.ticksPerSecond, 0);
  }

  private eventLoop(): Percentiles {
    // The sampler includes its own 10 ms; anything above is delay.
    const ms = (percentile: number): number => Math.max(0, this.loop.percentile(percentile) / 1e6 - 10);
    return { p50: ms(50), p95: ms(95), p99: ms(99), count: this.loop.count, buckets: [], bucketMs: 1 };
  }

  private point(): void {
    const counters = this.parts.counters();
    const frames = (counters["frames.bars"] ?? 0) + (counters["frames.quotes"] ?? 0);
    this.frames = { count: frames, rate: (frames - this.frames.count) / (POINT_MS / 1_000) };
    this.history = [
      ...this.history,
      {
        time: this.parts.clock.now(),
        receiveToEmit: this.parts.percentiles("receiveToEmit", 0.5).p95,
        eventLoop: this.eventLoop().p95,
        commit: this.parts.percentiles("commit", 20).p95,
        ticksPerSecond: this.ticksPerSecond(),
      },
    ].slice(-LONGEST);
    this.loop.reset();
  }

  private async probe(): Promise<void> {
    try {
      this.pingMs = await this.parts.store.ping();
      this.storeDetail = "";
    } catch (cause) {
      this.storeDetail = (cause as Error).message;
    }
    try {
      const { bavail, bsize } = await statfs(this.parts.dataDir);
      // The folder is walked once a minute: it has a few hundred files.
      if (this.probes++ % 12 === 0)
        this.dataMb = this.described().kind === "embedded" ? (await folderBytes(this.parts.dataDir)) / 1e6 : null;
      this.disk = { freeGb: (bavail * bsize) / 1e9, dataMb: this.dataMb };
    } catch {
      this.disk = null;
    }
  }
}

const folderBytes = async (folder: string): Promise<number> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(path.join(entry.parentPath, entry.name)).then(
          (info) => info.size,
          () => 0,
        ),
      ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
};
