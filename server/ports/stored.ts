/** What is kept as JSON, parsed when it is read: another version, or a person, may have written it. */
import { z } from "zod";
import { timeframeNames } from "@/server/domain/timeframe";

/** Told once of each thing that was not understood. */
export type Unreadable = (what: string, why: string) => void;

/** Where and what, of the first fault. */
export const faultOf = ({ issues: [first] }: z.ZodError): string => (first === undefined ? "" : `${first.path.length === 0 ? "" : `${first.path.join(".")}: `}${first.message}`);

const ids = z.array(z.int().positive());
/** Instruments whose first days have been fetched (`history.first`). */
export const historyCheckpoint = z.object({ "1m": ids, "1d": ids, from: z.number().optional() });

/** What a backfill was ordered to do (`BackfillOrder`). */
export const backfillOrder = z.object({
  title: z.string(), instruments: ids, leftOut: z.array(z.object({ name: z.string(), reason: z.string() })), timeframe: z.enum(timeframeNames),
  first: z.int(), last: z.int(), source: z.string(), concurrency: z.int().positive(), force: z.boolean(), daily: z.boolean(),
});
