import { Accumulators } from "@/server/domain/bars/accumulators";
import {
  type BarBatch,
  barBatch,
  type BarColumns,
  barColumns,
  type BarPassport,
  CLOSE,
  CLOSED,
  CUT,
  FORMING,
  PATCH,
  PATCHED,
  passportAt,
} from "@/server/domain/bars/bar";
import { barEnd, barStart } from "@/server/domain/bars/bar-time";
import { widen } from "@/server/domain/basics/columns";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { spanAt } from "@/server/domain/bars/resample";
import { type Calendar, istDay, type Session } from "@/server/domain/time/session";
import { type AnyTimeframe, type Timeframe, timeframe, timeframes } from "@/server/domain/time/timeframe";
import type { SecondBars } from "./aggregate";
import { mustBeReadable, STAGE_SNAPSHOT_FORMAT } from "./snapshot-format";
import type { Core } from "./stage";

const COUNT = timeframes.length;
const FIRST = timeframe("5s").index;
const MINUTE = timeframe("1m").index;
const DAY = timeframe("1d").index;
const isPeriod = ({ kind }: Timeframe): boolean => kind === "week" || kind === "month";
const fromMinutes = timeframes
  .filter((each) => !isPeriod(each) && each.from !== "1s" && each.index !== MINUTE)
  .map((each) => each.index);
const fromDays = timeframes.filter(isPeriod).map((each) => each.index);
/** What a closed bar goes into: seconds into 5s, those into 15s, 30s and 1m, minutes into the rest, days into weeks and months. */
const feeds: readonly (readonly number[])[] = timeframes.map(({ index }) =>
  index < MINUTE ? [index + 1] : index === MINUTE ? fromMinutes : index === DAY ? fromDays : [],
);
/** The open bars a forming bar is made of, longest first: itself, what feeds it, what feeds that. */
const parts: readonly (readonly number[])[] = timeframes.map((each) => {
  const chain: number[] = [];
  let index: number | undefined = each.index;
  while (index !== undefined && index > 0) {
    chain.push(index);
    index = feeds.findIndex((fed) => fed.includes(index!));
  }
  return chain;
});
/** Small enough that what reads the batch finds it in the processor's cache. */
const FLUSH_ROWS = 1_024;
const NEVER = Number.POSITIVE_INFINITY;

/**
 * Closed seconds to every longer timeframe, as a cascade: a bar folds into the next longer one when it closes, so a
 * second costs one fold. A forming bar is its open parts plus the open seconds, merged when somebody asks (`forming`).
 */
export class TimeframeBars implements Core<BarBatch, BarBatch> {
  /** Timeframe by timeframe: what ends together lies together, and is read from end to end. */
  private cells = new Accumulators(0);
  private capacity = 0;
  /** Earliest end of any open bar of the instrument up to a minute, and beyond: most are not due at a glance. */
  private due = new Float64Array(0);
  private dueLong = new Float64Array(0);
  /** 0: today's earlier minutes have not been loaded yet, longer bars would start in the middle. */
  private warm = new Uint8Array(0);
  /** Bars of the instrument that end at or before this were closed by a late tick, ahead of the clock. */
  private closedTo = new Float64Array(0);
  private readonly sessions: (Session | null)[] = [];
  private readonly out = barBatch(FLUSH_ROWS);
  private readonly pieces = new Accumulators(32);
  private lastSwept = 0;

  constructor(
    private readonly calendar: Calendar,
    private readonly table: InstrumentTable,
    private readonly seconds: SecondBars,
    /** Files begin where their data begin: nothing earlier is to be loaded. */
    private readonly startsWarm = false,
  ) {}

  on(batch: BarBatch, emit: (batch: BarBatch) => void): void {
    for (let row = 0; row < batch.length; row++) {
      const instrument = batch.instrument[row]!;
      if (instrument >= this.capacity) this.grow(instrument + 1);
      if (batch.event[row] === PATCH) {
        this.late(instrument, batch, row, emit);
        continue;
      }
      if (batch.event[row] === CUT) {
        this.closeDue(instrument, batch.end[row]!, emit);
        this.markOpen(instrument, batch.time[row]!);
        continue;
      }
      this.roll(instrument, batch, row, emit);
    }
    // The seconds go on as they came, once no reader can miss them in a forming bar; then what they closed.
    emit(batch);
    this.flush(emit);
  }

