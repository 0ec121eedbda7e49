import { setImmediate } from "node:timers/promises";
import type { PrismaClient } from "@/prisma/generated/client";
import { AUCTION_BAR, BACKFILLED, CORRECTED, FROM_HISTORY } from "@/server/domain/bars/bar";
import { badInput } from "@/server/domain/basics/errors";
import {
  cutStored,
  isStoredKind,
  kindNamed,
  pickStored,
  placeOf,
  type StoredBars,
} from "@/server/domain/bars/stored-bars";
import { timeframe, timeframes } from "@/server/domain/time/timeframe";
import type { BarWrite, StoredKind } from "@/server/ports/stores";
import { insertBars, mergeBars, patchBars, removeBars, replaceBars } from "./bar-sql";
import { isDuplicate, reaching } from "./database";

const CHUNK_ROWS = 2_000;
/** Rows written out in one turn of the event loop: half a millisecond. */
const SLICE_ROWS = 400;
const statements: Record<BarWrite, string> = {
  merge: mergeBars,
  patch: patchBars,
  replace: replaceBars,
  remove: removeBars,
};

const unstored = (name: string): Error =>
  badInput(
    "timeframe",
    name,
    [...timeframes.filter((each) => each.stored).map((each) => each.name), "auction"].join(", "),
  );

/** Number of a kind of bar in the table. */
export const storedIndex = (name: StoredKind): number => {
  if (name === "auction") return AUCTION_BAR;
  const { stored, index } = timeframe(name);
  if (!stored) throw unstored(name);
  return index;
};

/**
 * One statement cannot change a row twice, so the second bar of the same key goes to a second round, and so on:
 * the outcome is that of writing them one after the other. As a rule there is one round.
 */
const rounds = (rows: StoredBars): StoredBars[] => {
  const newest = new Map<number, number>();
  let row = 0;
  for (; row < rows.length; row++) {
    const place = placeOf(rows, row);
    if (newest.get(place)! >= rows.time[row]!) break;
    newest.set(place, rows.time[row]!);
  }
  if (row === rows.length) return [rows];
  const seen = new Map<string, number>();
  const result: number[][] = [];
  for (row = 0; row < rows.length; row++) {
    const key = `${placeOf(rows, row)} ${rows.time[row]!}`;
    const round = seen.get(key) ?? 0;
    seen.set(key, round + 1);
    (result[round] ??= []).push(row);
  }
  return result.length === 1 ? [rows] : result.map((round) => pickStored(rows, round));
};

type Column = (rows: StoredBars) => string;
const plain =
  (name: Exclude<keyof StoredBars, "length">): Column =>
  (rows) =>
    rows[name].join(",");
/** Texts grown value by value are a hundred thousand pieces of strings a second for the garbage collector. */
const each =
  (value: (rows: StoredBars, row: number) => number | "NULL"): Column =>
  (rows) => {
    const cells = new Array<number | "NULL">(rows.length);
    for (let row = 0; row < rows.length; row++) cells[row] = value(rows, row);
    return cells.join(",");
  };
/** A figure of the passport, where ticks made the bar. */
const made = (value: (rows: StoredBars, row: number) => number): Column =>
  each((rows, row) => (rows.firstSequence[row] === 0 ? "NULL" : value(rows, row)));

/** In the order of `bar-sql.ts`; `incomplete` is a boolean there and takes 0 and 1. */
const columns: readonly Column[] = [
  plain("instrumentId"),
  plain("kind"),
  plain("time"),
  plain("open"),
  plain("high"),
  plain("low"),
  plain("close"),
  plain("volume"),
  plain("value"),
  plain("ticks"),
  each(({ openInterest }, row) => (openInterest[row]! < 0 ? "NULL" : openInterest[row]!)),
  plain("rev"),
  plain("state"),
  plain("incomplete"),
  plain("late"),
  made(({ firstTime, time }, row) => Math.round(firstTime[row]! - time[row]!)),
  made(({ lastTime, time }, row) => Math.round(lastTime[row]! - time[row]!)),
  made(({ firstSequence }, row) => firstSequence[row]!),
  made(({ lastSequence }, row) => lastSequence[row]!),
  each(
    ({ sources, state }, row) =>
      sources[row]! | (state[row] === BACKFILLED || state[row] === CORRECTED ? FROM_HISTORY : 0),
  ),
  made(({ hash }, row) => hash[row]!),
];

