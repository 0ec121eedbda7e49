import type { BarBatch } from "@/server/domain/bars/bar";
import { type InstrumentTable, TokenMap } from "@/server/domain/instruments/instrument-table";
import { type Calendar, istDay, istMidnight } from "@/server/domain/time/session";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { type RawBatch, rawBatch, type TickMessage } from "@/server/domain/ticks/tick";
import { SecondBars } from "./second-bars";
import { AuctionBars } from "./auction";
import { Normaliser } from "./normalise";
import { TimeframeBars } from "./resample";

const SECOND = 1_000;
const DAY_MS = 86_400_000;
/** A recording that went on over night stood at the open: its first tick of a date may come a while later. */
const FIRST_TICK_MS = 60_000;

/** Recorded ticks of one instrument in columns, in order of time: epoch ms, minor units, volume of the day or -1. */
export interface TickColumns {
  length: number;
  time: ArrayLike<number>;
  price: ArrayLike<number>;
  volume: ArrayLike<number>;
}

/**
 * The stages of the pipeline table joined without a bus or a clock, for recorded sessions: time is the recorded time.
 * Rows are addressed by dense instrument number (token = number).
 */
export class FileRun {
  readonly normaliser: Normaliser;
  readonly seconds: SecondBars;
  readonly bars: TimeframeBars;
  readonly auctions: AuctionBars;
  /** What the exchange's counter said last of each IST day, where it said anything that was believed. */
  readonly dayVolumes = new Map<number, number>();
  private readonly batch = rawBatch(4_096);
  private readonly toDay = (batch: BarBatch): void => {
    this.read(batch);
    this.bars.onAuctions(batch, this.read);
  };
  private readonly toBase = (ticks: TickMessage): void => {
    this.auctions.on(ticks, this.toDay);
    this.seconds.on(ticks, this.toBars);
  };
  private readonly toBars = (batch: BarBatch): void => this.bars.on(batch, this.read);

  constructor(
    private readonly table: InstrumentTable,
    private readonly calendar: Calendar,
    private readonly read: (bars: BarBatch) => void,
    watermarkSeconds = 2,
  ) {
    const tokens = new TokenMap();
    table.all().forEach((_, index) => tokens.set(index, index, 1));
    const windows = new SessionWindows(calendar, table);
    this.normaliser = new Normaliser({
      table,
      windows,
      tokens: () => tokens,
      // A recording has no receive time of its own: nothing in it is in the future or old.
      maxSkewMs: Number.POSITIVE_INFINITY,
      maxAgeMs: Number.POSITIVE_INFINITY,
    });
    this.seconds = new SecondBars(watermarkSeconds, false);
    this.auctions = new AuctionBars(windows, table, this.seconds);
    this.bars = new TimeframeBars(calendar, table, this.seconds, true);
  }

  on(batch: RawBatch): void {
    this.normaliser.on(batch, this.toBase);
  }

  /** A whole recording of one instrument, date by date, so many rows a batch. */
  play(instrument: number, ticks: TickColumns, rowsPerBatch = this.batch.token.length): void {
    const { batch } = this;
    const most = Math.min(rowsPerBatch, batch.token.length);
    batch.token.fill(instrument);
    batch.openInterest.fill(-1);
    let dayEnd = Number.NEGATIVE_INFINITY;
    const endDay = (): void => {
      this.send();
      const volume = this.seconds.dayVolume(instrument);
      if (volume >= 0) this.dayVolumes.set(this.seconds.volumeDay(instrument), volume);
    };
    for (let row = 0; row < ticks.length; row++) {
      const time = ticks.time[row]!;
      if (batch.length === most) this.send();
      if (time >= dayEnd) {
        if (row > 0) endDay();
        dayEnd = istMidnight(istDay(time)) + DAY_MS;
        this.seconds.beginDay(instrument, time, this.volumeBefore(instrument, time, row > 0), this.toBars);
      }
      const at = batch.length++;
      batch.exchangeTime[at] = time;
      batch.price[at] = ticks.price[row]!;
      batch.volume[at] = ticks.volume[row]!;
    }
    endDay();
  }

  finish(): void {
    this.seconds.finish(this.toBars);
    this.auctions.finish(this.toDay);
    this.bars.finish(this.read);
  }

  /**
   * Volume of a date before the recording's first tick of it. A recording that starts by the session's first second has
   * everything: 0, which pre-open ticks then raise to the auction's volume. So does one that continues from the
   * previous date, whose first trade may come a little later. One that begins later has missed an unknown part, which
   * must not become one huge trade.
   */
  private volumeBefore(instrument: number, first: number, goesOn: boolean): number {
    const session = this.calendar.on(this.table.hours(instrument), istDay(first));
    return session !== null && first < session.open + (goesOn ? FIRST_TICK_MS : SECOND) ? 0 : -1;
  }

  private send(): void {
    if (this.batch.length === 0) return;
    this.on(this.batch);
    this.batch.length = 0;
  }
}