  /** Closes every bar whose end the clock's watermark has passed. */
  at(now: number, emit: (batch: BarBatch) => void): void {
    const limit = this.settledBefore(now);
    if (limit <= this.lastSwept) return;
    this.lastSwept = limit;
    for (let instrument = 0; instrument < this.capacity; instrument++)
      if (this.due[instrument]! <= limit || this.dueLong[instrument]! <= limit) this.closeDue(instrument, limit, emit);
    this.flush(emit);
  }

  /** Closes all there is: the end of a file. */
  finish(emit: (batch: BarBatch) => void): void {
    for (let instrument = 0; instrument < this.capacity; instrument++) this.closeDue(instrument, NEVER, emit);
    this.flush(emit);
  }

  /**
   * Bars of the timeframe that are not closed yet, oldest first (two while the watermark of the older one runs),
   * appended to `into`. Answers how many.
   */
  forming(instrument: number, of: Timeframe, into: BarColumns): number {
    const { pieces } = this;
    let count = 0;
    if (instrument < this.capacity) {
      for (const index of parts[of.index]!) {
        const cell = this.cellOf(instrument, index);
        if (this.cells.isEmpty(cell)) continue;
        pieces.beginCell(count, this.cells.timeOf(cell), this.cells.endOf(cell), this.cells, cell);
        count++;
      }
    }
    count += this.seconds.openSeconds(instrument, pieces, count);
    let rows = 0;
    let end = 0;
    const whole = pieces.capacity - 1; // the cell in which parts come together
    pieces.clear(whole);
    for (let piece = 0; piece < count; piece++) {
      const time = pieces.timeOf(piece);
      let start = time;
      if (time >= end || pieces.isEmpty(whole)) {
        if (!pieces.isEmpty(whole)) {
          pieces.toColumns(whole, into, FORMING);
          rows++;
          pieces.clear(whole);
        }
        const span = of.index === 0 ? { start: time, end: time + 1_000 } : this.span(instrument, of, time);
        if (span === null) continue;
        start = span.start;
        end = span.end;
      }
      pieces.addCell(whole, start, end, pieces, piece);
    }
    if (!pieces.isEmpty(whole)) {
      pieces.toColumns(whole, into, FORMING);
      rows++;
    }
    return rows;
  }

  /** End of the bar that starts at `start`. */
  endOf(instrument: number, of: AnyTimeframe, start: number): number {
    return of.index === 0 ? start + 1_000 : (this.span(instrument, of, start)?.end ?? start + of.lengthMs);
  }

  /** The calendar has been edited: the next tick of each instrument asks it again. Bars already open keep their ends until `rebuild`. */
  forgetSessions(): void {
    this.sessions.fill(null);
  }

  get watermarkSeconds(): number {
    return this.seconds.watermarkSeconds;
  }

  /** Bars that end at or before this instant are closed. */
  settledBefore(now: number): number {
    return Math.floor(this.seconds.feedTime(now) / 1_000) * 1_000 - this.seconds.watermarkSeconds * 1_000;
  }

  isWarm(instrument: number): boolean {
    return instrument < this.capacity && this.warm[instrument] === 1;
  }

  /**
   * Builds the instrument's longer bars anew from stored closed bars: minutes since the session's open, days of this
   * month and week before today. After a start, and after history healed a gap; harmless at any other time.
   */
  rebuild(
    instrument: number,
    minutes: BarColumns,
    days: BarColumns,
    auctions?: BarColumns,
    passports?: ReadonlyMap<number, BarPassport>,
  ): void {
    if (instrument >= this.capacity) this.grow(instrument + 1);
    for (const index of fromMinutes) this.refold(instrument, index, minutes, passports);
    for (const index of fromDays) this.refold(instrument, index, days);
    for (let row = 0; row < (auctions?.length ?? 0); row++) this.foldAuction(instrument, auctions!, row);
    this.due[instrument] = this.firstEnd(instrument, FIRST, MINUTE);
    this.dueLong[instrument] = this.firstEnd(instrument, MINUTE + 1, COUNT - 1);
    this.warm[instrument] = 1;
  }

  private refold(
    instrument: number,
    index: number,
    rows: BarColumns,
    passports?: ReadonlyMap<number, BarPassport>,
  ): void {
    const cell = this.cellOf(instrument, index);
    this.cells.clear(cell);
    for (let row = 0; row < rows.length; row++) {
      const time = rows.time[row]!;
      if (!this.cells.isEmpty(cell) && time >= this.cells.endOf(cell)) this.cells.clear(cell);
      if (this.cells.isEmpty(cell)) {
        const span = this.span(instrument, timeframes[index]!, time);
        if (span === null) continue;
        this.cells.beginRow(cell, span.start, span.end, rows, row);
      } else this.cells.foldRow(cell, rows, row);
      const passport = passports?.get(time);
      if (passport !== undefined) this.cells.foldPassport(cell, passport);
    }
  }

