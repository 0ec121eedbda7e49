import type { LatestBar } from "@/server/ports/latest";

/** First in, first out, of a fixed capacity: when full the oldest go. */
export class BarQueue {
  private rows: LatestBar[] = [];
  private head = 0;

  constructor(private readonly capacity: number) {}

  get length(): number {
    return this.rows.length - this.head;
  }

  /** Returns how many old rows were dropped. */
  push(rows: readonly LatestBar[]): number {
    for (const row of rows) this.rows.push(row);
    return this.trim();
  }

  take(count: number): LatestBar[] {
    const taken = this.rows.slice(this.head, this.head + count);
    this.skip(taken.length);
    return taken;
  }

  /** Puts rows back where they were taken from; returns how many of them were dropped. */
  giveBack(rows: readonly LatestBar[]): number {
    this.rows = [...rows, ...this.rows.slice(this.head)];
    this.head = 0;
    return this.trim();
  }

  private trim(): number {
    const over = Math.max(0, this.length - this.capacity);
    this.skip(over);
    return over;
  }

  private skip(count: number): void {
    this.head += count;
    if (this.head < this.rows.length / 2) return;
    this.rows = this.rows.slice(this.head);
    this.head = 0;
  }
}
