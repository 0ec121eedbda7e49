import { describe, expect, it } from "vitest";
import { lineOf, Quote, QuoteBoard } from "./quote-board";
import type { Framing } from "./tick";

/** A length of two bytes in front of each packet. */
const framing: Framing = { prefix: 2, length: (bytes, offset) => bytes[offset - 2]! * 256 + bytes[offset - 1]! };
const FIRST = 4;
const SECOND = 9;
/** A frame of two packets of three and two bytes, somewhere in a socket's larger buffer of `size` bytes. */
const frame = (size = 64): Uint8Array => {
  const buffer = new Uint8Array(size);
  buffer.set([9, 9, 0, 2, 0, 3, 11, 12, 13, 0, 2, 21, 22, 9]);
  return buffer.subarray(2, 13);
};

/** Gives the instruments the newest packets of a frame. */
const bring = (quotes: QuoteBoard, bytes: Uint8Array | null, offsets: Record<number, number>): void => {
  const place = quotes.placeOf(bytes, bytes === null ? null : framing);
  for (const [instrument, offset] of Object.entries(offsets))
    quotes.figures[Number(instrument) * Quote.size + Quote.place] = place + offset;
};
const packet = (quotes: QuoteBoard, instrument: number): number[] => {
  const held = quotes.frame(instrument)!;
  const offset = quotes.offset(instrument);
  return [...held.subarray(offset - 2, offset + held[offset - 1]!)];
};

describe("the quote board", () => {
  it("keeps the frame of a newest packet, and the packet's place in it", () => {
    const quotes = new QuoteBoard();
    const bytes = frame();
    bring(quotes, bytes, { 0: FIRST, 1: SECOND });
    expect([quotes.frame(0), quotes.offset(0), quotes.frame(1), quotes.offset(1)]).toEqual([
      bytes,
      FIRST,
      bytes,
      SECOND,
    ]);
    expect(quotes.frame(0)).toBe(bytes);
    expect(quotes.frame(2)).toBeNull();
    bring(quotes, null, { 0: 0 });
    expect(quotes.frame(0)).toBeNull();
  });

  it("gives the packet of a quiet instrument memory of its own, which holds nothing else, when many frames have come since", () => {
    const quotes = new QuoteBoard();
    bring(quotes, frame(), { 0: FIRST, 1: SECOND });
    for (let count = 0; count < 3_000; count++) bring(quotes, frame(), { 1: SECOND });
    expect([packet(quotes, 0), packet(quotes, 1)]).toEqual([
      [0, 3, 11, 12, 13],
      [0, 2, 21, 22],
    ]);
    expect([quotes.frame(0)!.buffer.byteLength, quotes.frame(1)!.buffer.byteLength]).toEqual([5, 64]);
    const kept = quotes.frame(0);
    for (let count = 0; count < 3_000; count++) bring(quotes, frame(), { 1: SECOND });
    expect(quotes.frame(0)).toBe(kept);
  });

  it("holds no more of the socket's memory than its share, however large the buffers behind the frames are", () => {
    const quotes = new QuoteBoard();
    const megabyte = 1_024 * 1_024;
    for (let instrument = 0; instrument < 40; instrument++) bring(quotes, frame(megabyte), { [instrument]: FIRST });
    const buffers = new Set(Array.from({ length: 40 }, (_, instrument) => quotes.frame(instrument)!.buffer));
    expect([...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0)).toBeLessThan(18 * megabyte);
    expect(packet(quotes, 0)).toEqual([0, 3, 11, 12, 13]);
  });

  it("keeps what it knows when it grows, and knows nothing of the new", () => {
    const quotes = new QuoteBoard();
    quotes.figures[Quote.received] = 1_000;
    quotes.figures[Quote.line] = lineOf(3, 7);
    bring(quotes, frame(), { 0: FIRST });
    quotes.grow(1_000);
    expect([quotes.received(0), quotes.collector(0), packet(quotes, 0)]).toEqual([1_000, 3, [0, 3, 11, 12, 13]]);
    expect([
      quotes.price(999),
      quotes.volume(999),
      quotes.openInterest(999),
      quotes.collector(999),
      quotes.frame(999),
    ]).toEqual([0, -1, -1, -1, null]);
  });
});
