import { concerns } from "@/server/domain/bars/gap";
import { istDay, istMidnight } from "@/server/domain/time/session";
import type { GapStore } from "@/server/ports/gap-stores";
import type { GapLedger } from "./gap-ledger";

interface Parts {
  store: Pick<GapStore, "cut" | "list">;
  /** Running collectors. */
  collectors(): readonly string[];
  instrumentsOf(collector: string): readonly number[];
}

const EVERY_MS = 60_000;
/** How far back each search goes, and how old a bar must be; newer incomplete bars already belong to a row. */
const BACK_MS = 20 * 60_000;
const AGE_MS = 70_000;

/**
 * Finds minutes that closed incomplete and belong to no known gap. The first trade of an instrument after its feed came
 * back has no volume to count from, however much later it comes. Each search opens one row per collector, which is
 * filled like any other.
 */
export class CutBars {
  private lookedAt: number | null = null;

  constructor(
    private readonly parts: Parts,
    private readonly ledger: GapLedger,
    private readonly canHeal: (collector: string) => boolean,
  ) {}

  async look(now: number): Promise<void> {
    const { store, instrumentsOf } = this.parts;
    if (this.lookedAt !== null && now - this.lookedAt < EVERY_MS) return;
    const collectors = this.parts.collectors().filter((each) => this.canHeal(each));
    if (collectors.length === 0) return;
    // The first time all of today: an earlier run may have left some.
    const from = this.lookedAt === null ? istMidnight(istDay(now)) : now - BACK_MS;
    this.lookedAt = now;
    for (const collector of collectors) {
      const found = await store.cut(
        "1m",
        instrumentsOf(collector).map((instrument) => this.ledger.idOf(instrument)),
        from,
        now - AGE_MS,
      );
      if (found.length === 0) continue;
      const known = [...this.ledger.active.values(), ...(await store.list({ states: ["ignored"], from, to: now }))];
      const left = found.filter(
        ({ instrument, time }) =>
          !known.some(
            (gap) => concerns(gap, instrument, [collector]) && gap.from < time + 60_000 && (gap.to ?? now) > time,
          ),
      );
      if (left.length === 0) continue;
      const times = left.map(({ time }) => time);
      await this.ledger.openCounted([
        {
          instrument: null,
          collector,
          instruments: [...new Set(left.map(({ instrument }) => instrument))],
          from: times[0]!,
          to: times[times.length - 1]! + 60_000,
          cause: "completeness",
          openedAt: now,
          note: "incomplete bars",
        },
      ]);
    }
  }
}