  /** Folds a closed second into the open 5s bar, closing what it has outlived. */
  private roll(instrument: number, batch: BarBatch, row: number, emit: (batch: BarBatch) => void): void {
    const cell = this.cellOf(instrument, FIRST);
    const { cells } = this;
    const time = batch.time[row]!;
    if (!cells.isEmpty(cell) && time >= cells.endOf(cell)) this.closeCell(instrument, FIRST, emit);
    if (cells.isEmpty(cell)) {
      const session = this.sessionOf(instrument, time);
      if (session === null) return;
      const start = barStart(session, timeframes[FIRST]!, time);
      const end = barEnd(session, timeframes[FIRST]!, start);
      cells.beginBatch(cell, start, end, batch, row);
      this.expect(instrument, FIRST, end);
    } else cells.foldBatch(cell, batch, row);
  }

  /** Folds a closed bar (cell `source`) into the next level. */
  private feed(instrument: number, indexes: readonly number[], source: number, emit: (batch: BarBatch) => void): void {
    const { cells } = this;
    const time = cells.timeOf(source);
    for (const index of indexes) {
      const cell = this.cellOf(instrument, index);
      if (!cells.isEmpty(cell) && time >= cells.endOf(cell)) this.closeCell(instrument, index, emit);
      if (cells.isEmpty(cell)) {
        const of = timeframes[index]!;
        if (isPeriod(of)) {
          const span = this.span(instrument, of, time);
          if (span === null) continue;
          cells.beginCell(cell, span.start, span.end, cells, source);
        } else {
          // Inside one session: no look-up, no allocation.
          const session = this.sessionOf(instrument, time);
          if (session === null) continue;
          const start = barStart(session, of, time);
          cells.beginCell(cell, start, barEnd(session, of, start), cells, source);
        }
        if (index > MINUTE && this.warm[instrument] === 0 && cells.timeOf(cell) < time) cells.markIncomplete(cell);
        this.expect(instrument, index, cells.endOf(cell));
      } else cells.foldCell(cell, cells, source);
    }
  }

  private closeCell(instrument: number, index: number, emit: (batch: BarBatch) => void): void {
    const cell = this.cellOf(instrument, index);
    if (this.out.length === FLUSH_ROWS) this.flush(emit);
    this.cells.toBatch(cell, this.out, CLOSE, instrument, index, CLOSED);
    this.feed(instrument, feeds[index]!, cell, emit);
    this.cells.clear(cell);
  }

  private closeDue(instrument: number, limit: number, emit: (batch: BarBatch) => void): void {
    // In order of length: what closes feeds what may be due next.
    if (this.due[instrument]! <= limit) {
      this.closeEnded(instrument, FIRST, MINUTE, limit, emit);
      this.due[instrument] = this.firstEnd(instrument, FIRST, MINUTE);
    }
    if (this.dueLong[instrument]! <= limit) {
      this.closeEnded(instrument, MINUTE + 1, COUNT - 1, limit, emit);
      this.dueLong[instrument] = this.firstEnd(instrument, MINUTE + 1, COUNT - 1);
    }
  }

  private closeEnded(
    instrument: number,
    from: number,
    to: number,
    limit: number,
    emit: (batch: BarBatch) => void,
  ): void {
    const { cells } = this;
    for (let index = from; index <= to; index++) {
      const cell = this.cellOf(instrument, index);
      if (!cells.isEmpty(cell) && cells.endOf(cell) <= limit) this.closeCell(instrument, index, emit);
    }
  }

  private firstEnd(instrument: number, from: number, to: number): number {
    let first = NEVER;
    for (let index = from; index <= to; index++) {
      const end = this.cells.endOf(this.cellOf(instrument, index));
      if (end !== 0 && end < first) first = end;
    }
    return first;
  }

  /** A bar that ends then has been begun. */
  private expect(instrument: number, index: number, end: number): void {
    const due = index <= MINUTE ? this.due : this.dueLong;
    if (end < due[instrument]!) due[instrument] = end;
  }

  private cellOf(instrument: number, index: number): number {
    return index * this.capacity + instrument;
  }

