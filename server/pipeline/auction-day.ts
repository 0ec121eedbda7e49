import type { BarBatch, BarColumns, BarPassport } from "@/server/domain/bars/bar";
import { barEnd } from "@/server/domain/bars/bar-time";
import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { type Calendar, istDay, type Session } from "@/server/domain/time/session";
import { timeframes } from "@/server/domain/time/timeframe";
import type { LateTicks } from "./late-ticks";
import { DAY, type TimeframeCells } from "./timeframe-cells";

/**
 * Auctions enter the day's bar and no shorter one: the day opens at the pre-open's equilibrium price and closes at the
 * closing auction's; their volume is the day's.
 */
export class AuctionDay {
  constructor(
    private readonly state: TimeframeCells,
    private readonly calendar: Calendar,
    private readonly table: InstrumentTable,
    private readonly lateTicks: LateTicks,
  ) {}

  fold(instrument: number, rows: BarColumns, row: number, passport?: BarPassport): void {
    const { state } = this;
    const { cells } = state;
    const time = rows.time[row]!;
    const session = this.sessionOf(instrument, time);
    if (session === null) return;
    const cell = state.cellOf(instrument, DAY);
    if (!cells.isEmpty(cell) && cells.timeOf(cell) !== session.open) return; // of another day
    if (cells.isEmpty(cell)) {
      cells.beginRow(cell, session.open, barEnd(session, timeframes[DAY]!, session.open), rows, row);
      state.expect(instrument, DAY, cells.endOf(cell));
    } else if (time < session.open) cells.foldBefore(cell, rows, row);
    else cells.foldRow(cell, rows, row);
    if (passport !== undefined) cells.foldPassport(cell, passport);
  }

  /** A tick after its auction: the day's bar records it, open or closed, and so do week and month. */
  patch(instrument: number, batch: BarBatch, row: number, emit: (batch: BarBatch) => void): void {
    const session = this.sessionOf(instrument, batch.time[row]!);
    if (session !== null) this.lateTicks.take(instrument, batch, row, emit, DAY, session.open);
  }

  private sessionOf(instrument: number, time: number): Session | null {
    return this.calendar.on(this.table.hours(instrument), istDay(time));
  }
}
