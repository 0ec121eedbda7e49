import { showsClosing } from "@/server/domain/bars/auction-print";
import { type BarBatch, barColumns, CLOSE, PATCH, UPDATE } from "@/server/domain/bars/bar";
import type { PointBatch } from "@/server/domain/bars/indicator";
import { AppError } from "@/server/domain/basics/errors";
import { DAY_MS } from "@/server/domain/time/session";
import type { TickMessage } from "@/server/domain/ticks/tick";
import { type AnyTimeframe, anyTimeframe as timeframeNamed, isListed } from "@/server/domain/time/timeframe";
import type { BarsFrame, barsSubscribe, BarsSnapshot } from "@/server/contract/live";
import type { Clock } from "@/server/ports/clock";
import type { Desk, HeldIndicator } from "@/server/ports/desk";
import type { Meter } from "@/server/ports/observe";
import type { z } from "zod";
import { barsSnapshot } from "./answers";
import { barTuple } from "./views";

/** The active lane: one frame per room and this long at most; closed bars do not wait. */
const FRAME_MS = 50;
/** A healed span longer than this is sent as its newest bars; older pages are read when they are scrolled to. */
const PATCH_BARS = 1_500;

/** Charts one client may watch at once, enough for several tabs full of them. */
const MOST_ROOMS = 64;
/** Indicators all readers hold together, each counted once a reader. */
const MOST_HELD = 20_000;

/** Whatever carries frames to clients (Socket.io, raw sockets). */
export interface Transport {
  toRoom(room: string, event: string, frame: unknown): void;
}

/** What one client holds of a room. */
interface Held {
  indicators: readonly HeldIndicator[];
  /** A derived series is built while a client follows it. */
  endFollowing(): void;
}

interface Room {
  name: string;
  instrument: number;
  timeframe: AnyTimeframe;
  seq: number;
  clients: Map<string, Held>;
  dirty: boolean;
  urgent: boolean;
  lastFrame: number;
  /** Receive time of the newest tick of this instrument that no frame has carried yet; 0 without one. */
  received: number;
  bars: BarsFrame["bars"];
  points: BarsFrame["points"];
  /** Spans that were read again since the frame before, with all their bars in `bars`. */
  whole: NonNullable<BarsFrame["whole"]>;
  /** Span whose bars have changed and are to be read again. */
  changed: { from: number; to: number } | null;
}

/**
 * Chart rooms, one per instrument and timeframe: the same frame for all of its clients, numbered, so that a client
 * knows when one is missing. Knows no transport and no market rule.
 */
export class Hub {
  private readonly rooms = new Map<string, Room>();
  private readonly byInstrument: (Room[] | undefined)[] = [];
  private readonly late = new Set<Room>();
  private readonly scratch = barColumns(16);
  private held = 0;
  private ticking: (() => void) | null = null;
  private scheduled = false;

  constructor(
    private readonly parts: {
      desk: Desk;
      transport: Transport;
      /** Market time. */ clock: Clock;
      /** Real time: frames are spaced and measured by it. */ wall: Clock;
      meter: Meter;
    },
  ) {}

  onTicks(message: TickMessage): void {
    if (message.kind !== "ticks") return;
    // A replay's ticks were received by the recording's clock: from there to a frame of today is no span.
    const received = this.parts.clock === this.parts.wall ? message.receivedTime : 0;
    for (let row = 0; row < message.length; row++) {
      const rooms = this.byInstrument[message.instrument[row]!];
      if (rooms === undefined) continue;
      for (const room of rooms) {
        room.received = received;
        this.touch(room, false);
      }
    }
    this.flushDue();
  }

  onBars(batch: BarBatch): void {
    for (let row = 0; row < batch.length; row++) {
      const rooms = this.byInstrument[batch.instrument[row]!];
      if (rooms === undefined) continue;
      for (const room of rooms) {
        if (room.timeframe.index !== batch.timeframe[row]) continue;
        if (batch.event[row] === PATCH) {
          this.reread(room, batch.time[row]!, batch.end[row]!);
          continue;
        }
        room.bars.push(barTuple(CLOSE, batch.end[row]!, batch, row));
        this.touch(room, true);
      }
    }
    this.flushSoon();
  }

  onPoints(points: PointBatch): void {
    for (let row = 0; row < points.length; row++) {
      const rooms = this.byInstrument[points.instrument[row]!];
      if (rooms === undefined) continue;
      for (const room of rooms) {
        if (room.timeframe.index !== points.timeframe[row]) continue;
        const plots = this.plotsOf(room, points.instance[row]!);
        if (plots === 0) continue; // it runs for others
        const values = Array.from(points.values.subarray(row * points.stride, row * points.stride + plots), orNull);
        room.points.push([points.instance[row]!, points.time[row]!, ...values]);
        this.touch(room, true);
      }
    }
    this.flushSoon();
  }

  /**
   * An auction is over: if the broker's candles continue to it, the row is read and sent. It is not a bar, and no
   * indicator uses it.
   */
  onAuctions(batch: BarBatch): void {
    for (let row = 0; row < batch.length; row++) {
      if (batch.event[row] !== CLOSE) continue;
      for (const room of this.byInstrument[batch.instrument[row]!] ?? [])
        if (showsClosing(room.timeframe)) this.reread(room, batch.time[row]!, batch.end[row]!);
    }
  }

