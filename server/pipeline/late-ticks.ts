import { appendRow, type BarBatch, PATCHED } from "@/server/domain/bars/bar";
import { spanAt } from "@/server/domain/bars/resample";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { Calendar } from "@/server/domain/time/session";
import { timeframes } from "@/server/domain/time/timeframe";
import type { BarOutput } from "./bar-output";
import { FIRST, LAST, parts, type TimeframeCells } from "./timeframe-cells";

/** Ticks that came too late for their second, into every longer bar that holds them. */
export class LateTicks {
  constructor(
    private readonly state: TimeframeCells,
    private readonly calendar: Calendar,
    private readonly table: InstrumentTable,
    private readonly out: BarOutput,
  ) {}

  /**
   * Row `row` widens the open bars that hold it, from timeframe `first` on, and patches the closed ones; `time` says which
   * they are. A hole without a tick only patches: open bars have been marked already (`CUT`).
   */
  take(
    instrument: number,
    batch: BarBatch,
    row: number,
    emit: (batch: BarBatch) => void,
    first = FIRST,
    time = batch.time[row]!,
  ): void {
    const { state } = this;
    const { cells } = state;
    const isHole = batch.ticks[row] === 0;
    for (let index = first; index <= LAST; index++) {
      // An open part contributes its range when it closes.
      if (parts[index]!.some((part) => part !== index && part >= first && state.holds(instrument, part, time)))
        continue;
      const cell = state.cellOf(instrument, index);
      if (state.holds(instrument, index, time)) {
        if (!isHole) cells.late(cell, batch, row);
        continue;
      }
      const span = spanAt(this.calendar, this.table.hours(instrument), timeframes[index]!, time);
      if (span === null) continue;
      if (cells.isEmpty(cell) && span.end > state.lastSwept && span.end > state.closedTo[instrument]!) {
        // Late for its second, the first of a bar that has not ended: it begins the bar. A patch would be stored as if it were the bar.
        cells.beginBatch(cell, span.start, span.end, batch, row);
        state.expect(instrument, index, span.end);
        continue;
      }
      const out = this.out.withRoom(emit);
      const patched = appendRow(out, batch, row);
      out.timeframe[patched] = index;
      out.time[patched] = span.start;
      out.end[patched] = span.end;
      out.state[patched] = PATCHED;
    }
  }
}
