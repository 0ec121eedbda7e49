import { DAY_MS, istDate, istDay } from "@/server/domain/time/session";
import type { Clock } from "@/server/ports/clock";
import type { Log, Meter } from "@/server/ports/observe";
import type { BookStore } from "@/server/ports/order-books";
import type { SettingStore, TickStore } from "@/server/ports/stores";
import type { KeptPart, UpkeepStore } from "@/server/ports/upkeep";

/** Days that each part is kept; null: for ever. */
export type KeepDays = Readonly<Record<KeptPart, number | null>>;

export const keepDays = (days: { ticks: number; depth: number; seconds: number; minutes: number }): KeepDays => ({
  ticks: days.ticks,
  depth: days.depth,
  "1s": days.seconds,
  "1m": days.minutes,
  "15m": days.minutes,
  "1d": null,
});

interface Parts {
  ticks: Pick<TickStore, "prune">;
  books: Pick<BookStore, "prune">;
  upkeep: UpkeepStore;
  settings: SettingStore;
  /** Market time, as the bars have it. */
  clock: Clock;
  log: Log;
  meter: Meter;
  keep: KeepDays;
}

const DONE = "retention.done";
/** After a start others come first. */
const FIRST_MS = 60_000;
const EVERY_MS = 3_600_000;

/** Nothing is deleted: a recording is of years ago, and its database is thrown away at the end. */
export const keepAll: KeepDays = { ticks: null, depth: null, "1s": null, "1m": null, "15m": null, "1d": null };

/** Whole days of UTC, as the tables are cut: what goes, goes as a file. */
const dayBefore = (now: number, days: number): number => Math.floor((now - days * DAY_MS) / DAY_MS) * DAY_MS;

/** Deletes expired data once a day, on every database. It checks every hour whether the day has come. */
export class Retention {
  private readonly ending = new AbortController();
  private cancels: (() => void)[] = [];
  private running: Promise<void> | null = null;

  constructor(private readonly parts: Parts) {}

  start(): void {
    const { clock } = this.parts;
    const turn = (): void => {
      void this.turn();
    };
    this.cancels = [clock.after(FIRST_MS, turn), clock.every(EVERY_MS, turn)];
  }

  async stop(): Promise<void> {
    this.ending.abort();
    for (const cancel of this.cancels.splice(0)) cancel();
    await this.running;
  }

  /** Deletes expired data now. Returns the number of deleted rows per part. */
  async run(): Promise<Partial<Record<KeptPart, number>>> {
    const { ticks, books, upkeep, clock, keep, meter } = this.parts;
    const pruned: Partial<Record<KeptPart, number>> = {};
    for (const [part, days] of Object.entries(keep) as [KeptPart, number | null][]) {
      if (days === null || this.ending.signal.aborted) continue;
      const before = dayBefore(clock.now(), days);
      pruned[part] =
        part === "ticks"
          ? await ticks.prune(before)
          : part === "depth"
            ? await books.prune(before)
            : await upkeep.pruneBars(part, before, this.ending.signal);
      meter.count(`retention.${part}`, pruned[part]);
    }
    return pruned;
  }

  /** Reorders finished weeks; weeks in use wait until tomorrow. */
  async settle(): Promise<void> {
    const { upkeep, clock, keep, meter, log } = this.parts;
    const now = clock.now();
    const settled = await upkeep.settleBars(
      {
        pruned: keep["1s"] === null ? Number.NEGATIVE_INFINITY : dayBefore(now, keep["1s"]),
        finished: dayBefore(now, 1),
      },
      this.ending.signal,
    );
    meter.count("retention.settled", settled.chunks);
    if (settled.chunks + settled.busy > 0) log.info("weeks of bars were reordered for reading", { ...settled });
  }

  /** Once a day: the date of the last whole run is kept. */
  private turn(): Promise<void> {
    const { settings, clock, log } = this.parts;
    this.running ??= (async () => {
      const today = istDate(istDay(clock.now()));
      if (this.ending.signal.aborted || (await settings.get(DONE)) === today) return;
      const pruned = await this.run();
      if (this.ending.signal.aborted) return;
      await settings.set(DONE, today);
      if (Object.values(pruned).some((rows) => rows > 0)) log.info("old data deleted", pruned);
      await this.settle();
    })()
      .catch((cause: unknown) => log.warn("could not delete old data; retrying in an hour", { cause: String(cause) }))
      .finally(() => {
        this.running = null;
      });
    return this.running;
  }
}
