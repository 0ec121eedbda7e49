import { widen } from "./columns";
import { hasVolume, type Instrument, type InstrumentKey } from "./instrument";
import type { HoursKey } from "./session";

/** Token to instrument, open addressing over typed arrays: one lookup a tick, no object. */
export class TokenMap {
  private keys = new Int32Array(64);
  private indexes = new Int32Array(64).fill(-1);
  private divisors = new Float64Array(64);
  private used = 0;

  set(token: number, index: number, wireDivisor: number): void {
    if (this.used * 2 >= this.keys.length) this.grow();
    const slot = this.slotOf(token);
    if (this.indexes[slot] === -1) this.used++;
    this.keys[slot] = token | 0;
    this.indexes[slot] = index;
    this.divisors[slot] = wireDivisor;
  }

  /** Slot of a token, or -1; `indexAt` and `divisorAt` read it. */
  find(token: number): number {
    const slot = this.slotOf(token);
    return this.indexes[slot] === -1 ? -1 : slot;
  }
  indexAt(slot: number): number { return this.indexes[slot]!; }
  divisorAt(slot: number): number { return this.divisors[slot]!; }
  get size(): number { return this.used; }

  private slotOf(token: number): number {
    const mask = this.keys.length - 1;
    const key = token | 0;
    let slot = Math.imul(key, 0x9e3779b1) >>> 7 & mask;
    while (this.indexes[slot] !== -1 && this.keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  private grow(): void {
    const { keys, indexes, divisors } = this;
    this.keys = new Int32Array(keys.length * 2);
    this.indexes = new Int32Array(keys.length * 2).fill(-1);
    this.divisors = new Float64Array(keys.length * 2);
    this.used = 0;
    keys.forEach((key, slot) => { if (indexes[slot] !== -1) this.set(key, indexes[slot]!, divisors[slot]!); });
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
  /** 1: carries volume. Indices print values, not trades. */
  traded = new Uint8Array(64);

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
    if (index >= this.traded.length) this.traded = widen(this.traded, this.traded.length * 2);
    this.traded[index] = hasVolume(instrument.segment) ? 1 : 0;
    return index;
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
