import { openAt, openingOf, type AuctionFigures } from "@/server/domain/bars/auction-print";
import {
  appendFlat,
  type BarBatch,
  barBatch,
  type BarColumns,
  type BarPassport,
  CLOSE,
  PATCH,
} from "@/server/domain/bars/bar";
import { widen } from "@/server/domain/basics/columns";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { type Calendar, istDay, istMidnight } from "@/server/domain/time/session";
import type { AuctionConvention } from "@/server/domain/instruments/source-conventions";
import { type AnyTimeframe, type Timeframe, timeframe, timeframes } from "@/server/domain/time/timeframe";
import type { LiveBars } from "@/server/ports/live";
import type { TimeframeBars } from "./resample";
import type { Core } from "./stage";

const DAY = timeframe("1d").index;

/** State of a row before it was printed. */
interface Unprinted extends AuctionFigures {
  row: number;
  open: number;
  high: number;
  low: number;
}

/**
 * Bars as the login's broker prints them: the day's first of each timeframe opens at the pre-open's price. The store keeps
 * what `bars` carries, bars of continuous trading; readers, indicators and other programs are given what this stage emits.
 */
export class PrintedBars implements Core<BarBatch, BarBatch>, LiveBars {
  private capacity = 0;
  /** End of the IST date the other figures are of, epoch ms. */
  private until = new Float64Array(0);
  /** Start of the date's first second with a trade; Infinity before it. */
  private first = new Float64Array(0);
  /** The pre-open's; price 0: none is known. */
  private price = new Float64Array(0);
  private volume = new Float64Array(0);
  private value = new Float64Array(0);
  private withVolume = new Uint8Array(0);
  private readonly out = barBatch(timeframes.length);
  private readonly restored: Unprinted[] = [];

  constructor(
    private readonly bars: TimeframeBars,
    private readonly calendar: Calendar,
    private readonly table: InstrumentTable,
    private readonly convention: (instrument: number, day: number) => AuctionConvention,
  ) {}

  /** Emits the batch with first bars printed; whoever reads it otherwise finds it unchanged. */
  on(batch: BarBatch, emit: (batch: BarBatch) => void): void {
    const { restored } = this;
    for (let row = 0; row < batch.length; row++) {
      const position = batch.timeframe[row]!;
      if (position >= DAY) continue;
      const instrument = batch.instrument[row]!;
      const event = batch.event[row]!;
      const time = batch.time[row]!;
      if (position === 0 && (event === CLOSE || (event === PATCH && batch.ticks[row]! > 0))) this.saw(instrument, time);
      if (event === CLOSE && this.isFirst(instrument, time, batch.end[row]!)) {
        restored.push({
          row,
          open: batch.open[row]!,
          high: batch.high[row]!,
          low: batch.low[row]!,
          price: 0,
          volume: batch.volume[row]!,
          value: batch.value[row]!,
        });
        this.print(instrument, batch, row);
      }
    }
    emit(batch);
    for (const { row, open, high, low, volume, value } of restored) {
      batch.open[row] = open;
      batch.high[row] = high;
      batch.low[row] = low;
      batch.volume[row] = volume;
      batch.value[row] = value;
    }
    restored.length = 0;
  }

  /**
   * The pre-open's price becomes known. First bars that closed before it are sent as changed, so clients get them
   * again.
   */
  onAuctions(batch: BarBatch, emit: (batch: BarBatch) => void): void {
    for (let row = 0; row < batch.length; row++) {
      if (batch.event[row] !== CLOSE) continue;
      const instrument = batch.instrument[row]!;
      if (!this.note(instrument, batch, row) || this.first[instrument] === Number.POSITIVE_INFINITY) continue;
      const { out } = this;
      out.length = 0;
      for (const of of timeframes) {
        if (of.index >= DAY) break;
        const start = this.startOf(instrument, of);
        if (start === null) continue;
        appendFlat(
          out,
          PATCH,
          instrument,
          of.index,
          start,
          this.bars.endOf(instrument, of, start),
          this.price[instrument]!,
        );
      }
      emit(out);
    }
  }

