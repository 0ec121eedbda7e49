/** The calendar's REST door: `/api/v1/calendar` and below. Market rules (overlaps, unknown exchanges) are the domain's. */
import { z } from "zod";
import { editors } from "@/server/domain/calendar/calendar-edits";
import { announcedKinds, phaseNames } from "@/server/domain/time/session";
import { instant } from "./rest";

const needed = (accepted: string) => z.string({ error: accepted }).trim().min(1, accepted);
const exchange = needed("an exchange, such as NSE");
const date = needed("a date as YYYY-MM-DD");
const question = {
  exchange,
  segment: z.string().optional(),
  symbol: z.string().max(64, "a symbol of at most 64 characters").optional(),
};
const number = (accepted: string) => z.coerce.number({ error: accepted }).int(accepted).min(1, accepted);

/** `GET /api/v1/calendar`: trading days from a date to another, today alone by default. */
export const sessionsQuery = z.strictObject({ ...question, from: date.optional(), to: date.optional() });

/** `GET /api/v1/calendar/status`: the phase, the next open and close at an instant, now by default. */
export const statusQuery = z.strictObject({ ...question, at: instant.optional() });

const CLOCK = "a time: HH:MM or HH:MM:SS in IST, epoch milliseconds, or ISO with a zone";
const clock = z.union([z.string(), z.number()], { error: CLOCK });
const phase = z.strictObject({
  phase: z.enum(phaseNames, { error: phaseNames.join(", ") }),
  from: clock.nullable(),
  to: clock.nullable(),
});
const phases = z.array(phase, { error: "a list of phases, each { phase, from, to }" }).max(40, "at most 40 phases");

const day = {
  exchanges: z
    .array(z.string(), { error: 'a list of exchanges, such as ["NSE", "NFO"]' })
    .min(1, "at least one exchange")
    .max(32, "at most 32 names"),
  date,
  /** The reason, kept in the audit log. */
  note: needed("the reason for the change, at least three characters")
    .min(3, "the reason for the change, at least three characters")
    .max(500, "at most 500 characters"),
  by: z.enum(editors, { error: editors.join(", ") }).default("api"),
  /** Id of the edit this one takes the place of. */
  replaces: z.number({ error: "the id of an edit" }).int("the id of an edit").min(1, "the id of an edit").optional(),
};
const name = needed("the day's name").max(80, "at most 80 characters");

/** `POST /api/v1/calendar/edits`: adds an edit, or replaces one. */
export const editBody = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ type: z.literal("closed"), ...day, name }),
    z.strictObject({
      type: z.literal("open"),
      ...day,
      name,
      kind: z.enum(announcedKinds, { error: announcedKinds.join(", ") }).default("special"),
      phases: z.union([z.literal("regular"), phases], {
        error: '"regular", or a list of phases, each { phase, from, to }',
      }),
    }),
    z.strictObject({
      type: z.literal("halt"),
      ...day,
      name: name.default("Trading halt"),
      from: clock,
      to: clock.nullable(),
      reopening: phases.default([]),
    }),
  ],
  { error: "a calendar edit with type closed, open or halt" },
);

/** `DELETE /api/v1/calendar/edits?id=3&note=…`: withdraws an edit. */
export const withdrawQuery = z.strictObject({ id: number("the id of an edit"), note: day.note, by: day.by });

/** `GET /api/v1/calendar/audit`: every change, the newest first. */
export const auditQuery = z.strictObject({
  limit: number("1 to 1000").max(1_000, "1 to 1000").default(100),
  before: number("the id of a change").optional(),
});
