import { widen } from "@/server/domain/basics/columns";
import { FrameShelf, offsetOf, slotOf } from "@/server/domain/basics/frame-shelf";
import type { Framing } from "./tick";

/** Places of an instrument's figures in its row of `QuoteBoard.figures`. */
export const enum Quote {
  price,
  time,
  received,
  volume,
  openInterest,
  sequence,
  place,
  line,
  size,
}

/** `Quote.place` of a packet in `kept`. */
const KEPT = -1;

/** A line is a collector's connection: connections so far x this + the collector's number. */
const LINE = 65_536;
export const lineOf = (collector: number, connections: number): number => connections * LINE + collector;

/**
 * The newest data of every instrument, by dense number. The normaliser writes it; watchlists, the legend and health
 * read it. An instrument's values are adjacent, so a tick touches one cache line instead of eight. The frame of each
 * row is kept, so day figures and depth are decoded only when read.
 */
export class QuoteBoard {
  capacity = 0;
  figures = new Float64Array(0);
  /** Wire integers per minor unit in `frame`. */
  wireDivisor = new Float64Array(0);
  /** Rows over all instruments. */
  total = 0;

  private readonly shelf = new FrameShelf((isLeaving) => this.keepPackets(isLeaving));
  /** Framing of packets in the frame of each slot. */
  private readonly framings: (Framing | null)[] = [];
  /** Packets of instruments that have been quiet while their frames left the shelf, each behind its prefix. */
  private readonly kept: ({ bytes: Uint8Array; prefix: number } | null)[] = [];

  constructor() {
    this.grow(64);
  }

  /** Minor units; 0 before the first tick. */
  price(instrument: number): number {
    return this.at(instrument, Quote.price);
  }
  /** Bucketing time and receive time of the last tick, epoch ms; 0 before the first. */
  time(instrument: number): number {
    return this.at(instrument, Quote.time);
  }
  received(instrument: number): number {
    return this.at(instrument, Quote.received);
  }
  /** As sent: day volume and open interest, -1 if unknown. */
  volume(instrument: number): number {
    return this.at(instrument, Quote.volume);
  }
  openInterest(instrument: number): number {
    return this.at(instrument, Quote.openInterest);
  }
  /** Counts rows per instrument, so that readers can see what has changed. */
  sequence(instrument: number): number {
    return this.at(instrument, Quote.sequence);
  }
  /** The frame with the newest packet, the packet's place in it, and its collector; -1 before the first. */
  frame(instrument: number): Uint8Array | null {
    const place = this.at(instrument, Quote.place);
    return place < 0 ? this.kept[instrument]!.bytes : this.shelf.at(slotOf(place));
  }
  offset(instrument: number): number {
    const place = this.at(instrument, Quote.place);
    return place < 0 ? this.kept[instrument]!.prefix : offsetOf(place);
  }
  /** Bytes of the newest packet's body, which begins at `offset`; -1 where there is no such packet. */
  packetLength(instrument: number): number {
    const place = this.at(instrument, Quote.place);
    if (place < 0) {
      const { bytes, prefix } = this.kept[instrument]!;
      return bytes.length - prefix;
    }
    const slot = slotOf(place);
    const frame = this.shelf.at(slot);
    const framing = this.framings[slot];
    if (frame === null || framing == null || offsetOf(place) < framing.prefix) return -1;
    return framing.length(frame, offsetOf(place));
  }
  collector(instrument: number): number {
    const line = this.at(instrument, Quote.line);
    return line < 0 ? -1 : line % LINE;
  }

  /** Place of a frame's first byte, for `Quote.place`; a packet is at this plus its offset. 0 without a frame. */
  placeOf(frame: Uint8Array | null, framing: Framing | null): number {
    if (frame === null) return 0;
    const place = this.shelf.put(frame);
    this.framings[slotOf(place)] = framing;
    return place;
  }

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
      this.figures[row + Quote.line] = -1;
      this.kept.push(null);
    }
  }

  /** Gives the newest packet of quiet instruments memory of its own before its frame goes. */
  private keepPackets(isLeaving: (slot: number) => boolean): void {
    for (let instrument = 0; instrument < this.capacity; instrument++) {
      const place = this.at(instrument, Quote.place);
      const slot = slotOf(place);
      if (slot < 0 || !isLeaving(slot)) continue;
      const frame = this.shelf.at(slot)!;
      const prefix = this.framings[slot]?.prefix ?? 0;
      const offset = offsetOf(place);
      const length = this.packetLength(instrument);
      const isWhole = length >= 0 && offset + length <= frame.length;
      this.kept[instrument] = isWhole
        ? { bytes: new Uint8Array(frame.subarray(offset - prefix, offset + length)), prefix }
        : null;
      this.figures[instrument * Quote.size + Quote.place] = isWhole ? KEPT : 0;
    }
  }

  private at(instrument: number, figure: Quote): number {
    return this.figures[instrument * Quote.size + figure]!;
  }
}
