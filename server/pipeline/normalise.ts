import { MOST_PRICE } from "@/server/domain/basics/bounds";
import {
  divisorOf,
  type InstrumentTable,
  Kind,
  NO_LIMIT,
  Rule,
  Target,
  type TokenMap,
} from "@/server/domain/instruments/instrument-table";
import { widen } from "@/server/domain/basics/columns";
import { lineOf, Quote, QuoteBoard } from "@/server/domain/ticks/quote-board";
import {
  AUCTION_PHASE,
  Border,
  CONTINUOUS_BAR,
  NOTHING,
  type SessionWindows,
} from "@/server/domain/calendar/session-window";
import {
  AUCTION,
  EXCHANGE_CLOCK,
  Figure,
  IN_TIME,
  JOINED,
  type RawBatch,
  type RawMessage,
  type RejectReason,
  rejectReasons,
  SUSPECT,
  tickBatch,
  type TickMessage,
  TRADE,
  UNBELIEVED,
} from "@/server/domain/ticks/tick";
import { DayVolumes } from "./day-volume";
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
  /** Time of the trade in a packet, epoch ms; null if absent. */
  tradedAt?(collector: number, frame: Uint8Array | null, offset: number): number | null;
  /** The previous close in a packet, as a wire integer; null or 0 if absent. */
  closeBefore?(collector: number, frame: Uint8Array | null, offset: number): number | null;
  /** Sequence of the first row. Greater than any of an earlier run, so that a tick's number is its own for ever. */
  firstSequence?: number;
}

/**
 * A larger difference between exchange time and our clock is counted: one of the clocks is wrong, or the feed is late.
 */
const LAG_MS = 60_000;
/** An instrument belongs to the collector that sent it; another one takes over after this much silence. */
const OWNER_SILENT_MS = 5_000;
/** A step of more than this part of the day's volume so far is looked at more closely (`DayVolumes`). */
const LARGE = 8;
/** So many refusals for its price in a row, and it is the listing that is wrong. */
const MOST_DOUBTS = 3;
/** Two prices far from the last one agree within this factor. */
const ALIKE = 1.5;

export type RejectCounts = Record<RejectReason, number>;
const noRejects = (): RejectCounts => Object.fromEntries(rejectReasons.map((reason) => [reason, 0])) as RejectCounts;

/**
 * Converts broker rows: instrument, minor units, one time, trade or book move. Rejected rows are counted in `rejects`
 * by reason; market data never throw. `board` contains the newest row of each instrument.
 */
export class Normaliser implements Core<RawMessage, TickMessage> {
  readonly rejects = noRejects();
  readonly board = new QuoteBoard();
  private batch = tickBatch(4_096);
  private sequence: number;
  /** The batch being filled is of rows of auctions; its number, and the batch of auctions each instrument was in last. */
  private ofAuctions = false;
  private serial = 1;
  private inBatch = new Float64Array(0);
  /** Prices refused in a row, by instrument: listings are wrong more often than feeds. */
  private readonly doubts = new Map<number, number>();
  /** A price far from the instrument's last known one, kept until a second packet agrees or an ordinary price arrives. */
  private readonly far = new Map<number, { price: number; time: number; volume: number }>();
  /** How often each collector has connected to a broker, or resumed after a silence. */
  private readonly connections: number[] = [];

  /** The newest of these that began with a silence, by collector. */
  private readonly silences: number[] = [];

  private readonly volumes: DayVolumes;

  constructor(private readonly parts: NormaliserParts) {
    this.volumes = new DayVolumes(parts.table, (reason) => {
      this.rejects[reason]++;
    });
    this.sequence = (parts.firstSequence ?? 1) - 1;
  }

  on(message: RawMessage, emit: (message: TickMessage) => void): void {
    if (message.kind !== "ticks") {
      if (message.kind === "connected" && message.recorded !== true) this.begin(message.collector);
      // Volume traded during a silence arrives with the first row after it, possibly minutes later. As after a connect,
      // counting starts there, and history provides the rest. A recording does not connect, and its silence cannot be
      // filled.
      else if (message.kind === "silent" && this.connections[message.collector] !== undefined) {
        this.begin(message.collector);
        this.silences[message.collector] = this.connections[message.collector]!;
      }
      emit(message);
      return;
    }
    this.normalise(message, emit);
  }

