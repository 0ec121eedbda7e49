import {
  type Bar,
  BY_EXCHANGE_CLOCK,
  BY_OUR_CLOCK,
  type BarPassport,
  FROM_HISTORY,
  FROM_LATE,
  FROM_STREAM,
} from "@/server/domain/bars/bar";
import { toRupees } from "@/server/domain/basics/price";
import type { PassportReading } from "@/server/ports/market-reads";

const sourceNames: readonly (readonly [number, string])[] = [
  [FROM_STREAM, "stream"],
  [FROM_HISTORY, "history"],
  [FROM_LATE, "late ticks"],
  [BY_EXCHANGE_CLOCK, "exchange clock"],
  [BY_OUR_CLOCK, "our clock"],
];

/** Bits of `BarPassport.sources` by name; collectors by number. */
const sourcesOf = (sources: number): { sources: string[]; collectors: number[] } => ({
  sources: sourceNames.flatMap(([bit, name]) => ((sources & bit) === 0 ? [] : [name])),
  collectors: Array.from({ length: 16 }, (_, number) => number).filter(
    (number) => (sources & (1 << (8 + number))) !== 0,
  ),
});

/** A passport as REST says it: ticks and hash are null where no tick of ours is in the bar. */
export const passportView = (passport: BarPassport, time: (instant: number) => number | string) => ({
  ...sourcesOf(passport.sources),
  lateTicks: passport.late,
  firstTick: passport.firstSequence === 0 ? null : { time: time(passport.firstTime), sequence: passport.firstSequence },
  lastTick: passport.firstSequence === 0 ? null : { time: time(passport.lastTime), sequence: passport.lastSequence },
  hash: passport.firstSequence === 0 ? null : passport.hash.toString(16).padStart(12, "0"),
});

const compared = ["open", "high", "low", "close", "volume", "ticks", "openInterest", "state", "incomplete"] as const;
const prices: ReadonlySet<string> = new Set(["open", "high", "low", "close"]);

const figures = (bar: Bar, decimals: number): Record<string, unknown> =>
  Object.fromEntries(
    compared.map((name) => [name, prices.has(name) ? toRupees(bar[name] as number, decimals) : bar[name]]),
  );

/** Each change with the values before and after. */
export const changesView = (
  changes: PassportReading["changes"],
  decimals: number,
  time: (instant: number) => number | string,
) =>
  changes.map(({ timeframe, before, after, who, why }) => {
    const changed = compared.filter((name) => before[name] !== after[name]);
    const only = (bar: Bar): Record<string, unknown> =>
      Object.fromEntries(
        Object.entries(figures(bar, decimals)).filter(([name]) => (changed as readonly string[]).includes(name)),
      );
    return {
      timeframe,
      bar: time(before.time),
      at: time(before.replacedAt),
      knownSince: time(before.knownAt),
      rev: { before: before.rev, after: after.rev },
      who,
      why,
      before: only(before),
      after: only(after),
    };
  });
