import { type BarBatch, barBatch, CLOSE, CLOSED, PATCH, PATCHED } from "@/server/domain/bar";
import { istDay } from "@/server/domain/session";
import type { Accumulators } from "@/server/domain/accumulators";
import type { TickBatch, TickMessage } from "@/server/domain/tick";
import { widen } from "@/server/domain/columns";
import type { Core } from "./stage";

const FLUSH_ROWS = 8_192;

/** Seconds an instrument may have open at once: the watermark's and two more, as a power of two. */
const ringOf = (watermarkSeconds: number): number => {
  let size = 4;
  while (size < watermarkSeconds + 2) size *= 2;
  return size;
};

/**
 * Day volume before a second. On a new trading date all of the day's volume counts; the old date's last figure, repeated
 * after midnight, is still the old date's.
 */
const baseAt = (base: number, day: number, cumulative: number, second: number): number =>
  base > 0 && cumulative !== base && istDay(second * 1_000) > day ? 0 : base;

const volumeOf = (cumulative: number, base: number): number => (cumulative < 0 || base < 0 || cumulative <= base ? 0 : cumulative - base);

/**
 * Ticks to one-second bars. A second stays open until the watermark has passed it, so that ticks which arrive out of
 * order inside it give the bar that order would have given: volume is the difference of the greatest cumulative day
 * volumes of neighbouring seconds, not a sum of steps. Later ticks patch.
 */
export class SecondBars implements Core<TickMessage, BarBatch> {
  /** Ticks older than the watermark: they patched a closed second. */
  late = 0;
  /** Day volume went back inside a session (correction, another mode): the difference restarts from the new value. */
  volumeStepBack = 0;
  private readonly ring: number;
  private readonly mask: number;
  private capacity = 0;
  // Per instrument.
  private newest = new Float64Array(0); // newest second seen
  private closedThrough = new Float64Array(0);
  private base = new Float64Array(0); // cumulative volume before the oldest open second; -1 unknown
  private baseSecond = new Float64Array(0); // the second whose figure the base is
  private day = new Int32Array(0); // trading date of the base
  private openSlots = new Int32Array(0);
  private cut = new Uint8Array(0); // 1: the feed was away, the next second is incomplete
  private collectorOf = new Int32Array(0);
  private seen = new Int32Array(0); // connection count of its collector when its last row came
  /** Per collector: counts connects and disconnects. Files have none. */
  private connections: number[] = [];
  // Per instrument and ring place.
  private second = new Float64Array(0);
  private open = new Float64Array(0);
  private high = new Float64Array(0);
  private low = new Float64Array(0);
  private close = new Float64Array(0);
  private cumulative = new Float64Array(0); // greatest day volume in the second, -1 none
  private value = new Float64Array(0); // sum of price x step
  private stepped = new Float64Array(0); // sum of steps
  private running = new Float64Array(0); // per instrument: greatest day volume so far
  private ticks = new Float64Array(0);
  private interest = new Float64Array(0);
  private broken = new Uint8Array(0);
  private out = barBatch(FLUSH_ROWS);
  private lastSwept = 0;

  constructor(readonly watermarkSeconds = 2) {
    this.ring = ringOf(watermarkSeconds);
    this.mask = this.ring - 1;
  }

  on(message: TickMessage, emit: (batch: BarBatch) => void): void {
    if (message.kind === "ticks") this.fold(message, emit);
    else if (message.kind === "disconnected" || message.kind === "connected") this.markCut(message.collector);
    this.flush(emit);
  }

  /** Closes every second the clock's watermark has passed. */
  at(now: number, emit: (batch: BarBatch) => void): void {
    const through = Math.floor(now / 1_000) - this.watermarkSeconds - 1;
    if (through <= this.lastSwept) return;
    this.lastSwept = through;
    for (let instrument = 0; instrument < this.capacity; instrument++) {
      if (this.openSlots[instrument] !== 0) this.closeThrough(instrument, through, emit);
    }
    this.flush(emit);
  }