  /** A line on which the next row of each instrument is its first. */
  private begin(collector: number): void {
    this.connections[collector] = (this.connections[collector] ?? 0) + 1;
  }

  /**
   * Auction rows and other rows are sent separately, and never two auction rows of one instrument: the two stages that
   * read ticks process whole batches in turn, and each must see the other's result for earlier rows.
   */
  private normalise(raw: RawBatch, emit: (message: TickMessage) => void): void {
    if (this.batch.instrument.length < raw.length) this.batch = tickBatch(raw.length * 2);
    const { batch, board } = this;
    const tokens = this.parts.tokens(raw.collector);
    batch.collector = raw.collector;
    batch.receivedTime = raw.receivedTime;
    batch.sequence = this.sequence + 1;
    batch.length = 0;
    this.ofAuctions = false;
    if (tokens === undefined) {
      this.rejects.unknown_token += raw.length;
      return;
    }
    if (this.parts.table.size > board.capacity) board.grow(this.parts.table.size);
    const line = lineOf(raw.collector, this.connections[raw.collector] ?? 0);
    const frame = board.placeOf(raw.frame, raw.framing);
    for (let row = 0; row < raw.length; row++) {
      if (!this.ofAuctions) row = this.take(raw, tokens, line, frame, row);
      if (row < raw.length) this.judge(raw, tokens, line, frame, row, emit);
    }
    this.send(emit);
  }

  private send(emit: (message: TickMessage) => void): void {
    const { batch } = this;
    if (batch.length === 0) return;
    this.sequence += batch.length;
    this.board.total += batch.length;
    emit(batch);
    batch.sequence = this.sequence + 1;
    batch.length = 0;
    this.serial++;
  }

  /** Sends rows that must not be in one batch with the next. */
  private separate(instrument: number, isAuction: boolean, emit: (message: TickMessage) => void): void {
    if (isAuction !== this.ofAuctions || (isAuction && this.inBatch[instrument] === this.serial)) this.send(emit);
    this.ofAuctions = isAuction;
    if (!isAuction) return;
    if (instrument >= this.inBatch.length) this.inBatch = widen(this.inBatch, this.board.capacity);
    this.inBatch[instrument] = this.serial;
  }

  /**
   * Processes rows from `from` on until one may be more than an ordinary trade or book move; returns its number. Nearly
   * every row passes here, so the loop has no calls and reads each array once per row.
   */
  private take(raw: RawBatch, tokens: TokenMap, line: number, frame: number, from: number): number {
    const { batch } = this;
    const { figures: quotes } = this.board;
    const { maxSkewMs, maxAgeMs } = this.parts;
    const { trading } = this.parts.windows;
    const { rules } = this.parts.table;
    const { length, receivedTime: received } = raw;
    const { token, offset, figures: raws } = raw;
    // The times come first.
    const rawPrices = Figure.price * token.length;
    const rawVolumes = Figure.volume * token.length;
    const rawInterests = Figure.openInterest * token.length;
    const { instrument: instruments, flags, figures: taken } = batch;
    const prices = Figure.price * instruments.length;
    const volumes = Figure.volume * instruments.length;
    const interests = Figure.openInterest * instruments.length;
    const trade = TRADE | 0;
    const stamped = EXCHANGE_CLOCK | 0;
    const newest = received + maxSkewMs;
    const oldest = received - Math.min(maxAgeMs, LAG_MS);
    let out = batch.length;
    let row = from;
    for (; row < length; row++) {
      const target = tokens.target(token[row]!);
      if (target === -1) break;
      const instrument = target & Target.instrument;
      const quote = instrument * Quote.size;
      const rule = instrument * Rule.size;
      if (quotes[quote + Quote.line] !== line) break;
      const wire = raws[rawPrices + row]!;
      const price = target <= Target.instrument ? wire : Math.round(wire / divisorOf(target));
      if (
        price < rules[rule + Rule.lower]! ||
        price > rules[rule + Rule.upper]! ||
        (price | 0) % rules[rule + Rule.tick]! !== 0
      )
        break;
      const kind = rules[rule + Rule.kind]!;
      if ((kind & (Kind.doubted | Kind.suspect)) !== 0) break;
      const exchangeTime = raws[row]!;
      const time = exchangeTime > 0 ? exchangeTime : received;
      const hours = (kind & Kind.hours) * Border.count;
      const last = quotes[quote + Quote.time]!;
      // The instrument's first row of a phase is judged: its day volume may be the first of a date.
      if (time > newest || time < oldest || last < trading[hours + Border.from]! || time >= trading[hours + Border.to]!)
        break;
      const volume = raws[rawVolumes + row]!;
      const before = quotes[quote + Quote.volume]!;
      const untraded = volume === before;
      const same = untraded && price === quotes[quote + Quote.price];
      // A price that changes while the day's volume does not may come with the previous date's volume, which is sent
      // for a while.
      if (untraded && !same && volume >= 0) break;
      if (time < last || (same && time === last) || volume < before || (volume - before) * LARGE > before + 2) break;
      const interest = raws[rawInterests + row]!;
      quotes[quote + Quote.price] = price;
      quotes[quote + Quote.time] = time;
      quotes[quote + Quote.received] = received;
      quotes[quote + Quote.volume] = volume;
      quotes[quote + Quote.openInterest] = interest;
      quotes[quote + Quote.sequence]!++;
      quotes[quote + Quote.place] = frame + offset[row]!;
      let flag = 0;
      if (exchangeTime > 0) flag = stamped;
      // Only the book moved: the exchange has no bar for a minute without a trade. Every value of an index counts.
      if (!same || volume < 0 || (kind & Kind.traded) === 0) flag |= trade;
      instruments[out] = instrument;
      taken[out] = time;
      flags[out] = flag;
      taken[prices + out] = price;
      taken[volumes + out] = volume;
      taken[interests + out] = interest;
      out++;
    }
    batch.length = out;
    return row;
  }

