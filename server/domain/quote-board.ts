import { widen } from "./columns";
import { packetLength } from "./tick";

/** Places of an instrument's figures in its row of `QuoteBoard.figures`. */
export const enum Quote { price, time, received, volume, openInterest, sequence, offset, collector, size }

/**
 * The newest of every instrument, by dense number. Written by the normaliser, read by watchlists, the legend and
 * health. An instrument's figures lie side by side: a tick touches one cache line, in columns it would touch eight.
 * The frame that brought a row is kept by reference: day figures and depth are decoded when somebody looks.
 */
export class QuoteBoard {
  capacity = 0;
  figures = new Float64Array(0);
  frame: (Uint8Array | null)[] = [];
  /** Wire integers per minor unit in `frame`. */
  wireDivisor = new Float64Array(0);
  /** Rows over all instruments. */
  total = 0;

  constructor() { this.grow(64); }

  /** Minor units; 0 before the first tick. */
  price(instrument: number): number { return this.at(instrument, Quote.price); }
  /** Bucketing time and receive time of the last tick, epoch ms; 0 before the first. */
  time(instrument: number): number { return this.at(instrument, Quote.time); }
  received(instrument: number): number { return this.at(instrument, Quote.received); }
  /** As sent: day volume and open interest, -1 unknown. */
  volume(instrument: number): number { return this.at(instrument, Quote.volume); }
  openInterest(instrument: number): number { return this.at(instrument, Quote.openInterest); }
  /** Counts rows per instrument: readers tell by it what changed since they looked. */
  sequence(instrument: number): number { return this.at(instrument, Quote.sequence); }
  /** Where the newest packet stands in `frame`, and whose it is; collector -1 before the first. */
  offset(instrument: number): number { return this.at(instrument, Quote.offset); }
  collector(instrument: number): number { return this.at(instrument, Quote.collector); }

  grow(capacity: number): void {
    if (capacity <= this.capacity) return;
    const before = this.capacity;
    this.capacity = Math.max(capacity, before * 2);
    this.figures = widen(this.figures, this.capacity * Quote.size);
    this.wireDivisor = widen(this.wireDivisor, this.capacity, 1);
    for (let instrument = before; instrument < this.capacity; instrument++) {
      const row = instrument * Quote.size;
      this.figures[row + Quote.volume] = -1;
      this.figures[row + Quote.openInterest] = -1;
      this.figures[row + Quote.collector] = -1;
      this.frame.push(null);
    }
  }

  /**
   * Gives every packet received before that instant a buffer of its own: a quiet instrument would keep the whole
   * frame, and the socket's buffer behind it, of its last packet alive.
   */
  compact(before: number): void {
    for (let instrument = 0; instrument < this.capacity; instrument++) {
      const frame = this.frame[instrument];
      if (frame === null || frame === undefined || this.received(instrument) >= before) continue;
      const offset = this.offset(instrument);
      const end = offset + packetLength(frame, offset);
      const start = offset - 2; // its length goes along
      if (start < 0 || end > frame.length || frame.buffer.byteLength === end - start) continue;
      this.frame[instrument] = new Uint8Array(frame.subarray(start, end));
      this.figures[instrument * Quote.size + Quote.offset] = 2;
    }
  }

  private at(instrument: number, figure: Quote): number { return this.figures[instrument * Quote.size + figure]!; }
}
