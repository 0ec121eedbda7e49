import { appendFlat, type BarBatch, CUT, PATCH } from "@/server/domain/bars/bar";
import type { BarOutput } from "./bar-output";
import { BROKEN, Open, Own, type SecondTables } from "./second-tables";

/** A tick that came last may be of the second before: its stamp is a whole second, and it was some time on its way. */
const UNDERWAY_MS = 1_000;

/**
 * Marks gaps in the stream: a lost or silent connection, a new one, a doubtful day volume. Open bars are marked, and so
 * is the newest closed second if the gap began in it; the next second starts with the mark.
 */
export class SecondHoles {
  constructor(
    private readonly tables: SecondTables,
    private readonly out: BarOutput,
  ) {}

  /**
   * The collector's connection opened or closed, or has been silent since `now`, which is `feedNow` by the feed's time:
   * open bars in every timeframe are incomplete. A silence is noticed late, so the second in which it began may be
   * closed and stored as complete.
   */
  cut(collector: number, now: number, feedNow: number, emit: (batch: BarBatch) => void): void {
    const { own, capacity } = this.tables;
    for (let instrument = 0; instrument < capacity; instrument++) {
      if (own[instrument * Own.size + Own.collector] !== collector) continue;
      this.breakOpen(instrument, now, feedNow, emit);
      this.tables.cut[instrument] = 1;
    }
  }

  /** First row of an instrument over a new connection: the next second has a hole, unless the row came in time. */
  rejoin(instrument: number, collector: number, inTime: boolean): void {
    this.tables.own[instrument * Own.size + Own.collector] = collector;
    this.tables.cut[instrument] = inTime ? 0 : 1;
  }

  /** The instrument's next second has a hole. */
  breakNext(instrument: number): void {
    this.tables.cut[instrument] = 1;
  }
  /** Marks of a second that begins. */
  takeNext(instrument: number): number {
    const { cut } = this.tables;
    const marks = cut[instrument] === 1 ? BROKEN : 0;
    cut[instrument] = 0;
    return marks;
  }

  /**
   * Marks an instrument's open bars as incomplete, and its newest second if that ended after `since`, less the transit
   * time. For bars that ended by `settled`, all seconds are closed.
   */
  breakOpen(instrument: number, now: number, since: number, emit: (batch: BarBatch) => void, settled = 0): void {
    const { own, open } = this.tables;
    const newest = own[instrument * Own.size + Own.newest]!;
    for (let second = own[instrument * Own.size + Own.oldest]!; second <= newest; second++) {
      const at = this.tables.placeOf(instrument, second);
      if (open[at + Open.second] === second) open[at + Open.marks] = open[at + Open.marks]! | BROKEN;
    }
    appendFlat(this.out.withRoom(emit), CUT, instrument, 0, now, settled, 0);
    if (newest * 1_000 + 1_000 > since - UNDERWAY_MS && !this.tables.isOpen(instrument, newest))
      this.breakClosed(instrument, newest, emit);
  }

  /** A patch that holds no tick, only that its bars have a hole: as wide as the second, and neither its open nor its close. */
  private breakClosed(instrument: number, second: number, emit: (batch: BarBatch) => void): void {
    const { open } = this.tables;
    const out = this.out.withRoom(emit);
    const row = appendFlat(out, PATCH, instrument, 0, second * 1_000, second * 1_000 + 1_000, 0);
    const at = this.tables.placeOf(instrument, second); // nothing has arrived since, so its values are still there
    out.open[row] = open[at + Open.open]!;
    out.high[row] = open[at + Open.high]!;
    out.low[row] = open[at + Open.low]!;
    out.close[row] = open[at + Open.close]!;
    out.firstTime[row] = open[at + Open.lastTime]!;
    out.lastTime[row] = second * 1_000 - 1;
    out.firstSequence[row] = open[at + Open.firstSequence]!;
    out.lastSequence[row] = open[at + Open.lastSequence]!;
    out.sources[row] = open[at + Open.marks]! & (BROKEN - 1);
    out.incomplete[row] = 1;
  }
}
