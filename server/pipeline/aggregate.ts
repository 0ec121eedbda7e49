import { type BarBatch, barBatch, BY_EXCHANGE_CLOCK, BY_OUR_CLOCK, CLOSE, CLOSED, CUT, FROM_LATE, FROM_STREAM, fromCollector, HASH_SIZE, PATCH, PATCHED, tickHash } from "@/server/domain/bar";
import type { Accumulators } from "@/server/domain/accumulators";
import { AUCTION, EXCHANGE_CLOCK, JOINED, type TickBatch, type TickMessage, TRADE } from "@/server/domain/tick";
import { widen } from "@/server/domain/columns";
import { istDay } from "@/server/domain/session";
import { baseAt, DAY_SECONDS, dayOf, Open, Own, ringOf, volumeOf } from "./second-row";
import { FeedLag } from "./feed-lag";
import type { Core } from "./stage";

/** Small enough that what reads the batch finds it in the processor's cache. */
const FLUSH_ROWS = 1_024;

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
  private readonly out = barBatch(FLUSH_ROWS);
  private lastSwept = 0;
  private readonly lag = new FeedLag();

  /** `followFeed`: seconds wait for a feed that lags behind our clock. Recordings have no clock. */
  constructor(readonly watermarkSeconds = 2, private readonly followFeed = true) {
    this.ring = ringOf(watermarkSeconds);
    this.mask = this.ring - 1;
    this.row = Own.size + this.ring * Open.size;
  }

  on(message: TickMessage, emit: (batch: BarBatch) => void): void {
    if (message.kind === "ticks") this.fold(message, emit);
    else if (message.kind === "disconnected" || message.kind === "connected" || message.kind === "silent") this.markCut(message.collector, message.receivedTime, emit);
    this.flush(emit);
  }

  /** Closes every second the clock's watermark has passed. */
  at(now: number, emit: (batch: BarBatch) => void): void {
    const through = Math.floor(this.feedTime(now) / 1_000) - this.watermarkSeconds - 1;
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

  /** Greatest day volume seen of the newest trading date (`volumeDay`); -1 when there is none. */
  dayVolume(instrument: number): number {
    if (instrument >= this.capacity) return -1;
    const own = instrument * this.row;
    return this.figures[own + Own.base]! < 0 ? -1 : Math.max(this.figures[own + Own.running]!, this.figures[own + Own.base]!);
  }

  /** IST day number of `dayVolume`. */
  volumeDay(instrument: number): number {
    return instrument >= this.capacity ? 0 : istDay(this.figures[instrument * this.row + Own.day]! * 1_000);
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
      if (cumulative > before || (cumulative >= 0 && before !== base)) { base = cumulative; day = dayOf(second); }
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
    const { instrument: instruments, time: times, flags } = batch;
    const origin = FROM_STREAM | fromCollector(batch.collector);
    let second = -1;
    for (let row = 0; row < batch.length; row++) {
      const instrument = instruments[row]!;
      if (instrument >= this.capacity) this.grow(instrument + 1);
      const own = instrument * this.row;
      const flag = flags[row]!;
      if ((flag & JOINED) !== 0) this.rejoin(instrument, batch.collector, emit);
      // Rows of a frame mostly share their second: two comparisons instead of a division.
      const time = times[row]!;
      if (time < second * 1_000 || time >= second * 1_000 + 1_000) second = Math.floor(time / 1_000);
      if ((flag & TRADE) === 0) { this.passOver(instrument, second, batch.volume[row]!, (flag & AUCTION) !== 0, emit); continue; }
      const sources = origin | ((flag & EXCHANGE_CLOCK) === 0 ? BY_OUR_CLOCK : BY_EXCHANGE_CLOCK);
      const at = this.placeOf(own, second);
      if (this.figures[at + Open.second] !== second) {
        // By the tick after it, or by the clock: longer bars have gone on without it.
        if (second <= this.figures[own + Own.closedThrough]! || second <= this.lastSwept) { this.patch(instrument, second, batch, row, sources, emit); continue; }
        this.begin(instrument, second, batch.collector, emit);
      }
      this.tick(own, at, batch, row, sources);
    }
    const last = batch.length - 1;
    if (last >= 0 && (flags[last]! & EXCHANGE_CLOCK) !== 0) this.lag.saw(batch.receivedTime, times[last]!);
  }

  /** Our time as far as the feed has reached it (`FeedLag`): what ends before it, less the watermark, is closed. */
  feedTime(now: number): number { return this.followFeed ? this.lag.feedTime(now) : now; }

  private begin(instrument: number, second: number, collector: number, emit: (batch: BarBatch) => void): void {
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
    figures[at + Open.hash] = 0;
    figures[at + Open.sources] = 0;
    figures[at + Open.interest] = -1;
    figures[at + Open.broken] = this.cut[instrument]!;
    figures[own + Own.collector] = collector;
    this.cut[instrument] = 0;
    figures[own + Own.openSeconds]!++;
  }

  /** Row `row` into the open second at `at` of the instrument at `own`. */
  private tick(own: number, at: number, batch: TickBatch, row: number, sources: number): void {
    const { figures } = this;
    const price = batch.price[row]!;
    const interest = batch.openInterest[row]!;
    const volume = batch.volume[row]!;
    const time = batch.time[row]!;
    const sequence = batch.sequence + row;
    if (figures[at + Open.ticks]!++ === 0) {
      figures[at + Open.open] = price;
      figures[at + Open.high] = price;
      figures[at + Open.low] = price;
      figures[at + Open.close] = price;
      figures[at + Open.firstTime] = time;
      figures[at + Open.lastTime] = time;
      figures[at + Open.firstSequence] = sequence;
    } else {
      if (price > figures[at + Open.high]!) figures[at + Open.high] = price;
      else if (price < figures[at + Open.low]!) figures[at + Open.low] = price;
      if (time >= figures[at + Open.lastTime]!) {
        figures[at + Open.close] = price;
        figures[at + Open.lastTime] = time;
      } else if (time < figures[at + Open.firstTime]!) {
        figures[at + Open.open] = price;
        figures[at + Open.firstTime] = time;
      }
    }
    figures[at + Open.lastSequence] = sequence;
    figures[at + Open.hash]! += tickHash(time, price, volume);
    if (figures[at + Open.sources] !== sources) figures[at + Open.sources] = figures[at + Open.sources]! | sources;
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
   * A row that enters no bar. An auction's volume belongs to no second: the base moves past it. Any other row only says
   * where counting begins when nobody knows: a book that moved has no volume of its own.
   */
  private passOver(instrument: number, second: number, volume: number, isAuction: boolean, emit: (batch: BarBatch) => void): void {
    const { figures } = this;
    const own = instrument * this.row;
    if (!isAuction) {
      if (volume >= 0 && figures[own + Own.base]! < 0) this.rebase(own, second, volume);
      return;
    }
    this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
    if (volume < 0) return;
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
    const own = instrument * this.row;
    this.closeThrough(instrument, this.figures[own + Own.newest]!, emit);
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
    return stepped > 0 ? Math.round((figures[at + Open.value]! / stepped) * volume) : figures[at + Open.close]! * volume;
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
    // Also a new date's first figure of 0: the old date's is the base no longer.
    if (cumulative > before || (cumulative >= 0 && before !== figures[own + Own.base])) this.moveBase(own, second, cumulative);
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
    out.late[row] = 0;
    out.firstTime[row] = figures[at + Open.firstTime]!;
    out.lastTime[row] = figures[at + Open.lastTime]!;
    out.firstSequence[row] = figures[at + Open.firstSequence]!;
    out.lastSequence[row] = figures[at + Open.lastSequence]!;
    out.sources[row] = figures[at + Open.sources]!;
    out.hash[row] = figures[at + Open.hash]! % HASH_SIZE;
    figures[at + Open.second] = -1;
    figures[own + Own.openSeconds]!--;
    if (second > figures[own + Own.closedThrough]!) figures[own + Own.closedThrough] = second;
  }

  /** A tick of a second that is closed goes on alone, to be added to the bars that hold it. Its volume has been counted by the ticks after it. */
  private patch(instrument: number, second: number, batch: TickBatch, row: number, sources: number, emit: (batch: BarBatch) => void): void {
    this.late++;
    const price = batch.price[row]!;
    // The first row of a connection says where counting begins, also when it comes too late.
    const own = instrument * this.row;
    if (this.figures[own + Own.base]! < 0 && batch.volume[row]! >= 0) this.rebase(own, second, batch.volume[row]!);
    const at = this.next(instrument, PATCH, second * 1_000, second * 1_000 + 1_000, emit);
    const { out } = this;
    out.open[at] = price;
    out.high[at] = price;
    out.low[at] = price;
    out.close[at] = price;
    out.ticks[at] = 1;
    out.late[at] = 1;
    out.firstTime[at] = batch.time[row]!;
    out.lastTime[at] = batch.time[row]!;
    out.firstSequence[at] = batch.sequence + row;
    out.lastSequence[at] = batch.sequence + row;
    out.sources[at] = sources | FROM_LATE;
    out.hash[at] = tickHash(batch.time[row]!, price, batch.volume[row]!);
  }

  /** A row of the output with no figures in it yet. */
  private next(instrument: number, event: number, time: number, end: number, emit: (batch: BarBatch) => void): number {
    if (this.out.length === FLUSH_ROWS) this.flush(emit);
    const { out } = this;
    const at = out.length++;
    out.event[at] = event;
    out.instrument[at] = instrument;
    out.timeframe[at] = 0;
    out.time[at] = time;
    out.end[at] = end;
    for (const column of [out.open, out.high, out.low, out.close, out.volume, out.value, out.ticks, out.late, out.firstTime, out.lastTime, out.firstSequence, out.lastSequence, out.sources, out.hash]) column[at] = 0;
    out.openInterest[at] = -1;
    out.rev[at] = 1;
    out.state[at] = PATCHED;
    out.incomplete[at] = 0;
    return at;
  }

  /**
   * The connection came or went, or brought nothing: what is open has a hole, in every timeframe, and so has the second
   * that comes next.
   */
  private markCut(collector: number, now: number, emit: (batch: BarBatch) => void): void {
    const { figures } = this;
    for (let instrument = 0; instrument < this.capacity; instrument++) {
      const own = instrument * this.row;
      if (figures[own + Own.collector] !== collector) continue;
      const seconds = own + Own.size;
      for (let at = seconds; at < seconds + this.ring * Open.size; at += Open.size) if (figures[at + Open.second]! >= 0) figures[at + Open.broken] = 1;
      this.cut[instrument] = 1;
      this.next(instrument, CUT, now, now, emit);
    }
  }

  /** First row of an instrument over a new connection: the next day volume is not a difference, the next second has a hole. */
  private rejoin(instrument: number, collector: number, emit: (batch: BarBatch) => void): void {
    const own = instrument * this.row;
    this.closeThrough(instrument, this.figures[own + Own.newest]!, emit);
    this.figures[own + Own.base] = -1;
    this.figures[own + Own.collector] = collector;
    this.cut[instrument] = 1;
  }

  /** State of all instruments, to go on from later: with the same ticks after it the bars are the same. */
  snapshot(): SecondBarsSnapshot {
    return { capacity: this.capacity, figures: this.figures.slice(), cut: this.cut.slice(), lastSwept: this.lastSwept, late: this.late, volumeStepBack: this.volumeStepBack };
  }

  restore(snapshot: SecondBarsSnapshot): void {
    if (snapshot.figures.length !== snapshot.capacity * this.row) throw new RangeError("a snapshot of another watermark");
    Object.assign(this, { ...snapshot, figures: snapshot.figures.slice(), cut: snapshot.cut.slice() });
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
    for (let own = before * this.row; own < this.figures.length; own += this.row) {
      this.figures[own + Own.base] = -1;
      this.figures[own + Own.collector] = -1;
      for (let at = own + Own.size; at < own + this.row; at += Open.size) this.figures[at + Open.second] = -1;
    }
  }
}

export interface SecondBarsSnapshot {
  capacity: number;
  figures: Float64Array<ArrayBuffer>;
  cut: Uint8Array<ArrayBuffer>;
  lastSwept: number;
  late: number;
  volumeStepBack: number;
}
