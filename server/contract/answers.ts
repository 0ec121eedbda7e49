/**
 * REST answers that the browser reads. Schemas accept fields they do not know, so an older page keeps working with a newer
 * server. `rest-answers.int.test.ts` checks for every route that nothing else is sent. Times are epoch ms, prices rupees.
 */
import { z } from "zod";
import { gapCauses, gapStates } from "@/server/domain/bars/gap";
import { watchlistCategories } from "@/server/domain/instruments/watchlist";
import { workspace } from "./rest";

/** The schemas of one route: what is in `data`, and in `meta` beside `requestId`. */
export interface RestAnswer<D extends z.ZodType = z.ZodType, M extends z.ZodType = z.ZodType> {
  data: D;
  meta: M;
}
export const answer = <D extends z.ZodType, M extends z.ZodType>(data: D, meta: M): RestAnswer<D, M> => ({
  data,
  meta,
});

export const noMeta = z.object({});
export const counted = z.object({ count: z.number() });
export const time = z.number();

export const instrumentHit = z.object({
  key: z.string(),
  exchange: z.string(),
  symbol: z.string(),
  name: z.string(),
  segment: z.string(),
  expiry: z.string().nullable(),
  lotSize: z.number(),
  live: z.boolean(),
  simulated: z.boolean(),
  /** Rupees; null before the first tick. */
  lastPrice: z.number().nullable(),
  changePercent: z.number().nullable(),
});
export type InstrumentHit = z.output<typeof instrumentHit>;
/** `total`: how many instruments were searched. */
export const instrumentsAnswer = answer(z.array(instrumentHit), counted.extend({ total: z.number() }));

/** `checked`: the broker has said that the token is good; false where it could not be asked. */
export const handedOver = z.object({ collector: z.string(), checked: z.boolean() });
export type HandedOver = z.output<typeof handedOver>;
export const loginAnswer = answer(handedOver, noMeta);

/** The chart as it was left, null before the first save; `first`: the instrument a first chart shows, null where none is listed. */
export const workspaceAnswer = answer(workspace.nullable(), z.object({ first: z.string().nullable() }));
export const savedWorkspaceAnswer = answer(workspace, noMeta);

export const indicatorParamValue = z.union([z.number(), z.string()]);
export const indicatorPlot = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(["line", "histogram", "band"]),
  unit: z.enum(["price", "value"]),
  perSession: z.boolean().optional(),
});
const indicatorParam = z.object({
  name: z.string(),
  /** `instant`: one of the choices, or a time in IST as `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM`. */
  kind: z.enum(["integer", "number", "choice", "instant"]),
  /** `bars`, `minutes`, `times`, `IST`. */
  unit: z.string().optional(),
  default: indicatorParamValue,
  min: z.number().optional(),
  max: z.number().optional(),
  choices: z.array(z.string()).optional(),
});
/** One setting of an indicator. */
export type IndicatorParam = z.output<typeof indicatorParam>;
const indicatorEntry = z.object({
  id: z.string(),
  title: z.string(),
  group: z.string(),
  pane: z.enum(["price", "own"]),
  guides: z.array(z.number()).readonly(),
  plots: z.array(indicatorPlot).readonly(),
  source: z.string(),
  warmUp: z.number(),
  params: z.array(indicatorParam),
});
export type IndicatorEntry = z.output<typeof indicatorEntry>;
export const indicatorsAnswer = answer(z.array(indicatorEntry), noMeta);

export const restGap = z.object({
  id: z.number(),
  /** Key of its instrument; null when it is of a collector. */
  instrument: z.string().nullable(),
  collector: z.string().nullable(),
  /** Keys of the collector's instruments it is limited to; null: all. */
  instruments: z.array(z.string()).nullable(),
  from: time,
  /** Null while it lasts. */
  to: time.nullable(),
  durationMs: z.number(),
  cause: z.enum(gapCauses),
  openedAt: time,
  state: z.enum(gapStates),
  closedAt: time.nullable(),
  healedBy: z.string().nullable(),
  note: z.string(),
  missing: z.number().nullable(),
  filled: z.number(),
  remaining: z.number().nullable(),
  remainingIn: z.array(z.string()).nullable(),
});
export type RestGap = z.output<typeof restGap>;

/** What the data say of one instrument. */
export const instrumentTruth = z.object({
  collector: z.string().nullable(),
  state: z.string(),
  reason: z.string(),
  since: time.nullable(),
  lastTick: time.nullable(),
  expectedPerMinute: z.number().nullable(),
  longestMs: z.number().nullable(),
  patienceMs: z.number().nullable(),
});

/** `open`: all that are open; with an instrument also how it is now. */
export const gapsAnswer = answer(
  z.array(restGap),
  counted.extend({
    open: z.number(),
    key: z.string().optional(),
    dataAgeMs: z.number().nullable().optional(),
    feed: instrumentTruth.optional(),
  }),
);
export const gapAnswer = answer(restGap, noMeta);

const watchlistHead = z.object({
  name: z.string(),
  title: z.string(),
  category: z.enum(watchlistCategories),
  readOnly: z.boolean(),
});
export const watchlistsAnswer = answer(z.array(watchlistHead.extend({ count: z.number() })), noMeta);
export const watchlistAnswer = answer(
  watchlistHead.extend({ rows: z.array(z.object({ key: z.string(), section: z.string() })) }),
  noMeta,
);

/** Every answer with an error. */
export const errorEnvelope = z.object({
  status: z.literal("error"),
  error: z.object({
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional(),
    requestId: z.string(),
  }),
});
/** Every other answer. */
export const envelopeOf = <D extends z.ZodType, M extends z.ZodType>({ data, meta }: RestAnswer<D, M>) =>
  z.object({ status: z.literal("success"), data, meta });

/** The first fault of an answer, with its place: `data[3].lastPrice: Invalid input`. */
export const faultOfAnswer = (error: z.ZodError): string => {
  const { path, message } = error.issues[0]!;
  const place = path.map((part, at) =>
    typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${String(part)}`,
  );
  return `${place.join("")}: ${message}`;
};
