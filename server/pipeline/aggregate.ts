import { type BarBatch, barBatch, CLOSE, CLOSED, PATCH, PATCHED } from "@/server/domain/bar";
import { istDay, istMidnight } from "@/server/domain/session";
import type { Accumulators } from "@/server/domain/accumulators";
import type { TickBatch, TickMessage } from "@/server/domain/tick";
import { widen } from "@/server/domain/columns";
import type { Core } from "./stage";

/** Small enough that what reads the batch finds it in the processor's cache. */
const FLUSH_ROWS = 1_024;
const DAY_SECONDS = 86_400;

/**
 * An instrument's state is one row of doubles: its own figures, then its open seconds. With thousands of instruments
 * the time goes into fetching memory: a tick touches three cache lines of such a row, in columns it would touch twenty.
 */
const enum Own {
  closedThrough,
  newest, // newest second seen
  baseSecond, // the second whose figure the base is
  day, // first second of the base's trading date
  openSeconds, // how many
  // What every tick reads, together.
  seen, // connection count of its collector when its last row came
  base, // cumulative volume before the oldest open second; -1 unknown
  running, // greatest day volume so far
  size,
}
const enum Open {
  second, // -1: the place is free
  ticks,
  high, low, close,
  cumulative, // greatest day volume in the second, -1 none
  value, // sum of price x step
  stepped, // sum of steps
  // What a tick seldom touches.
  open, interest,
  broken, // 1: the feed was away during it
  size,
}

/** Seconds an instrument may have open at once: the watermark's and two more, as a power of two. */
const ringOf = (watermarkSeconds: number): number => {
  let size = 4;
  while (size < watermarkSeconds + 2) size *= 2;
  return size;
};

/** First second of the IST date a second belongs to. */
const dayOf = (second: number): number => istMidnight(istDay(second * 1_000)) / 1_000;

/**
 * Day volume before a second. On a new trading date all of the day's volume counts; the old date's last figure, repeated
 * after midnight, is still the old date's.
 */