  /** Closes all there is: the end of a file, or a stop that loses nothing. */
  finish(emit: (batch: BarBatch) => void): void {
    for (let instrument = 0; instrument < this.capacity; instrument++) this.closeThrough(instrument, Number.MAX_SAFE_INTEGER, emit);
    this.flush(emit);
  }

  /** Open seconds of an instrument, oldest first, into cells from `cell` on; answers how many. */
  openSeconds(instrument: number, into: Accumulators, cell: number): number {
    if (instrument >= this.capacity || this.openSlots[instrument] === 0) return 0;
    let count = 0;
    let base = this.base[instrument]!;
    let day = this.day[instrument]!;
    const newest = this.newest[instrument]!;
    for (let second = newest - this.ring + 1; second <= newest; second++) {
      const place = instrument * this.ring + (second & this.mask);
      if (this.second[place] !== second) continue;
      const cumulative = this.cumulative[place]!;
      const before = baseAt(base, day, cumulative, second);
      const volume = volumeOf(cumulative, before);
      if (cumulative > before) { base = cumulative; day = istDay(second * 1_000); }
      into.begin(cell + count++, second * 1_000, second * 1_000 + 1_000, this.open[place]!, this.high[place]!, this.low[place]!, this.close[place]!,
        volume, this.valueOf(place, volume), this.ticks[place]!, this.interest[place]!, this.broken[place]!);
    }
    return count;
  }

  private fold(batch: TickBatch, emit: (batch: BarBatch) => void): void {
    const { instrument: instruments, time: times, price: prices, volume: volumes, openInterest, trades } = batch;
    const connection = this.connections[batch.collector] ?? 0;
    let second = -1;
    for (let row = 0; row < batch.length; row++) {
      const instrument = instruments[row]!;
      if (instrument >= this.capacity) this.grow(instrument + 1);
      if (this.seen[instrument] !== connection) this.rejoin(instrument, batch.collector, connection, emit);
      // Rows of a frame mostly share their second: two comparisons instead of a division.
      const time = times[row]!;
      if (time < second * 1_000 || time >= second * 1_000 + 1_000) second = Math.floor(time / 1_000);
      const volume = volumes[row]!;
      if (trades[row] === 0) { if (volume >= 0) this.passOver(instrument, second, volume, emit); continue; }
      if (second <= this.closedThrough[instrument]!) { this.patch(instrument, second, prices[row]!, emit); continue; }
      const place = instrument * this.ring + (second & this.mask);
      if (this.second[place] !== second) this.begin(instrument, place, second, emit);
      this.tick(instrument, place, prices[row]!, volume, openInterest[row]!);
    }
  }

  private begin(instrument: number, place: number, second: number, emit: (batch: BarBatch) => void): void {
    if (second > this.newest[instrument]!) {
      this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
      this.newest[instrument] = second;
    }
    this.second[place] = second;
    this.ticks[place] = 0;
    this.cumulative[place] = -1;
    this.value[place] = 0;
    this.stepped[place] = 0;
    this.interest[place] = -1;
    this.broken[place] = this.cut[instrument]!;
    this.cut[instrument] = 0;
    this.openSlots[instrument]!++;
  }

  private tick(instrument: number, place: number, price: number, volume: number, interest: number): void {
    if (this.ticks[place]!++ === 0) {
      this.open[place] = price;
      this.high[place] = price;
      this.low[place] = price;
    } else if (price > this.high[place]!) this.high[place] = price;
    else if (price < this.low[place]!) this.low[place] = price;
    this.close[place] = price;
    if (interest >= 0) this.interest[place] = interest;
    if (volume < 0) return;
    this.rebase(instrument, this.second[place]!, volume);
    const step = volume - this.running[instrument]!;
    if (step > 0) {
      this.running[instrument] = volume;
      this.value[place]! += price * step;
      this.stepped[place]! += step;
    }
    if (volume > this.cumulative[place]!) this.cumulative[place] = volume;
  }

