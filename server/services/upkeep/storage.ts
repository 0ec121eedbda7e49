import type { Clock } from "@/server/ports/clock";
import type { KeptPart, TableSize, UpkeepStore } from "@/server/ports/upkeep";
import type { KeepDays } from "./retention";

export interface StoragePart {
  part: KeptPart;
  /** The newest 24 hours with data: table rows, bytes, ticks. */
  dayRows: number;
  dayBytes: number;
  dayTicks: number | null;
  /** Null: for ever. */
  keepDays: number | null;
  /** Bytes when all days of that time were like the newest; of a year where it is kept for ever. An upper bound: markets rest. */
  forecastBytes: number;
}

export interface StorageReport {
  /** Epoch ms of the measurement. */
  at: number;
  bytes: number;
  tables: TableSize[];
  parts: StoragePart[];
  forecastBytes: number;
}

const FRESH_MS = 10 * 60_000;
const A_YEAR = 365;

/**
 * How much space the data use, how much a day adds, and the projection. Measured on request, at most every ten minutes.
 */
export class Storage {
  private last: Promise<StorageReport> | null = null;
  private measuredAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly parts: { upkeep: UpkeepStore; keep: KeepDays; clock: Clock }) {}

  report(): Promise<StorageReport> {
    const now = this.parts.clock.now();
    if (this.last === null || now - this.measuredAt > FRESH_MS) {
      this.measuredAt = now;
      this.last = this.measure(now).catch((cause: unknown) => {
        this.last = null;
        throw cause;
      });
    }
    return this.last;
  }

  private async measure(at: number): Promise<StorageReport> {
    const { upkeep, keep } = this.parts;
    const tables = await upkeep.sizes();
    const parts = (await upkeep.newestDay()).map(({ part, rows, bytes, ticks }): StoragePart => ({
      part,
      dayRows: rows,
      dayBytes: bytes,
      dayTicks: ticks ?? null,
      keepDays: keep[part],
      forecastBytes: bytes * (keep[part] ?? A_YEAR),
    }));
    const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
    return {
      at,
      bytes: sum(tables.map((each) => each.bytes)),
      tables,
      parts,
      forecastBytes: sum(parts.map((each) => each.forecastBytes)),
    };
  }
}