/** The first columns identify the bar. */
const KEY_COLUMNS = 3;

/**
 * Arrays as PostgreSQL writes them: lists of numbers, which Prisma looks at one by one, are written a third slower. Some
 * rows at a time: two thousand in one turn would hold up the frames of that moment.
 */
const arrays = async (rows: StoredBars, count: number): Promise<string[]> => {
  const wanted = columns.slice(0, count);
  const parts: string[][] = wanted.map(() => []);
  for (let from = 0; from < rows.length; from += SLICE_ROWS) {
    await setImmediate();
    const slice = cutStored(rows, from, Math.min(rows.length, from + SLICE_ROWS));
    for (const [at, column] of wanted.entries()) parts[at]!.push(column(slice));
  }
  await setImmediate();
  return parts.map((part) => `{${part.join(",")}}`);
};

/** Bars into the table, by the statement that their way of writing asks for. */
export class BarStatements {
  /** Time of the newest bar written, by instrument and kind. */
  private readonly newest = new Map<number, number>();

  /** `startedAt`: epoch ms; no earlier process can have stored a bar that begins later. */
  constructor(private readonly startedAt: number) {}

  async write(prisma: PrismaClient, rows: StoredBars, how: BarWrite): Promise<void> {
    for (let row = 0; row < rows.length; row++)
      if (!isStoredKind(rows.kind[row]!)) throw unstored(kindNamed(rows.kind[row]!));
    await setImmediate(); // not inside the turn in which they closed
    for (const round of rounds(rows)) {
      for (let from = 0; from < round.length; from += CHUNK_ROWS) {
        const chunk = cutStored(round, from, Math.min(round.length, from + CHUNK_ROWS));
        if (how === "remove") {
          await run(prisma, removeBars, chunk, KEY_COLUMNS);
          continue;
        }
        const [added, others] = this.parted(chunk);
        if (added.length > 0) await this.add(prisma, added, how);
        if (others.length > 0) await run(prisma, statements[how], others);
        for (let row = 0; row < chunk.length; row++) {
          const place = placeOf(chunk, row);
          if (!(this.newest.get(place)! >= chunk.time[row]!)) this.newest.set(place, chunk.time[row]!);
        }
      }
    }
  }

  /**
   * Bars that cannot exist yet: this process wrote none so late, and no other could before it started. Then the others.
   */
  private parted(rows: StoredBars): [added: StoredBars, others: StoredBars] {
    const added: number[] = [];
    const others: number[] = [];
    for (let row = 0; row < rows.length; row++)
      (rows.time[row]! > (this.newest.get(placeOf(rows, row)) ?? this.startedAt) ? added : others).push(row);
    const none = cutStored(rows, 0, 0);
    return others.length === 0
      ? [rows, none]
      : added.length === 0
        ? [none, rows]
        : [pickStored(rows, added), pickStored(rows, others)];
  }

  /** Bars that nothing is stored of, without the search for what to merge them with: a third faster. Where one is after all, all are merged. */
  private async add(prisma: PrismaClient, rows: StoredBars, how: BarWrite): Promise<void> {
    try {
      await run(prisma, insertBars, rows);
    } catch (cause) {
      if (!isDuplicate(cause)) throw cause;
      await run(prisma, statements[how], rows);
    }
  }
}

const run = async (prisma: PrismaClient, sql: string, rows: StoredBars, count = columns.length): Promise<number> => {
  const values = await arrays(rows, count);
  return reaching(() => prisma.$executeRawUnsafe(sql, ...values));
};
