import type { BarBatch } from "@/server/domain/bars/bar";
import {
  cutStored,
  KINDS,
  kindOf,
  placeOf,
  putBar,
  putRow,
  type StoredBar,
  type StoredBars,
  storedBarAt,
  storedBars,
} from "@/server/domain/bars/stored-bars";
import type { BarWrite, StoredKind } from "@/server/ports/stores";

/** Rows of one block: one statement's worth. */
export const BLOCK_ROWS = 2_000;
/** Blocks kept for reuse: three thousand bars a second for a quarter of a minute. */
const MOST_FREE = 32;
const ways: readonly BarWrite[] = ["merge", "patch", "replace", "remove"];

interface Block {
  rows: StoredBars;
  /** Position in `ways`. */
  how: Uint8Array;
  queuedAt: Float64Array;
  /** Epoch ms; 0 while it is on its way. */
  committedAt: Float64Array;
  /** 1: readers find it. `held` counts them. */
  isHeld: Uint8Array;
  held: number;
}

const newBlock = (): Block => ({
  rows: storedBars(BLOCK_ROWS),
  how: new Uint8Array(BLOCK_ROWS),
  queuedAt: new Float64Array(BLOCK_ROWS),
  committedAt: new Float64Array(BLOCK_ROWS),
  isHeld: new Uint8Array(BLOCK_ROWS),
  held: 0,
});

/** The oldest rows that wait and go the same way. */
export interface Run {
  how: BarWrite;
  rows: StoredBars;
  queuedAt: number;
}

/**
 * Bars on their way to the store and those just committed, in columns: first in, first out for the writer; by
 * instrument, kind and time for readers. There is no object per bar, because thousands close at once and live for
 * seconds, the worst case for a garbage collector.
 */
export class BarShelf {
  /** Rows are numbered consecutively; a block contains `BLOCK_ROWS` of them. */
  private readonly blocks = new Map<number, Block>();
  private readonly free: Block[] = [];
  private head = 0;
  private next = 0;
  /** Place -> second of the bar -> number of its row. */
  private readonly places = new Map<number, Map<number, number>>();
  /** Rows that readers find. */
  held = 0;

  /** Rows that wait for the writer. */
  get waiting(): number {
    return this.next - this.head;
  }
  /** Blocks in use. */
  get blockCount(): number {
    return this.blocks.size;
  }

  /** A bar as the stages hand it on. */
  append(batch: BarBatch, row: number, instrumentId: number, kind: number, how: BarWrite, now: number): void {
    const block = this.open(how, now);
    putRow(block.rows, instrumentId, kind, batch, row);
    this.appended(block, how);
  }

  appendBar(bar: StoredBar, how: BarWrite, now: number): void {
    const block = this.open(how, now);
    putBar(block.rows, bar);
    this.appended(block, how);
  }

  /** What goes in the next statement. It stays until `shift`. */
  first(): Run | null {
    if (this.head === this.next) return null;
    const block = this.blockOf(this.head);
    const from = this.head % BLOCK_ROWS;
    let to = from + 1;
    while (to < block.rows.length && block.how[to] === block.how[from]) to++;
    return { how: ways[block.how[from]!]!, rows: cutStored(block.rows, from, to), queuedAt: block.queuedAt[from]! };
  }

  /** The oldest `count` rows have left the queue; `committedAt` when the store has them. */
  shift(count: number, committedAt?: number): void {
    for (const end = this.head + count; this.head < end;) {
      const block = this.blockOf(this.head);
      const from = this.head % BLOCK_ROWS;
      const to = Math.min(BLOCK_ROWS, from + end - this.head);
      if (committedAt !== undefined) block.committedAt.fill(committedAt, from, to);
      this.head += to - from;
      this.release(Math.floor((this.head - 1) / BLOCK_ROWS));
    }
  }