  /** A tick late for its second: all seconds up to it are closed, so no bar that ended before it gets another part. */
  private late(instrument: number, batch: BarBatch, row: number, emit: (batch: BarBatch) => void): void {
    const time = batch.time[row]!;
    if (time > this.closedTo[instrument]!) {
      this.closedTo[instrument] = time;
      this.closeDue(instrument, time, emit);
    }
    this.patchAll(instrument, batch, row, emit);
  }

  /** A late tick: it widens the open bars that hold it, and patches the closed ones. A hole without a tick only patches: open bars have been told (`CUT`). */
  private patchAll(
    instrument: number,
    batch: BarBatch,
    row: number,
    emit: (batch: BarBatch) => void,
    first = FIRST,
    time = batch.time[row]!,
  ): void {
    const isHole = batch.ticks[row] === 0;
    for (let index = first; index < COUNT; index++) {
      // A part that is still open will bring its width along when it closes.
      if (parts[index]!.some((part) => part !== index && part >= first && this.holds(instrument, part, time))) continue;
      if (this.holds(instrument, index, time)) {
        if (!isHole) this.cells.late(this.cellOf(instrument, index), batch, row);
        continue;
      }
      const span = this.span(instrument, timeframes[index]!, time);
      if (span === null) continue;
      const cell = this.cellOf(instrument, index);
      if (this.cells.isEmpty(cell) && span.end > this.lastSwept && span.end > this.closedTo[instrument]!) {
        // Late for its second, the first of a bar that has not ended: it begins the bar. A patch would be stored as if it were the bar.
        this.cells.beginBatch(cell, span.start, span.end, batch, row);
        this.expect(instrument, index, span.end);
        continue;
      }
      const patched = this.copy(batch, row, emit);
      this.out.timeframe[patched] = index;
      this.out.time[patched] = span.start;
      this.out.end[patched] = span.end;
      this.out.state[patched] = PATCHED;
    }
  }

  /** The feed was away: bars that are open now have a hole. */
  private markOpen(instrument: number, now: number): void {
    for (let index = FIRST; index < COUNT; index++) {
      const cell = this.cellOf(instrument, index);
      if (!this.cells.isEmpty(cell) && this.cells.endOf(cell) > now - this.seconds.watermarkSeconds * 1_000)
        this.cells.markIncomplete(cell);
    }
  }

  /**
   * Auctions enter the day's bar and no shorter one: the day opens at the pre-open's equilibrium price and closes at the
   * closing auction's; their volume is the day's.
   */
  onAuctions(batch: BarBatch, emit: (batch: BarBatch) => void): void {
    for (let row = 0; row < batch.length; row++) {
      const instrument = batch.instrument[row]!;
      if (instrument >= this.capacity) this.grow(instrument + 1);
      if (batch.event[row] === PATCH) {
        this.patchDay(instrument, batch, row, emit);
        continue;
      }
      // Without a clock (a recording) the bars before the auction may still be open.
      this.lastSwept = Math.max(this.lastSwept, batch.time[row]!);
      this.closeDue(instrument, batch.time[row]!, emit);
      this.foldAuction(instrument, batch, row, passportAt(batch, row));
    }
    this.flush(emit);
  }

  /** A tick that came after its auction: the day's bar takes note of it, open or closed, and so do week and month. */
  private patchDay(instrument: number, batch: BarBatch, row: number, emit: (batch: BarBatch) => void): void {
    const session = this.calendar.on(this.table.hours(instrument), istDay(batch.time[row]!));
    if (session !== null) this.patchAll(instrument, batch, row, emit, DAY, session.open);
  }

  private foldAuction(instrument: number, rows: BarColumns, row: number, passport?: BarPassport): void {
    const { cells } = this;
    const session = this.calendar.on(this.table.hours(instrument), istDay(rows.time[row]!));
    if (session === null) return;
    const cell = this.cellOf(instrument, DAY);
    if (!cells.isEmpty(cell) && cells.timeOf(cell) !== session.open) return; // of another day
    const time = rows.time[row]!;
    if (cells.isEmpty(cell)) {
      cells.beginRow(cell, session.open, barEnd(session, timeframes[DAY]!, session.open), rows, row);
      this.expect(instrument, DAY, cells.endOf(cell));
    } else if (time < session.open) cells.foldBefore(cell, rows, row);
    else cells.foldRow(cell, rows, row);
    if (passport !== undefined) cells.foldPassport(cell, passport);
  }

