import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storedBooks } from "@/server/domain/ticks/order-book";
import { anyBooks, bookRow, type BookRow, booksOf, rowsOfBooks } from "@/server/testing/book-suite";
import { BookEncoder, decodeBooks } from "./books-codec";

const encode = (encoder: BookEncoder, rows: readonly BookRow[]): Uint8Array => {
  const start = encoder.length;
  const books = booksOf(rows);
  encoder.begin();
  for (let row = 0; row < books.length; row++) encoder.put(books, row);
  return encoder.bytes.slice(start, encoder.length);
};

describe("order books as bytes", () => {
  it("give back what was put in, run after run in one growing buffer", () => {
    fc.assert(
      fc.property(fc.array(anyBooks, { maxLength: 4 }), (runs) => {
        const encoder = new BookEncoder(new Uint8Array(16));
        const parts = runs.map((rows) => [rows, encode(encoder, rows)] as const);
        for (const [rows, bytes] of parts) {
          const books = storedBooks(rows.length);
          decodeBooks(bytes, rows.length, books);
          expect(rowsOfBooks(books)).toEqual(rows);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("take a dozen bytes where the whole book moves by a tick, and one where a level changes", () => {
    const bytes = (second: BookRow): number =>
      encode(new BookEncoder(), [bookRow(0), second]).length - encode(new BookEncoder(), [bookRow(0)]).length;
    expect(bytes(bookRow(1, { seed: 0, price: 1500_05 }))).toBeLessThanOrEqual(12);
    const { figures } = bookRow(1, { seed: 0 });
    figures[4]! += 50;
    expect(bytes(bookRow(1, { figures })) - bytes(bookRow(1, { seed: 0 }))).toBe(1);
  });

  it("are refused when they end inside a book", () => {
    const bytes = encode(new BookEncoder(), [bookRow(0)]);
    expect(() => decodeBooks(bytes.subarray(0, bytes.length - 1), 1, storedBooks(1))).toThrow("ends inside a row");
  });
});