  /** Takes or refuses one row about which there is any doubt. */
  private judge(
    raw: RawBatch,
    tokens: TokenMap,
    line: number,
    frame: number,
    row: number,
    emit: (message: TickMessage) => void,
  ): void {
    const { batch, board, rejects } = this;
    const { figures } = board;
    const { table, windows, maxSkewMs, maxAgeMs } = this.parts;
    const received = raw.receivedTime;
    const target = tokens.target(raw.token[row]!);
    if (target === -1) {
      rejects.unknown_token++;
      return;
    }
    const instrument = target & Target.instrument;
    const divisor = divisorOf(target);
    const price = divisor === 1 ? raw.price[row]! : Math.round(raw.price[row]! / divisor);
    if (price <= 0) {
      rejects.zero_price++;
      return;
    }
    if (!(price <= MOST_PRICE)) {
      rejects.impossible_price++;
      return;
    }
    const exchangeTime = raw.exchangeTime[row]!;
    const stamp = exchangeTime > 0 ? exchangeTime : received;
    if (stamp > received + maxSkewMs) {
      rejects.future_time++;
      return;
    }
    const entry = windows.entry(instrument, stamp);
    // A trade stamped in the second in which trading ended was made before it: it belongs to the last bar. Values of an
    // index do not: independent minutes of a recorded day end without that of 15:30:00.
    const time =
      entry === NOTHING && exchangeTime > 0 && table.traded[instrument] === 1 && windows.justClosed(instrument, stamp)
        ? Math.floor(stamp / 1_000) * 1_000 - 1
        : stamp;
    const inTrading = time !== stamp || entry === CONTINUOUS_BAR;
    const told = raw.volume[row]!;
    // Less than "none" is a counter that has passed 2^31 and is read as signed.
    if (told < -1) rejects.volume_wrap++;
    const volume = Math.max(told, -1);

    const quote = instrument * Quote.size;
    const samePrice = price === figures[quote + Quote.price]!;
    let same = samePrice && volume === figures[quote + Quote.volume]!;
    if (same && exchangeTime > 0 && time === figures[quote + Quote.time]! && samePacket(board, instrument, raw, row)) {
      rejects.duplicate++;
      return;
    }
    if (samePrice) this.settle(instrument);
    else {
      if (table.referenceOf(instrument) === 0) table.setReference(instrument, this.closeBefore(raw, row, divisor));
      if (this.isForbidden(instrument, price, time, volume)) return;
    }

    let flags = exchangeTime > 0 ? EXCHANGE_CLOCK : 0;
    if (figures[quote + Quote.line] !== line) {
      const owner = board.collector(instrument);
      if (owner !== raw.collector) {
        // Two feeds of one instrument would count its volume twice: one is its source at a time.
        if (owner >= 0 && received - figures[quote + Quote.received]! < OWNER_SILENT_MS) {
          rejects.other_feed++;
          return;
        }
        board.wireDivisor[instrument] = divisor;
        this.volumes.forget(instrument);
        const kind = instrument * Rule.size + Rule.kind;
        table.rules[kind] = table.rules[kind]! | Kind.suspect; // until a volume of the new feed has been judged
      }
      // A recording does not connect; its first row continues the recorded data.
      if (owner >= 0 || line !== lineOf(raw.collector, 0)) flags |= JOINED;
      table.setReference(instrument, price);
      figures[quote + Quote.line] = line;
    }
    if ((flags & JOINED) !== 0 && this.isInTime(instrument, received)) flags |= IN_TIME;
    // The first row of a subscription is the last known packet, sent at once; it may be old, or a book move.
    const isFirst = (flags & JOINED) !== 0;
    const undated = isFirst && exchangeTime === 0;
    let isTrade = false;
    if (undated) rejects.first_after_connect++;
    else if (received - time > maxAgeMs) rejects.stale_time++;
    else if (entry === AUCTION_PHASE) {
      rejects.auction++;
      flags |= AUCTION;
    } else if (!inTrading) rejects.outside_session++;
    else if (isFirst && !this.isOfNow(raw, row, instrument, time)) rejects.first_after_connect++;
    else isTrade = true;
    // What is refused above, as a first packet may be, is no tick; its volume says where counting begins all the same.
    if (volume >= 0 && (inTrading || entry === AUCTION_PHASE) && received - time <= maxAgeMs && !undated)
      flags |= this.doubtOf(instrument, time, price, volume, entry === AUCTION_PHASE);
    // A figure that steps back makes no trade of a move of the book.
    if ((flags & SUSPECT) !== 0 && (flags & UNBELIEVED) !== 0 && volume < figures[quote + Quote.volume]!)
      same = samePrice;
    if (told < -1) flags |= SUSPECT;
    if (isTrade && (!same || volume < 0 || table.traded[instrument] === 0)) flags |= TRADE;
    if (received - time > LAG_MS && received - time <= maxAgeMs) rejects.clock_skew++;
    if (volume < 0 && figures[quote + Quote.volume]! >= 0) rejects.volume_missing++;

    // A late row must not overwrite a newer one on the board. A row without a date is older than any with one, whenever
    // it arrived: otherwise trades in the second of a connect would look late, and the next book move would look like a
    // trade.
    if (undated || time >= figures[quote + Quote.time]!) {
      figures[quote + Quote.price] = price;
      if (!undated) figures[quote + Quote.time] = time;
      if ((flags & UNBELIEVED) === 0) figures[quote + Quote.volume] = volume;
      figures[quote + Quote.openInterest] = raw.openInterest[row]!;
      figures[quote + Quote.place] = frame + raw.offset[row]!;
    }
    figures[quote + Quote.received] = received;
    figures[quote + Quote.sequence]!++;

    this.separate(instrument, (flags & AUCTION) !== 0, emit);
    const out = batch.length++;
    batch.instrument[out] = instrument;
    batch.time[out] = time;
    batch.flags[out] = flags;
    batch.price[out] = price;
    batch.volume[out] = volume;
    batch.openInterest[out] = raw.openInterest[row]!;
  }

