import { widen } from "./columns";
import { hasVolume, type Instrument, type InstrumentKey } from "./instrument";
import type { HoursKey } from "./session";

/**
 * Places of `InstrumentTable.rules`: a price is a multiple of `tick` (`perTick` is its inverse) from `lower` to `upper`.
 * Where nothing is known every positive integer is.
 */
export const enum Rule { tick, perTick, lower, upper, traded, hours, doubts, size = 8 }
const ANY = Number.MAX_SAFE_INTEGER;

/** Places of a token map's slot: one lookup touches one cache line. */
const enum Slot { token, instrument, divisor, size = 4 }

/** Token to instrument, open addressing over typed arrays: one lookup a tick, no object. */
export class TokenMap {
  /** A slot whose instrument is -1 is free. */
  private slots = new Int32Array(64 * Slot.size).fill(-1);
  private used = 0;

  set(token: number, index: number, wireDivisor: number): void {
    if (this.used * 2 * Slot.size >= this.slots.length) this.grow();
    const slot = this.slotOf(token);
    if (this.slots[slot + Slot.instrument] === -1) this.used++;
    this.slots[slot] = token | 0;
    this.slots[slot + Slot.instrument] = index;
    this.slots[slot + Slot.divisor] = wireDivisor;
  }

  /** Slot of a token, or -1; `indexAt` and `divisorAt` read it. */
  find(token: number): number {
    const slot = this.slotOf(token);
    return this.slots[slot + Slot.instrument] === -1 ? -1 : slot;
  }
  indexAt(slot: number): number { return this.slots[slot + Slot.instrument]!; }
  /** A power of ten. */
  divisorAt(slot: number): number { return this.slots[slot + Slot.divisor]!; }
  get size(): number { return this.used; }

  private slotOf(token: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    const key = token | 0;
    let slot = ((Math.imul(key, 0x9e3779b1) >>> 7) * Slot.size) & mask;
    while (slots[slot] !== key && slots[slot + Slot.instrument] !== -1) slot = (slot + Slot.size) & mask;
    return slot;
  }

  private grow(): void {
    const { slots } = this;
    this.slots = new Int32Array(slots.length * 2).fill(-1);
    this.used = 0;
    for (let slot = 0; slot < slots.length; slot += Slot.size) {
      if (slots[slot + Slot.instrument] !== -1) this.set(slots[slot]!, slots[slot + Slot.instrument]!, slots[slot + Slot.divisor]!);
    };
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
  /** What is asked of every tick, `Rule.size` numbers an instrument; prices in minor units. */
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
    const rule = index * Rule.size;
    if (before === undefined) this.lift(index);
    // A value of an index lies on no grid; of an instrument with a grid of one unit every price does.
    const tick = this.traded[index] === 1 && instrument.tickSize > 1 ? instrument.tickSize : 1;
    this.rules[rule + Rule.tick] = tick;
    this.rules[rule + Rule.perTick] = 1 / tick;
    this.rules[rule + Rule.traded] = this.traded[index]!;
    this.rules[rule + Rule.hours] = this.hoursNumber[index]!;
    return index;
  }

  /** The day's circuit limits in minor units, both inclusive; 0, 0: not known. */
  setLimits(index: number, lower: number, upper: number): void {
    const rule = index * Rule.size;
    this.rules[rule + Rule.lower] = upper === 0 ? 1 : lower;
    this.rules[rule + Rule.upper] = upper === 0 ? ANY : upper;
  }

  /** The listing was proved wrong by the market: no price of the instrument is refused until it is listed anew. */
  lift(index: number): void {
    const rule = index * Rule.size;
    this.rules[rule + Rule.tick] = 1;
    this.rules[rule + Rule.perTick] = 1;
    this.setLimits(index, 0, 0);
  }

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
