import { MOST_PRICE } from "@/server/domain/basics/bounds";
import { widen } from "@/server/domain/basics/columns";
import { hasVolume, type Instrument, type InstrumentKey } from "./instrument";
import type { HoursKey } from "@/server/domain/time/session";

/** Places of `InstrumentTable.rules`: a price is a multiple of `tick` from `lower` to `upper`. Where nothing is known every positive integer is. */
export const enum Rule {
  tick,
  lower,
  upper,
  kind,
  size,
}
/** `Rule.kind`: number of the trading hours; whether it trades (an index has values); whether its last price was refused; whether its day volume is in doubt. */
export const enum Kind {
  hours = 0xff,
  traded = 0x100,
  doubted = 0x200,
  suspect = 0x400,
}
/** A price is expected within this many times the last one, and not below the last one divided by it. */
const FAR = 10;
/** No limit that is known; prices beyond it are looked at more closely. */
export const NO_LIMIT = MOST_PRICE;

/** Places of a token map's slot. Eight bytes: eight slots share a cache line. */
const enum Slot {
  token,
  target,
  size,
}
/** A target is an instrument number and the exponent of its wire divisor. */
export const enum Target {
  instrument = 0xf_ffff,
  exponentShift = 20,
}
const powersOfTen = Float64Array.from({ length: 11 }, (_, exponent) => 10 ** exponent);
/** Wire divisor of a target, a power of ten; 1 if the target is only an instrument number. */
export const divisorOf = (target: number): number => powersOfTen[target >> Target.exponentShift]!;

/** Token to instrument, open addressing over typed arrays: one lookup a tick, no object. */
export class TokenMap {
  /** A slot whose target is -1 is free. */
  private slots = new Int32Array(64 * Slot.size).fill(-1);
  private used = 0;

  canHold(index: number, wireDivisor: number): boolean {
    return powersOfTen.includes(wireDivisor) && index <= Target.instrument;
  }

  set(token: number, index: number, wireDivisor: number): void {
    const exponent = powersOfTen.indexOf(wireDivisor);
    if (!this.canHold(index, wireDivisor))
      throw new RangeError(`no slot for instrument number ${index} with wire divisor ${wireDivisor}`);
    if (this.used * 2 * Slot.size >= this.slots.length) this.grow();
    const slot = this.slotOf(token);
    if (this.slots[slot + Slot.target] === -1) this.used++;
    this.slots[slot] = token | 0;
    this.slots[slot + Slot.target] = index | (exponent << Target.exponentShift);
  }

  /** Target of a token, or -1. */
  target(token: number): number {
    return this.slots[this.slotOf(token) + Slot.target]!;
  }
  /** Instrument number of a token, or -1. */
  indexOf(token: number): number {
    const target = this.target(token);
    return target === -1 ? -1 : target & Target.instrument;
  }
  get size(): number {
    return this.used;
  }

  private slotOf(token: number): number {
    const { slots } = this;
    const mask = slots.length - 1;
    const key = token | 0;
    let slot = ((Math.imul(key, 0x9e3779b1) >>> 7) * Slot.size) & mask;
    while (slots[slot] !== key && slots[slot + Slot.target] !== -1) slot = (slot + Slot.size) & mask;
    return slot;
  }

  private grow(): void {
    const { slots } = this;
    this.slots = new Int32Array(slots.length * 2).fill(-1);
    this.used = 0;
    for (let slot = 0; slot < slots.length; slot += Slot.size) {
      if (slots[slot + Slot.target] === -1) continue;
      const place = this.slotOf(slots[slot]!);
      this.slots.set(slots.subarray(slot, slot + Slot.size), place);
      this.used++;
    }
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
  rules = new Int32Array(64 * Rule.size);
  /** 1: the day's circuit limits are known. */
  private limited = new Uint8Array(64);
  /**
   * Last known price; 0: none. Without known limits, the next price is expected between a tenth and ten times of it.
   */
  private reference = new Int32Array(64);

  /** Changes with every update, so that counts over all instruments can be cached. */
  version = 0;

  get size(): number {
    return this.rows.length;
  }

  /** Adds or replaces by id; returns the dense number. */
  put(instrument: Instrument, hours: HoursKey): number {
    const known = this.byId.get(instrument.id);
    const index = known ?? this.rows.length;
    const before = this.rows[index];
    this.version++;
    if (before !== undefined && before.key !== instrument.key) this.byKey.delete(before.key);
    this.rows[index] = instrument;
    this.hoursKeys[index] = hours;
    this.byKey.set(instrument.key, index);
    this.byId.set(instrument.id, index);
    if (index >= this.traded.length) {
      this.traded = widen(this.traded, this.traded.length * 2);
      this.hoursNumber = widen(this.hoursNumber, this.traded.length);
      this.rules = widen(this.rules, this.traded.length * Rule.size);
      this.limited = widen(this.limited, this.traded.length);
      this.reference = widen(this.reference, this.traded.length);
    }
    if (!this.hoursInUse.includes(hours)) this.hoursInUse.push(hours);
    this.hoursNumber[index] = this.hoursInUse.indexOf(hours);
    this.traded[index] = hasVolume(instrument.segment) ? 1 : 0;
    const rule = index * Rule.size;
    if (before === undefined) this.lift(index);
    // Index values have no tick grid; if an instrument's tick is one unit, every price is on it.
    const tick = this.traded[index] === 1 && instrument.tickSize > 1 ? Math.round(instrument.tickSize) : 1;
    this.rules[rule + Rule.tick] = tick;
    this.rules[rule + Rule.kind] = this.hoursNumber[index]! | (this.traded[index] === 1 ? Kind.traded : 0);
    return index;
  }

  /** The day's circuit limits in minor units, both inclusive; 0, 0: not known. */
  setLimits(index: number, lower: number, upper: number): void {
    this.limited[index] = upper === 0 ? 0 : 1;
    const rule = index * Rule.size;
    const reference = this.reference[index]!;
    this.rules[rule + Rule.lower] = upper !== 0 ? lower : reference === 0 ? 1 : Math.ceil(reference / FAR);
    this.rules[rule + Rule.upper] =
      upper !== 0 ? Math.min(upper, NO_LIMIT) : reference === 0 ? NO_LIMIT : Math.min(reference * FAR, NO_LIMIT);
  }

  /** The last price that is known of an instrument: a close that is stored, or a price that was believed. */
  setReference(index: number, price: number): void {
    this.reference[index] = price >= 1 && price <= MOST_PRICE ? Math.round(price) : 0;
    if (this.limited[index] === 0) this.setLimits(index, 0, 0);
  }

  referenceOf(index: number): number {
    return this.reference[index]!;
  }
  /** True if the day's circuit limits are known; otherwise `rules` contains the range expected of the next price. */
  hasLimits(index: number): boolean {
    return this.limited[index] === 1;
  }

  /** The market has proved the listing wrong: no price of the instrument is rejected until it is listed again. */
  lift(index: number): void {
    const rule = index * Rule.size;
    this.rules[rule + Rule.tick] = 1;
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
  indexOf(key: InstrumentKey | string): number {
    return this.byKey.get(key) ?? -1;
  }
  indexOfId(id: number): number {
    return this.byId.get(id) ?? -1;
  }
  all(): readonly Instrument[] {
    return this.rows;
  }
}
