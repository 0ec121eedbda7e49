import { Redis } from "ioredis";
import type { Clock } from "@/server/ports/clock";
import type { Latest, LatestBar, LatestPoint, LatestState, LatestTick, Mover } from "@/server/ports/latest";
import type { Log, Meter } from "@/server/ports/observe";
import { BarQueue } from "./bar-queue";
import * as scripts from "./redis-scripts";
import {
  BAR_SECONDS,
  barText,
  isWhole,
  MOVERS_SECONDS,
  type Names,
  names,
  pointSeconds,
  pointText,
  STREAM_LENGTH,
  TICK_SECONDS,
  tickText,
} from "./wire";

const BATCH_ROWS = 500;
/** Batches on their way at once; while Redis is not well one at a time tries. */
const IN_FLIGHT = 8;
/** At 3,000 instruments about 15 seconds of closes. */
const QUEUE_BARS = 60_000;
const COMMAND_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 2_000;
const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** A stop waits this long to send what is queued. */
const STOP_WAIT_MS = 2_000;

export interface RedisLatestOptions {
  redisUrl: string;
  prefix: string;
  clock: Clock;
  log: Log;
  meter: Meter;
  /** Entries kept per stream, about. */
  streamLength?: number;
  /** Bars kept while Redis is away. */
  queueBars?: number;
}

type Client = Redis &
  Record<
    "publishBars" | "publishTicks" | "publishPoints",
    (keys: number, ...args: (string | number)[]) => Promise<number>
  >;
interface Sent {
  rows: LatestBar[];
  failure: Promise<Error | null>;
}

const backOff = (attempt: number): number =>
  Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 10));

/**
 * Names and values: `wire.ts`. Batches go out without waiting for each other. Redis away or slow is a state: rows wait
 * in a bounded queue (bars: the oldest go; of ticks and points the newest of each stays), attempts back off, and what waits
 * goes out, oldest first, when it answers again.
 */
export class RedisLatest implements Latest {
  readonly isRead = true;
  private readonly client: Client;
  private readonly names: Names;
  private readonly bars: BarQueue;
  private readonly ticks = new Map<string, LatestTick>();
  /** By key. */
  private readonly points = new Map<string, LatestPoint>();
  /** Null until the first answer or failure. */
  private ok: boolean | null = null;
  private since: number;
  private detail = "not started";
  private dropped = 0;
  private refused = 0;
  private sending: Promise<void> | null = null;
  private ended: Promise<void> | null = null;
  private readonly stopping = new AbortController();
  /** Called when it is known whether it works. */
  private known: () => void = () => {};

  constructor(private readonly options: RedisLatestOptions) {
    this.names = names(options.prefix);
    this.bars = new BarQueue(options.queueBars ?? QUEUE_BARS);
    this.since = options.clock.now();
    this.client = new Redis(options.redisUrl, {
      lazyConnect: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: backOff,
      connectionName: "candela-latest",
      scripts: {
        publishBars: { lua: scripts.publishBars },
        publishTicks: { lua: scripts.publishTicks },
        publishPoints: { lua: scripts.publishPoints },
      },
    }) as Client;
    this.client.on("error", (error: Error) => this.degrade(reasonOf(error)));
    this.client.on("close", () => {
      if (this.ok !== false) this.degrade("connection lost");
    });
    this.client.on("ready", () => {
      if (!this.waiting) this.recover();
      else this.degrade("connected; sending queued entries first");
      this.wake();
    });
  }

  publishBars(rows: readonly LatestBar[]): void {
    if (this.stopping.signal.aborted) return;
    const over = this.bars.push(rows);
    this.drop(over);
    if (over > 0 && this.ok === true) this.degrade("it cannot keep up");
    this.wake();
  }

  publishTicks(rows: readonly LatestTick[]): void {
    if (this.stopping.signal.aborted) return;
    for (const row of rows) this.ticks.set(row.key, row);
    this.wake();
  }

  publishPoints(rows: readonly LatestPoint[]): void {
    if (this.stopping.signal.aborted) return;
    for (const row of rows) this.points.set(this.names.point(row.name, row.timeframe, row.key), row);
    this.wake();
  }