  /** Bars that were written from elsewhere (disk) have been committed. */
  committed(rows: StoredBars, at: number): void {
    for (let row = 0; row < rows.length; row++) {
      const number = this.places.get(placeOf(rows, row))?.get(rows.time[row]! / 1_000);
      if (number === undefined) continue;
      const { committedAt } = this.blockOf(number);
      if (committedAt[number % BLOCK_ROWS] === 0) committedAt[number % BLOCK_ROWS] = at;
    }
  }

  /** Readers do not find these bars any more. */
  forget(rows: StoredBars): void {
    for (let row = 0; row < rows.length; row++) this.drop(placeOf(rows, row), rows.time[row]! / 1_000);
  }

  /** Readers no longer see what was committed before this time. */
  forgetBefore(instant: number): void {
    for (const { rows, committedAt, isHeld } of [...this.blocks.values()]) {
      for (let row = 0; row < rows.length; row++) {
        if (isHeld[row] === 1 && committedAt[row] !== 0 && committedAt[row]! < instant)
          this.drop(placeOf(rows, row), rows.time[row]! / 1_000);
      }
    }
  }

  /** Readers find the newest of each instrument and kind only, so that there are about so many. */
  keepNewest(most: number): void {
    const keep = Math.floor(most / this.places.size);
    for (const [place, shelf] of this.places)
      for (const second of [...shelf.keys()].slice(0, Math.max(0, shelf.size - keep))) this.drop(place, second);
  }

  /** Oldest first. */
  recent(instrumentId: number, kind: StoredKind, from: number, to: number): StoredBar[] {
    const found: StoredBar[] = [];
    for (const number of this.places.get(instrumentId * KINDS + kindOf(kind))?.values() ?? []) {
      const { rows } = this.blockOf(number);
      const row = number % BLOCK_ROWS;
      if (rows.time[row]! >= from && rows.time[row]! < to) found.push(storedBarAt(rows, row));
    }
    return found.sort((a, b) => a.time - b.time);
  }

  private open(how: BarWrite, now: number): Block {
    const id = Math.floor(this.next / BLOCK_ROWS);
    let block = this.blocks.get(id);
    if (block === undefined) this.blocks.set(id, (block = this.free.pop() ?? newBlock()));
    const row = block.rows.length;
    block.how[row] = ways.indexOf(how);
    block.queuedAt[row] = now;
    return block;
  }

  private appended(block: Block, how: BarWrite): void {
    const row = block.rows.length - 1;
    const number = this.next++;
    // A patch is a part of a bar, so readers wait until the store has merged it. History comes in thousands and its
    // readers are notified after the commit, so it only replaces rows that are already here.
    if (how === "patch") return;
    const place = placeOf(block.rows, row);
    const second = block.rows.time[row]! / 1_000;
    if (how === "remove") {
      this.drop(place, second);
      return;
    }
    let shelf = this.places.get(place);
    if (how === "replace" && shelf?.has(second) !== true) return;
    if (shelf === undefined) this.places.set(place, (shelf = new Map()));
    const before = shelf.get(second);
    shelf.set(second, number);
    block.isHeld[row] = 1;
    block.held++;
    this.held++;
    if (before !== undefined) this.letGo(before);
  }

  private drop(place: number, second: number): void {
    const shelf = this.places.get(place);
    const number = shelf?.get(second);
    if (shelf === undefined || number === undefined) return;
    shelf.delete(second);
    if (shelf.size === 0) this.places.delete(place);
    this.letGo(number);
  }

  private letGo(number: number): void {
    const block = this.blockOf(number);
    block.isHeld[number % BLOCK_ROWS] = 0;
    block.held--;
    this.held--;
    this.release(Math.floor(number / BLOCK_ROWS));
  }

  /** A full block without waiting or read rows is reused. */
  private release(id: number): void {
    const block = this.blocks.get(id)!;
    if (block.held > 0 || (id + 1) * BLOCK_ROWS > this.head) return;
    this.blocks.delete(id);
    if (this.free.length === MOST_FREE) return;
    block.rows.length = 0;
    block.committedAt.fill(0);
    this.free.push(block);
  }

  private blockOf(number: number): Block {
    return this.blocks.get(Math.floor(number / BLOCK_ROWS))!;
  }
}
