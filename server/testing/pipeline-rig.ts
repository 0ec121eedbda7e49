/** The pure stages on one instrument; closed bars are collected by timeframe. */
import {
  type Bar,
  type BarBatch,
  type BarColumns,
  barColumns,
  type BarPassport,
  CLOSE,
  columnsOf,
  CUT,
  joinPassports,
  PATCH,
  passportAt,
} from "@/server/domain/bars/bar";
import type { TradingCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { Instrument } from "@/server/domain/instruments/instrument";
import type { HoursKey } from "@/server/domain/time/session";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { AUCTION, JOINED, tickBatch, TRADE } from "@/server/domain/ticks/tick";
import { type Timeframe, timeframes } from "@/server/domain/time/timeframe";
import { SecondBars } from "@/server/pipeline/second-bars";
import { AuctionBars } from "@/server/pipeline/auction";
import { TimeframeBars } from "@/server/pipeline/resample";
import type { OracleBar, OracleTick } from "./bar-oracle";

export const testInstrument = (id: number, overrides: Partial<Instrument> = {}): Instrument => ({
  id,
  key: `NSE:TEST${id}`,
  exchange: "NSE",
  symbol: `TEST${id}`,
  name: `Test ${id}`,
  segment: "equity",
  decimals: 2,
  tickSize: 5,
  lotSize: 1,
  expiry: null,
  strike: null,
  ...overrides,
});

export interface BarEvent extends OracleBar {
  event: number;
  timeframe: number;
  end: number;
  incomplete: boolean;
  passport: BarPassport;
}

/** What the store makes of a late tick alone. */
const patched = (bar: BarEvent, late: BarEvent): BarEvent => ({
  ...bar,
  incomplete: bar.incomplete || late.incomplete,
  high: Math.max(bar.high, late.high),
  low: Math.min(bar.low, late.low),
  ticks: bar.ticks + late.ticks,
  open: late.passport.firstTime < bar.passport.firstTime ? late.open : bar.open,
  close: late.passport.lastTime >= bar.passport.lastTime ? late.close : bar.close,
  passport: joinPassports(bar.passport, late.passport),
});

export class PipelineRig {
  readonly table = new InstrumentTable();
  readonly seconds = new SecondBars();
  bars: TimeframeBars;
  readonly auctions: AuctionBars;
  private joining = false;
  private sequence = 1;
  readonly events: BarEvent[] = [];
  private readonly batch = tickBatch(1_024);
  private readonly read = (batch: BarBatch): void => {
    for (let row = 0; row < batch.length; row++) this.events.push(eventOf(batch, row));
  };
  private readonly toBars = (batch: BarBatch): void => this.bars.on(batch, this.read);

  constructor(
    readonly calendar: TradingCalendar,
    readonly hours: HoursKey,
    startsWarm = true,
  ) {
    this.table.put(testInstrument(1), hours);
    this.bars = new TimeframeBars(calendar, this.table, this.seconds, startsWarm);
    this.auctions = new AuctionBars(new SessionWindows(calendar, this.table), this.table, this.seconds);
  }

  /** One batch of trades of instrument 0; auction rows are sent one by one, as by the normaliser. */
  ticks(ticks: readonly OracleTick[], flags = TRADE): void {
    if ((flags & AUCTION) !== 0 && ticks.length > 1) {
      for (const tick of ticks) this.ticks([tick], flags);
      return;
    }
    this.batch.length = ticks.length;
    ticks.forEach((tick, row) => {
      this.batch.instrument[row] = 0;
      this.batch.time[row] = tick.time;
      this.batch.price[row] = tick.price;
      this.batch.volume[row] = tick.volume;
      this.batch.openInterest[row] = -1;
      this.batch.flags[row] = flags | (this.joining ? JOINED : 0);
      this.joining = false;
    });
    this.batch.sequence = this.sequence;
    this.sequence += ticks.length;
    this.auctions.on(this.batch, (batch) => {
      this.read(batch);
      this.bars.onAuctions(batch, this.read);
    });
    this.seconds.on(this.batch, this.toBars);
  }
  event(kind: "connected" | "disconnected" | "silent", receivedTime = 0): void {
    if (kind === "connected") this.joining = true;
    this.seconds.on({ kind, collector: 0, receivedTime, detail: "" }, this.toBars);
  }
  at(now: number): void {
    this.auctions.at(now, (batch) => {
      this.read(batch);
      this.bars.onAuctions(batch, this.read);
    });
    this.seconds.at(now, this.toBars);
    this.bars.at(now, this.read);
  }
  finish(): void {
    this.seconds.finish(this.toBars);
    this.auctions.finish((batch) => {
      this.read(batch);
      this.bars.onAuctions(batch, this.read);
    });
    this.bars.finish(this.read);
  }
  /** New timeframe stage, as after a start. */
  restart(): void {
    this.bars = new TimeframeBars(this.calendar, this.table, this.seconds);
  }

  /** Closed bars of a timeframe in the order they were closed, patches folded in. */
  closed(of: Timeframe): OracleBar[] {
    return this.whole(of).map(({ time, open, high, low, close, volume, ticks }) => ({
      time,
      open,
      high,
      low,
      close,
      volume,
      ticks,
    }));
  }
  /** The same, with their other data. */
  whole(of: Timeframe): BarEvent[] {
    const bars = new Map<number, BarEvent>();
    for (const event of this.events) {
      if (event.timeframe !== of.index || event.event === CUT) continue;
      const known = bars.get(event.time);
      if (event.event === CLOSE || known === undefined) bars.set(event.time, { ...event });
      else if (event.event === PATCH) bars.set(event.time, patched(known, event));
    }
    return [...bars.values()];
  }
  forming(of: Timeframe): OracleBar[] {
    const columns = barColumns(16);
    this.bars.forming(0, of, columns);
    return rowsOf(columns);
  }
  /** Closed bars of a stored timeframe as a store would give them. */
  stored(of: Timeframe, from: number, to = Number.POSITIVE_INFINITY): BarColumns {
    return columnsOf(
      this.closed(of)
        .filter(({ time }) => time >= from && time < to)
        .map((bar): Bar => ({ ...bar, value: 0, openInterest: -1, rev: 1, state: "closed", incomplete: false })),
    );
  }
}

export const rowsOf = (columns: BarColumns): OracleBar[] =>
  Array.from({ length: columns.length }, (_, row) => ({
    time: columns.time[row]!,
    open: columns.open[row]!,
    high: columns.high[row]!,
    low: columns.low[row]!,
    close: columns.close[row]!,
    volume: columns.volume[row]!,
    ticks: columns.ticks[row]!,
  }));

const eventOf = (batch: BarBatch, row: number): BarEvent => ({
  event: batch.event[row]!,
  timeframe: batch.timeframe[row]!,
  time: batch.time[row]!,
  end: batch.end[row]!,
  open: batch.open[row]!,
  high: batch.high[row]!,
  low: batch.low[row]!,
  close: batch.close[row]!,
  volume: batch.volume[row]!,
  ticks: batch.ticks[row]!,
  incomplete: batch.incomplete[row] === 1,
  passport: passportAt(batch, row),
});

export const named = (name: string): Timeframe => timeframes.find((each) => each.name === name)!;