  publishMovers(side: "gainers" | "losers", rows: readonly Mover[]): void {
    if (this.ok !== true || this.stopping.signal.aborted) return;
    const name = this.names.movers(side);
    const list = this.client.multi().del(name);
    for (const { key, change } of rows) list.zadd(name, change, key);
    list
      .expire(name, MOVERS_SECONDS)
      .exec()
      .catch(() => this.options.meter.count("latest.failures"));
  }

  state(): LatestState {
    return {
      kind: "redis",
      ok: this.ok === true,
      since: this.since,
      detail: this.detail,
      queued: this.bars.length,
      dropped: this.dropped,
    };
  }

  async start(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const known = new Promise<void>((resolve) => {
      this.known = resolve;
    });
    signal.addEventListener("abort", this.known, { once: true });
    this.client.connect().catch(() => {}); // "error" and "close" have said why
    await known;
    signal.removeEventListener("abort", this.known);
  }

  stop(): Promise<void> {
    this.ended ??= this.end();
    return this.ended;
  }

  private get waiting(): boolean {
    return this.bars.length > 0 || this.ticks.size > 0 || this.points.size > 0;
  }

  private async end(): Promise<void> {
    const { client } = this;
    this.wake();
    this.stopping.abort();
    await Promise.race([this.sending, this.options.clock.sleep(STOP_WAIT_MS)]);
    if (this.bars.length > 0) this.options.log.warn("bars were not published to Redis", { bars: this.bars.length });
    this.change(false, "stopped");
    const closed =
      client.status === "ready" || client.status === "connect" || client.status === "connecting"
        ? new Promise((resolve) => client.once("end", resolve))
        : null;
    client.disconnect();
    await closed;
    await this.sending;
  }

  private wake(): void {
    if (this.client.status !== "ready" || this.sending !== null || !this.waiting) return;
    this.sending = this.send().finally(() => {
      this.sending = null;
    });
  }

  /** Sends until nothing waits or the connection is gone. */
  private async send(): Promise<void> {
    let failures = 0;
    while (this.waiting && this.client.status === "ready") {
      const failure = await this.round();
      if (failure === null) {
        failures = 0;
        continue;
      }
      this.degrade(reasonOf(failure));
      this.options.meter.count("latest.failures");
      if (this.stopping.signal.aborted) return;
      // No answer in time: whatever comes later on this connection is of no use.
      if (failure.message.includes("timed out")) this.client.disconnect(true);
      await this.options.clock.sleep(backOff(++failures), this.stopping.signal).catch(() => {}); // a stop need not wait
    }
    if (this.client.status === "ready") this.recover();
  }

  /** One round of batches; on the first failure it and all after it go back, so that order holds. */
  private async round(): Promise<Error | null> {
    const { clock, meter } = this.options;
    const sent: Sent[] = [];
    const most = this.ok === true ? IN_FLIGHT : 1;
    const ticks = takeSome(this.ticks);
    const ticksFailure = ticks.length === 0 ? null : this.sendTicks(ticks);
    const points = takeSome(this.points);
    const pointsFailure = points.length === 0 ? null : this.sendPoints(points);
    while (this.bars.length > 0 && sent.length < most) {
      // Writing a batch takes a millisecond: frames that have come meanwhile are read first.
      if (sent.length > 0) await clock.sleep(0);
      const rows = this.bars.take(BATCH_ROWS);
      sent.push({ rows, failure: this.sendBars(rows) });
    }
    const failures = await Promise.all(sent.map((each) => each.failure));
    const first = failures.findIndex((each) => each !== null);
    if (first !== -1) this.drop(this.bars.giveBack(sent.slice(first).flatMap((each) => each.rows)));
    // Newer data have arrived in the meantime.
    const ticksFailed = await ticksFailure;
    if (ticksFailed !== null) for (const [key, tick] of ticks) if (!this.ticks.has(key)) this.ticks.set(key, tick);
    const pointsFailed = await pointsFailure;
    if (pointsFailed !== null)
      for (const [key, point] of points) if (!this.points.has(key)) this.points.set(key, point);
    const failed = ticksFailed ?? pointsFailed;
    meter.gauge("latest.queue", this.bars.length);
    return first === -1 ? failed : failures[first]!;
  }

