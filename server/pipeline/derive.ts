import { Accumulators } from "@/server/domain/bars/accumulators";
import {
  type BarBatch,
  barBatch,
  type BarColumns,
  barColumns,
  CLOSE,
  CLOSED,
  FORMING,
  PATCH,
  PATCHED,
} from "@/server/domain/bars/bar";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { spanAt } from "@/server/domain/bars/resample";
import type { Calendar } from "@/server/domain/time/session";
import { type AnyTimeframe, type Timeframe, timeframe } from "@/server/domain/time/timeframe";
import type { LiveBars } from "@/server/ports/live";
import type { Core } from "./stage";

const FLUSH_ROWS = 256;
/** Parts that form at once: the open seconds of a watermark, with room. */
const MOST_PARTS = 32;

/** A bar series somebody follows. Its cell holds the closed parts of the bar that is open. */
interface Series {
  instrument: number;
  of: AnyTimeframe;
  /** What it is folded from live: seconds or minutes. */
  source: Timeframe;
  followers: number;
  cell: number;
  /** False until the parts that closed before it was followed have been loaded. */
  loaded: boolean;
  /** A part has changed after it was folded: the cell is to be loaded again. */
  stale: boolean;
}

/**
 * Live bars of derived timeframes (`45m`, `10s`), of those series that somebody follows: printed seconds or minutes fold
 * into them as they close, so that they hold auctions as their parts do. What closes goes to indicators and readers, and
 * nowhere else.
 */
export class DerivedBars implements Core<BarBatch, BarBatch> {
  private readonly byInstrument = new Map<number, Series[]>();
  private readonly free: number[] = [];
  private readonly cells = new Accumulators(8);
  private used = 0;
  private readonly out = barBatch(FLUSH_ROWS);
  private readonly parts = barColumns(MOST_PARTS);
  private readonly whole = new Accumulators(1);

  constructor(
    private readonly live: LiveBars,
    private readonly calendar: Calendar,
    private readonly table: InstrumentTable,
  ) {}

  /** True when the series has to be loaded. */
  follow(instrument: number, of: AnyTimeframe): boolean {
    const known = this.find(instrument, of);
    if (known !== undefined) {
      known.followers++;
      return !known.loaded;
    }
    const cell = this.free.pop() ?? this.used++;
    this.cells.grow(this.used);
    this.cells.clear(cell);
    const series: Series = {
      instrument,
      of,
      source: timeframe(of.from === "1s" ? "1s" : "1m"),
      followers: 1,
      cell,
      loaded: false,
      stale: false,
    };
    this.byInstrument.set(instrument, [...(this.byInstrument.get(instrument) ?? []), series]);
    return true;
  }

  unfollow(instrument: number, of: AnyTimeframe): void {
    const series = this.find(instrument, of);
    if (series === undefined || --series.followers > 0) return;
    this.free.push(series.cell);
    const left = this.byInstrument.get(instrument)!.filter((each) => each !== series);
    if (left.length === 0) this.byInstrument.delete(instrument);
    else this.byInstrument.set(instrument, left);
  }

  /** Where the parts of the open bar begin, and what they are: what `load` wants; null while nobody follows, or outside a session. */
  wanted(instrument: number, of: AnyTimeframe, now: number): { source: Timeframe; from: number } | null {
    const series = this.find(instrument, of);
    if (series === undefined) return null;
    const from = this.cells.isEmpty(series.cell)
      ? this.span(instrument, of, this.live.settledBefore(now))?.start
      : this.cells.timeOf(series.cell);
    return from === undefined ? null : { source: series.source, from };
  }

  /** Closed parts since the open bar's start, oldest first, printed. In the turn in which they were read. */
  load(instrument: number, of: AnyTimeframe, closed: BarColumns): void {
    const series = this.find(instrument, of);
    if (series === undefined) return;
    const { cells } = this;
    cells.clear(series.cell);
    for (let row = 0; row < closed.length; row++) {
      const time = closed.time[row]!;
      if (!cells.isEmpty(series.cell) && time >= cells.endOf(series.cell)) cells.clear(series.cell);
      const span = cells.isEmpty(series.cell) ? this.span(instrument, of, time) : null;
      if (span !== null) cells.beginRow(series.cell, span.start, span.end, closed, row);
      else if (!cells.isEmpty(series.cell)) cells.foldRow(series.cell, closed, row);
    }
    series.loaded = true;
    series.stale = false;
  }

  /** History has changed an instrument's bars: what is open is made anew. */
  changed(instrument: number): void {
    for (const series of this.byInstrument.get(instrument) ?? []) series.stale = true;
  }

  /** A series that is to be loaded again, or null. It stays one until it has been. */
  nextStale(): { instrument: number; of: AnyTimeframe } | null {
    for (const list of this.byInstrument.values())
      for (const series of list) if (series.stale && series.loaded) return series;
    return null;
  }

