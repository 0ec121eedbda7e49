import { describe, expect, it } from "vitest";
import { Quote, QuoteBoard } from "./quote-board";

/** A frame of two packets of three and two bytes, somewhere in a socket's larger buffer. */
const frame = (): Uint8Array => new Uint8Array(Uint8Array.of(9, 9, 0, 2, 0, 3, 11, 12, 13, 0, 2, 21, 22, 9).buffer, 2, 11);
const FIRST = 4;
const SECOND = 9;

const board = (received: number): QuoteBoard => {
  const quotes = new QuoteBoard();
  [FIRST, SECOND].forEach((offset, instrument) => {
    quotes.frame[instrument] = quotes.frame[0] ?? frame();
    quotes.figures[instrument * Quote.size + Quote.offset] = offset;
    quotes.figures[instrument * Quote.size + Quote.received] = received;
  });
  return quotes;
};
const kept = (quotes: QuoteBoard, instrument: number): [number, number[]] =>
  [quotes.offset(instrument), [...quotes.frame[instrument]!.subarray(quotes.offset(instrument) - 2)]];

describe("the quote board", () => {
  it("gives packets older than the instant a buffer of their own, which holds nothing else", () => {
    const quotes = board(1_000);
    quotes.compact(1_001);
    expect([kept(quotes, 0), kept(quotes, 1)]).toEqual([[2, [0, 3, 11, 12, 13]], [2, [0, 2, 21, 22]]]);
    expect([0, 1].map((instrument) => quotes.frame[instrument]!.buffer.byteLength)).toEqual([5, 4]);
  });

  it("leaves newer packets where they are, and copies no packet twice", () => {
    const quotes = board(1_000);
    quotes.compact(1_000);
    expect(quotes.offset(1)).toBe(SECOND);
    quotes.compact(2_000);
    const copy = quotes.frame[1];
    quotes.compact(3_000);
    expect(quotes.frame[1]).toBe(copy);
  });

  it("keeps what it knows when it grows, and knows nothing of the new", () => {
    const quotes = board(1_000);
    quotes.grow(1_000);
    expect([quotes.received(1), quotes.price(999), quotes.volume(999), quotes.openInterest(999), quotes.collector(999), quotes.frame[999]]).toEqual([1_000, 0, -1, -1, -1, null]);
  });
});
