import { widen } from "@/server/domain/columns";
import { type InstrumentTable, Rule, type TokenMap } from "@/server/domain/instrument-table";
import { Quote, QuoteBoard } from "@/server/domain/quote-board";
import { AUCTION_PHASE, CONTINUOUS_BAR, type SessionWindows } from "@/server/domain/session-window";
import {
  AUCTION, EXCHANGE_CLOCK, JOINED, packetLength, type RawBatch, type RawMessage, type RejectReason, rejectReasons, type TickBatch, tickBatch,
  type TickMessage, TRADE,
} from "@/server/domain/tick";
import type { Core } from "./stage";

export interface NormaliserParts {
  table: InstrumentTable;
  windows: SessionWindows;
  /** Tokens in force of a collector's broker. */
  tokens(collector: number): TokenMap | undefined;
  /** An exchange time may be this far ahead of our clock before the row is refused. */
  maxSkewMs: number;
  /** … and this far behind: a snapshot of another day moves the quote, but is no tick of today. */
  maxAgeMs: number;
  /** Sequence of the first row. Greater than any of an earlier run, so that a tick's number is its own for ever. */
  firstSequence?: number;
}

/** Exchange time behind our clock by more than this is counted: one of the two clocks is wrong, or the feed is late. */
const LAG_MS = 60_000;
/** An instrument belongs to the collector that brought it; another one takes over when that has been silent so long. */
const OWNER_SILENT_MS = 5_000;
/** So many refusals for its price in a row, and it is the listing that is wrong. */
const MOST_STRIKES = 3;

export type RejectCounts = Record<RejectReason, number>;
export const noRejects = (): RejectCounts => Object.fromEntries(rejectReasons.map((reason) => [reason, 0])) as RejectCounts;

/**
 * Broker rows to our rows: instrument, minor units, one time, trade or book move. What is refused is counted in
 * `rejects` by reason; nothing throws on market data. `board` holds the newest of each instrument.
 */
export class Normaliser implements Core<RawMessage, TickMessage> {
  readonly rejects = noRejects();
  readonly board = new QuoteBoard();
  /** exchange time - receive time of the newest row, for the clock-skew figure; NaN before the first. */
  lastSkewMs = Number.NaN;
  private batch = tickBatch(4_096);
  private sequence: number;
  /** Prices refused in a row, by instrument: listings are wrong more often than feeds. */
  private readonly strikes = new Map<number, number>();
  /** Per collector: how often it has connected; per instrument: during which connection its last row came. */
  private readonly connections: number[] = [];
  private seen = new Int32Array(64);

  constructor(private readonly parts: NormaliserParts) { this.sequence = (parts.firstSequence ?? 1) - 1; }

  on(message: RawMessage, emit: (message: TickMessage) => void): void {
    if (message.kind !== "ticks") {
      if (message.kind === "connected") this.connections[message.collector] = (this.connections[message.collector] ?? 0) + 1;
      emit(message);
      return;
    }
    const batch = this.normalise(message);
    if (batch.length > 0) emit(batch);
  }