  /** Flags of a row's day volume. While one is in doubt, every row of the instrument is judged. */
  private doubtOf(instrument: number, time: number, price: number, volume: number, isAuction: boolean): number {
    const { figures } = this.board;
    const quote = instrument * Quote.size;
    const good = figures[quote + Quote.volume]!;
    const last = figures[quote + Quote.time]!;
    const before = this.volumes.before(instrument, time, good);
    const flags = this.volumes.judge({
      instrument,
      time,
      price,
      volume,
      good,
      last,
      isAuction,
      open: this.parts.windows.session(instrument, time)?.open ?? last,
    });
    // A date whose first value is wrong has no volume yet.
    if ((flags & SUSPECT) !== 0 && before === 0) figures[quote + Quote.volume] = 0;
    const { rules } = this.parts.table;
    const kind = instrument * Rule.size + Rule.kind;
    rules[kind] = this.volumes.isWatched(instrument) ? rules[kind]! | Kind.suspect : rules[kind]! & ~Kind.suspect;
    return flags;
  }

  /** True for a first row after a silence that is no old news: an index's value, or a trade made in the second it is stamped with. */
  private isOfNow(raw: RawBatch, row: number, instrument: number, time: number): boolean {
    const { collector } = raw;
    if (this.silences[collector] === undefined || this.silences[collector] !== this.connections[collector])
      return false;
    if (this.parts.table.traded[instrument] === 0) return true;
    const traded = this.parts.tradedAt?.(collector, raw.frame, raw.offset[row]!) ?? null;
    return traded !== null && Math.floor(traded / 1_000) === Math.floor(time / 1_000);
  }

