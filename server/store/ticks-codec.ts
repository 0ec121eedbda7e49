import type { StoredTicks } from "@/server/domain/ticks/stored-ticks";
import { EXCHANGE_CLOCK } from "@/server/domain/ticks/tick";
import { VARINT_BYTES, VarintReader, VarintWriter } from "./varints";

/*
 * Ticks of one instrument as bytes, each told as its difference from the one before (a run):
 *   tag        low four bits: flags, 15 means that a byte with all of them follows; then what else follows:
 *              16 price, 32 volume, 64 open interest, 128 time
 *   sequence   varint of the difference
 *   received   signed varint of the difference, ms
 *   time       signed varint: from the time before (exchange's clock) or from `received` (ours); the lowest bit says
 *              ms, else whole seconds
 *   price, volume, open interest    signed varints of the differences
 * Varints: varints.ts. A run begins from zeros, and from -1 for volume and open interest. The SQL function `unpack_ticks`
 * reads the same.
 */
const FLAGS_FOLLOW = 15;
const PRICE = 16;
const VOLUME = 32;
const INTEREST = 64;
const TIME = 128;
/** Maximum size of a tick: a tag, a byte of flags, six varints. */
const LONGEST = 2 + 6 * VARINT_BYTES;

/** A growing buffer of runs. Times are kept as whole ms. */
export class TickEncoder extends VarintWriter {
  /** Ticks since `begin`. */
  ticks = 0;
  sequence = 0;
  received = 0;
  private time = 0;
  private price = 0;
  private volume = -1;
  private interest = -1;

  /** The next run starts here. */
  begin(): void {
    this.ticks = this.sequence = this.received = this.time = this.price = 0;
    this.volume = this.interest = -1;
  }

  /** Appends a row; its sequence is greater than that of the row before in the run. */
  put(from: StoredTicks, row: number): void {
    this.reserve(LONGEST);
    const received = Math.floor(from.received[row]!);
    const time = Math.floor(from.time[row]!);
    const price = from.price[row]!;
    const volume = from.volume[row]!;
    const interest = from.openInterest[row]!;
    const sequence = from.sequence[row]!;
    const flags = from.flags[row]!;
    const expected = (flags & EXCHANGE_CLOCK) === 0 ? received : this.time;
    const { bytes } = this;
    bytes[this.length++] =
      (flags < FLAGS_FOLLOW ? flags : FLAGS_FOLLOW) |
      (price === this.price ? 0 : PRICE) |
      (volume === this.volume ? 0 : VOLUME) |
      (interest === this.interest ? 0 : INTEREST) |
      (time === expected ? 0 : TIME);
    if (flags >= FLAGS_FOLLOW) bytes[this.length++] = flags;
    this.varint(sequence - this.sequence);
    this.signed(received - this.received);
    if (time !== expected) {
      const moved = time - expected;
      // A remainder of a negative number may be -0, which is no difference.
      if (moved % 1_000 === 0) this.varint((moved < 0 ? moved / -500 - 1 : moved / 500) * 2);
      else this.varint((moved < 0 ? -2 * moved - 1 : 2 * moved) * 2 + 1);
    }
    if (price !== this.price) this.signed(price - this.price);
    if (volume !== this.volume) this.signed(volume - this.volume);
    if (interest !== this.interest) this.signed(interest - this.interest);
    this.sequence = sequence;
    this.received = received;
    this.time = time;
    this.price = price;
    this.volume = volume;
    this.interest = interest;
    this.ticks++;
  }
}

/** Reads a run of `count` ticks from `bytes` at `offset` and appends them to `into`. Returns where the run ends. */
export const decodeRun = (bytes: Uint8Array, offset: number, count: number, into: StoredTicks): number => {
  const reader = new VarintReader(bytes, offset);
  let sequence = 0,
    received = 0,
    time = 0,
    price = 0,
    volume = -1,
    interest = -1;
  for (let tick = 0; tick < count; tick++) {
    const tag = reader.byte();
    let flags = tag & 15;
    if (flags === FLAGS_FOLLOW) flags = reader.byte();
    sequence += reader.varint();
    received += reader.signed();
    if ((flags & EXCHANGE_CLOCK) === 0) time = received;
    if ((tag & TIME) !== 0) {
      const value = reader.varint();
      const moved = value % 2 === 1 ? (value - 1) / 2 : value / 2;
      const distance = moved % 2 === 0 ? moved / 2 : -(moved + 1) / 2;
      time += value % 2 === 1 ? distance : distance * 1_000;
    }
    if ((tag & PRICE) !== 0) price += reader.signed();
    if ((tag & VOLUME) !== 0) volume += reader.signed();
    if ((tag & INTEREST) !== 0) interest += reader.signed();
    const row = into.length++;
    into.sequence[row] = sequence;
    into.received[row] = received;
    into.time[row] = time;
    into.price[row] = price;
    into.volume[row] = volume;
    into.openInterest[row] = interest;
    into.flags[row] = flags;
  }
  return reader.at;
};
