import type { BarBatch } from "@/server/domain/bar";
import { type InstrumentTable, TokenMap } from "@/server/domain/instrument-table";
import type { Calendar } from "@/server/domain/session";
import { SessionWindows } from "@/server/domain/session-window";
import type { RawBatch, TickMessage } from "@/server/domain/tick";
import { SecondBars } from "./aggregate";
import { Normaliser } from "./normalise";
import { TimeframeBars } from "./resample";

/**
 * The stages of the pipeline table joined without a bus or a clock, for recorded sessions: time is the recorded time.
 * Rows are addressed by dense instrument number (token = number).
 */
export class FileRun {
  readonly normaliser: Normaliser;
  readonly seconds: SecondBars;
  readonly bars: TimeframeBars;
  private readonly toBase = (ticks: TickMessage): void => this.seconds.on(ticks, this.toBars);
  private readonly toBars = (batch: BarBatch): void => this.bars.on(batch, this.read);

  constructor(table: InstrumentTable, calendar: Calendar, private readonly read: (bars: BarBatch) => void, watermarkSeconds = 2) {
    const tokens = new TokenMap();
    table.all().forEach((_, index) => tokens.set(index, index, 1));
    this.normaliser = new Normaliser({
      table, windows: new SessionWindows(calendar, table), tokens: () => tokens,
      // A recording has no receive time of its own: nothing in it is in the future or old.
      maxSkewMs: Number.POSITIVE_INFINITY, maxAgeMs: Number.POSITIVE_INFINITY,
    });
    this.seconds = new SecondBars(watermarkSeconds);
    this.bars = new TimeframeBars(calendar, table, this.seconds, true);
  }

  on(batch: RawBatch): void {
    this.normaliser.on(batch, this.toBase);
  }

  finish(): void {
    this.seconds.finish(this.toBars);
    this.bars.finish(this.read);
  }
}
