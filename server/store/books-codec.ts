import { Book, LEVEL, type StoredBooks } from "@/server/domain/ticks/order-book";
import { VARINT_BYTES, VarintReader, VarintWriter } from "./varints";

/*
 * Order books of one instrument as bytes, each told as its difference from the one before (a run):
 *   received   signed varint of the difference, ms
 *   time       signed varint of the difference, ms
 *   mask       five bytes, least first: which of the 33 numbers of `Book` differ
 *   numbers    signed varints of the differences of those
 * Prices stand relative to the price above them (a level to the level before, the best ask and the last price to the best
 * bid), so that a book which only moves differs in one number. A run begins from zeros. The SQL function `unpack_books`
 * reads the same.
 */
const MASK_BYTES = 5;
const LONGEST = MASK_BYTES + (2 + Book.size) * VARINT_BYTES;

/** The level whose price a price is relative to; -1: absolute, or no price. */
const above = Int8Array.from({ length: Book.size }, (_, place) => {
  if (place === Book.lastPrice || place === Book.asks) return Book.bids;
  if (place <= Book.bids || (place - Book.bids) % LEVEL !== 0) return -1;
  return place - LEVEL;
});
/** Whose own price is known first, in order. */
const order = [
  Book.bids as number,
  ...Array.from({ length: Book.size }, (_, place) => place).filter((place) => place !== Book.bids),
];

/** A growing buffer of runs. Times are kept as whole ms. */
export class BookEncoder extends VarintWriter {
  private received = 0;
  private time = 0;
  private readonly before = new Float64Array(Book.size);
  private readonly differences = new Float64Array(Book.size);

  /** The next run starts here. */
  begin(): void {
    this.received = this.time = 0;
    this.before.fill(0);
  }

  put(from: StoredBooks, row: number): void {
    this.reserve(LONGEST);
    const { before, differences, bytes } = this;
    const { figures } = from;
    const start = row * Book.size;
    const received = Math.floor(from.received[row]!);
    const time = Math.floor(from.time[row]!);
    this.signed(received - this.received);
    this.signed(time - this.time);
    this.received = received;
    this.time = time;
    const mask = this.length;
    bytes.fill(0, mask, mask + MASK_BYTES);
    this.length += MASK_BYTES;
    let changed = 0;
    for (let place = 0; place < Book.size; place++) {
      const from = above[place]!;
      const told = from < 0 ? figures[start + place]! : figures[start + place]! - figures[start + from]!;
      if (told === before[place]) continue;
      bytes[mask + (place >> 3)]! |= 1 << (place & 7);
      differences[changed++] = told - before[place]!;
      before[place] = told;
    }
    for (let each = 0; each < changed; each++) this.signed(differences[each]!);
  }
}

/** Reads a run of `count` books from the bytes into rows of `into` from its length on. */
export const decodeBooks = (bytes: Uint8Array, count: number, into: StoredBooks): void => {
  const reader = new VarintReader(bytes, 0);
  const told = new Float64Array(Book.size);
  const mask = new Uint8Array(MASK_BYTES);
  let received = 0;
  let time = 0;
  for (let book = 0; book < count; book++) {
    received += reader.signed();
    time += reader.signed();
    for (let each = 0; each < MASK_BYTES; each++) mask[each] = reader.byte();
    for (let place = 0; place < Book.size; place++)
      if ((mask[place >> 3]! & (1 << (place & 7))) !== 0) told[place]! += reader.signed();
    const row = into.length++;
    into.received[row] = received;
    into.time[row] = time;
    const start = row * Book.size;
    for (const place of order)
      into.figures[start + place] =
        above[place]! < 0 ? told[place]! : told[place]! + into.figures[start + above[place]!]!;
  }
};

/** Times within a block are at most this far apart, so that a search by time looks at few. */
export const BLOCK_SPAN_MS = 60_000;
