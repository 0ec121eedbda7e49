const MINUTE_MS = 60_000;
const SLOT_MS = 5_000;
/** How far back the usual pace of a feed is measured. */
const PACE_MS = 5 * MINUTE_MS;

/** Ticks of a stretch of market time. */
interface Slot {
  ticks: number;
  ms: number;
}
const ticksOf = (slots: readonly Slot[]): number => slots.reduce((sum, { ticks }) => sum + ticks, 0);
const lengthOf = (slots: readonly Slot[]): number => slots.reduce((sum, { ms }) => sum + ms, 0);

/**
 * How many ticks a feed brings, measured in market time: a recording plays minutes of it in a second, and hours without
 * trading do not count.
 */
export class FeedPace {
  /** Five minutes of entries, newest last. */
  private readonly slots: Slot[] = [];
  /** When the slot that is being filled began. */
  private from: number;
  private ticks = 0;
  /** Ticks of the last minute. */
  lastMinute = 0;

  constructor(now: number) {
    this.from = now;
  }

  saw(ticks: number): void {
    this.ticks += ticks;
  }

  /** `openSince`: since when its market has been trading, epoch ms; null while it is not. */
  at(now: number, openSince: number | null): void {
    const { slots } = this;
    const ms = now - Math.max(this.from, openSince ?? 0);
    if (ms < SLOT_MS) return;
    slots.push({ ticks: this.ticks, ms });
    while (slots.length > 1 && lengthOf(slots) - slots[0]!.ms >= PACE_MS) slots.shift();
    this.ticks = 0;
    this.from = now;
    let last = slots.length - 1;
    while (last > 0 && lengthOf(slots.slice(last)) < MINUTE_MS) last--;
    const minute = slots.slice(last);
    this.lastMinute = Math.round(ticksOf(minute) * Math.min(1, MINUTE_MS / lengthOf(minute)));
  }

  /** Ticks per second in the newest slot. */
  get perSecond(): number {
    const slot = this.slots.at(-1);
    return slot === undefined ? 0 : slot.ticks / (slot.ms / 1_000);
  }

  /** Ticks per minute over the last five minutes; null before one has passed. */
  get perMinute(): number | null {
    const ms = lengthOf(this.slots);
    return ms < MINUTE_MS ? null : ticksOf(this.slots) / (ms / MINUTE_MS);
  }
}
