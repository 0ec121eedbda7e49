/** What is kept as JSON, parsed when it is read: another version, or a person, may have written it. */
import { z } from "zod";
import { editors, type DayEdit } from "@/server/domain/calendar/calendar-edits";
import { AppError } from "@/server/domain/basics/errors";
import { announcedKinds, dayOfDate, phaseNames } from "@/server/domain/time/session";
import { timeframeNames } from "@/server/domain/time/timeframe";
import { feedModes } from "@/server/domain/ticks/tick";
import { watchlistCategories } from "@/server/domain/instruments/watchlist";

/** Called for each value that could not be parsed, at every read; `rows`: how many parts of it. */
export type Unreadable = (what: string, why: string, rows?: number) => void;

/** Place and reason of the first error. */
export const faultOf = ({ issues: [first] }: z.ZodError): string =>
  first === undefined ? "" : `${first.path.length === 0 ? "" : `${first.path.join(".")}: `}${first.message}`;

/** Returns a value as a whole; null, with a report, if it is unreadable. A value never set is null without a report. */
export const readStored = <S extends z.ZodType>(
  what: string,
  value: unknown,
  schema: S,
  unreadable?: Unreadable,
): z.output<S> | null => {
  if (value === null || value === undefined) return null;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  unreadable?.(what, faultOf(parsed.error));
  return null;
};

/** The rows of a list that can be read, in their order. `read` throws where it cannot. */
const rowsOf = <T>(
  what: string,
  rows: readonly (readonly [string, unknown])[],
  read: (row: unknown) => T,
  unreadable?: Unreadable,
): [string, T][] => {
  let first: string | null = null;
  const found: [string, T][] = [];
  for (const [name, row] of rows) {
    try {
      found.push([name, read(row)]);
    } catch (cause) {
      if (!(cause instanceof z.ZodError) && !(cause instanceof AppError)) throw cause;
      first ??= `${name}: ${cause instanceof z.ZodError ? faultOf(cause) : cause.message}`;
    }
  }
  if (first !== null) unreadable?.(what, first, rows.length - found.length);
  return found;
};

/** Returns the readable rows of a list, in order. `row` is a schema, or a function that throws an `AppError`. Unreadable rows are reported together. */
export const readRows = <T>(
  what: string,
  value: unknown,
  row: z.ZodType<T> | ((row: unknown) => T),
  unreadable?: Unreadable,
): T[] => {
  if (!Array.isArray(value)) {
    if (value !== null && value !== undefined) unreadable?.(what, "it is not a list");
    return [];
  }
  const read = typeof row === "function" ? row : (each: unknown) => row.parse(each);
  return rowsOf(
    what,
    value.map((each, at) => [`row ${at + 1}`, each]),
    read,
    unreadable,
  ).map(([, each]) => each);
};

/** The same of values by name. */
export const readByName = <T>(
  what: string,
  value: unknown,
  schema: z.ZodType<T>,
  unreadable?: Unreadable,
): Map<string, T> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    if (value !== null && value !== undefined) unreadable?.(what, "it is not an object of named values");
    return new Map();
  }
  return new Map(rowsOf(what, Object.entries(value), (each) => schema.parse(each), unreadable));
};

/** Epoch ms that a date can be made of. */
const instant = z.number().min(0).max(8.64e15);
const id = z.int().positive();
const ids = z.array(id);

/** Instruments whose first days have been fetched (`history.first`): fetched again, nothing is lost. */
export const readCheckpoint = (
  what: string,
  value: unknown,
  unreadable?: Unreadable,
): { "1m": number[]; "1d": number[]; from?: number | undefined } => {
  const parts = readStored(what, value, byName, unreadable);
  const from = readStored(`${what}, from`, parts?.["from"], instant, unreadable);
  const done = (name: "1m" | "1d"): number[] => readRows(`${what}, ${name}`, parts?.[name], id, unreadable);
  return { "1m": done("1m"), "1d": done("1d"), ...(from === null ? {} : { from }) };
};
/** The time from which minutes are still to be fetched (`history.owed`). */
export const owedFrom = instant;

/** The last IST day of each trading hours (`quality.judged`, `quality.settled`). */
export const lastDay = z.int().min(0).max(100_000);

/** What is remembered of a login's lists (`instrument-list.*`): date and instruments of the last one taken, and the first date of an incomplete one since. */
export const rememberedList = z.object({
  date: z.iso.date(),
  rows: z.int().nonnegative(),
  doubtedOn: z.iso.date().optional(),
});
export type RememberedList = z.output<typeof rememberedList>;

/** Values by name, each parsed separately (`indicators.active`, `workspace`). */
export const byName = z.looseObject({});
export const entryText = z.string().min(1).max(64);

export const watchlistRow = z.object({ key: z.string().min(1).max(128), section: z.string().max(128).catch("") });
export const watchlistCategory = z.enum(watchlistCategories);
export const feedMode = z.enum(feedModes);
export const subscription = z.string().min(1).max(128);

/** A backfill's request (`BackfillOrder`). */
export const backfillOrder = z.object({
  title: z.string(),
  instruments: ids,
  leftOut: z.array(z.object({ name: z.string(), reason: z.string() })),
  timeframe: z.enum(timeframeNames),
  first: z.int(),
  last: z.int(),
  source: z.string(),
  concurrency: z.int().positive(),
  force: z.boolean(),
  daily: z.boolean(),
});

const clock = z.string().regex(/^([01]\d|2[0-4]):[0-5]\d(:[0-5]\d)?$/);
const phase = z.object({ phase: z.enum(phaseNames), from: clock.nullable(), to: clock.nullable() });
const day = {
  date: z.string().refine((date) => !Number.isNaN(dayOfDate(date)), "not a date"),
  hours: z.array(z.string().min(1)).min(1),
  name: z.string(),
};
/** A side of a change of the calendar. */
export const dayEdit: z.ZodType<DayEdit | null> = z
  .discriminatedUnion("type", [
    z.object({ type: z.literal("closed"), ...day }),
    z.object({
      type: z.literal("open"),
      ...day,
      kind: z.enum(announcedKinds),
      phases: z.union([z.literal("regular"), z.array(phase).min(1)]),
    }),
    z.object({ type: z.literal("halt"), ...day, from: clock, to: clock.nullable(), reopening: z.array(phase) }),
  ])
  .nullable();
export const editor = z.enum(editors);
