import type { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { widen } from "@/server/domain/basics/columns";
import { istDay } from "@/server/domain/time/session";
import { RESET, type RejectReason, SUSPECT, UNBELIEVED } from "@/server/domain/ticks/tick";

/** A doubtful value, until the next packet confirms or refutes it. */
interface Doubt {
  volume: number;
  time: number;
  reason: VolumeReason;
}
/** A lower figure two packets agreed on, and the one before it: a jump back to that is no trade. */
interface Lowered {
  from: number;
  to: number;
}
type VolumeReason = Extract<RejectReason, "volume_back" | "volume_jump" | "volume_wrap">;

/** Limits on one step of the day's volume before the next packet must confirm it; all of them must be exceeded. */
const SHARE_OF_DAY = 0.5; // of the day so far, or of the day before where that is more
const TIMES_PACE = 50; // of the day's mean pace, over the time since the packet before
const LEAST_RUPEES = 1_000_000;
/** An auction's one step has no pace, and closing auctions have matched more than the day before them. */
const AUCTION_DAYS = 10;
/** A new date's first figure against the whole day before. */
const FIRST_DAYS = 20;
/** Counters of 31 and 32 bits restart at 0. */
const WRAPS = [2 ** 31, 2 ** 32];

/** Where a step may be: inside trading, or in an auction. */
export interface VolumeStep {
  instrument: number;
  time: number;
  /** Minor units. */
  price: number;
  volume: number;
  /** From the newest earlier row: the accepted value, -1 if unknown, and its time. */
  good: number;
  last: number;
  isAuction: boolean;
  /** Start of the day's trading. */
  open: number;
}

/**
 * Decides whether a day volume is accepted. A value that decreases or jumps implausibly is held until the next packet
 * shows which level continues: the old one, and the value was wrong; or the new one, and two packets agree. Every row
 * in doubt is `SUSPECT`, so that the bars it touches are marked and filled.
 */
export class DayVolumes {
  private readonly doubts = new Map<number, Doubt>();
  private readonly lowered = new Map<number, Lowered>();
  /** IST day number of a value, and the previous date's last value; by instrument. */
  private day = new Float64Array(0);
  private dayBefore = new Float64Array(0);

  constructor(
    private readonly table: InstrumentTable,
    private readonly count: (reason: VolumeReason) => void,
  ) {}

  /** True while every row of the instrument must be judged. */
  isWatched(instrument: number): boolean {
    return this.doubts.has(instrument) || this.lowered.has(instrument);
  }

  /** From here on the instrument's values come from another feed. */
  forget(instrument: number): void {
    if (instrument < this.day.length) this.begin(instrument, 0, 0);
  }

  /** Flags of the row. */
  judge(step: VolumeStep): number {
    const { instrument, time, volume, good, last } = step;
    if (instrument >= this.day.length) this.grow(instrument + 1);
    const today = istDay(time);
    if (good < 0 || this.day[instrument] === 0) {
      this.begin(instrument, today, 0);
      return 0;
    }
    if (today < this.day[instrument]!) return 0; // overtaken by the first of a new date
    if (today > this.day[instrument]!) {
      if (volume === good) return volume === 0 ? 0 : UNBELIEVED; // the old date's figure, repeated
      this.begin(instrument, today, good);
      return good > 0 && volume > FIRST_DAYS * good && this.isMuch(step, volume) ? this.doubt(step, "volume_jump") : 0;
    }
    // A row that was overtaken has the smaller figure, and a stamp that is not newer.
    if (time < last) {
      if (volume <= good || this.doubts.has(instrument)) return 0;
      this.count("volume_jump");
      return SUSPECT | UNBELIEVED;
    }
    const doubt = this.doubts.get(instrument);
    if (doubt !== undefined) return this.settle(step, doubt);
    if (volume < good)
      return time === last ? UNBELIEVED : this.doubt(step, isWrap(good, volume) ? "volume_wrap" : "volume_back");
    if (volume === good) return 0;
    if (isFull(good, volume)) return this.doubt(step, "volume_wrap");
    return this.isImplausible(step, good) || this.isReturn(step) ? this.doubt(step, "volume_jump") : 0;
  }

  /** The day volume before the row: 0 on a date whose own figures are only now beginning. */
  before(instrument: number, time: number, good: number): number {
    return instrument < this.day.length && this.day[instrument]! > 0 && istDay(time) > this.day[instrument]! ? 0 : good;
  }

  private begin(instrument: number, day: number, before: number): void {
    this.day[instrument] = day;
    if (before > 0) this.dayBefore[instrument] = before;
    this.doubts.delete(instrument);
    this.lowered.delete(instrument);
  }

  private doubt({ instrument, volume, time }: VolumeStep, reason: VolumeReason): number {
    this.doubts.set(instrument, { volume, time, reason });
    this.count(reason);
    return SUSPECT | UNBELIEVED;
  }

  /** The packet after a doubtful one. */
  private settle(step: VolumeStep, doubt: Doubt): number {
    const { instrument, volume, time, good } = step;
    if (volume >= good && !isFull(good, volume) && !this.isImplausible(step, good) && !this.isReturn(step)) {
      this.doubts.delete(instrument);
      return SUSPECT;
    }
    // The same packet sent twice confirms nothing.
    if (volume === doubt.volume && time === doubt.time) return SUSPECT | UNBELIEVED;
    // Two agree only where the second follows from the first, and from nothing nearer. After trades a day has no line of nothing:
    // 0 is how feeds say that they have no figure.
    const follows =
      doubt.volume > 0 &&
      volume >= doubt.volume &&
      (doubt.volume > good || volume < good) &&
      (step.isAuction || !this.isFast(step, volume - doubt.volume));
    if (!follows) return this.doubt(step, volume >= good ? "volume_jump" : doubt.reason);
    this.doubts.delete(instrument);
    const isReturn = this.lowered.delete(instrument);
    if (doubt.volume < good) this.lowered.set(instrument, { from: good, to: doubt.volume });
    // A confirmed jump is volume; a confirmed decrease, or a jump back to the level before it, is where counting
    // restarts.
    return doubt.volume < good || isReturn ? SUSPECT | RESET : SUSPECT;
  }

  /** More than one packet can contain. */
  private isImplausible(step: VolumeStep, base: number): boolean {
    const more = step.volume - base;
    const reference = Math.max(base, this.dayBefore[step.instrument]!);
    if (reference === 0 || !this.isMuch(step, more)) return false;
    return (
      more > (step.isAuction ? AUCTION_DAYS : SHARE_OF_DAY) * reference && (step.isAuction || this.isFast(step, more))
    );
  }

  /** Far more than the day's mean pace in that time. */
  private isFast(step: VolumeStep, more: number): boolean {
    const { good, last, open, time } = step;
    return (
      this.isMuch(step, more) &&
      more > TIMES_PACE * (good / Math.max(1_000, last - open)) * Math.max(1_000, time - last)
    );
  }

  private isMuch({ instrument, price }: VolumeStep, volume: number): boolean {
    return volume * price > LEAST_RUPEES * 10 ** this.table.at(instrument).decimals;
  }

  /** One step over most of what an accepted step back took away. */
  private isReturn({ instrument, volume, good }: VolumeStep): boolean {
    const lowered = this.lowered.get(instrument);
    if (lowered === undefined || volume < lowered.from) return false;
    if ((volume - good) * 2 >= lowered.from - lowered.to) return true;
    this.lowered.delete(instrument); // it has grown past it
    return false;
  }

  private grow(size: number): void {
    const capacity = Math.max(size, this.day.length * 2, 64);
    this.day = widen(this.day, capacity);
    this.dayBefore = widen(this.dayBefore, capacity);
  }
}

/** True where a counter that has no room for more would show this. */
const isWrap = (good: number, volume: number): boolean =>
  WRAPS.some((wrap) => good < wrap && good > wrap * 0.75 && volume + wrap - good < wrap * 0.25);

/** True for -1 and its like, read as a counter without a sign. */
const isFull = (good: number, volume: number): boolean =>
  WRAPS.some((wrap) => volume <= wrap && volume > wrap - 1_024 && good < wrap - 1_048_576);