  private sendBars(rows: readonly LatestBar[]): Promise<Error | null> {
    const keys: string[] = [];
    const args: (string | number)[] = [BAR_SECONDS, this.options.streamLength ?? STREAM_LENGTH];
    for (const row of rows) {
      keys.push(
        this.names.bar(row.timeframe, row.key),
        this.names.barStream(row.timeframe, row.key),
        this.names.closes(row.timeframe),
      );
      args.push(
        this.names.barChannel(row.timeframe, row.key),
        barText(row),
        isWhole(row) ? "1" : "0",
        row.key,
        row.time,
      );
    }
    return this.call("bars", rows.length, () => this.client.publishBars(keys.length, ...keys, ...args));
  }

  private sendTicks(rows: readonly [string, LatestTick][]): Promise<Error | null> {
    const args: (string | number)[] = [TICK_SECONDS];
    for (const [, row] of rows) args.push(this.names.tickChannel(row.key), tickText(row));
    return this.call("ticks", rows.length, () =>
      this.client.publishTicks(rows.length, ...rows.map(([key]) => this.names.tick(key)), ...args),
    );
  }

  private sendPoints(rows: readonly [string, LatestPoint][]): Promise<Error | null> {
    const args: (string | number)[] = [];
    for (const [, row] of rows)
      args.push(pointSeconds(row.timeframe), this.names.pointChannel(row.name, row.timeframe, row.key), pointText(row));
    return this.call("points", rows.length, () =>
      this.client.publishPoints(rows.length, ...rows.map(([key]) => key), ...args),
    );
  }

  private async call(
    what: "bars" | "ticks" | "points",
    rows: number,
    run: () => Promise<number>,
  ): Promise<Error | null> {
    const { clock, meter, log } = this.options;
    const began = clock.now();
    try {
      const refused = await run();
      if (refused > 0) {
        if (this.refused === 0) log.error("a stream's key holds another type in Redis", { bars: refused });
        this.refused += refused;
        this.drop(refused);
      }
      meter.count(`latest.${what}`, rows - refused);
      meter.record("latest.publish", clock.now() - began);
      return null;
    } catch (cause) {
      return cause as Error;
    }
  }

  private drop(bars: number): void {
    if (bars === 0) return;
    this.dropped += bars;
    this.options.meter.count("latest.dropped", bars);
  }

  private degrade(reason: string): void {
    if (this.stopping.signal.aborted) return;
    if (this.ok !== false)
      this.options.log.warn("Redis is unavailable; everything else continues", { reason, location: this.location });
    this.change(false, `Redis at ${this.location}: ${reason}`);
  }

  private recover(): void {
    if (this.stopping.signal.aborted) return;
    if (this.ok !== true)
      this.options.log.info("Redis is available", { location: this.location, dropped: this.dropped });
    this.change(true, `Redis at ${this.location}`);
  }

  private change(ok: boolean, detail: string): void {
    if (this.ok !== ok) this.since = this.options.clock.now();
    this.ok = ok;
    this.detail = detail;
    this.known();
  }

  private get location(): string {
    const { host, port, path, db } = this.client.options;
    return `${path ?? `${host}:${port}`}${db === undefined || db === 0 ? "" : `/${db}`}`;
  }
}

/** Takes a batch of what waits, oldest first. */
const takeSome = <Row>(waiting: Map<string, Row>): [string, Row][] => {
  const taken: [string, Row][] = [];
  for (const entry of waiting) {
    if (taken.length === BATCH_ROWS) break;
    taken.push(entry);
  }
  for (const [key] of taken) waiting.delete(key);
  return taken;
};

/** Several addresses tried at once leave the message empty; the code says why. */
const reasonOf = (error: Error & { code?: string }): string => error.message || error.code || error.name;