  /** True where nothing trades continuously any more or yet, whichever of the two clocks is ahead. */
  private isInTime(instrument: number, received: number): boolean {
    const { windows, maxSkewMs } = this.parts;
    const session = windows.session(instrument, received);
    return session === null || received + maxSkewMs < session.open || received - maxSkewMs >= session.close;
  }

  /** True for a price off the instrument's grid or beyond its limits of the day, unless it insists. */
  private isForbidden(instrument: number, price: number, time: number, volume: number): boolean {
    const { table } = this.parts;
    const { rules } = table;
    const rule = instrument * Rule.size;
    const tick = rules[rule + Rule.tick]!;
    const upper = rules[rule + Rule.upper]!;
    const offTick = Math.round(price / tick) * tick !== price;
    if (!offTick && price >= rules[rule + Rule.lower]! && (price <= upper || upper === NO_LIMIT)) {
      this.settle(instrument);
      return false;
    }
    if (!offTick && !table.hasLimits(instrument)) return this.isDoubtful(instrument, price, time, volume);
    this.rejects[offTick ? "off_tick" : "outside_limits"]++;
    const doubts = (this.doubts.get(instrument) ?? 0) + 1;
    this.doubts.set(instrument, doubts);
    rules[rule + Rule.kind] = rules[rule + Rule.kind]! | Kind.doubted;
    if (doubts < MOST_DOUBTS) return true;
    this.settle(instrument);
    table.lift(instrument);
    table.setReference(instrument, price);
    return false;
  }

  /**
   * True the first time a price far from the last known one arrives. After a split the next packet confirms it; after a broken
   * packet it does not. The same packet repeated proves nothing.
   */
  private isDoubtful(instrument: number, price: number, time: number, volume: number): boolean {
    const { table } = this.parts;
    const told = this.far.get(instrument);
    if (
      told !== undefined &&
      (told.time !== time || told.volume !== volume) &&
      price <= told.price * ALIKE &&
      told.price <= price * ALIKE
    ) {
      this.settle(instrument);
      table.setReference(instrument, price);
      return false;
    }
    this.rejects.doubtful_price++;
    this.far.set(instrument, { price, time, volume });
    const kind = instrument * Rule.size + Rule.kind;
    table.rules[kind] = table.rules[kind]! | Kind.doubted;
    return true;
  }

  /** The previous close in a packet, in minor units; 0 if absent. */
  private closeBefore(raw: RawBatch, row: number, divisor: number): number {
    return Math.round((this.parts.closeBefore?.(raw.collector, raw.frame, raw.offset[row]!) ?? 0) / divisor);
  }

  private settle(instrument: number): void {
    const { rules } = this.parts.table;
    const kind = instrument * Rule.size + Rule.kind;
    if ((rules[kind]! & Kind.doubted) === 0) return;
    this.doubts.delete(instrument);
    this.far.delete(instrument);
    rules[kind] = rules[kind]! & ~Kind.doubted;
  }
}

/** True when the row's packet holds the same bytes as the board's newest, or neither feed has packets to compare. */
const samePacket = (board: QuoteBoard, instrument: number, raw: RawBatch, row: number): boolean => {
  const a = board.frame(instrument);
  const b = raw.frame;
  if (b === null) return true;
  if (a === null) return false;
  const aOffset = board.offset(instrument);
  const bOffset = raw.offset[row]!;
  const { framing } = raw;
  const length = board.packetLength(instrument);
  if (length < 0 || framing === null || bOffset < framing.prefix) return true;
  if (length !== framing.length(b, bOffset)) return false;
  for (let at = 0; at < length; at++) if (a[aOffset + at] !== b[bOffset + at]) return false;
  return true;
};
