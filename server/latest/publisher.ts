import { type BarBatch, barStates, CLOSE, PATCH } from "@/server/domain/bars/bar";
import { widen } from "@/server/domain/basics/columns";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { QuoteBoard } from "@/server/domain/ticks/quote-board";
import { timeframes } from "@/server/domain/time/timeframe";
import type { Sink } from "@/server/pipeline/stage";
import type { Clock } from "@/server/ports/clock";
import type { Latest, LatestBar, LatestTick } from "@/server/ports/latest";

const FLUSH_MS = 50;
/** An instrument is checked every 250 ms, a fifth of them at a time: at most four ticks per second, and no burst. */
const SLICES = 5;

/**
 * From the pipeline to `Latest`: closed and patched bars of every timeframe from the topic, the newest tick of each
 * instrument from the board. `on` copies rows; they are handed over by a timer, off the hot path.
 */
export class LatestPublisher implements Sink<BarBatch> {
  private rows: LatestBar[] = [];
  /** Last closed bar by instrument and timeframe; its patch is published as the whole bar. */
  private readonly last = new Map<number, Kept>();
  private seen = new Float64Array(64);
  private slice = 0;
  private flushedAt = 0;
  private cancelFlush: (() => void) | null = null;
  private stopTicks: (() => void) | null = null;

  constructor(
    private readonly parts: {
      latest: Latest;
      table: InstrumentTable;
      board: QuoteBoard;
      /** Real time, also in a replay. */
      clock: Clock;
    },
  ) {}

  start(): void {
    if (this.parts.latest.isRead) this.stopTicks ??= this.parts.clock.every(FLUSH_MS, () => this.publishTicks());
  }

  /** Flushes what it still has. */
  stop(): void {
    this.stopTicks?.();
    this.stopTicks = null;
    if (!this.parts.latest.isRead) return;
    this.flush();
    for (let slice = 0; slice < SLICES; slice++) this.publishTicks();
  }

  on(batch: BarBatch): void {
    if (!this.parts.latest.isRead) return;
    for (let row = 0; row < batch.length; row++) {
      if (batch.event[row] === CLOSE || batch.event[row] === PATCH) this.rows.push(this.take(batch, row));
    }
    if (this.rows.length === 0 || this.cancelFlush !== null) return;
    const { clock } = this.parts;
    // What closes at the turn of a second is sent at once; later data wait their turn.
    this.cancelFlush = clock.after(Math.max(0, this.flushedAt + FLUSH_MS - clock.now()), () => this.flush());
  }

  private flush(): void {
    this.cancelFlush?.();
    this.cancelFlush = null;
    this.flushedAt = this.parts.clock.now();
    if (this.rows.length === 0) return;
    this.parts.latest.publishBars(this.rows);
    this.rows = [];
  }

  private take(batch: BarBatch, row: number): LatestBar {
    const instrument = batch.instrument[row]!;
    const timeframe = batch.timeframe[row]!;
    const { key, decimals } = this.parts.table.at(instrument);
    const place = instrument * timeframes.length + timeframe;
    const last = this.last.get(place);
    const time = batch.time[row]!;
    const isPatch = batch.event[row] === PATCH;
    const bar: LatestBar = {
      event: isPatch ? "patch" : "close",
      newest: last === undefined ? !isPatch : time >= last.bar.time,
      key,
      timeframe: timeframes[timeframe]!.name,
      decimals,
      time,
      end: batch.end[row]!,
      open: batch.open[row]!,
      high: batch.high[row]!,
      low: batch.low[row]!,
      close: batch.close[row]!,
      volume: batch.volume[row]!,
      value: batch.value[row]!,
      ticks: batch.ticks[row]!,
      openInterest: batch.openInterest[row]!,
      rev: batch.rev[row]!,
      state: barStates[batch.state[row]!]!,
      incomplete: batch.incomplete[row] === 1,
    };
    const kept: Kept = { bar, firstTime: batch.firstTime[row]!, lastTime: batch.lastTime[row]! };
    const whole = isPatch && last !== undefined && last.bar.time === time ? patched(last, kept) : kept;
    if (whole.bar.newest) this.last.set(place, whole);
    return whole.bar;
  }

  private publishTicks(): void {
    const { board, table, latest } = this.parts;
    if (this.seen.length < board.capacity) this.seen = widen(this.seen, board.capacity);
    this.slice = (this.slice + 1) % SLICES;
    const rows: LatestTick[] = [];
    const size = Math.min(table.size, board.capacity);
    for (let instrument = this.slice; instrument < size; instrument += SLICES) {
      const sequence = board.sequence(instrument);
      if (sequence === this.seen[instrument]) continue;
      this.seen[instrument] = sequence;
      const { key, decimals } = table.at(instrument);
      rows.push({
        key,
        decimals,
        price: board.price(instrument),
        volume: board.volume(instrument),
        openInterest: board.openInterest(instrument),
        time: board.time(instrument),
        received: board.received(instrument),
      });
    }
    if (rows.length > 0) latest.publishTicks(rows);
  }
}

/** A bar with the stamps of its first and last tick. */
interface Kept {
  bar: LatestBar;
  firstTime: number;
  lastTime: number;
}

/** A late tick into the bar it belongs to: wider, one tick more, opened or closed by it where its stamp says so. */
const patched = (of: Kept, late: Kept): Kept => ({
  firstTime: Math.min(of.firstTime, late.firstTime),
  lastTime: Math.max(of.lastTime, late.lastTime),
  bar: {
    ...of.bar,
    event: "patch",
    newest: true,
    high: Math.max(of.bar.high, late.bar.high),
    low: Math.min(of.bar.low, late.bar.low),
    open: late.firstTime < of.firstTime ? late.bar.open : of.bar.open,
    close: late.lastTime >= of.lastTime ? late.bar.close : of.bar.close,
    ticks: of.bar.ticks + late.bar.ticks,
    rev: of.bar.rev + 1,
    state: "patched",
  },
});
