import { Accumulators } from "@/server/domain/bars/accumulators";
import { appendFlat, type BarBatch, type BarColumns, barColumns, CLOSE, CLOSED, PATCH } from "@/server/domain/bars/bar";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { spanAt } from "@/server/domain/bars/resample";
import type { Calendar } from "@/server/domain/time/session";
import { type AnyTimeframe, type Timeframe, timeframe } from "@/server/domain/time/timeframe";
import type { LiveBars } from "@/server/ports/live";
import { BarOutput } from "./bar-output";
import { FormingParts, MOST_PARTS } from "./forming-parts";
import type { Core } from "./stage";

const FLUSH_ROWS = 256;

/** A bar series a client follows. Its cell contains the closed parts of the open bar. */
interface Series {
  instrument: number;
  of: AnyTimeframe;
  /** The kind of bars it folds from live: seconds or minutes. */
  source: Timeframe;
  followers: number;
  cell: number;
  /** False until the parts that closed before it was followed have been loaded. */
  loaded: boolean;
  /** A part has changed after it was folded: the cell is to be loaded again. */
  stale: boolean;
}

/**
 * Live bars of derived timeframes (`45m`, `10s`), for series a client follows. Printed seconds or minutes fold into
 * them as they close, so they include auctions as their parts do. Closed bars go to indicators and clients only.
 */
export class DerivedBars implements Core<BarBatch, BarBatch> {
  private readonly byInstrument = new Map<number, Series[]>();
  private readonly free: number[] = [];
  private readonly cells = new Accumulators(8);
  private used = 0;
  private readonly out = new BarOutput(FLUSH_ROWS);
  /** Forming bars of the series a derived one is built from; one slot is for closed bars. */
  private readonly parts = barColumns(MOST_PARTS - 1);
  private readonly formingParts: FormingParts;

  constructor(
    private readonly live: LiveBars,
    private readonly calendar: Calendar,
    private readonly table: InstrumentTable,
  ) {
    this.formingParts = new FormingParts(calendar, table);
  }

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

  /** Start of the open bar's parts, and their kind, for `load`; null if no client follows, or outside a session. */
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

  /** History has changed an instrument's bars: the open bar is rebuilt. */
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
    this.out.flush(emit);
  }

  /** Closes bars the clock's watermark has passed; their last part may never have traded. */
  at(now: number, emit: (batch: BarBatch) => void): void {
    if (this.byInstrument.size === 0) return;
    const limit = this.live.settledBefore(now);
    for (const list of this.byInstrument.values()) {
      for (const series of list)
        if (series.loaded && !this.cells.isEmpty(series.cell) && this.cells.endOf(series.cell) <= limit)
          this.close(series, emit);
    }
    this.out.flush(emit);
  }

  /** Appends the bars of a followed series that are not closed yet, oldest first; returns how many. None before they are whole. */
  forming(instrument: number, of: AnyTimeframe, into: BarColumns): number {
    const series = this.find(instrument, of);
    if (series === undefined || !series.loaded) return 0;
    const { parts, formingParts, cells } = this;
    const isBegun = !cells.isEmpty(series.cell);
    formingParts.begin();
    if (isBegun) formingParts.addCell(cells, series.cell);
    parts.length = 0;
    const count = this.live.forming(instrument, series.source, parts);
    for (let part = 0; part < count; part++) formingParts.addRow(parts, part);
    return formingParts.fold(instrument, of, into, isBegun);
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
    const { cells } = this;
    const out = this.out.withRoom(emit);
    cells.toBatch(series.cell, out, CLOSE, series.instrument, series.of.index, CLOSED);
    // Closed before it was loaded again: readers and indicators read it once more.
    if (series.stale)
      this.tellPatched(series, cells.timeOf(series.cell), cells.endOf(series.cell), out.close[out.length - 1]!, emit);
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
    appendFlat(this.out.withRoom(emit), PATCH, series.instrument, series.of.index, start, end, price);
  }

  private find(instrument: number, of: AnyTimeframe): Series | undefined {
    return this.byInstrument.get(instrument)?.find((series) => series.of.index === of.index);
  }

  private span(instrument: number, of: AnyTimeframe, time: number): { start: number; end: number } | null {
    return spanAt(this.calendar, this.table.hours(instrument), of, time);
  }
}