const baseAt = (base: number, day: number, cumulative: number, second: number): number =>
  base > 0 && cumulative !== base && second >= day + DAY_SECONDS ? 0 : base;

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
  /** Doubles an instrument takes. */
  private readonly row: number;
  private capacity = 0;
  private figures = new Float64Array(0);
  private cut = new Uint8Array(0); // 1: the feed was away, the next second is incomplete
  private collectorOf = new Int32Array(0);
  /** Per collector: counts connects and disconnects. Files have none. */
  private connections: number[] = [];
  private readonly out = barBatch(FLUSH_ROWS);
  private lastSwept = 0;

  constructor(readonly watermarkSeconds = 2) {
    this.ring = ringOf(watermarkSeconds);
    this.mask = this.ring - 1;
    this.row = Own.size + this.ring * Open.size;
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
      if (this.figures[instrument * this.row + Own.openSeconds] !== 0) this.closeThrough(instrument, through, emit);
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
    if (instrument >= this.capacity) return 0;
    const { figures } = this;
    const own = instrument * this.row;
    if (figures[own + Own.openSeconds] === 0) return 0;
    let count = 0;
    let base = figures[own + Own.base]!;
    let day = figures[own + Own.day]!;
    const newest = figures[own + Own.newest]!;
    for (let second = newest - this.ring + 1; second <= newest; second++) {
      const at = this.placeOf(own, second);
      if (figures[at + Open.second] !== second) continue;
      const cumulative = figures[at + Open.cumulative]!;
      const before = baseAt(base, day, cumulative, second);
      const volume = volumeOf(cumulative, before);
      if (cumulative > before) { base = cumulative; day = dayOf(second); }
      into.begin(cell + count++, second * 1_000, second * 1_000 + 1_000,
        figures[at + Open.open]!, figures[at + Open.high]!, figures[at + Open.low]!, figures[at + Open.close]!,
        volume, this.valueOf(at, volume), figures[at + Open.ticks]!, figures[at + Open.interest]!, figures[at + Open.broken]!);
    }
    return count;
  }

  /** Where a second of the instrument whose row begins at `own` stands, if it is open. */
  private placeOf(own: number, second: number): number {
    return own + Own.size + (second & this.mask) * Open.size;
  }

  private fold(batch: TickBatch, emit: (batch: BarBatch) => void): void {
    const { instrument: instruments, time: times, trades } = batch;
    const connection = this.connections[batch.collector] ?? 0;
    let second = -1;
    for (let row = 0; row < batch.length; row++) {
      const instrument = instruments[row]!;
      if (instrument >= this.capacity) this.grow(instrument + 1);
      const own = instrument * this.row;
      if (this.figures[own + Own.seen] !== connection) this.rejoin(instrument, batch.collector, connection, emit);
      // Rows of a frame mostly share their second: two comparisons instead of a division.
      const time = times[row]!;
      if (time < second * 1_000 || time >= second * 1_000 + 1_000) second = Math.floor(time / 1_000);
      if (trades[row] === 0) { this.passOver(instrument, second, batch.volume[row]!, emit); continue; }
      const at = this.placeOf(own, second);
      if (this.figures[at + Open.second] !== second) {
        if (second <= this.figures[own + Own.closedThrough]!) { this.patch(instrument, second, batch.price[row]!, emit); continue; }
        this.begin(instrument, second, emit);
      }
      this.tick(own, at, batch, row);
    }
  }

  private begin(instrument: number, second: number, emit: (batch: BarBatch) => void): void {
    const { figures } = this;
    const own = instrument * this.row;
    if (second > figures[own + Own.newest]!) {
      this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
      figures[own + Own.newest] = second;
    }
    const at = this.placeOf(own, second);
    figures[at + Open.second] = second;
    figures[at + Open.ticks] = 0;
    figures[at + Open.cumulative] = -1;
    figures[at + Open.value] = 0;
    figures[at + Open.stepped] = 0;
    figures[at + Open.interest] = -1;
    figures[at + Open.broken] = this.cut[instrument]!;
    this.cut[instrument] = 0;
    figures[own + Own.openSeconds]!++;
  }

  /** Row `row` into the open second at `at` of the instrument at `own`. */
  private tick(own: number, at: number, batch: TickBatch, row: number): void {
    const { figures } = this;
    const price = batch.price[row]!;
    const interest = batch.openInterest[row]!;
    const volume = batch.volume[row]!;
    if (figures[at + Open.ticks]!++ === 0) {
      figures[at + Open.open] = price;
      figures[at + Open.high] = price;
      figures[at + Open.low] = price;
    } else if (price > figures[at + Open.high]!) figures[at + Open.high] = price;
    else if (price < figures[at + Open.low]!) figures[at + Open.low] = price;
    figures[at + Open.close] = price;
    if (interest >= 0) figures[at + Open.interest] = interest;
    if (volume < 0) return;
    // A volume that grows, as nearly every one does, leaves the base alone.
    const base = figures[own + Own.base]!;
    if (base < 0 || volume < base || volume < figures[own + Own.running]!) this.rebase(own, figures[at + Open.second]!, volume);
    const step = volume - figures[own + Own.running]!;
    if (step > 0) {
      figures[own + Own.running] = volume;
      figures[at + Open.value]! += price * step;
      figures[at + Open.stepped]! += step;
    }
    if (volume > figures[at + Open.cumulative]!) figures[at + Open.cumulative] = volume;
  }

  /**
   * A row that enters no bar. Outside the session its volume is an auction's or the post-close's and belongs to no
   * second: the base moves past it. A move of the book has the volume that is counted already.
   */
  private passOver(instrument: number, second: number, volume: number, emit: (batch: BarBatch) => void): void {
    if (volume < 0) return;
    const { figures } = this;
    const own = instrument * this.row;
    this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
    this.rebase(own, second, volume);
    if (figures[own + Own.openSeconds] !== 0 || second < figures[own + Own.day]!) return;
    if (volume <= baseAt(figures[own + Own.base]!, figures[own + Own.day]!, volume, second)) return;
    this.moveBase(own, second, volume);
    figures[own + Own.running] = volume;
  }

  /**
   * A recording's trading date begins: the day's volume before its first tick, -1 when nobody knows it (then that
   * tick's own figure is the base).
   */
  beginDay(instrument: number, time: number, volume: number, emit: (batch: BarBatch) => void): void {
    if (instrument >= this.capacity) this.grow(instrument + 1);
    this.rejoin(instrument, 0, this.connections[0] ?? 0, emit);
    const own = instrument * this.row;
    this.moveBase(own, Math.floor(time / 1_000) - 1, volume);
    this.figures[own + Own.running] = Math.max(volume, 0);
    this.flush(emit);
  }

  /**
   * Keeps the value that differences are taken from. Unknown (the first tick after a connect): the day's volume so far
   * is not one huge trade. Less than what is already closed, on the same date: a correction, start over from it. A new
   * date's figure becomes the base when its second closes (`baseAt`): seconds of the old date may still be open.
   */
  private rebase(own: number, second: number, volume: number): void {
    const { figures } = this;
    const base = figures[own + Own.base]!;
    const running = figures[own + Own.running]!;
    const day = figures[own + Own.day]!;
    if (base >= 0 && volume >= base && volume >= running) return;
    if (base < 0) { this.moveBase(own, second, volume); figures[own + Own.running] = volume; return; }
    if (second >= day + DAY_SECONDS) {
      if (volume < running) figures[own + Own.running] = 0;
      return;
    }
    if (second >= day && volume < base && second >= figures[own + Own.newest]! && second > figures[own + Own.baseSecond]!) {
      this.volumeStepBack++;
      this.moveBase(own, second, volume);
      figures[own + Own.running] = volume;
    }
  }

  private moveBase(own: number, second: number, volume: number): void {
    const { figures } = this;
    const day = figures[own + Own.day]!;
    figures[own + Own.base] = volume;
    figures[own + Own.baseSecond] = second;
    if (second < day || second >= day + DAY_SECONDS) figures[own + Own.day] = dayOf(second);
  }

  /** Traded value of a second: steps seen at their prices; what reordering moved between seconds takes the average price. */
  private valueOf(at: number, volume: number): number {
    if (volume === 0) return 0;
    const { figures } = this;
    const stepped = figures[at + Open.stepped]!;
    if (stepped === volume) return figures[at + Open.value]!;
    return stepped > 0 ? (figures[at + Open.value]! / stepped) * volume : figures[at + Open.close]! * volume;
  }

  private closeThrough(instrument: number, through: number, emit: (batch: BarBatch) => void): void {
    const { figures } = this;
    const own = instrument * this.row;
    if (figures[own + Own.openSeconds] !== 0) {
      const newest = figures[own + Own.newest]!;
      const last = Math.min(through, newest);
      for (let second = newest - this.ring + 1; second <= last; second++) {
        if (figures[this.placeOf(own, second) + Open.second] === second) this.closeSecond(instrument, second, emit);
      }
    }
    if (through > figures[own + Own.closedThrough]! && through !== Number.MAX_SAFE_INTEGER) figures[own + Own.closedThrough] = through;
  }

  private closeSecond(instrument: number, second: number, emit: (batch: BarBatch) => void): void {
    const { figures } = this;
    const own = instrument * this.row;
    const at = this.placeOf(own, second);
    const cumulative = figures[at + Open.cumulative]!;
    const before = baseAt(figures[own + Own.base]!, figures[own + Own.day]!, cumulative, second);
    const volume = volumeOf(cumulative, before);
    if (cumulative > before) this.moveBase(own, second, cumulative);
    if (this.out.length === FLUSH_ROWS) this.flush(emit);
    const { out } = this;
    const row = out.length++;
    out.event[row] = CLOSE;
    out.instrument[row] = instrument;
    out.timeframe[row] = 0;
    out.time[row] = second * 1_000;
    out.end[row] = second * 1_000 + 1_000;
    out.open[row] = figures[at + Open.open]!;
    out.high[row] = figures[at + Open.high]!;
    out.low[row] = figures[at + Open.low]!;
    out.close[row] = figures[at + Open.close]!;
    out.volume[row] = volume;
    out.value[row] = this.valueOf(at, volume);
    out.ticks[row] = figures[at + Open.ticks]!;
    out.openInterest[row] = figures[at + Open.interest]!;
    out.rev[row] = 1;
    out.state[row] = CLOSED;
    out.incomplete[row] = figures[at + Open.broken]!;
    figures[at + Open.second] = -1;
    figures[own + Own.openSeconds]!--;
    if (second > figures[own + Own.closedThrough]!) figures[own + Own.closedThrough] = second;
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
    const { figures } = this;
    for (let instrument = 0; instrument < this.capacity; instrument++) {
      if (this.collectorOf[instrument] !== collector) continue;
      const seconds = instrument * this.row + Own.size;
      for (let at = seconds; at < seconds + this.ring * Open.size; at += Open.size) if (figures[at + Open.second]! >= 0) figures[at + Open.broken] = 1;
    }
  }

  /** First row of an instrument over a new connection: the next day volume is not a difference, the next second has a hole. */
  private rejoin(instrument: number, collector: number, connection: number, emit: (batch: BarBatch) => void): void {
    const own = instrument * this.row;
    this.closeThrough(instrument, this.figures[own + Own.newest]!, emit);
    this.figures[own + Own.seen] = connection;
    this.figures[own + Own.base] = -1;
    this.collectorOf[instrument] = collector;
    this.cut[instrument] = connection === 0 ? 0 : 1;
  }

  private flush(emit: (batch: BarBatch) => void): void {
    if (this.out.length === 0) return;
    emit(this.out);
    this.out.length = 0;
  }

  private grow(capacity: number): void {
    const before = this.capacity;
    this.capacity = Math.max(capacity, before * 2, 64);
    this.figures = widen(this.figures, this.capacity * this.row);
    this.cut = widen(this.cut, this.capacity);
    this.collectorOf = widen(this.collectorOf, this.capacity, -1);
    for (let own = before * this.row; own < this.figures.length; own += this.row) {
      this.figures[own + Own.base] = -1;
      this.figures[own + Own.seen] = -1;
      for (let at = own + Own.size; at < own + this.row; at += Open.size) this.figures[at + Open.second] = -1;
    }
  }
}
