import {
  type BarBatch,
  barBatch,
  BY_EXCHANGE_CLOCK,
  BY_OUR_CLOCK,
  CLOSE,
  CLOSED,
  CUT,
  FROM_LATE,
  FROM_STREAM,
  fromCollector,
  HASH_SIZE,
  PATCH,
  PATCHED,
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
import { widen } from "@/server/domain/basics/columns";
import { istDay } from "@/server/domain/time/session";
import { baseAt, BROKEN, Day, DAY_SECONDS, dayOf, NONE, Open, Own, ringOf, volumeOf } from "./second-row";
import { FeedLag, type FeedLagSnapshot } from "./feed-lag";
import { mustBeReadable, STAGE_SNAPSHOT_FORMAT } from "./snapshot-format";
import type { Core } from "./stage";

/** Small enough that what reads the batch finds it in the processor's cache. */
const FLUSH_ROWS = 1_024;

/** A tick that came last may be of the second before: its stamp is a whole second, and it was some time on its way. */
const UNDERWAY_MS = 1_000;

/**
 * Ticks to one-second bars. A second stays open until the watermark has passed it, so that ticks which arrive out of
 * order inside it give the bar that order would have given: volume is the difference of the greatest cumulative day
 * volumes of neighbouring seconds, not a sum of steps. Later ticks patch.
 */
export class SecondBars implements Core<TickMessage, BarBatch> {
  /** Ticks older than the watermark: they patched a closed second. */
  late = 0;
  private readonly ring: number;
  private readonly mask: number;
  private capacity = 0;
  private own = new Float64Array(0);
  private days = new Float64Array(0);
  private open = new Float64Array(0);
  private cut = new Uint8Array(0); // 1: the feed was away, the next second is incomplete
  private readonly out = barBatch(FLUSH_ROWS);
  private lastSwept = 0;
  private readonly lag = new FeedLag();

  /** `followFeed`: seconds wait for a feed that lags behind our clock. Recordings have no clock. */
  constructor(
    readonly watermarkSeconds = 2,
    private readonly followFeed = true,
  ) {
    this.ring = ringOf(watermarkSeconds);
    this.mask = this.ring - 1;
  }

  on(message: TickMessage, emit: (batch: BarBatch) => void): void {
    if (message.kind === "ticks") this.fold(message, emit);
    else if (message.kind === "disconnected" || message.kind === "connected" || message.kind === "silent")
      this.markCut(message.collector, message.receivedTime, emit);
    this.flush(emit);
  }

  /** Closes every second the clock's watermark has passed. */
  at(now: number, emit: (batch: BarBatch) => void): void {
    // How far the feed is behind our clock its first row will tell: until then no second is past.
    if (this.followFeed && this.capacity === 0) return;
    const through = Math.floor(this.feedTime(now) / 1_000) - this.watermarkSeconds - 1;
    if (through <= this.lastSwept) return;
    this.lastSwept = through;
    for (let instrument = 0; instrument < this.capacity; instrument++) {
      if (this.own[instrument * Own.size + Own.oldest]! <= through) this.closeThrough(instrument, through, emit);
    }
    this.flush(emit);
  }

  /** Closes all there is: the end of a file, or a stop that loses nothing. */
  finish(emit: (batch: BarBatch) => void): void {
    for (let instrument = 0; instrument < this.capacity; instrument++)
      this.closeThrough(instrument, Number.MAX_SAFE_INTEGER, emit);
    this.flush(emit);
  }

  /** Greatest day volume seen of the newest trading date (`volumeDay`), open seconds included; -1 when there is none. */
  dayVolume(instrument: number): number {
    if (instrument >= this.capacity) return -1;
    const base = this.days[instrument * Day.size + Day.base]!;
    const running = this.days[instrument * Day.size + Day.running]!;
    return base < 0 ? -1 : this.hasNewDate(instrument) ? running : Math.max(running, base);
  }

  /** IST day number of `dayVolume`. */
  volumeDay(instrument: number): number {
    if (instrument >= this.capacity) return 0;
    const own = instrument * Own.size;
    return istDay(this.own[own + (this.hasNewDate(instrument) ? Own.running : Own.day)]! * 1_000);
  }

  /** True while the first seconds of a date are open: the base is of the old date still. */
  private hasNewDate(instrument: number): boolean {
    const own = instrument * Own.size;
    return this.own[own + Own.running]! > this.own[own + Own.day]!;
  }

  /** Open seconds of an instrument, oldest first, into cells from `cell` on; answers how many. */
  openSeconds(instrument: number, into: Accumulators, cell: number): number {
    if (instrument >= this.capacity) return 0;
    const { own: figures, open } = this;
    const own = instrument * Own.size;
    let count = 0;
    let base = this.days[instrument * Day.size + Day.base]!;
    let day = figures[own + Own.day]!;
    const newest = figures[own + Own.newest]!;
    for (let second = figures[own + Own.oldest]!; second <= newest; second++) {
      const at = this.placeOf(instrument, second);
      if (open[at + Open.second] !== second) continue;
      const cumulative = open[at + Open.cumulative]!;
      const before = baseAt(base, day, cumulative, second);
      const volume = volumeOf(cumulative, before);
      if (cumulative > before || (cumulative >= 0 && before !== base)) {
        base = cumulative;
        day = dayOf(second);
      }
      into.begin(
        cell + count++,
        second * 1_000,
        second * 1_000 + 1_000,
        open[at + Open.open]!,
        open[at + Open.high]!,
        open[at + Open.low]!,
        open[at + Open.close]!,
        volume,
        this.valueOf(at, volume),
        open[at + Open.ticks]!,
        open[at + Open.interest]!,
        open[at + Open.marks]! >= BROKEN ? 1 : 0,
      );
    }
    return count;
  }

  /** Where a second of an instrument stands, if it is open. */
  private placeOf(instrument: number, second: number): number {
    return ((second & this.mask) * this.capacity + instrument) * Open.size;
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
   * Adds ticks to their open seconds, from row `from` on, until one needs to be prepared; answers its row. Row `prepared`
   * has been. Nearly every tick passes here: no call in the loop, and what each tick needs is looked up once.
   */
  private take(batch: TickBatch, from: number, prepared: number): number {
    const { days, open, capacity, mask } = this;
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
        // A volume that grows, as nearly every one does, leaves the base alone.
        if (volume >= 0 && (base < 0 || volume < base || volume < running)) break;
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
    if (instrument >= this.capacity) this.grow(instrument + 1);
    const flag = batch.flags[row]!;
    const volume = (flag & UNBELIEVED) === 0 ? batch.volume[row]! : -1;
    const second = Math.floor(batch.time[row]! / 1_000);
    const own = instrument * Own.size;
    if ((flag & JOINED) !== 0) this.rejoin(instrument, batch.collector, (flag & IN_TIME) !== 0, emit);
    if ((flag & SUSPECT) !== 0) this.doubt(instrument, second, batch, row, emit);
    if ((flag & TRADE) === 0) {
      this.passOver(instrument, second, volume, (flag & AUCTION) !== 0, emit);
      return false;
    }
    if (this.open[this.placeOf(instrument, second) + Open.second] !== second) {
      // By the tick after it, or by the clock: longer bars have gone on without it.
      if (second <= this.own[own + Own.closedThrough]! || second <= this.lastSwept) {
        this.patch(instrument, second, batch, row, emit);
        return false;
      }
      this.begin(instrument, second, batch.collector, batch.sequence + row, emit);
    }
    if (volume >= 0) this.rebase(instrument, second, volume);
    return true;
  }

  /** A row of which the day's volume is in doubt (`DayVolumes`): the bars it touches are marked. */
  private doubt(
    instrument: number,
    second: number,
    batch: TickBatch,
    row: number,
    emit: (batch: BarBatch) => void,
  ): void {
    const { own: figures, open } = this;
    const own = instrument * Own.size;
    const flag = batch.flags[row]!;
    const volume = batch.volume[row]!;
    const doubted = figures[own + Own.doubt]!;
    if ((flag & RESET) !== 0 && doubted >= 0) {
      // What is open counts from the old line; a second that has only doubtful figures counts from none.
      const since = figures[own + Own.doubtSecond]!;
      const at = this.placeOf(instrument, since);
      this.closeThrough(
        instrument,
        open[at + Open.second] === since && open[at + Open.cumulative]! >= 0 ? since : since - 1,
        emit,
      );
      this.startAnew(instrument, since, second <= figures[own + Own.closedThrough]! ? volume : doubted);
    } else if (
      (flag & UNBELIEVED) === 0 &&
      doubted > this.days[instrument * Day.size + Day.base]! &&
      doubted <= volume
    ) {
      // It was true: it belongs to the second that told it, if that is still open.
      const at = this.placeOf(instrument, figures[own + Own.doubtSecond]!);
      if (open[at + Open.second] === figures[own + Own.doubtSecond]! && open[at + Open.cumulative]! < doubted)
        open[at + Open.cumulative] = doubted;
    }
    figures[own + Own.doubt] = (flag & UNBELIEVED) === 0 ? -1 : volume;
    figures[own + Own.doubtSecond] = second;
    if ((flag & AUCTION) !== 0) return; // its own bar is marked
    this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
    this.breakOpen(
      instrument,
      batch.time[row]!,
      batch.time[row]! - UNDERWAY_MS,
      emit,
      (second - this.watermarkSeconds) * 1_000,
    );
    if ((flag & TRADE) !== 0 && open[this.placeOf(instrument, second) + Open.second] !== second)
      this.cut[instrument] = 1;
  }

  /**
   * Two packets agree on another line of the day's volume. Where it is lower, more has been counted than it says; where it goes
   * back to the one before, only what that one has gained since is volume, and all of it.
   */
  private startAnew(instrument: number, second: number, volume: number): void {
    const own = instrument * Own.size;
    const base = Math.max(this.days[instrument * Day.size + Day.base]!, 0);
    const counted = base + this.own[own + Own.surplus]!;
    const from = volume < base ? volume : Math.min(volume, counted);
    this.startFrom(instrument, second, from);
    this.own[own + Own.surplus] = counted - from;
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
    const { own: figures, open } = this;
    const own = instrument * Own.size;
    if (second > figures[own + Own.newest]!) {
      this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
      figures[own + Own.newest] = second;
    }
    if (second < figures[own + Own.oldest]!) figures[own + Own.oldest] = second;
    figures[own + Own.collector] = collector;
    const at = this.placeOf(instrument, second);
    open[at + Open.second] = second;
    open[at + Open.ticks] = 0;
    // The first tick is above and below, after and before what nobody has seen.
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
    open[at + Open.marks] = this.cut[instrument] === 1 ? BROKEN : 0;
    this.cut[instrument] = 0;
  }

  /**
   * A row that enters no bar. An auction's volume belongs to no second: the base moves past it. Any other row only says
   * where counting begins when nobody knows: a book that moved has no volume of its own.
   */
  private passOver(
    instrument: number,
    second: number,
    volume: number,
    isAuction: boolean,
    emit: (batch: BarBatch) => void,
  ): void {
    const { own: figures, days } = this;
    const own = instrument * Own.size;
    const day = instrument * Day.size;
    if (!isAuction) {
      if (volume >= 0 && days[day + Day.base]! < 0) this.rebase(instrument, second, volume);
      return;
    }
    this.closeThrough(instrument, second - this.watermarkSeconds - 1, emit);
    if (volume < 0) return;
    this.rebase(instrument, second, volume);
    if (figures[own + Own.oldest] !== NONE || second < figures[own + Own.day]!) return;
    const base = days[day + Day.base]!;
    const before = baseAt(base, figures[own + Own.day]!, volume, second);
    if (volume < before || (volume === before && before === base)) return;
    this.startFrom(instrument, second, volume);
  }

  /**
   * A recording's trading date begins: the day's volume before its first tick, -1 when nobody knows it (then that
   * tick's own figure is the base).
   */
  beginDay(instrument: number, time: number, volume: number, emit: (batch: BarBatch) => void): void {
    if (instrument >= this.capacity) this.grow(instrument + 1);
    this.closeThrough(instrument, this.own[instrument * Own.size + Own.newest]!, emit);
    this.startFrom(instrument, Math.floor(time / 1_000) - 1, volume);
    this.flush(emit);
  }

  /**
   * Keeps the value that differences are taken from. Unknown (the first tick after a connect): the day's volume so far
   * is not one huge trade. Less than before on the same date was not believed (`DayVolumes`), or was overtaken. A new
   * date's figure becomes the base when its second closes (`baseAt`): seconds of the old date may still be open.
   */
  private rebase(instrument: number, second: number, volume: number): void {
    const { own: figures, days } = this;
    const own = instrument * Own.size;
    const at = instrument * Day.size;
    const base = days[at + Day.base]!;
    const running = days[at + Day.running]!;
    const day = figures[own + Own.day]!;
    if (base < 0) {
      this.startFrom(instrument, second, volume);
      return;
    }
    // Believed, and less than where counting began: that was the old date's figure, which a first packet tells without a time.
    if (
      second >= day &&
      second < day + DAY_SECONDS &&
      volume < base &&
      second >= figures[own + Own.newest]! &&
      second > figures[own + Own.baseSecond]!
    ) {
      this.startFrom(instrument, second, volume);
      return;
    }
    // The old date's figure, repeated, tells nothing of the new one.
    if (second < day + DAY_SECONDS || volume === running || second < figures[own + Own.running]! + DAY_SECONDS) return;
    figures[own + Own.running] = dayOf(second);
    if (volume < running) days[at + Day.running] = 0;
  }

  /** Counting begins here: nothing before is a difference. */
  private startFrom(instrument: number, second: number, volume: number): void {
    this.moveBase(instrument, second, volume);
    this.days[instrument * Day.size + Day.running] = Math.max(volume, 0);
    this.own[instrument * Own.size + Own.running] = dayOf(second);
  }

  private moveBase(instrument: number, second: number, volume: number): void {
    const { own: figures } = this;
    const own = instrument * Own.size;
    const day = figures[own + Own.day]!;
    this.days[instrument * Day.size + Day.base] = volume;
    figures[own + Own.baseSecond] = second;
    if (second >= day && second < day + DAY_SECONDS) return;
    figures[own + Own.day] = dayOf(second);
    figures[own + Own.surplus] = 0;
  }

  /** Traded value of a second: steps seen at their prices; what reordering moved between seconds takes the average price. */
  private valueOf(at: number, volume: number): number {
    if (volume === 0) return 0;
    const { open } = this;
    const stepped = open[at + Open.stepped]!;
    if (stepped === volume) return open[at + Open.value]!;
    return stepped > 0 ? Math.round((open[at + Open.value]! / stepped) * volume) : open[at + Open.close]! * volume;
  }

  private closeThrough(instrument: number, through: number, emit: (batch: BarBatch) => void): void {
    const { own: figures, open } = this;
    const own = instrument * Own.size;
    const newest = figures[own + Own.newest]!;
    let second = figures[own + Own.oldest]!;
    if (second <= through) {
      for (; second <= newest; second++) {
        if (open[this.placeOf(instrument, second) + Open.second] !== second) continue;
        if (second > through) break;
        this.closeSecond(instrument, second, emit);
      }
      figures[own + Own.oldest] = second <= newest ? second : NONE;
    }
    if (through > figures[own + Own.closedThrough]! && through !== Number.MAX_SAFE_INTEGER)
      figures[own + Own.closedThrough] = through;
  }

  private closeSecond(instrument: number, second: number, emit: (batch: BarBatch) => void): void {
    const { own: figures, open } = this;
    const own = instrument * Own.size;
    const at = this.placeOf(instrument, second);
    const cumulative = open[at + Open.cumulative]!;
    const base = this.days[instrument * Day.size + Day.base]!;
    const before = baseAt(base, figures[own + Own.day]!, cumulative, second);
    const volume = volumeOf(cumulative, before);
    // Also a new date's first figure of 0: the old date's is the base no longer.
    if (cumulative > before || (cumulative >= 0 && before !== base)) this.moveBase(instrument, second, cumulative);
    if (this.out.length === FLUSH_ROWS) this.flush(emit);
    const { out } = this;
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
    out.value[row] = this.valueOf(at, volume);
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
    if (second > figures[own + Own.closedThrough]!) figures[own + Own.closedThrough] = second;
  }

  /** A tick of a second that is closed goes on alone, to be added to the bars that hold it. Its volume has been counted by the ticks after it. */
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
    if (
      this.days[instrument * Day.size + Day.base]! < 0 &&
      batch.volume[row]! >= 0 &&
      (batch.flags[row]! & UNBELIEVED) === 0
    )
      this.rebase(instrument, second, batch.volume[row]!);
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
    out.sources[at] =
      FROM_STREAM |
      FROM_LATE |
      fromCollector(batch.collector) |
      ((batch.flags[row]! & EXCHANGE_CLOCK) === 0 ? BY_OUR_CLOCK : BY_EXCHANGE_CLOCK);
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
    for (const column of [
      out.open,
      out.high,
      out.low,
      out.close,
      out.volume,
      out.value,
      out.ticks,
      out.late,
      out.firstTime,
      out.lastTime,
      out.firstSequence,
      out.lastSequence,
      out.sources,
      out.hash,
    ])
      column[at] = 0;
    out.openInterest[at] = -1;
    out.rev[at] = 1;
    out.state[at] = PATCHED;
    out.incomplete[at] = 0;
    return at;
  }

  /**
   * The connection came or went, or brought nothing since `now`: what is open has a hole, in every timeframe, and so has
   * the second that comes next. A silence is noticed late: the second it began in may be closed and stored as whole.
   */
  private markCut(collector: number, now: number, emit: (batch: BarBatch) => void): void {
    const since = this.feedTime(now) - UNDERWAY_MS;
    for (let instrument = 0; instrument < this.capacity; instrument++) {
      if (this.own[instrument * Own.size + Own.collector] !== collector) continue;
      this.breakOpen(instrument, now, since, emit);
      this.cut[instrument] = 1;
    }
  }

  /** What is open of an instrument has a hole, and so has its newest second, closed already, if that ended after `since`. Of bars that ended by `settled` all seconds are closed. */
  private breakOpen(
    instrument: number,
    now: number,
    since: number,
    emit: (batch: BarBatch) => void,
    settled = 0,
  ): void {
    const { own: figures, open } = this;
    const own = instrument * Own.size;
    const newest = figures[own + Own.newest]!;
    for (let second = figures[own + Own.oldest]!; second <= newest; second++) {
      const at = this.placeOf(instrument, second);
      if (open[at + Open.second] === second) open[at + Open.marks] = open[at + Open.marks]! | BROKEN;
    }
    this.next(instrument, CUT, now, settled, emit);
    if (newest * 1_000 + 1_000 > since && open[this.placeOf(instrument, newest) + Open.second] !== newest)
      this.breakClosed(instrument, newest, emit);
  }

  /** A patch that holds no tick, only that its bars have a hole: as wide as the second, and neither its open nor its close. */
  private breakClosed(instrument: number, second: number, emit: (batch: BarBatch) => void): void {
    const { open, out } = this;
    const row = this.next(instrument, PATCH, second * 1_000, second * 1_000 + 1_000, emit);
    const at = this.placeOf(instrument, second); // nothing has come since: its figures still stand there
    out.open[row] = open[at + Open.open]!;
    out.high[row] = open[at + Open.high]!;
    out.low[row] = open[at + Open.low]!;
    out.close[row] = open[at + Open.close]!;
    out.firstTime[row] = open[at + Open.lastTime]!;
    out.lastTime[row] = second * 1_000 - 1;
    out.firstSequence[row] = open[at + Open.firstSequence]!;
    out.lastSequence[row] = open[at + Open.lastSequence]!;
    out.sources[row] = open[at + Open.marks]! & (BROKEN - 1);
    out.incomplete[row] = 1;
  }

  /** First row of an instrument over a new connection: the next day volume is not a difference; the next second has a hole, unless it came in time. */
  private rejoin(instrument: number, collector: number, inTime: boolean, emit: (batch: BarBatch) => void): void {
    const own = instrument * Own.size;
    this.closeThrough(instrument, this.own[own + Own.newest]!, emit);
    this.days[instrument * Day.size + Day.base] = -1;
    this.own[own + Own.surplus] = 0;
    this.own[own + Own.collector] = collector;
    this.cut[instrument] = inTime ? 0 : 1;
  }

  /** State of all instruments, to go on from later: with the same ticks after it the bars are the same. */
  snapshot(): SecondBarsSnapshot {
    const { capacity, own, days, open, cut, lastSwept, late } = this;
    return {
      format: STAGE_SNAPSHOT_FORMAT,
      capacity,
      own: own.slice(),
      days: days.slice(),
      open: open.slice(),
      cut: cut.slice(),
      lastSwept,
      late,
      lag: this.lag.snapshot(),
    };
  }

  restore(snapshot: SecondBarsSnapshot): void {
    mustBeReadable(snapshot.format);
    if (snapshot.open.length !== snapshot.capacity * this.ring * Open.size)
      throw new RangeError("a snapshot with a different watermark");
    this.capacity = snapshot.capacity;
    this.own = snapshot.own.slice();
    this.days = snapshot.days.slice();
    this.open = snapshot.open.slice();
    this.cut = snapshot.cut.slice();
    this.lastSwept = snapshot.lastSwept;
    this.late = snapshot.late;
    this.lag.restore(snapshot.lag);
  }

  private flush(emit: (batch: BarBatch) => void): void {
    if (this.out.length === 0) return;
    emit(this.out);
    this.out.length = 0;
  }

  private grow(capacity: number): void {
    const before = this.capacity;
    const size = Math.max(capacity, before * 2, 64);
    const open = new Float64Array(size * this.ring * Open.size);
    for (let at = Open.second; at < open.length; at += Open.size) open[at] = -1;
    for (let place = 0; place < this.ring; place++) {
      open.set(
        this.open.subarray(place * before * Open.size, (place + 1) * before * Open.size),
        place * size * Open.size,
      );
    }
    this.open = open;
    this.own = widen(this.own, size * Own.size);
    this.cut = widen(this.cut, size);
    this.days = widen(this.days, size * Day.size);
    for (let instrument = before; instrument < size; instrument++) {
      this.days[instrument * Day.size + Day.base] = -1;
      this.own[instrument * Own.size + Own.collector] = -1;
      this.own[instrument * Own.size + Own.doubt] = -1;
      this.own[instrument * Own.size + Own.oldest] = NONE;
    }
    this.capacity = size;
  }
}

export interface SecondBarsSnapshot {
  format: number;
  capacity: number;
  own: Float64Array<ArrayBuffer>;
  days: Float64Array<ArrayBuffer>;
  open: Float64Array<ArrayBuffer>;
  cut: Uint8Array<ArrayBuffer>;
  lastSwept: number;
  late: number;
  lag: FeedLagSnapshot;
}