  on(batch: BarBatch, emit: (batch: BarBatch) => void): void {
    if (this.byInstrument.size === 0) return;
    for (let row = 0; row < batch.length; row++) {
      const list = this.byInstrument.get(batch.instrument[row]!);
      if (list === undefined) continue;
      for (const series of list) {
        if (series.source.index !== batch.timeframe[row]) continue;
        if (batch.event[row] === CLOSE) this.fold(series, batch, row, emit);
        else if (batch.event[row] === PATCH) this.patch(series, batch, row, emit);
      }
    }
    this.flush(emit);
  }

  /** Closes what the clock's watermark has passed: its last part may never have traded. */
  at(now: number, emit: (batch: BarBatch) => void): void {
    if (this.byInstrument.size === 0) return;
    const limit = this.live.settledBefore(now);
    for (const list of this.byInstrument.values()) {
      for (const series of list)
        if (series.loaded && !this.cells.isEmpty(series.cell) && this.cells.endOf(series.cell) <= limit)
          this.close(series, emit);
    }
    this.flush(emit);
  }

  /** Appends the bars of a followed series that are not closed yet, oldest first; returns how many. None before they are whole. */
  forming(instrument: number, of: AnyTimeframe, into: BarColumns): number {
    const series = this.find(instrument, of);
    if (series === undefined || !series.loaded) return 0;
    const { parts, whole, cells } = this;
    parts.length = 0;
    const count = this.live.forming(instrument, series.source, parts);
    let rows = 0;
    whole.clear(0);
    if (!cells.isEmpty(series.cell))
      whole.beginCell(0, cells.timeOf(series.cell), cells.endOf(series.cell), cells, series.cell);
    for (let part = 0; part < count; part++) {
      if (!whole.isEmpty(0) && parts.time[part]! >= whole.endOf(0)) {
        whole.toColumns(0, into, FORMING);
        rows++;
        whole.clear(0);
      }
      const span = whole.isEmpty(0) ? this.span(instrument, of, parts.time[part]!) : null;
      if (span !== null) whole.beginRow(0, span.start, span.end, parts, part);
      else if (!whole.isEmpty(0)) whole.foldRow(0, parts, part);
    }
    if (!whole.isEmpty(0)) {
      whole.toColumns(0, into, FORMING);
      rows++;
    }
    return rows;
  }

  private fold(series: Series, batch: BarBatch, row: number, emit: (batch: BarBatch) => void): void {
    if (!series.loaded) return;
    const { cells } = this;
    const time = batch.time[row]!;
    if (!cells.isEmpty(series.cell) && time >= cells.endOf(series.cell)) this.close(series, emit);
    if (!cells.isEmpty(series.cell)) {
      if (time < cells.timeOf(series.cell)) series.stale = true;
      else cells.foldBatch(series.cell, batch, row);
      return;
    }
    const span = this.span(series.instrument, series.of, time);
    if (span !== null) cells.beginBatch(series.cell, span.start, span.end, batch, row);
  }

  private patch(series: Series, batch: BarBatch, row: number, emit: (batch: BarBatch) => void): void {
    series.stale = true;
    const span = this.span(series.instrument, series.of, batch.time[row]!);
    if (span === null || (!this.cells.isEmpty(series.cell) && this.cells.timeOf(series.cell) === span.start)) return;
    this.tellPatched(series, span.start, span.end, batch.close[row]!, emit);
  }

  private close(series: Series, emit: (batch: BarBatch) => void): void {
    if (this.out.length === FLUSH_ROWS) this.flush(emit);
    const { cells } = this;
    cells.toBatch(series.cell, this.out, CLOSE, series.instrument, series.of.index, CLOSED);
    // Closed before it was loaded again: readers and indicators read it once more.
    if (series.stale)
      this.tellPatched(
        series,
        cells.timeOf(series.cell),
        cells.endOf(series.cell),
        this.out.close[this.out.length - 1]!,
        emit,
      );
    cells.clear(series.cell);
  }

  /** Says that the bar has changed; whoever needs it reads it. */
  private tellPatched(
    series: Series,
    start: number,
    end: number,
    price: number,
    emit: (batch: BarBatch) => void,
  ): void {
    if (this.out.length === FLUSH_ROWS) this.flush(emit);
    const { out } = this;
    const at = out.length++;
    out.event[at] = PATCH;
    out.instrument[at] = series.instrument;
    out.timeframe[at] = series.of.index;
    out.time[at] = start;
    out.end[at] = end;
    out.open[at] = price;
    out.high[at] = price;
    out.low[at] = price;
    out.close[at] = price;
    out.volume[at] = 0;
    out.value[at] = 0;
    out.ticks[at] = 0;
    out.openInterest[at] = -1;
    out.rev[at] = 1;
    out.state[at] = PATCHED;
    out.incomplete[at] = 0;
  }

  private find(instrument: number, of: AnyTimeframe): Series | undefined {
    return this.byInstrument.get(instrument)?.find((series) => series.of.index === of.index);
  }

  private span(instrument: number, of: AnyTimeframe, time: number): { start: number; end: number } | null {
    return spanAt(this.calendar, this.table.hours(instrument), of, time);
  }

  private flush(emit: (batch: BarBatch) => void): void {
    if (this.out.length === 0) return;
    emit(this.out);
    this.out.length = 0;
  }
}
