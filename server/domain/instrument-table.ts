import { widen } from "./columns";
import { hasVolume, type Instrument, type InstrumentKey } from "./instrument";
import type { HoursKey } from "./session";

/** Places of `InstrumentTable.rules`. */
export const enum Rule { tick, lower, upper, unused, size }

/** Places a slot of the token map takes: a power of two. */
const SLOT = 4;

/** Token to instrument, open addressing over typed arrays: one lookup a tick, no object. */
export class TokenMap {
  /** Per slot token, instrument number (-1: free) and divisor side by side: a lookup touches one cache line. */
  private slots = new Int32Array(64 * SLOT).fill(-1);
  private used = 0;

  set(token: number, index: number, wireDivisor: number): void {
    if (this.used * 2 * SLOT >= this.slots.length) this.grow();
    const slot = this.slotOf(token);
    if (this.slots[slot + 1] === -1) this.used++;
    this.slots[slot] = token | 0;
    this.slots[slot + 1] = index;
    this.slots[slot + 2] = wireDivisor;
  }

  /** Slot of a token, or -1; `indexAt` and `divisorAt` read it. */
  find(token: number): number {
    const slot = this.slotOf(token);
    return this.slots[slot + 1] === -1 ? -1 : slot;
  }
  indexAt(slot: number): number { return this.slots[slot + 1]!; }
  /** A power of ten. */
  divisorAt(slot: number): number { return this.slots[slot + 2]!; }
  get size(): number { return this.used; }

  private slotOf(token: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    const key = token | 0;
    let slot = (Math.imul(key, 0x9e3779b1) >>> 7) * SLOT & mask;
    while (slots[slot] !== key && slots[slot + 1] !== -1) slot = (slot + SLOT) & mask;
    return slot;
  }

  private grow(): void {
    const { slots } = this;
    this.slots = new Int32Array(slots.length * 2).fill(-1);
    this.used = 0;
    for (let slot = 0; slot < slots.length; slot += SLOT) if (slots[slot + 1] !== -1) this.set(slots[slot]!, slots[slot + 1]!, slots[slot + 2]!);
  }
}

/**
 * Instruments by dense number: the hot path indexes typed arrays with it. Numbers are given in order of arrival,
 * are never reused in one process and never stored (the store's `id` is).
 */
export class InstrumentTable {
  private readonly rows: Instrument[] = [];
  private readonly byKey = new Map<string, number>();
  private readonly byId = new Map<number, number>();
  private readonly hoursKeys: HoursKey[] = [];
  /** Number of the instrument's trading hours among those in use: instruments of one number open and close together. */
  hoursNumber = new Uint8Array(64);
  private readonly hoursInUse: HoursKey[] = [];
  /** 1: carries volume. Indices print values, not trades. */
  traded = new Uint8Array(64);
  /** What a price must obey, `Rule.size` numbers an instrument: minor units, 0 where nothing is known. */
  rules = new Float64Array(64 * Rule.size);

  get size(): number { return this.rows.length; }

  /** Adds or replaces by id; answers the dense number. */
  put(instrument: Instrument, hours: HoursKey): number {
    const known = this.byId.get(instrument.id);
    const index = known ?? this.rows.length;
    const before = this.rows[index];
    if (before !== undefined && before.key !== instrument.key) this.byKey.delete(before.key);
    this.rows[index] = instrument;
    this.hoursKeys[index] = hours;
    this.byKey.set(instrument.key, index);
    this.byId.set(instrument.id, index);
    if (index >= this.traded.length) {
      this.traded = widen(this.traded, this.traded.length * 2);
      this.hoursNumber = widen(this.hoursNumber, this.traded.length);
      this.rules = widen(this.rules, this.traded.length * Rule.size);
    }
    if (!this.hoursInUse.includes(hours)) this.hoursInUse.push(hours);
    this.hoursNumber[index] = this.hoursInUse.indexOf(hours);
    this.traded[index] = hasVolume(instrument.segment) ? 1 : 0;
    // A value of an index lies on no grid; of an instrument with a grid of one unit every price does.
    this.rules[index * Rule.size + Rule.tick] = this.traded[index] === 1 && instrument.tickSize > 1 ? instrument.tickSize : 0;
    return index;
  }

  /** The day's circuit limits in minor units, both inclusive; 0, 0: not known. */
  setLimits(index: number, lower: number, upper: number): void {
    this.rules[index * Rule.size + Rule.lower] = lower;
    this.rules[index * Rule.size + Rule.upper] = upper;
  }

  /** The listing was proved wrong by the market: no price of the instrument is refused until it is listed anew. */
  lift(index: number): void { this.rules.fill(0, index * Rule.size, (index + 1) * Rule.size); }

  at(index: number): Instrument {
    const row = this.rows[index];
    if (row === undefined) throw new RangeError(`no instrument number ${index}`);
    return row;
  }
  hours(index: number): HoursKey {
    const hours = this.hoursKeys[index];
    if (hours === undefined) throw new RangeError(`no instrument number ${index}`);
    return hours;
  }
  indexOf(key: InstrumentKey | string): number { return this.byKey.get(key) ?? -1; }
  indexOfId(id: number): number { return this.byId.get(id) ?? -1; }
  all(): readonly Instrument[] { return this.rows; }
}
