import {
  AUCTION_BAR,
  addHash,
  appendFlat,
  type BarBatch,
  BY_EXCHANGE_CLOCK,
  BY_OUR_CLOCK,
  CLOSE,
  CLOSED,
  FROM_LATE,
  FROM_STREAM,
  fromCollector,
  PATCH,
  tickHash,
} from "@/server/domain/bars/bar";
import { type Auction, auctionAt } from "@/server/domain/calendar/auction-times";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { istDay } from "@/server/domain/time/session";
import type { SessionWindows } from "@/server/domain/calendar/session-window";
import {
  AUCTION,
  EXCHANGE_CLOCK,
  JOINED,
  SUSPECT,
  type TickBatch,
  type TickMessage,
  UNBELIEVED,
} from "@/server/domain/ticks/tick";
import { BarOutput } from "./bar-output";
import type { Core } from "./stage";

const FLUSH_ROWS = 256;

interface Over {
  from: number;
  to: number;
  /** 0 when nothing was matched. */
  price: number;
}

interface Building extends Auction {
  /** Day volume before the auction; -1 unknown. */
  base: number;
  volume: number;
  value: number;
  /** From trades; for an index from all its values. */
  price: number;
  ticks: number;
  openInterest: number;
  firstTime: number;
  lastTime: number;
  firstSequence: number;
  lastSequence: number;
  sources: number;
  hash: number;
  incomplete: number;
}

export interface DayVolumes {
  /** Greatest day volume seen of the newest trading date; -1 unknown. */
  dayVolume(instrument: number): number;
  /** IST day number of that date. */
  volumeDay(instrument: number): number;
}

/**
 * Ticks of pre-open, closing auction and post-close to bars of their own, one an auction. An auction has one price, its
 * equilibrium: open, high, low and close are that. Indicative prices before the match are no trades; an auction in which
 * nothing was matched gives no bar. An index has no volume: its last value is taken, of an opening one its last after the match.
 */
export class AuctionBars implements Core<TickMessage, BarBatch> {
  private readonly building = new Map<number, Building>();
  /** An instrument's last auction that is over. */
  private readonly over = new Map<number, Over>();
  /** Ticks of an auction that was over. */
  late = 0;
  private readonly out = new BarOutput(FLUSH_ROWS);

  constructor(
    private readonly windows: SessionWindows,
    private readonly table: InstrumentTable,
    /** `SecondBars`: the day's volume so far, including auctions. */
    private readonly days: DayVolumes,
    private readonly watermarkMs = 2_000,
  ) {}

  /**
   * Bars that a row ends are emitted before the stage of seconds reads that row, and after it has read all earlier
   * rows: a batch contains either only auction rows or none, and never two of one instrument (`Normaliser`).
   */
  on(message: TickMessage, emit: (batch: BarBatch) => void): void {
    if (message.kind === "ticks") {
      this.fold(message, emit);
      this.out.flush(emit);
    } else if (message.kind === "connected" || message.kind === "disconnected" || message.kind === "silent") {
      for (const each of this.building.values())
        if ((each.sources & fromCollector(message.collector)) !== 0) each.incomplete = 1;
    }
  }

  at(now: number, emit: (batch: BarBatch) => void): void {
    for (const [instrument, each] of this.building)
      if (each.to + this.watermarkMs <= now) this.close(instrument, each, emit);
    this.out.flush(emit);
  }

  /** Closes all there is: the end of a file. */
  finish(emit: (batch: BarBatch) => void): void {
    for (const [instrument, each] of this.building) this.close(instrument, each, emit);
    this.out.flush(emit);
  }

  private fold(batch: TickBatch, emit: (batch: BarBatch) => void): void {
    const idle = this.building.size === 0;
    for (let row = 0; row < batch.length; row++) {
      const isAuction = (batch.flags[row]! & AUCTION) !== 0;
      if (!isAuction && (idle || this.building.size === 0)) continue;
      const instrument = batch.instrument[row]!;
      const time = batch.time[row]!;
      const known = this.building.get(instrument);
      // A recording has no clock: the first tick after an auction ends it, before the bars that follow it begin.
      if (known !== undefined && time >= known.to) this.close(instrument, known, emit);
      if (isAuction) this.take(instrument, batch, row, emit);
    }
  }

