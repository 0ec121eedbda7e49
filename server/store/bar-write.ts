import type { PrismaClient } from "@/prisma/generated/client";
import { AUCTION_BAR, barStates, FROM_HISTORY } from "@/server/domain/bar";
import { badInput } from "@/server/domain/errors";
import { timeframe, timeframes } from "@/server/domain/timeframe";
import type { BarWrite, StoredBar, StoredKind } from "@/server/ports/stores";
import { insertBars, mergeBars, patchBars, replaceBars } from "./bar-sql";
import { isDuplicate, reaching } from "./database";

const CHUNK_ROWS = 2_000;
const statements: Record<BarWrite, string> = { merge: mergeBars, patch: patchBars, replace: replaceBars };

/** Number of a kind of bar in the table. */
export const storedIndex = (name: StoredKind): number => {
  if (name === "auction") return AUCTION_BAR;
  const { stored, index } = timeframe(name);
  if (!stored) throw badInput("timeframe", name, [...timeframes.filter((each) => each.stored).map((each) => each.name), "auction"].join(", "));
  return index;
};

/**
 * One statement cannot change a row twice, so the second bar of the same key goes to a second round, and so on:
 * the outcome is that of writing them one after the other.
 */
const rounds = (bars: readonly StoredBar[]): StoredBar[][] => {
  const seen = new Map<string, number>();
  const result: StoredBar[][] = [];
  for (const bar of bars) {
    const key = `${bar.instrumentId} ${bar.timeframe} ${bar.time}`;
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    (result[round] ??= []).push(bar);
  }
  return result;
};

/** A figure of the passport, where ticks made the bar. */
const made = (bar: StoredBar, figure: (passport: NonNullable<StoredBar["passport"]>) => number): number | string =>
  bar.passport === undefined || bar.passport.firstSequence === 0 ? "NULL" : figure(bar.passport);

/** Arrays as PostgreSQL writes them: lists of numbers, which Prisma looks at one by one, are written a third slower. */
const arrays = (bars: readonly StoredBar[]): string[] => {
  const column = (value: (bar: StoredBar) => number | string): string => `{${bars.map(value).join(",")}}`;
  return [
    column((bar) => bar.instrumentId), column((bar) => storedIndex(bar.timeframe)), column((bar) => bar.time),
    column((bar) => bar.open), column((bar) => bar.high), column((bar) => bar.low), column((bar) => bar.close),
    column((bar) => bar.volume), column((bar) => bar.value), column((bar) => bar.ticks),
    column((bar) => (bar.openInterest < 0 ? "NULL" : bar.openInterest)),
    column((bar) => bar.rev), column((bar) => barStates.indexOf(bar.state)), column((bar) => (bar.incomplete ? "t" : "f")),
    column((bar) => bar.passport?.late ?? 0),
    column((bar) => made(bar, (each) => Math.round(each.firstTime - bar.time))), column((bar) => made(bar, (each) => Math.round(each.lastTime - bar.time))),
    column((bar) => made(bar, (each) => each.firstSequence)), column((bar) => made(bar, (each) => each.lastSequence)),
    column((bar) => (bar.passport?.sources ?? 0) | (bar.state === "backfilled" || bar.state === "corrected" ? FROM_HISTORY : 0)),
    column((bar) => made(bar, (each) => each.hash)),
  ];
};

/** More than any number of a kind. */
const KINDS = 128;

/** Bars into the table, by the statement that their way of writing asks for. */
export class BarStatements {
  /** Time of the newest bar written, by instrument and kind. */
  private readonly newest = new Map<number, number>();

  /** `startedAt`: epoch ms; what begins later no earlier process has stored. */
  constructor(private readonly startedAt: number) {}

  async write(prisma: PrismaClient, bars: readonly StoredBar[], how: BarWrite): Promise<void> {
    for (const round of rounds(bars)) {
      for (let from = 0; from < round.length; from += CHUNK_ROWS) {
        const chunk = round.slice(from, from + CHUNK_ROWS);
        const added = chunk.filter((bar) => this.isNew(bar));
        const others = added.length === 0 ? chunk : chunk.filter((bar) => !this.isNew(bar));
        if (added.length > 0) await this.add(prisma, added, how);
        if (others.length > 0) await run(prisma, statements[how], others);
        for (const bar of chunk) {
          const place = placeOf(bar);
          if (!(this.newest.get(place)! >= bar.time)) this.newest.set(place, bar.time);
        }
      }
    }
  }

  /** As a rule there is no such bar: this process wrote none so late, and no other could before it started. */
  private isNew(bar: StoredBar): boolean { return bar.time > (this.newest.get(placeOf(bar)) ?? this.startedAt); }

  /** Bars that nothing is stored of, without the search for what to merge them with: a third faster. Where one is after all, all are merged. */
  private async add(prisma: PrismaClient, bars: readonly StoredBar[], how: BarWrite): Promise<void> {
    try {
      await run(prisma, insertBars, bars);
    } catch (cause) {
      if (!isDuplicate(cause)) throw cause;
      await run(prisma, statements[how], bars);
    }
  }
}

const placeOf = (bar: StoredBar): number => bar.instrumentId * KINDS + storedIndex(bar.timeframe);

const run = (prisma: PrismaClient, sql: string, bars: readonly StoredBar[]): Promise<number> =>
  reaching(() => prisma.$executeRawUnsafe(sql, ...arrays(bars)));
