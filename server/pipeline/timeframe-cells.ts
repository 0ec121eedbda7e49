import { Accumulators } from "@/server/domain/bars/accumulators";
import { widen } from "@/server/domain/basics/columns";
import { type Timeframe, timeframe, timeframes } from "@/server/domain/time/timeframe";

const COUNT = timeframes.length;
export const FIRST = timeframe("5s").index;
export const MINUTE = timeframe("1m").index;
export const DAY = timeframe("1d").index;
export const LAST = COUNT - 1;
export const NEVER = Number.POSITIVE_INFINITY;

export const isPeriod = ({ kind }: Timeframe): boolean => kind === "week" || kind === "month";
export const fromMinutes = timeframes
  .filter((each) => !isPeriod(each) && each.from !== "1s" && each.index !== MINUTE)
  .map((each) => each.index);
export const fromDays = timeframes.filter(isPeriod).map((each) => each.index);
/**
 * What a closed bar folds into: seconds into 5s, those into 15s, 30s and 1m, minutes into the rest, days into weeks and
 * months.
 */
export const feeds: readonly (readonly number[])[] = timeframes.map(({ index }) =>
  index < MINUTE ? [index + 1] : index === MINUTE ? fromMinutes : index === DAY ? fromDays : [],
);
/** The open bars a forming bar is made of, longest first: itself, what feeds it, what feeds that. */
export const parts: readonly (readonly number[])[] = timeframes.map((each) => {
  const chain: number[] = [];
  let index: number | undefined = each.index;
  while (index !== undefined && index > 0) {
    chain.push(index);
    index = feeds.findIndex((fed) => fed.includes(index!));
  }
  return chain;
});

/** The open bars of all instruments, one cell for each timeframe, and when they are due. */
export class TimeframeCells {
  /** By timeframe: bars that end together are adjacent and are scanned from end to end. */
  cells = new Accumulators(0);
  capacity = 0;
  /** Earliest end of any open bar of the instrument up to a minute, and beyond: most are not due at a glance. */
  due = new Float64Array(0);
  dueLong = new Float64Array(0);
  /** 0: today's earlier minutes have not been loaded yet, longer bars would start in the middle. */
  warm = new Uint8Array(0);
  /** Bars of the instrument that end at or before this were closed by a late tick, ahead of the clock. */
  closedTo = new Float64Array(0);
  /** The clock has closed what ended by then. */
  lastSwept = 0;

  constructor(private readonly startsWarm: boolean) {}

  cellOf(instrument: number, index: number): number {
    return index * this.capacity + instrument;
  }

  /** True where the instrument's open bar of the timeframe holds the instant. */
  holds(instrument: number, index: number, time: number): boolean {
    const cell = this.cellOf(instrument, index);
    return !this.cells.isEmpty(cell) && this.cells.timeOf(cell) <= time && time < this.cells.endOf(cell);
  }

  /** A bar that ends then has begun. */
  expect(instrument: number, index: number, end: number): void {
    const due = index <= MINUTE ? this.due : this.dueLong;
    if (end < due[instrument]!) due[instrument] = end;
  }

  /** Recomputes when the first of the instrument's open bars up to a minute ends, and the first of the longer ones. */
  expectShort(instrument: number): void {
    this.due[instrument] = this.firstEnd(instrument, FIRST, MINUTE);
  }
  expectLong(instrument: number): void {
    this.dueLong[instrument] = this.firstEnd(instrument, MINUTE + 1, LAST);
  }

  private firstEnd(instrument: number, from: number, to: number): number {
    let first = NEVER;
    for (let index = from; index <= to; index++) {
      const end = this.cells.endOf(this.cellOf(instrument, index));
      if (end !== 0 && end < first) first = end;
    }
    return first;
  }

  /** Grows to at least `count` instruments and keeps the content. */
  grow(count: number): void {
    const size = Math.max(count, this.capacity * 2, 64);
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

  snapshot(): TimeframeCellsSnapshot {
    return {
      capacity: this.capacity,
      cells: this.cells.snapshot(),
      due: this.due.slice(),
      dueLong: this.dueLong.slice(),
      warm: this.warm.slice(),
      closedTo: this.closedTo.slice(),
      lastSwept: this.lastSwept,
    };
  }
  restore(snapshot: TimeframeCellsSnapshot): void {
    this.cells.restore(snapshot.cells);
    this.capacity = snapshot.capacity;
    this.due = snapshot.due.slice();
    this.dueLong = snapshot.dueLong.slice();
    this.warm = snapshot.warm.slice();
    this.closedTo = snapshot.closedTo.slice();
    this.lastSwept = snapshot.lastSwept;
  }
}

export interface TimeframeCellsSnapshot {
  capacity: number;
  cells: Float64Array;
  due: Float64Array<ArrayBuffer>;
  dueLong: Float64Array<ArrayBuffer>;
  warm: Uint8Array<ArrayBuffer>;
  closedTo: Float64Array<ArrayBuffer>;
  lastSwept: number;
}