  private take(instrument: number, batch: TickBatch, row: number, emit: (batch: BarBatch) => void): void {
    const time = batch.time[row]!;
    let each = this.building.get(instrument);
    const over = this.over.get(instrument);
    if (over !== undefined && time < over.to) {
      this.patch(instrument, over, batch, row, emit);
      return;
    }
    if (each === undefined || time < each.from) {
      const session = this.windows.session(instrument, time);
      const auction = session === null ? null : auctionAt(session, time);
      if (auction === null || each !== undefined) {
        this.late++;
        return;
      }
      each = this.begin(instrument, auction, batch, row);
      this.building.set(instrument, each);
    }
    const volume = (batch.flags[row]! & UNBELIEVED) === 0 ? batch.volume[row]! : -1;
    const price = batch.price[row]!;
    if ((batch.flags[row]! & SUSPECT) !== 0) each.incomplete = 1;
    if ((batch.flags[row]! & JOINED) !== 0 && each.ticks > 0) each.incomplete = 1;
    // The day's count restarts, or an overtaken row shows where it started.
    const told = (batch.flags[row]! & SUSPECT) === 0 ? batch.volume[row]! : volume;
    if (told >= 0 && each.base > told) each.base = each.opening ? 0 : told;
    const matched = volume - each.base;
    // Until the opening match an index stays at its last close, or moves with indicative prices.
    if (this.table.traded[instrument] === 0) {
      if (!each.opening || time >= each.matching) each.price = price;
    } else if (volume >= 0 && each.base >= 0 && matched > each.volume) {
      each.value += (matched - each.volume) * price;
      each.volume = matched;
      each.price = price;
    }
    each.ticks++;
    if (time < each.firstTime) each.firstTime = time;
    if (time > each.lastTime) each.lastTime = time;
    each.lastSequence = batch.sequence + row;
    each.hash = addHash(each.hash, tickHash(time, price, batch.volume[row]!));
    each.sources |= sourcesOf(batch, row);
    if (batch.openInterest[row]! >= 0) each.openInterest = batch.openInterest[row]!;
  }

  private begin(instrument: number, auction: Auction, batch: TickBatch, row: number): Building {
    const time = batch.time[row]!;
    const before = { volume: this.days.dayVolume(instrument), day: this.days.volumeDay(instrument) };
    const volume =
      (batch.flags[row]! & UNBELIEVED) === 0 ? batch.volume[row]! : before.day === istDay(time) ? before.volume : 0;
    // Nothing trades while orders are collected; later, the day's earlier volume shows what the auction added.
    let base = volume;
    let incomplete = 0;
    if (time >= auction.matching) {
      // On a new connection, the difference from the earlier volume is not the auction's alone.
      const unknown =
        !auction.opening && ((batch.flags[row]! & JOINED) !== 0 || before.volume < 0 || before.day !== istDay(time));
      base = auction.opening ? (volume === before.volume ? volume : 0) : unknown ? volume : before.volume;
      incomplete = unknown ? 1 : 0;
    }
    return {
      ...auction,
      base,
      volume: 0,
      value: 0,
      price: 0,
      ticks: 0,
      openInterest: -1,
      firstTime: time,
      lastTime: time,
      firstSequence: batch.sequence + row,
      lastSequence: batch.sequence + row,
      sources: 0,
      hash: 0,
      incomplete,
    };
  }

  private close(instrument: number, each: Building, emit: (batch: BarBatch) => void): void {
    this.building.delete(instrument);
    this.over.set(instrument, { from: each.from, to: each.to, price: each.price });
    if (each.price === 0) return;
    const out = this.out.withRoom(emit);
    const row = appendFlat(out, CLOSE, instrument, AUCTION_BAR, each.from, each.to, each.price);
    out.volume[row] = each.volume;
    out.value[row] = each.value;
    out.ticks[row] = each.ticks;
    out.openInterest[row] = each.openInterest;
    out.state[row] = CLOSED;
    out.incomplete[row] = each.incomplete;
    out.firstTime[row] = each.firstTime;
    out.lastTime[row] = each.lastTime;
    out.firstSequence[row] = each.firstSequence;
    out.lastSequence[row] = each.lastSequence;
    out.sources[row] = each.sources;
    out.hash[row] = each.hash;
  }

  /** A tick after the match changes no price; its bar only records it. */
  private patch(instrument: number, over: Over, batch: TickBatch, row: number, emit: (batch: BarBatch) => void): void {
    this.late++;
    if (over.price === 0 || batch.time[row]! < over.from) return;
    const out = this.out.withRoom(emit);
    const at = appendFlat(out, PATCH, instrument, AUCTION_BAR, over.from, over.to, over.price);
    const sequence = batch.sequence + row;
    out.ticks[at] = 1;
    out.late[at] = 1;
    out.firstTime[at] = batch.time[row]!;
    out.lastTime[at] = batch.time[row]!;
    out.firstSequence[at] = sequence;
    out.lastSequence[at] = sequence;
    out.sources[at] = sourcesOf(batch, row) | FROM_LATE;
    out.hash[at] = tickHash(batch.time[row]!, batch.price[row]!, batch.volume[row]!);
  }
}

const sourcesOf = (batch: TickBatch, row: number): number =>
  FROM_STREAM |
  fromCollector(batch.collector) |
  ((batch.flags[row]! & EXCHANGE_CLOCK) === 0 ? BY_OUR_CLOCK : BY_EXCHANGE_CLOCK);
