import { Accumulators } from "@/server/domain/bars/accumulators";
import { type BarColumns, FORMING } from "@/server/domain/bars/bar";
import { spanAt } from "@/server/domain/bars/resample";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { Calendar } from "@/server/domain/time/session";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";

/** Parts of one bar series that may be open at once: a bar of each shorter timeframe and the seconds of a watermark, with room. */
export const MOST_PARTS = 32;
/** The cell in which parts come together. */
const WHOLE = MOST_PARTS;

/**
 * Returns bars that are not closed, folded from their parts on request: the closed parts of the open bar, then the open
 * parts, oldest first. Changes nothing, because the parts are copies.
 */
export class FormingParts {
  private readonly cells = new Accumulators(MOST_PARTS + 1);
  private count = 0;

  constructor(
    private readonly calendar: Calendar,
    private readonly table: InstrumentTable,
  ) {}

  begin(): void {
    this.count = 0;
  }
  /** A bar that is being built; the first one may be the open bar itself. */
  addCell(from: Accumulators, cell: number): void {
    this.cells.beginCell(this.count++, from.timeOf(cell), from.endOf(cell), from, cell);
  }
  addRow(bars: BarColumns, row: number): void {
    const time = bars.time[row]!;
    this.cells.beginRow(this.count++, time, time + 1, bars, row); // where a part ends is not asked
  }
  /** The open seconds of an instrument. */
  addSeconds(
    seconds: { openSeconds(instrument: number, into: Accumulators, cell: number): number },
    instrument: number,
  ): void {
    this.count += seconds.openSeconds(instrument, this.cells, this.count);
  }

  /**
   * Appends the bars, oldest first; returns how many. `isBegun`: the first part is the open bar itself, which keeps its
   * start and end though the calendar may have been edited since.
   */
  fold(instrument: number, of: AnyTimeframe, into: BarColumns, isBegun = false): number {
    const { cells } = this;
    const before = into.length;
    let end = 0;
    cells.clear(WHOLE);
    for (let part = 0; part < this.count; part++) {
      const time = cells.timeOf(part);
      if (!cells.isEmpty(WHOLE) && time < end) {
        cells.foldCell(WHOLE, cells, part);
        continue;
      }
      this.close(into);
      const span =
        of.index === 0 || (isBegun && part === 0)
          ? { start: time, end: cells.endOf(part) }
          : spanAt(this.calendar, this.table.hours(instrument), of, time);
      if (span === null) continue;
      end = span.end;
      cells.beginCell(WHOLE, span.start, end, cells, part);
    }
    this.close(into);
    return into.length - before;
  }

  private close(into: BarColumns): void {
    if (this.cells.isEmpty(WHOLE)) return;
    this.cells.toColumns(WHOLE, into, FORMING);
    this.cells.clear(WHOLE);
  }
}