  forming(instrument: number, of: Timeframe, into: BarColumns, printed = true): number {
    const before = into.length;
    const count = this.bars.forming(instrument, of, into);
    if (!printed || of.index >= DAY || count === 0 || instrument >= this.capacity || this.price[instrument] === 0)
      return count;
    for (let row = before; row < into.length; row++) {
      const time = into.time[row]!;
      if (istMidnight(istDay(time) + 1) !== this.until[instrument]) continue;
      // Before any second has closed the oldest that forms is the day's first.
      const first = this.first[instrument]!;
      if (first === Number.POSITIVE_INFINITY || (time <= first && first < this.bars.endOf(instrument, of, time))) {
        this.print(instrument, into, row);
        break;
      }
    }
    return count;
  }

  rebuild(
    instrument: number,
    minutes: BarColumns,
    days: BarColumns,
    auctions?: BarColumns,
    passports?: ReadonlyMap<number, BarPassport>,
  ): void {
    for (let row = 0; row < (auctions?.length ?? 0); row++) this.note(instrument, auctions!, row);
    if (minutes.length > 0) this.saw(instrument, minutes.time[0]!);
    this.bars.rebuild(instrument, minutes, days, auctions, passports);
  }

  endOf(instrument: number, of: AnyTimeframe, start: number): number {
    return this.bars.endOf(instrument, of, start);
  }
  isWarm(instrument: number): boolean {
    return this.bars.isWarm(instrument);
  }
  settledBefore(now: number): number {
    return this.bars.settledBefore(now);
  }
  get watermarkSeconds(): number {
    return this.bars.watermarkSeconds;
  }

  private isFirst(instrument: number, time: number, end: number): boolean {
    if (instrument >= this.capacity || this.price[instrument] === 0) return false;
    const first = this.first[instrument]!;
    return time <= first && first < end && end <= this.until[instrument]!;
  }

  private startOf(instrument: number, of: Timeframe): number | null {
    const first = this.first[instrument]!;
    const session = this.calendar.on(this.table.hours(instrument), istDay(first));
    return session === null || first < session.open
      ? null
      : session.open + Math.floor((first - session.open) / of.lengthMs) * of.lengthMs;
  }

  private print(instrument: number, into: BarColumns, row: number): void {
    openAt(
      into,
      row,
      { price: this.price[instrument]!, volume: this.volume[instrument]!, value: this.value[instrument]! },
      this.withVolume[instrument] === 1,
    );
  }

  /** A second in which something traded. */
  private saw(instrument: number, time: number): void {
    if (instrument >= this.capacity) this.grow(instrument + 1);
    if (time >= this.until[instrument]!) this.beginDate(instrument, time);
    if (time < this.first[instrument]! && time >= this.until[instrument]! - 86_400_000) this.first[instrument] = time;
  }

  /** True for a pre-open whose price was not known and is printed. */
  private note(instrument: number, auctions: BarColumns, row: number): boolean {
    const time = auctions.time[row]!;
    const day = istDay(time);
    const session = this.calendar.on(this.table.hours(instrument), day);
    if (session === null || time >= session.open) return false;
    const { opens, withVolume } = openingOf("broker", this.convention(instrument, day));
    if (!opens) return false;
    if (instrument >= this.capacity) this.grow(instrument + 1);
    if (time >= this.until[instrument]!) this.beginDate(instrument, time);
    if (time < this.until[instrument]! - 86_400_000) return false; // of an earlier date
    const known = this.price[instrument] === auctions.close[row]!;
    this.price[instrument] = auctions.close[row]!;
    this.volume[instrument] = auctions.volume[row]!;
    this.value[instrument] = auctions.value[row]!;
    this.withVolume[instrument] = withVolume ? 1 : 0;
    return !known;
  }

  private beginDate(instrument: number, time: number): void {
    this.until[instrument] = istMidnight(istDay(time) + 1);
    this.first[instrument] = Number.POSITIVE_INFINITY;
    this.price[instrument] = 0;
  }

  private grow(capacity: number): void {
    const size = Math.max(capacity, this.capacity * 2, 64);
    this.until = widen(this.until, size);
    this.first = widen(this.first, size, Number.POSITIVE_INFINITY);
    this.price = widen(this.price, size);
    this.volume = widen(this.volume, size);
    this.value = widen(this.value, size);
    this.withVolume = widen(this.withVolume, size);
    this.capacity = size;
  }
}
