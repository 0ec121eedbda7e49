import { widen } from "./columns";

/**
 * The newest of every instrument, in columns by dense number. Written by the normaliser, read by watchlists, the
 * legend and health. The frame that brought a row is kept by reference: day figures and depth are decoded when somebody looks.
 */
export class QuoteBoard {
  capacity = 64;
  /** Minor units; 0 before the first tick. */
  price = new Float64Array(64);
  /** Bucketing time and receive time of the last tick, epoch ms; 0 before the first. */
  time = new Float64Array(64);
  received = new Float64Array(64);
  /** As sent: day volume and open interest, -1 unknown. */
  volume = new Float64Array(64).fill(-1);
  openInterest = new Float64Array(64).fill(-1);
  /** Exchange time of the last row, 0 when it had none: part of the duplicate key. */
  exchangeTime = new Float64Array(64);
  collector = new Int32Array(64).fill(-1);
  offset = new Int32Array(64);
  wireDivisor = new Float64Array(64).fill(1);
  frame: (Uint8Array | null)[] = [];
  /** Counts rows per instrument: readers tell by it what changed since they looked. */
  sequence = new Float64Array(64);
  /** Rows over all instruments. */
  total = 0;

  grow(capacity: number): void {
    if (capacity <= this.capacity) return;
    const size = Math.max(capacity, this.capacity * 2);
    this.price = widen(this.price, size);
    this.time = widen(this.time, size);
    this.received = widen(this.received, size);
    this.volume = widen(this.volume, size, -1);
    this.openInterest = widen(this.openInterest, size, -1);
    this.exchangeTime = widen(this.exchangeTime, size);
    this.wireDivisor = widen(this.wireDivisor, size, 1);
    this.sequence = widen(this.sequence, size);
    this.collector = widen(this.collector, size, -1);
    this.offset = widen(this.offset, size);
    this.capacity = size;
  }
}
