import type { Percentiles } from "@/server/contract/live";
import type { Meter } from "@/server/ports/observe";
import { type RejectReason, rejectReasons } from "@/server/domain/ticks/tick";

/** The newest values of one measure in a ring: percentiles are of what happened lately, not since the start. */
class Recent {
  private readonly values = new Float64Array(2_048);
  count = 0;
  sum = 0;
  add(value: number): void {
    this.values[this.count++ & 2_047] = value;
    this.sum += value;
  }
  sorted(): Float64Array {
    return this.values.slice(0, Math.min(this.count, 2_048)).sort();
  }
}

const at = (sorted: Float64Array, share: number): number =>
  sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;

/** Counters, gauges and recent values by name. */
export class Metrics implements Meter {
  readonly counters = new Map<string, number>();
  readonly gauges = new Map<string, number>();
  private readonly measures = new Map<string, Recent>();

  count(name: string, by = 1): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + by);
  }
  reject(reason: RejectReason, by = 1): void {
    this.count(`reject.${reason}`, by);
  }
  gauge(name: string, value: number): void {
    this.gauges.set(name, value);
  }
  record(name: string, value: number): void {
    let recent = this.measures.get(name);
    if (recent === undefined) this.measures.set(name, (recent = new Recent()));
    recent.add(value);
  }

  /** Rejects counted here, by reason. */
  rejects(): Record<RejectReason, number> {
    return Object.fromEntries(
      rejectReasons.map((reason) => [reason, this.counters.get(`reject.${reason}`) ?? 0]),
    ) as Record<RejectReason, number>;
  }

  /** Names that have been recorded, and the sum of all values of one since the start. */
  measured(): string[] {
    return [...this.measures.keys()];
  }
  sum(name: string): number {
    return this.measures.get(name)?.sum ?? 0;
  }

  percentiles(name: string, bucketMs = 0.5, buckets = 32): Percentiles {
    const recent = this.measures.get(name);
    const sorted = recent?.sorted() ?? new Float64Array(0);
    const histogram = new Array<number>(buckets).fill(0);
    for (const value of sorted) histogram[Math.min(buckets - 1, Math.max(0, Math.floor(value / bucketMs)))]!++;
    return {
      p50: at(sorted, 0.5),
      p95: at(sorted, 0.95),
      p99: at(sorted, 0.99),
      count: recent?.count ?? 0,
      buckets: histogram,
      bucketMs,
    };
  }
}

/** Rows a second over the last five seconds. */
export class Rate {
  private readonly slots = new Float64Array(8);
  private second = 0;
  add(now: number, rows: number): void {
    this.turn(now);
    this.slots[this.second & 7]! += rows;
  }
  perSecond(now: number): number {
    this.turn(now);
    let sum = 0;
    for (let back = 1; back <= 5; back++) sum += this.slots[(this.second - back) & 7]!;
    return sum / 5;
  }
  private turn(now: number): void {
    const second = Math.floor(now / 1_000);
    if (second - this.second > 8) {
      this.slots.fill(0);
      this.second = second;
      return;
    }
    while (this.second < second) this.slots[++this.second & 7] = 0;
  }
}