  private normalise(raw: RawBatch): TickBatch {
    if (this.batch.instrument.length < raw.length) this.batch = tickBatch(raw.length * 2);
    const { batch, board, rejects } = this;
    const { table, windows, maxSkewMs, maxAgeMs } = this.parts;
    const tokens = this.parts.tokens(raw.collector);
    const received = raw.receivedTime;
    batch.collector = raw.collector;
    batch.receivedTime = received;
    batch.sequence = this.sequence + 1;
    let out = 0;
    if (tokens === undefined) { rejects.unknown_token += raw.length; batch.length = 0; return batch; }
    if (table.size > board.capacity) board.grow(table.size);
    if (this.seen.length < board.capacity) this.seen = widen(this.seen, board.capacity);
    const { seen } = this;
    const { figures } = board;
    const connection = this.connections[raw.collector] ?? 0;
    let stamp = 0; // newest exchange time

    for (let row = 0; row < raw.length; row++) {
      const slot = tokens.find(raw.token[row]!);
      if (slot === -1) { rejects.unknown_token++; continue; }
      const instrument = tokens.indexAt(slot);
      const divisor = tokens.divisorAt(slot);
      const wire = raw.price[row]!;
      const price = divisor === 1 ? wire : Math.round(wire / divisor);
      if (price <= 0) { rejects.zero_price++; continue; }
      const exchangeTime = raw.exchangeTime[row]!;
      const time = exchangeTime > 0 ? exchangeTime : received;
      if (time > received + maxSkewMs) { rejects.future_time++; continue; }
      const volume = raw.volume[row]!;

      const quote = instrument * Quote.size;
      const samePrice = price === figures[quote + Quote.price]!;
      const same = samePrice && volume === figures[quote + Quote.volume]!;
      if (same && exchangeTime > 0 && exchangeTime === figures[quote + Quote.time]! && samePacket(board, instrument, raw, row)) {
        rejects.duplicate++;
        continue;
      }
      if (!samePrice && this.isForbidden(instrument, price)) continue;

      let flags = exchangeTime > 0 ? EXCHANGE_CLOCK : 0;
      const owner = figures[quote + Quote.collector]!;
      if (owner !== raw.collector) {
        // Two feeds of one instrument would count its volume twice: one is its source at a time.
        if (owner >= 0 && received - figures[quote + Quote.received]! < OWNER_SILENT_MS) { rejects.other_feed++; continue; }
        if (owner >= 0) flags |= JOINED;
        figures[quote + Quote.collector] = raw.collector;
        board.wireDivisor[instrument] = divisor;
      }
      if (seen[instrument] !== connection) flags |= JOINED;
      seen[instrument] = connection;
      const entry = windows.entry(instrument, time);
      // The first row of a subscription is the last packet known, sent at once: without a time of its own it may be old.
      if ((flags & JOINED) !== 0 && exchangeTime === 0) rejects.first_after_connect++;
      else if (received - time > maxAgeMs) rejects.stale_time++;
      else if (entry === AUCTION_PHASE) { rejects.auction++; flags |= AUCTION; }
      else if (entry !== CONTINUOUS_BAR) rejects.outside_session++;
      // Only the book moved: the exchange prints no bar for a minute without a trade. Every value of an index counts.
      else if (!same || volume < 0 || table.traded[instrument] === 0) flags |= TRADE;
      if (received - time > LAG_MS && received - time <= maxAgeMs) rejects.clock_skew++;
      if (volume < 0 && figures[quote + Quote.volume]! >= 0) rejects.volume_missing++;

      if (exchangeTime > 0) stamp = exchangeTime;
      // A row that comes late must not turn the board back.
      if (time >= figures[quote + Quote.time]!) {
        figures[quote + Quote.price] = price;
        figures[quote + Quote.time] = time;
        figures[quote + Quote.volume] = volume;
        figures[quote + Quote.openInterest] = raw.openInterest[row]!;
        figures[quote + Quote.offset] = raw.offset[row]!;
        board.frame[instrument] = raw.frame;
      }
      figures[quote + Quote.received] = received;
      figures[quote + Quote.sequence]!++;

      batch.instrument[out] = instrument;
      batch.time[out] = time;
      batch.flags[out] = flags;
      batch.price[out] = price;
      batch.volume[out] = volume;
      batch.openInterest[out] = raw.openInterest[row]!;
      out++;
    }
    if (stamp > 0) this.lastSkewMs = stamp - received;
    batch.length = out;
    this.sequence += out;
    board.total += out;
    return batch;
  }

  /** True for a price off the instrument's grid or beyond its limits of the day, unless it insists. */
  private isForbidden(instrument: number, price: number): boolean {
    const { rules } = this.parts.table;
    const at = instrument * Rule.size;
    const tick = rules[at + Rule.tick]!;
    const upper = rules[at + Rule.upper]!;
    const offTick = tick !== 0 && Math.round(price / tick) * tick !== price;
    const outside = upper !== 0 && (price > upper || price < rules[at + Rule.lower]!);
    if (!offTick && !outside) {
      if (this.strikes.size > 0) this.strikes.delete(instrument);
      return false;
    }
    const strikes = (this.strikes.get(instrument) ?? 0) + 1;
    this.rejects[offTick ? "off_tick" : "outside_limits"]++;
    this.strikes.set(instrument, strikes);
    if (strikes < MOST_STRIKES) return true;
    this.strikes.delete(instrument);
    this.parts.table.lift(instrument);
    return false;
  }
}

/** True when the row's packet holds the same bytes as the board's newest, or neither feed has packets to compare. */
const samePacket = (board: QuoteBoard, instrument: number, raw: RawBatch, row: number): boolean => {
  const a = board.frame[instrument] ?? null;
  const b = raw.frame;
  if (b === null) return true;
  const aOffset = board.offset(instrument);
  const bOffset = raw.offset[row]!;
  if (a === null || aOffset < 2 || bOffset < 2) return a !== null;
  const length = packetLength(a, aOffset);
  if (length !== packetLength(b, bOffset)) return false;
  for (let at = 0; at < length; at++) if (a[aOffset + at] !== b[bOffset + at]) return false;
  return true;
};