  /**
   * A row that enters no bar. Outside the session its volume is an auction's or the post-close's and belongs to no
   * second: the base moves past it. A move of the book has the volume that is counted already.
   */
  private passOver(instrument: number, second: number, volume: number, emit: (batch: BarBatch) => void): void {
    this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
    this.rebase(instrument, second, volume);
    const day = istDay(second * 1_000);
    if (this.openSlots[instrument] !== 0 || day < this.day[instrument]!) return;
    if (volume <= baseAt(this.base[instrument]!, this.day[instrument]!, volume, second)) return;
    this.moveBase(instrument, second, volume);
    this.running[instrument] = volume;
  }

  /**
   * A recording's trading date begins: the day's volume before its first tick, -1 when nobody knows it (then that
   * tick's own figure is the base).
   */
  beginDay(instrument: number, time: number, volume: number, emit: (batch: BarBatch) => void): void {
    if (instrument >= this.capacity) this.grow(instrument + 1);
    this.rejoin(instrument, 0, this.connections[0] ?? 0, emit);
    this.moveBase(instrument, Math.floor(time / 1_000) - 1, volume);
    this.running[instrument] = Math.max(volume, 0);
    this.flush(emit);
  }

  /**
   * Keeps the value that differences are taken from. Unknown (the first tick after a connect): the day's volume so far
   * is not one huge trade. Less than what is already closed, on the same date: a correction, start over from it. A new
   * date's figure becomes the base when its second closes (`baseAt`): seconds of the old date may still be open.
   */
  private rebase(instrument: number, second: number, volume: number): void {
    const base = this.base[instrument]!;
    // A volume that grows, as nearly every one does, needs no date.
    if (base >= 0 && volume >= base && volume >= this.running[instrument]!) return;
    const day = istDay(second * 1_000);
    if (base < 0) { this.moveBase(instrument, second, volume); this.running[instrument] = volume; return; }
    if (day > this.day[instrument]!) {
      if (volume < this.running[instrument]!) this.running[instrument] = 0;
      return;
    }
    if (day === this.day[instrument]! && volume < base && second >= this.newest[instrument]! && second > this.baseSecond[instrument]!) {
      this.volumeStepBack++;
      this.moveBase(instrument, second, volume);
      this.running[instrument] = volume;
    }
  }

  private moveBase(instrument: number, second: number, volume: number): void {
    this.base[instrument] = volume;
    this.baseSecond[instrument] = second;
    this.day[instrument] = istDay(second * 1_000);
  }

  /** Traded value of a second: steps seen at their prices; what reordering moved between seconds takes the average price. */
  private valueOf(place: number, volume: number): number {
    if (volume === 0) return 0;
    const stepped = this.stepped[place]!;
    if (stepped === volume) return this.value[place]!;
    return stepped > 0 ? (this.value[place]! / stepped) * volume : this.close[place]! * volume;
  }

  private closeThrough(instrument: number, through: number, emit: (batch: BarBatch) => void): void {
    if (this.openSlots[instrument] !== 0) {
      const newest = this.newest[instrument]!;
      const last = Math.min(through, newest);
      for (let second = newest - this.ring + 1; second <= last; second++) {
        const place = instrument * this.ring + (second & this.mask);
        if (this.second[place] === second) this.closeSecond(instrument, place, second, emit);
      }
    }
    if (through > this.closedThrough[instrument]! && through !== Number.MAX_SAFE_INTEGER) this.closedThrough[instrument] = through;
  }