  private holds(instrument: number, index: number, time: number): boolean {
    const cell = this.cellOf(instrument, index);
    return !this.cells.isEmpty(cell) && this.cells.timeOf(cell) <= time && time < this.cells.endOf(cell);
  }

  private span(instrument: number, of: AnyTimeframe, time: number): { start: number; end: number } | null {
    return spanAt(this.calendar, this.table.hours(instrument), of, time);
  }

  private sessionOf(instrument: number, time: number): Session | null {
    const day = istDay(time);
    const known = this.sessions[instrument];
    if (known !== undefined && known !== null && known.day === day)
      return time >= known.open && time < known.close ? known : null;
    const session = this.calendar.on(this.table.hours(instrument), day);
    this.sessions[instrument] = session;
    return session !== null && time >= session.open && time < session.close ? session : null;
  }

  private copy(batch: BarBatch, row: number, emit: (batch: BarBatch) => void): number {
    if (this.out.length === FLUSH_ROWS) this.flush(emit);
    const { out } = this;
    const at = out.length++;
    out.event[at] = batch.event[row]!;
    out.instrument[at] = batch.instrument[row]!;
    out.timeframe[at] = batch.timeframe[row]!;
    out.time[at] = batch.time[row]!;
    out.end[at] = batch.end[row]!;
    out.open[at] = batch.open[row]!;
    out.high[at] = batch.high[row]!;
    out.low[at] = batch.low[row]!;
    out.close[at] = batch.close[row]!;
    out.volume[at] = batch.volume[row]!;
    out.value[at] = batch.value[row]!;
    out.ticks[at] = batch.ticks[row]!;
    out.openInterest[at] = batch.openInterest[row]!;
    out.rev[at] = batch.rev[row]!;
    out.state[at] = batch.state[row]!;
    out.incomplete[at] = batch.incomplete[row]!;
    out.late[at] = batch.late[row]!;
    out.firstTime[at] = batch.firstTime[row]!;
    out.lastTime[at] = batch.lastTime[row]!;
    out.firstSequence[at] = batch.firstSequence[row]!;
    out.lastSequence[at] = batch.lastSequence[row]!;
    out.sources[at] = batch.sources[row]!;
    out.hash[at] = batch.hash[row]!;
    return at;
  }

  /** State of all instruments, to go on from later. */
  snapshot(): TimeframeBarsSnapshot {
    return {
      format: STAGE_SNAPSHOT_FORMAT,
      capacity: this.capacity,
      cells: this.cells.snapshot(),
      due: this.due.slice(),
      dueLong: this.dueLong.slice(),
      warm: this.warm.slice(),
      closedTo: this.closedTo.slice(),
      lastSwept: this.lastSwept,
    };
  }

  restore(snapshot: TimeframeBarsSnapshot): void {
    mustBeReadable(snapshot.format);
    this.cells.restore(snapshot.cells);
    this.capacity = snapshot.capacity;
    this.due = snapshot.due.slice();
    this.dueLong = snapshot.dueLong.slice();
    this.warm = snapshot.warm.slice();
    this.closedTo = snapshot.closedTo.slice();
    this.lastSwept = snapshot.lastSwept;
    this.sessions.length = 0;
  }

  private flush(emit: (batch: BarBatch) => void): void {
    if (this.out.length === 0) return;
    emit(this.out);
    this.out.length = 0;
  }

  private grow(capacity: number): void {
    const size = Math.max(capacity, this.capacity * 2, 64);
    const cells = new Accumulators(size * COUNT);
    for (let index = 0; index < COUNT; index++)
      cells.copy(this.cells, index * this.capacity, this.capacity, index * size);
    this.cells = cells;
    this.due = widen(this.due, size, NEVER);
    this.dueLong = widen(this.dueLong, size, NEVER);
    this.warm = widen(this.warm, size, this.startsWarm ? 1 : 0);
    this.closedTo = widen(this.closedTo, size);
    this.capacity = size;
  }
}

export interface TimeframeBarsSnapshot {
  format: number;
  capacity: number;
  cells: Float64Array;
  due: Float64Array<ArrayBuffer>;
  dueLong: Float64Array<ArrayBuffer>;
  warm: Uint8Array<ArrayBuffer>;
  closedTo: Float64Array<ArrayBuffer>;
  lastSwept: number;
}

/** Room for the forming bars of one instrument and timeframe. */
export const formingColumns = (): BarColumns => barColumns(16);