  /** History changed bars that clients show: they get them again as patches, and the list of removed ones. */
  changed(instrument: number, from: number, to: number): void {
    for (const room of this.byInstrument[instrument] ?? []) this.reread(room, from, to);
  }

  /**
   * `join` is called in the same turn as the snapshot, so no frame falls between the two. `signal` aborts when the client
   * disconnects.
   */
  async subscribe(
    client: string,
    request: z.output<typeof barsSubscribe>,
    join: (room: string) => void,
    signal?: AbortSignal,
  ): Promise<BarsSnapshot> {
    const { desk, clock } = this.parts;
    const instrument = desk.resolve(request.key);
    const timeframe = timeframeNamed(request.timeframe);
    signal?.throwIfAborted();
    const mine = this.roomsOf(client);
    const room = this.room(instrument, timeframe);
    if (mine >= MOST_ROOMS && !room.clients.has(client)) {
      this.closeIfEmpty(room);
      throw new AppError("rate_limited", `a client may watch at most ${MOST_ROOMS} charts; unsubscribe one first`, {
        details: { field: "key", value: request.key, accepted: `at most ${MOST_ROOMS} charts` },
      });
    }
    const helds: HeldIndicator[] = [];
    const following = isListed(timeframe) ? null : desk.follow(instrument, timeframe);
    const held: Held = { indicators: helds, endFollowing: () => following?.end() };
    try {
      if (following !== null) await following.ready;
      if (this.held + request.indicators.length > MOST_HELD)
        throw new AppError("overloaded", `clients use ${this.held} indicators; the limit is ${MOST_HELD}`, {
          retryable: true,
          details: { retryAfterMs: 1_000 },
        });
      for (const spec of request.indicators) {
        helds.push(desk.indicators.hold(instrument, timeframe, spec));
        this.held++;
      }
      const answer = await barsSnapshot(
        desk,
        clock,
        request,
        instrument,
        helds,
        room.name,
        () => {
          // A client that disconnected in the meantime must not be added; nothing would ever remove it.
          signal?.throwIfAborted();
          // What was queued before this moment is already in the snapshot; its frame is sent to the others now.
          this.flush(room);
          this.register(room); // its last client may have left while this one waited
          const before = room.clients.get(client);
          room.clients.set(client, held);
          if (before !== undefined) this.drop(before);
          join(room.name);
          return room.seq;
        },
        signal,
      );
      return answer;
    } catch (cause) {
      this.drop(held);
      this.closeIfEmpty(room);
      throw cause;
    }
  }

  unsubscribe(client: string, name: string): void {
    const room = this.rooms.get(name);
    const held = room?.clients.get(client);
    if (room === undefined || held === undefined) return;
    room.clients.delete(client);
    this.drop(held);
    this.closeIfEmpty(room);
  }

  private drop({ indicators, endFollowing }: Held): void {
    for (const held of indicators) this.parts.desk.indicators.drop(held.instance);
    this.held -= indicators.length;
    endFollowing();
  }

  leave(client: string): void {
    for (const room of [...this.rooms.values()]) if (room.clients.has(client)) this.unsubscribe(client, room.name);
  }

  watched(instrument: number): boolean {
    return (this.byInstrument[instrument]?.length ?? 0) > 0;
  }
  get size(): number {
    return this.rooms.size;
  }
  stop(): void {
    this.ticking?.();
    this.ticking = null;
    this.rooms.clear();
    this.byInstrument.length = 0;
  }

  private roomsOf(client: string): number {
    let count = 0;
    for (const room of this.rooms.values()) if (room.clients.has(client)) count++;
    return count;
  }

  private room(instrument: number, timeframe: AnyTimeframe): Room {
    const name = `bars:${this.parts.desk.instrument(instrument).key}:${timeframe.name}`;
    let room = this.rooms.get(name);
    if (room === undefined) {
      room = {
        name,
        instrument,
        timeframe,
        seq: 0,
        clients: new Map(),
        dirty: false,
        urgent: false,
        lastFrame: 0,
        received: 0,
        bars: [],
        points: [],
        whole: [],
        changed: null,
      };
      this.register(room);
    }
    return room;
  }

  private register(room: Room): void {
    if (this.rooms.get(room.name) === room) return;
    this.rooms.set(room.name, room);
    this.byInstrument[room.instrument] = [...(this.byInstrument[room.instrument] ?? []), room];
  }

  private closeIfEmpty(room: Room): void {
    if (room.clients.size > 0 || this.rooms.get(room.name) !== room) return;
    this.rooms.delete(room.name);
    this.late.delete(room);
    const left = (this.byInstrument[room.instrument] ?? []).filter((each) => each !== room);
    this.byInstrument[room.instrument] = left.length === 0 ? undefined : left;
  }

  private touch(room: Room, urgent: boolean): void {
    room.dirty = true;
    room.urgent ||= urgent;
    this.late.add(room);
  }

