import {
  type BarBatch,
  type BarColumns,
  type BarPassport,
  CLOSE,
  CLOSED,
  CUT,
  PATCH,
  passportAt,
} from "@/server/domain/bars/bar";
import { barEnd, barStart } from "@/server/domain/bars/bar-time";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { spanAt } from "@/server/domain/bars/resample";
import { type Calendar, istDay, type Session } from "@/server/domain/time/session";
import { type AnyTimeframe, type Timeframe, timeframes } from "@/server/domain/time/timeframe";
import { AuctionDay } from "./auction-day";
import { BarOutput } from "./bar-output";
import { FormingParts } from "./forming-parts";
import { LateTicks } from "./late-ticks";
import type { SecondBars } from "./second-bars";
import { mustBeReadable, STAGE_SNAPSHOT_FORMAT } from "./snapshot-format";
import type { Core } from "./stage";
import {
  feeds,
  FIRST,
  fromDays,
  fromMinutes,
  isPeriod,
  LAST,
  MINUTE,
  NEVER,
  parts,
  TimeframeCells,
  type TimeframeCellsSnapshot,
} from "./timeframe-cells";

/** Small enough that what reads the batch finds it in the processor's cache. */
const FLUSH_ROWS = 1_024;

/**
 * Folds closed seconds into every longer timeframe, as a cascade: a bar folds into the next longer one when it closes,
 * so a second costs one fold. A forming bar is its open parts plus the open seconds, merged when a client asks
 * (`forming`).
 */
export class TimeframeBars implements Core<BarBatch, BarBatch> {
  private readonly state: TimeframeCells;
  private readonly out = new BarOutput(FLUSH_ROWS);
  private readonly lateTicks: LateTicks;
  private readonly auctionDay: AuctionDay;
  private readonly formingParts: FormingParts;
  private readonly sessions: (Session | null)[] = [];

  constructor(
    private readonly calendar: Calendar,
    private readonly table: InstrumentTable,
    private readonly seconds: SecondBars,
    /** Files begin where their data begin: nothing earlier is to be loaded. */
    startsWarm = false,
  ) {
    this.state = new TimeframeCells(startsWarm);
    this.lateTicks = new LateTicks(this.state, calendar, table, this.out);
    this.auctionDay = new AuctionDay(this.state, calendar, table, this.lateTicks);
    this.formingParts = new FormingParts(calendar, table);
  }

  on(batch: BarBatch, emit: (batch: BarBatch) => void): void {
    for (let row = 0; row < batch.length; row++) {
      const instrument = batch.instrument[row]!;
      if (instrument >= this.state.capacity) this.state.grow(instrument + 1);
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
    // The seconds are passed on as they came, once no reader can miss them in a forming bar; then the bars they closed.
    emit(batch);
    this.out.flush(emit);
  }

  /** Closes every bar whose end the clock's watermark has passed. */
  at(now: number, emit: (batch: BarBatch) => void): void {
    const limit = this.settledBefore(now);
    const { state } = this;
    if (limit <= state.lastSwept) return;
    state.lastSwept = limit;
    const { due, dueLong, capacity } = state;
    for (let instrument = 0; instrument < capacity; instrument++)
      if (due[instrument]! <= limit || dueLong[instrument]! <= limit) this.closeDue(instrument, limit, emit);
    this.out.flush(emit);
  }

  /** Closes all there is: the end of a file. */
  finish(emit: (batch: BarBatch) => void): void {
    for (let instrument = 0; instrument < this.state.capacity; instrument++) this.closeDue(instrument, NEVER, emit);
    this.out.flush(emit);
  }

  /**
   * Bars of the timeframe that are not closed yet, oldest first (two while the watermark of the older one runs),
   * appended to `into`. Returns how many.
   */
  forming(instrument: number, of: Timeframe, into: BarColumns): number {
    const { formingParts, state } = this;
    formingParts.begin();
    if (instrument < state.capacity) {
      for (const index of parts[of.index]!) {
        const cell = state.cellOf(instrument, index);
        if (!state.cells.isEmpty(cell)) formingParts.addCell(state.cells, cell);
      }
    }
    formingParts.addSeconds(this.seconds, instrument);
    return formingParts.fold(instrument, of, into);
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
    return instrument < this.state.capacity && this.state.warm[instrument] === 1;
  }

  /**
   * Rebuilds the instrument's longer bars from stored closed bars: minutes since the session's open, and earlier days
   * of this month and week. Used after a start and after a gap is filled; harmless at any other time.
   */
  rebuild(
    instrument: number,
    minutes: BarColumns,
    days: BarColumns,
    auctions?: BarColumns,
    passports?: ReadonlyMap<number, BarPassport>,
  ): void {
    if (instrument >= this.state.capacity) this.state.grow(instrument + 1);
    for (const index of fromMinutes) this.refold(instrument, index, minutes, passports);
    for (const index of fromDays) this.refold(instrument, index, days);
    for (let row = 0; row < (auctions?.length ?? 0); row++) this.auctionDay.fold(instrument, auctions!, row);
    this.state.expectShort(instrument);
    this.state.expectLong(instrument);
    this.state.warm[instrument] = 1;
  }

  private refold(
    instrument: number,
    index: number,
    rows: BarColumns,
    passports?: ReadonlyMap<number, BarPassport>,
  ): void {
    const { cells } = this.state;
    const cell = this.state.cellOf(instrument, index);
    cells.clear(cell);
    for (let row = 0; row < rows.length; row++) {
      const time = rows.time[row]!;
      if (!cells.isEmpty(cell) && time >= cells.endOf(cell)) cells.clear(cell);
      if (cells.isEmpty(cell)) {
        const span = this.span(instrument, timeframes[index]!, time);
        if (span === null) continue;
        cells.beginRow(cell, span.start, span.end, rows, row);
      } else cells.foldRow(cell, rows, row);
      const passport = passports?.get(time);
      if (passport !== undefined) cells.foldPassport(cell, passport);
    }
  }

  /** Folds a closed second into the open 5s bar, and closes bars that are over. */
  private roll(instrument: number, batch: BarBatch, row: number, emit: (batch: BarBatch) => void): void {
    const { state } = this;
    const { cells } = state;
    const cell = state.cellOf(instrument, FIRST);
    const time = batch.time[row]!;
    if (!cells.isEmpty(cell) && time >= cells.endOf(cell)) this.closeCell(instrument, FIRST, emit);
    if (cells.isEmpty(cell)) {
      const session = this.sessionOf(instrument, time);
      if (session === null) return;
      const start = barStart(session, timeframes[FIRST]!, time);
      const end = barEnd(session, timeframes[FIRST]!, start);
      cells.beginBatch(cell, start, end, batch, row);
      state.expect(instrument, FIRST, end);
    } else cells.foldBatch(cell, batch, row);
  }

  /** Folds a closed bar (cell `source`) into the next level. */
  private feed(instrument: number, indexes: readonly number[], source: number, emit: (batch: BarBatch) => void): void {
    const { state } = this;
    const { cells } = state;
    const time = cells.timeOf(source);
    for (const index of indexes) {
      const cell = state.cellOf(instrument, index);
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
        if (index > MINUTE && state.warm[instrument] === 0 && cells.timeOf(cell) < time) cells.markIncomplete(cell);
        state.expect(instrument, index, cells.endOf(cell));
      } else cells.foldCell(cell, cells, source);
    }
  }