  private closeSecond(instrument: number, place: number, second: number, emit: (batch: BarBatch) => void): void {
    const cumulative = this.cumulative[place]!;
    const before = baseAt(this.base[instrument]!, this.day[instrument]!, cumulative, second);
    const volume = volumeOf(cumulative, before);
    if (cumulative > before) this.moveBase(instrument, second, cumulative);
    if (this.out.length === FLUSH_ROWS) this.flush(emit);
    const { out } = this;
    const row = out.length++;
    out.event[row] = CLOSE;
    out.instrument[row] = instrument;
    out.timeframe[row] = 0;
    out.time[row] = second * 1_000;
    out.end[row] = second * 1_000 + 1_000;
    out.open[row] = this.open[place]!;
    out.high[row] = this.high[place]!;
    out.low[row] = this.low[place]!;
    out.close[row] = this.close[place]!;
    out.volume[row] = volume;
    out.value[row] = this.valueOf(place, volume);
    out.ticks[row] = this.ticks[place]!;
    out.openInterest[row] = this.interest[place]!;
    out.rev[row] = 1;
    out.state[row] = CLOSED;
    out.incomplete[row] = this.broken[place]!;
    this.second[place] = -1;
    this.openSlots[instrument]!--;
    if (second > this.closedThrough[instrument]!) this.closedThrough[instrument] = second;
  }

  /** A tick of a second that is closed: it may widen that bar, its volume has been counted by the ticks after it. */
  private patch(instrument: number, second: number, price: number, emit: (batch: BarBatch) => void): void {
    this.late++;
    if (this.out.length === FLUSH_ROWS) this.flush(emit);
    const { out } = this;
    const row = out.length++;
    out.event[row] = PATCH;
    out.instrument[row] = instrument;
    out.timeframe[row] = 0;
    out.time[row] = second * 1_000;
    out.end[row] = second * 1_000 + 1_000;
    out.open[row] = price;
    out.high[row] = price;
    out.low[row] = price;
    out.close[row] = price;
    out.volume[row] = 0;
    out.value[row] = 0;
    out.ticks[row] = 1;
    out.openInterest[row] = -1;
    out.rev[row] = 1;
    out.state[row] = PATCHED;
    out.incomplete[row] = 0;
  }

  /** The connection came or went: what is open has a hole. */
  private markCut(collector: number): void {
    this.connections[collector] = (this.connections[collector] ?? 0) + 1;
    for (let instrument = 0; instrument < this.capacity; instrument++) {
      if (this.openSlots[instrument] === 0 || this.collectorOf[instrument] !== collector) continue;
      for (let place = instrument * this.ring; place < (instrument + 1) * this.ring; place++) if (this.second[place]! >= 0) this.broken[place] = 1;
    }
  }

  /** First row of an instrument over a new connection: the next day volume is not a difference, the next second has a hole. */
  private rejoin(instrument: number, collector: number, connection: number, emit: (batch: BarBatch) => void): void {
    this.closeThrough(instrument, this.newest[instrument]!, emit);
    this.collectorOf[instrument] = collector;
    this.seen[instrument] = connection;
    this.base[instrument] = -1;
    this.cut[instrument] = connection === 0 ? 0 : 1;
  }

  private flush(emit: (batch: BarBatch) => void): void {
    if (this.out.length === 0) return;
    emit(this.out);
    this.out.length = 0;
  }

  private grow(capacity: number): void {
    const size = Math.max(capacity, this.capacity * 2, 64);
    this.newest = widen(this.newest, size);
    this.closedThrough = widen(this.closedThrough, size);
    this.base = widen(this.base, size, -1);
    this.baseSecond = widen(this.baseSecond, size);
    this.running = widen(this.running, size);
    this.day = widen(this.day, size);
    this.openSlots = widen(this.openSlots, size);
    this.collectorOf = widen(this.collectorOf, size, -1);
    this.cut = widen(this.cut, size);
    this.seen = widen(this.seen, size, -1);
    this.second = widen(this.second, size * this.ring, -1);
    this.open = widen(this.open, size * this.ring);
    this.high = widen(this.high, size * this.ring);
    this.low = widen(this.low, size * this.ring);
    this.close = widen(this.close, size * this.ring);
    this.cumulative = widen(this.cumulative, size * this.ring, -1);
    this.value = widen(this.value, size * this.ring);
    this.stepped = widen(this.stepped, size * this.ring);
    this.ticks = widen(this.ticks, size * this.ring);
    this.interest = widen(this.interest, size * this.ring, -1);
    this.broken = widen(this.broken, size * this.ring);
    this.capacity = size;
  }
}