  /** Sends rooms whose time has come; the rest is looked at again while any waits. */
  private flushDue(): void {
    if (this.late.size === 0) {
      this.ticking?.();
      this.ticking = null;
      return;
    }
    const now = this.parts.wall.now();
    for (const room of this.late) if (room.urgent || now - room.lastFrame >= FRAME_MS) this.flush(room);
    if (this.late.size > 0) this.ticking ??= this.parts.wall.every(10, () => this.flushDue());
  }

  /** After the whole pipeline has handled the message: a close and its indicator values travel in one frame. */
  private flushSoon(): void {
    if (this.scheduled || this.late.size === 0) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.flushDue();
    });
  }

  private flush(room: Room): void {
    this.late.delete(room);
    if (!room.dirty) return;
    const { desk, wall, transport, meter } = this.parts;
    const { instrument, timeframe } = room;
    this.scratch.length = 0;
    // Until the day's minutes are loaded a longer forming bar would be a fragment: better none than a wrong one.
    const known = timeframe.from === "1s" || timeframe.name === "1m" || !isListed(timeframe) || desk.isWarm(instrument);
    const count = known ? desk.forming(instrument, timeframe, this.scratch) : 0;
    const bars = room.bars;
    for (let row = 0; row < count; row++)
      bars.push(barTuple(UPDATE, desk.endOf(instrument, timeframe, this.scratch.time[row]!), this.scratch, row));
    const points = room.points;
    if (count > 0) this.peek(room, points);
    const quote = desk.quote(instrument);
    const now = wall.now();
    const frame: BarsFrame = {
      room: room.name,
      seq: ++room.seq,
      bars,
      points,
      ...(room.whole.length > 0 ? { whole: room.whole } : {}),
      ltp: quote === null ? null : { price: quote.price, time: quote.time, received: quote.received },
      stamps: { received: room.received, emitted: now },
    };
    room.bars = [];
    room.points = [];
    room.whole = [];
    room.dirty = false;
    room.urgent = false;
    room.lastFrame = now;
    room.received = 0;
    if (room.clients.size === 0) return;
    transport.toRoom(room.name, "bars", frame);
    meter.count("frames.bars");
    // A frame of a bar that closed by the clock carries no tick: nothing was on its way.
    if (frame.stamps.received > 0) meter.record("receiveToEmit", Math.max(0, now - frame.stamps.received));
    meter.record("emitToSocket", wall.now() - now);
  }

  private peek(room: Room, points: BarsFrame["points"]): void {
    const { indicators } = this.parts.desk;
    for (const instance of indicators.running(room.instrument, room.timeframe)) {
      if (indicators.isStale(instance)) continue;
      const plots = this.plotsOf(room, instance);
      if (plots === 0) continue;
      const values = indicators.peek(instance, this.scratch);
      for (let row = 0; row < this.scratch.length; row++) {
        points.push([
          instance,
          this.scratch.time[row]!,
          ...Array.from(values.subarray(row * plots, (row + 1) * plots), orNull),
        ]);
      }
    }
  }

  private plotsOf(room: Room, instance: number): number {
    for (const { indicators } of room.clients.values())
      for (const held of indicators) if (held.instance === instance) return held.plots.length;
    return 0;
  }

  /**
   * Reads changed bars once they are stored, and sends them as patches; later changes are read with them. Their
   * indicator values are sent as points.
   */
  private reread(room: Room, from: number, to: number): void {
    const { changed } = room;
    room.changed =
      changed === null ? { from, to } : { from: Math.min(changed.from, from), to: Math.max(changed.to, to) };
    if (changed !== null) return;
    const { desk } = this.parts;
    const { instrument, timeframe } = room;
    void (async () => {
      await desk.committed();
      const span = room.changed!;
      room.changed = null;
      // What closes after this moment is sent by itself.
      const to = Math.min(span.to, this.parts.clock.now());
      // From the bar that contains the first change; a nominal month may be a day short.
      const { closed, closing } = await desk.bars({
        instrument,
        timeframe,
        from: span.from - timeframe.lengthMs - (timeframe.kind === "month" ? DAY_MS : 0),
        to: span.to,
        limit: PATCH_BARS,
        closingRows: true,
      });
      if (this.rooms.get(room.name) !== room) return;
      const before = room.bars.length;
      const from = closed.length < PATCH_BARS ? span.from : Math.max(span.from, closed.time[0]!);
      for (let row = 0; row < closed.length; row++) {
        const end = desk.endOf(instrument, timeframe, closed.time[row]!);
        if (end > span.from && closed.time[row]! < span.to) room.bars.push(barTuple(PATCH, end, closed, row));
      }
      for (let row = 0; row < (closing?.length ?? 0); row++)
        room.bars.push(barTuple(PATCH, desk.endOf(instrument, timeframe, closing!.time[row]!), closing!, row));
      if (from < to) room.whole.push([from, to]);
      else if (room.bars.length === before) return;
      this.touch(room, true);
      this.flushDue();
    })().catch(() => {
      room.changed = null;
      this.parts.meter.count("hub.rereadFailures");
    });
  }
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);