  private closeCell(instrument: number, index: number, emit: (batch: BarBatch) => void): void {
    const { cells } = this.state;
    const cell = this.state.cellOf(instrument, index);
    cells.toBatch(cell, this.out.withRoom(emit), CLOSE, instrument, index, CLOSED);
    this.feed(instrument, feeds[index]!, cell, emit);
    cells.clear(cell);
  }

  private closeDue(instrument: number, limit: number, emit: (batch: BarBatch) => void): void {
    const { state } = this;
    // In order of length: what closes feeds what may be due next.
    if (state.due[instrument]! <= limit) {
      this.closeEnded(instrument, FIRST, MINUTE, limit, emit);
      state.expectShort(instrument);
    }
    if (state.dueLong[instrument]! <= limit) {
      this.closeEnded(instrument, MINUTE + 1, LAST, limit, emit);
      state.expectLong(instrument);
    }
  }

  private closeEnded(
    instrument: number,
    from: number,
    to: number,
    limit: number,
    emit: (batch: BarBatch) => void,
  ): void {
    const { state } = this;
    const { cells } = state;
    for (let index = from; index <= to; index++) {
      const cell = state.cellOf(instrument, index);
      if (!cells.isEmpty(cell) && cells.endOf(cell) <= limit) this.closeCell(instrument, index, emit);
    }
  }

  /** A tick late for its second: all seconds up to it are closed, so no bar that ended before it gets another part. */
  private late(instrument: number, batch: BarBatch, row: number, emit: (batch: BarBatch) => void): void {
    const time = batch.time[row]!;
    const { closedTo } = this.state;
    if (time > closedTo[instrument]!) {
      closedTo[instrument] = time;
      this.closeDue(instrument, time, emit);
    }
    this.lateTicks.take(instrument, batch, row, emit);
  }

  /** The feed was away: bars that are open now have a hole. */
  private markOpen(instrument: number, now: number): void {
    const { state } = this;
    const { cells } = state;
    for (let index = FIRST; index <= LAST; index++) {
      const cell = state.cellOf(instrument, index);
      if (!cells.isEmpty(cell) && cells.endOf(cell) > now - this.seconds.watermarkSeconds * 1_000)
        cells.markIncomplete(cell);
    }
  }

  /** Auctions enter the day's bar (`AuctionDay`). */
  onAuctions(batch: BarBatch, emit: (batch: BarBatch) => void): void {
    for (let row = 0; row < batch.length; row++) {
      const instrument = batch.instrument[row]!;
      if (instrument >= this.state.capacity) this.state.grow(instrument + 1);
      if (batch.event[row] === PATCH) {
        this.auctionDay.patch(instrument, batch, row, emit);
        continue;
      }
      // Without a clock (a recording) the bars before the auction may still be open.
      this.state.lastSwept = Math.max(this.state.lastSwept, batch.time[row]!);
      this.closeDue(instrument, batch.time[row]!, emit);
      this.auctionDay.fold(instrument, batch, row, passportAt(batch, row));
    }
    this.out.flush(emit);
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

  /** State of all instruments, to continue from later. */
  snapshot(): TimeframeBarsSnapshot {
    return { format: STAGE_SNAPSHOT_FORMAT, ...this.state.snapshot() };
  }

  restore(snapshot: TimeframeBarsSnapshot): void {
    mustBeReadable(snapshot.format);
    this.state.restore(snapshot);
    this.sessions.length = 0;
  }
}

export interface TimeframeBarsSnapshot extends TimeframeCellsSnapshot {
  format: number;
}
