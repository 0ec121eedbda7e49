import {
  appendFlat,
  type BarBatch,
  BY_EXCHANGE_CLOCK,
  BY_OUR_CLOCK,
  CLOSE,
  CLOSED,
  FROM_LATE,
  FROM_STREAM,
  fromCollector,
  HASH_SIZE,
  PATCH,
  tickHash,
} from "@/server/domain/bars/bar";
import type { Accumulators } from "@/server/domain/bars/accumulators";
import {
  AUCTION,
  EXCHANGE_CLOCK,
  Figure,
  IN_TIME,
  JOINED,
  RESET,
  SUSPECT,
  type TickBatch,
  type TickMessage,
  TRADE,
  UNBELIEVED,
} from "@/server/domain/ticks/tick";
import { BarOutput } from "./bar-output";
import { FeedLag, type FeedLagSnapshot } from "./feed-lag";
import { SecondHoles } from "./second-holes";
import { BROKEN, Day, NONE, Open, Own, SecondTables, type SecondTablesSnapshot } from "./second-tables";
import { SecondVolume } from "./second-volume";
import { mustBeReadable, STAGE_SNAPSHOT_FORMAT } from "./snapshot-format";
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
  private readonly tables: SecondTables;
  private readonly volume: SecondVolume;
  private readonly holes: SecondHoles;
  private readonly out = new BarOutput(FLUSH_ROWS);
  private lastSwept = 0;
  private readonly lag = new FeedLag();

  /** `followFeed`: seconds wait for a feed that lags behind our clock. Recordings have no clock. */
  constructor(
    readonly watermarkSeconds = 2,
    private readonly followFeed = true,
  ) {
    this.tables = new SecondTables(watermarkSeconds);
    this.volume = new SecondVolume(this.tables);
    this.holes = new SecondHoles(this.tables, this.out);
  }

  on(message: TickMessage, emit: (batch: BarBatch) => void): void {
    if (message.kind === "ticks") this.fold(message, emit);
    else if (message.kind === "disconnected" || message.kind === "connected" || message.kind === "silent")
      this.holes.cut(message.collector, message.receivedTime, this.feedTime(message.receivedTime), emit);
    this.out.flush(emit);
  }

  /** Closes every second the clock's watermark has passed. */
  at(now: number, emit: (batch: BarBatch) => void): void {
    const { own, capacity } = this.tables;
    // The feed's lag behind our clock, known with its first row; until then no second is over.
    if (this.followFeed && capacity === 0) return;
    const through = Math.floor(this.feedTime(now) / 1_000) - this.watermarkSeconds - 1;
    if (through <= this.lastSwept) return;
    this.lastSwept = through;
    for (let instrument = 0; instrument < capacity; instrument++) {
      if (own[instrument * Own.size + Own.oldest]! <= through) this.closeThrough(instrument, through, emit);
    }
    this.out.flush(emit);
  }

  /** Closes all there is: the end of a file, or a stop that loses nothing. */
  finish(emit: (batch: BarBatch) => void): void {
    for (let instrument = 0; instrument < this.tables.capacity; instrument++)
      this.closeThrough(instrument, Number.MAX_SAFE_INTEGER, emit);
    this.out.flush(emit);
  }

  /** Greatest day volume seen of the newest trading date (`volumeDay`), open seconds included; -1 when there is none. */
  dayVolume(instrument: number): number {
    return this.volume.dayVolume(instrument);
  }
  /** IST day number of `dayVolume`. */
  volumeDay(instrument: number): number {
    return this.volume.volumeDay(instrument);
  }

  /** Open seconds of an instrument, oldest first, into cells from `cell` on; returns how many. */
  openSeconds(instrument: number, into: Accumulators, cell: number): number {
    const { own, open, capacity } = this.tables;
    if (instrument >= capacity) return 0;
    let count = 0;
    const newest = own[instrument * Own.size + Own.newest]!;
    this.volume.beginPeek(instrument);
    for (let second = own[instrument * Own.size + Own.oldest]!; second <= newest; second++) {
      const at = this.tables.placeOf(instrument, second);
      if (open[at + Open.second] !== second) continue;
      const volume = this.volume.peek(second, open[at + Open.cumulative]!);
      into.begin(
        cell + count++,
        second * 1_000,
        second * 1_000 + 1_000,
        open[at + Open.open]!,
        open[at + Open.high]!,
        open[at + Open.low]!,
        open[at + Open.close]!,
        volume,
        this.volume.valueOf(at, volume),
        open[at + Open.ticks]!,
        open[at + Open.interest]!,
        open[at + Open.marks]! >= BROKEN ? 1 : 0,
      );
    }
    return count;
  }

  private fold(batch: TickBatch, emit: (batch: BarBatch) => void): void {
    const { length, flags, time } = batch;
    let prepared = -1;
    for (let row = this.take(batch, 0, prepared); row < length; row = this.take(batch, row, prepared)) {
      prepared = this.prepare(batch, row, emit) ? row : -1;
      if (prepared < 0) row++;
    }
    const last = length - 1;
    if (last >= 0 && (flags[last]! & EXCHANGE_CLOCK) !== 0) this.lag.saw(batch.receivedTime, time[last]!);
  }

  /**
   * Adds ticks to their open seconds, from row `from` on, until one needs preparation; returns its row. Row `prepared`
   * is already prepared. Nearly every tick passes here, so the loop has no calls and looks everything up once.
   */
  private take(batch: TickBatch, from: number, prepared: number): number {
    const { days, open, capacity, mask } = this.tables;
    const { instrument: instruments, flags, figures, length, sequence } = batch;
    // The times come first.
    const prices = Figure.price * instruments.length;
    const volumes = Figure.volume * instruments.length;
    const interests = Figure.openInterest * instruments.length;
    const origin = FROM_STREAM | fromCollector(batch.collector);
    const trade = TRADE | 0;
    const byExchange = origin | BY_EXCHANGE_CLOCK;
    const byUs = origin | BY_OUR_CLOCK;
    const stamped = EXCHANGE_CLOCK | 0;
    const ordinary = ~EXCHANGE_CLOCK;
    let second = 0;
    let starts = 0;
    let ends = 0;
    let place = 0;
    let row = from;
    for (; row < length; row++) {
      const instrument = instruments[row]! & 0xfffff;
      const time = figures[row]!;
      // Rows of a frame mostly share their second.
      if (time < starts || time >= ends) {
        second = Math.floor(time / 1_000);
        starts = second * 1_000;
        ends = starts + 1_000;
        place = (second & mask) * capacity;
      }
      const flag = flags[row]!;
      let volume = figures[volumes + row]!;
      if (instrument >= capacity) break;
      const day = instrument * Day.size;
      const at = ((place + instrument) & 0x7ffffff) * Open.size;
      const running = days[day + Day.running]!;
      const base = days[day + Day.base]!;
      if (row !== prepared) {
        if ((flag & ordinary) !== trade || open[at + Open.second] !== second) break;
        // A volume that grows, as nearly every one does, leaves the base alone. The second's first believed one may begin a
        // new date: a repeated figure of the old date opened the second, and was not used.
        if (volume >= 0 && (base < 0 || volume < base || volume < running || open[at + Open.cumulative]! < 0)) break;
      } else if ((flag & UNBELIEVED) !== 0) volume = -1;
      const price = figures[prices + row]!;
      open[at + Open.ticks]!++;
      if (price > open[at + Open.high]!) open[at + Open.high] = price;
      if (price < open[at + Open.low]!) open[at + Open.low] = price;
      if (time >= open[at + Open.lastTime]!) {
        open[at + Open.close] = price;
        open[at + Open.lastTime] = time;
      }
      if (time < open[at + Open.firstTime]!) {
        open[at + Open.open] = price;
        open[at + Open.firstTime] = time;
      }
      open[at + Open.lastSequence] = sequence + row;
      open[at + Open.hash]! += tickHash(time, price, figures[volumes + row]!);
      const sources = (flag & stamped) === 0 ? byUs : byExchange;
      const marks = open[at + Open.marks]!;
      if (marks !== sources) open[at + Open.marks] = marks | sources;
      const interest = figures[interests + row]!;
      if (interest >= 0) open[at + Open.interest] = interest;
      const step = volume - running;
      if (step > 0) {
        days[day + Day.running] = volume;
        open[at + Open.value]! += price * step;
        open[at + Open.stepped]! += step;
      }
      if (volume > open[at + Open.cumulative]!) open[at + Open.cumulative] = volume;
    }
    return row;
  }

  /** Makes a place for a tick that has none, or whose volume is no ordinary one. False: the row has been dealt with. */
  private prepare(batch: TickBatch, row: number, emit: (batch: BarBatch) => void): boolean {
    const instrument = batch.instrument[row]!;
    if (instrument >= this.tables.capacity) this.tables.grow(instrument + 1);
    const flag = batch.flags[row]!;
    const volume = (flag & UNBELIEVED) === 0 ? batch.volume[row]! : -1;
    const second = Math.floor(batch.time[row]! / 1_000);
    if ((flag & JOINED) !== 0) this.rejoin(instrument, batch.collector, (flag & IN_TIME) !== 0, emit);
    if ((flag & SUSPECT) !== 0) this.doubt(instrument, second, batch, row, emit);
    if ((flag & TRADE) === 0) {
      this.passOver(instrument, second, volume, (flag & AUCTION) !== 0, emit);
      return false;
    }
    if (!this.tables.isOpen(instrument, second)) {
      // Closed by a later tick or by the clock; longer bars have continued without it.
      if (second <= this.tables.own[instrument * Own.size + Own.closedThrough]! || second <= this.lastSwept) {
        this.patch(instrument, second, batch, row, emit);
        return false;
      }
      this.begin(instrument, second, batch.collector, batch.sequence + row, emit);
    }
    if (volume >= 0) this.volume.rebase(instrument, second, volume);
    return true;
  }

  /** A row with a doubtful day volume (`DayVolumes`): the bars it touches are marked. */
  private doubt(
    instrument: number,
    second: number,
    batch: TickBatch,
    row: number,
    emit: (batch: BarBatch) => void,
  ): void {
    const flag = batch.flags[row]!;
    const isBelieved = (flag & UNBELIEVED) === 0;
    const volume = batch.volume[row]!;
    if ((flag & RESET) !== 0 && this.volume.doubted(instrument) >= 0) {
      // What is open counts from the old line.
      this.closeThrough(instrument, this.volume.endOfOldLine(instrument), emit);
      this.volume.startAnew(instrument, second, volume);
    } else if (isBelieved) this.volume.confirm(instrument, volume);
    this.volume.doubt(instrument, second, isBelieved ? -1 : volume);
    if ((flag & AUCTION) !== 0) return; // its own bar is marked
    this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
    const time = batch.time[row]!;
    this.holes.breakOpen(instrument, time, time, emit, (second - this.watermarkSeconds) * 1_000);
    if ((flag & TRADE) !== 0 && !this.tables.isOpen(instrument, second)) this.holes.breakNext(instrument);
  }

  /** First row of an instrument over a new connection. */
  private rejoin(instrument: number, collector: number, inTime: boolean, emit: (batch: BarBatch) => void): void {
    this.closeThrough(instrument, this.tables.own[instrument * Own.size + Own.newest]!, emit);
    this.volume.forget(instrument);
    this.holes.rejoin(instrument, collector, inTime);
  }

  /** Our time as far as the feed has reached it (`FeedLag`): what ends before it, less the watermark, is closed. */
  feedTime(now: number): number {
    return this.followFeed ? this.lag.feedTime(now) : now;
  }

  private begin(
    instrument: number,
    second: number,
    collector: number,
    sequence: number,
    emit: (batch: BarBatch) => void,
  ): void {
    const { own: figures, open } = this.tables;
    const own = instrument * Own.size;
    if (second > figures[own + Own.newest]!) {
      this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
      figures[own + Own.newest] = second;
    }
    if (second < figures[own + Own.oldest]!) figures[own + Own.oldest] = second;
    figures[own + Own.collector] = collector;
    const at = this.tables.placeOf(instrument, second);
    open[at + Open.second] = second;
    open[at + Open.ticks] = 0;
    // The first tick is the highest and lowest, the first and last of an unseen bar.
    open[at + Open.high] = Number.NEGATIVE_INFINITY;
    open[at + Open.low] = Number.POSITIVE_INFINITY;
    open[at + Open.lastTime] = Number.NEGATIVE_INFINITY;
    open[at + Open.firstTime] = Number.POSITIVE_INFINITY;
    open[at + Open.firstSequence] = sequence;
    open[at + Open.cumulative] = -1;
    open[at + Open.value] = 0;
    open[at + Open.stepped] = 0;
    open[at + Open.hash] = 0;
    open[at + Open.interest] = -1;
    open[at + Open.marks] = this.holes.takeNext(instrument);
  }

  /**
   * A row that enters no bar. An auction's volume belongs to no second, so the base moves past it. Any other row only
   * sets the base if it is unknown, because a book move has no volume.
   */
  private passOver(
    instrument: number,
    second: number,
    volume: number,
    isAuction: boolean,
    emit: (batch: BarBatch) => void,
  ): void {
    if (!isAuction) {
      if (volume >= 0 && this.volume.isUnknown(instrument)) this.volume.rebase(instrument, second, volume);
      return;
    }
    this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
    if (volume >= 0) this.volume.passAuction(instrument, second, volume);
  }

  /**
   * A recording's trading date begins: the day's volume before its first tick, or -1 if unknown (then that tick's own
   * value is the base).
   */
  beginDay(instrument: number, time: number, volume: number, emit: (batch: BarBatch) => void): void {
    if (instrument >= this.tables.capacity) this.tables.grow(instrument + 1);
    this.closeThrough(instrument, this.tables.own[instrument * Own.size + Own.newest]!, emit);
    this.volume.startFrom(instrument, Math.floor(time / 1_000) - 1, volume);
    this.out.flush(emit);
  }

  private closeThrough(instrument: number, through: number, emit: (batch: BarBatch) => void): void {
    const { own: figures, open } = this.tables;
    const own = instrument * Own.size;
    const newest = figures[own + Own.newest]!;
    let second = figures[own + Own.oldest]!;
    if (second <= through) {
      for (; second <= newest; second++) {
        if (open[this.tables.placeOf(instrument, second) + Open.second] !== second) continue;
        if (second > through) break;
        this.closeSecond(instrument, second, emit);
      }
      figures[own + Own.oldest] = second <= newest ? second : NONE;
    }
    if (through > figures[own + Own.closedThrough]! && through !== Number.MAX_SAFE_INTEGER)
      figures[own + Own.closedThrough] = through;
  }

  private closeSecond(instrument: number, second: number, emit: (batch: BarBatch) => void): void {
    const { own, open } = this.tables;
    const at = this.tables.placeOf(instrument, second);
    const volume = this.volume.take(instrument, second, open[at + Open.cumulative]!);
    const out = this.out.withRoom(emit);
    const row = out.length++;
    out.event[row] = CLOSE;
    out.instrument[row] = instrument;
    out.timeframe[row] = 0;
    out.time[row] = second * 1_000;
    out.end[row] = second * 1_000 + 1_000;
    out.open[row] = open[at + Open.open]!;
    out.high[row] = open[at + Open.high]!;
    out.low[row] = open[at + Open.low]!;
    out.close[row] = open[at + Open.close]!;
    out.volume[row] = volume;
    out.value[row] = this.volume.valueOf(at, volume);
    out.ticks[row] = open[at + Open.ticks]!;
    out.openInterest[row] = open[at + Open.interest]!;
    out.rev[row] = 1;
    out.state[row] = CLOSED;
    out.incomplete[row] = open[at + Open.marks]! >= BROKEN ? 1 : 0;
    out.late[row] = 0;
    out.firstTime[row] = open[at + Open.firstTime]!;
    out.lastTime[row] = open[at + Open.lastTime]!;
    out.firstSequence[row] = open[at + Open.firstSequence]!;
    out.lastSequence[row] = open[at + Open.lastSequence]!;
    out.sources[row] = open[at + Open.marks]! & (BROKEN - 1);
    const hash = open[at + Open.hash]!;
    out.hash[row] = hash < HASH_SIZE ? hash : hash % HASH_SIZE;
    open[at + Open.second] = -1;
    const closedThrough = instrument * Own.size + Own.closedThrough;
    if (second > own[closedThrough]!) own[closedThrough] = second;
  }

  /**
   * A tick of a closed second travels alone, to be added to the bars that contain it. Later ticks have already counted
   * its volume.
   */
  private patch(
    instrument: number,
    second: number,
    batch: TickBatch,
    row: number,
    emit: (batch: BarBatch) => void,
  ): void {
    this.late++;
    const price = batch.price[row]!;
    // The first row of a connection says where counting begins, also when it comes too late.
    if (this.volume.isUnknown(instrument) && batch.volume[row]! >= 0 && (batch.flags[row]! & UNBELIEVED) === 0)
      this.volume.rebase(instrument, second, batch.volume[row]!);
    const out = this.out.withRoom(emit);
    const at = appendFlat(out, PATCH, instrument, 0, second * 1_000, second * 1_000 + 1_000, price);
    out.ticks[at] = 1;
    out.late[at] = 1;
    out.firstTime[at] = batch.time[row]!;
    out.lastTime[at] = batch.time[row]!;
    out.firstSequence[at] = batch.sequence + row;
    out.lastSequence[at] = batch.sequence + row;
    out.sources[at] =
      FROM_STREAM |
      FROM_LATE |
      fromCollector(batch.collector) |
      ((batch.flags[row]! & EXCHANGE_CLOCK) === 0 ? BY_OUR_CLOCK : BY_EXCHANGE_CLOCK);
    out.hash[at] = tickHash(batch.time[row]!, price, batch.volume[row]!);
  }

  /** State of all instruments, to continue from later: the same ticks after it give the same bars. */
  snapshot(): SecondBarsSnapshot {
    const { tables, lastSwept, late, lag } = this;
    return { format: STAGE_SNAPSHOT_FORMAT, ...tables.snapshot(), lastSwept, late, lag: lag.snapshot() };
  }

  restore(snapshot: SecondBarsSnapshot): void {
    mustBeReadable(snapshot.format);
    this.tables.restore(snapshot);
    this.lastSwept = snapshot.lastSwept;
    this.late = snapshot.late;
    this.lag.restore(snapshot.lag);
  }
}

export interface SecondBarsSnapshot extends SecondTablesSnapshot {
  format: number;
  lastSwept: number;
  late: number;
  lag: FeedLagSnapshot;
}
