/**
 * Every REST route under `/api/v1` except the reading views (`read-queries.ts`): its input and its answer. A route is a line
 * here and a handler of one line under `app/api/v1`. The compiler checks the handler against the line, and
 * `rest-answers.int.test.ts` checks the answer.
 */
import { z } from "zod";
import { slotKinds } from "@/server/domain/bars/completeness";
import { editors } from "@/server/domain/calendar/calendar-edits";
import { jobStates } from "@/server/domain/basics/job";
import {
  answer,
  counted,
  gapAnswer,
  gapsAnswer,
  indicatorParamValue,
  indicatorPlot,
  indicatorsAnswer,
  instrumentsAnswer,
  instrumentTruth,
  loginAnswer,
  noMeta,
  type RestAnswer,
  savedWorkspaceAnswer,
  time,
  watchlistAnswer,
  watchlistsAnswer,
  workspaceAnswer,
} from "./answers";
import { backfillBody, jobQuery } from "./backfill";
import { auditQuery, editBody, sessionsQuery, statusQuery, withdrawQuery } from "./calendar-queries";
import { loginBody } from "./collectors";
import { compareBody, compareQuery, completenessQuery, gapsQuery, ignoreBody } from "./quality-queries";
import { completenessOfQuery, gapsOfQuery } from "./read-queries";
import {
  activeIndicators,
  emptyBody,
  indicatorValuesQuery,
  instrumentsQuery,
  reloadBody,
  verifyQuery,
  workspace,
} from "./rest";

/** Where the input is: in the query, in the body, or in a body that may be absent. */
export type Given = "query" | "body" | "optional body";
export interface RestRoute extends RestAnswer {
  given: Given;
  input: z.ZodType;
}

/** Bars of an answer: `time` is ISO text where a zone was asked for. */
const instant = z.union([time, z.string()]);
const nothing = z.unknown();
const noFields = z.strictObject({});
const texts = z.array(z.string()).readonly();

const phase = z.object({
  phase: z.string(),
  from: z.union([time, z.string()]).nullable(),
  to: z.union([time, z.string()]).nullable(),
});
const sessionLine = z.object({
  date: z.string(),
  exchange: z.string(),
  kind: z.string(),
  name: z.string(),
  hours: z.string(),
  phases: z.array(phase).readonly(),
  note: z.string().optional(),
  edits: z.array(z.number()).readonly().optional(),
});
const oneDay = { date: z.string(), hours: texts, name: z.string() };
const dayEdit = z.discriminatedUnion("type", [
  z.object({ type: z.literal("closed"), ...oneDay }),
  z.object({
    type: z.literal("open"),
    ...oneDay,
    kind: z.string(),
    phases: z.union([z.literal("regular"), z.array(phase).readonly()]),
  }),
  z.object({
    type: z.literal("halt"),
    ...oneDay,
    from: z.string(),
    to: z.string().nullable(),
    reopening: z.array(phase).readonly(),
  }),
]);
const calendarChange = z.object({
  id: z.number(),
  edit: z.number(),
  time,
  who: z.enum(editors),
  note: z.string(),
  before: dayEdit.nullable(),
  after: dayEdit.nullable(),
});
const changed = answer(z.object({ change: calendarChange, sessions: z.array(sessionLine) }), noMeta);

const dayCounts = {
  bars: z.number(),
  added: z.number(),
  unchanged: z.number(),
  kept: z.number(),
  corrected: z.number(),
  flagged: z.number(),
};
const jobStatistics = z.object({
  ...dayCounts,
  days: z.number(),
  failed: z.number(),
  skipped: z.number(),
  requests: z.number(),
  retries: z.number(),
  requestsPerSecond: z.number(),
  remainingSeconds: z.number().nullable(),
});
/** A job in progress; what heals by itself has no state, no statistics and no notes. */
const jobView = z.object({
  id: z.string(),
  title: z.string(),
  done: z.number(),
  total: z.number(),
  detail: z.string(),
  finished: z.boolean(),
  failed: z.number(),
  state: z.enum(jobStates).optional(),
  reason: z.string().optional(),
  statistics: jobStatistics.optional(),
  createdAt: time.optional(),
  finishedAt: time.nullable().optional(),
  notes: texts.optional(),
});
const jobProgress = jobView.required({ state: true, reason: true, statistics: true, notes: true, createdAt: true });
const barFigures = z.object({
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
});
const jobReport = jobView.extend({
  failures: z.array(z.object({ instrument: z.string(), date: z.string(), reason: z.string() })).optional(),
  differences: z
    .array(
      z.object({
        instrument: z.string(),
        timeframe: z.string(),
        time,
        verdict: z.enum(["kept", "corrected", "flagged"]),
        rule: z.string(),
        stored: barFigures.nullable(),
        history: barFigures.nullable(),
      }),
    )
    .optional(),
});
const estimate = z.object({
  source: z.string(),
  timeframe: z.string(),
  instruments: z.number(),
  leftOut: z.array(z.object({ name: z.string(), reason: z.string() })),
  days: z.number(),
  skipped: z.number(),
  unknown: z.number(),
  requests: z.number(),
  bars: z.number(),
  minutes: z.number(),
  diskMb: z.number(),
  notes: texts,
});
const job = answer(jobProgress, noMeta);

const slotCounts = {
  expected: z.number(),
  received: z.number(),
  patched: z.number(),
  corrected: z.number(),
  backfilled: z.number(),
  incomplete: z.number(),
  noTrade: z.number(),
  missing: z.number(),
};
export const run = z.object({ kind: z.enum(slotKinds), from: instant, to: instant, bars: z.number() });
const completenessDay = z.object({
  date: z.string(),
  session: z.object({ kind: z.string(), name: z.string(), open: instant, close: instant }),
  ...slotCounts,
  outside: z.number(),
  completeness: z.number().nullable(),
  quality: z.string(),
  runs: z.array(run),
});
/** The same where times may be text of a zone. */
const truthInZone = instrumentTruth.extend({ since: instant.nullable(), lastTick: instant.nullable() });
const completeness = answer(
  z.array(completenessDay),
  z.object({
    key: z.string(),
    timeframe: z.string(),
    days: z.number(),
    unknown: z.number(),
    ...slotCounts,
    completeness: z.number().nullable(),
    dataAgeMs: z.number().nullable(),
    feed: truthInZone,
  }),
);
const gapInZone = gapAnswer.data.extend({
  from: instant,
  to: instant.nullable(),
  openedAt: instant,
  closedAt: instant.nullable(),
});

const comparison = z.object({
  id: z.number(),
  instrument: z.string(),
  date: z.string(),
  at: time,
  by: z.string(),
  bars: z.number(),
  equal: z.number(),
  kept: z.number(),
  corrected: z.number(),
  flagged: z.number(),
  differences: z.array(
    z.object({
      timeframe: z.string(),
      time,
      field: z.string(),
      ours: z.number().nullable(),
      theirs: z.number().nullable(),
      decision: z.string(),
      why: z.string(),
    }),
  ),
});

const feedTruth = z.object({
  collector: z.string(),
  feed: z.string(),
  state: z.string(),
  simulated: z.boolean(),
  daily: z.array(z.object({ field: z.string(), title: z.string(), env: z.string() })).readonly(),
  reason: z.string(),
  since: time,
  lastTick: time.nullable(),
  ticksLastMinute: z.number(),
  expectedPerMinute: z.number().nullable(),
  ticksPerSecond: z.number(),
  subscribed: z.number(),
  reconnects: z.number(),
  missing: z.object({ count: z.number(), names: z.array(z.string()) }),
  lagMs: z.number().nullable(),
  said: z.object({ time, text: z.string(), count: z.number() }).nullable(),
  nextAttempt: time.nullable(),
  attempt: z.number(),
});
const okOr = { ok: z.boolean(), detail: z.string() };
const sessionView = z.object({
  kind: z.string(),
  name: z.string(),
  phase: z.string(),
  open: time,
  close: time,
  until: time.nullable(),
});
const percentiles = z.object({
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  count: z.number(),
  buckets: z.array(z.number()),
  bucketMs: z.number(),
});
const leftOut = z.object({ reason: z.string(), count: z.number(), examples: z.array(z.string()) });
const statusSnapshot = z.object({
  startedAt: time,
  serverTime: time,
  version: z.string(),
  node: z.string(),
  feeds: z.array(feedTruth),
  stages: z.array(
    z.object({
      name: z.string(),
      from: z.string().nullable(),
      to: z.string().nullable(),
      rate: z.number(),
      p50: z.number(),
      p95: z.number(),
      queue: z
        .object({ used: z.number(), size: z.number(), overflow: z.enum(["wait", "drop-oldest", "latest"]) })
        .nullable(),
      detail: z.string(),
    }),
  ),
  rejects: z.record(z.string(), z.number()),
  counters: z.record(z.string(), z.number()),
  latency: z.object({
    receiveToEmit: percentiles,
    emitToSocket: percentiles,
    commit: percentiles,
    eventLoop: percentiles,
  }),
  history: z.array(
    z.object({
      time,
      receiveToEmit: z.number(),
      eventLoop: z.number(),
      commit: z.number(),
      ticksPerSecond: z.number(),
    }),
  ),
  store: z.object({ kind: z.string(), version: z.string(), location: z.string(), pingMs: z.number(), ...okOr }),
  bus: z.object({ kind: z.string(), ...okOr }),
  sockets: z.object({
    clients: z.number(),
    framesPerSecond: z.number(),
    conflated: z.number(),
    dropped: z.number(),
  }),
  process: z.object({ rssMb: z.number(), heapMb: z.number(), uptimeS: z.number() }),
  disk: z.object({ freeGb: z.number(), dataMb: z.number().nullable() }).nullable(),
  clockSkewMs: z.number().nullable(),
  clockSkewErrorMs: z.number().nullable(),
  lists: z.array(
    z.object({
      collector: z.string(),
      readAt: time.nullable(),
      rows: z.number(),
      leftOut: z.array(leftOut).readonly(),
      problem: z.string().nullable(),
      nextAttempt: time.nullable(),
    }),
  ),
  unusable: z.array(leftOut).readonly(),
  markets: z.array(
    z.object({
      exchange: z.string(),
      session: sessionView,
      known: z.boolean(),
      knownTo: z.string().nullable(),
      warning: z.string().nullable(),
    }),
  ),
  instruments: z.number(),
  jobs: z.array(jobView),
  events: z.array(
    z.object({ time, level: z.enum(["info", "warn", "error"]), source: z.string(), message: z.string() }),
  ),
});
const health = z.object({
  ready: z.boolean(),
  causes: z.array(z.string()),
  feeds: z.array(feedTruth),
  ticksPerSecond: z.number(),
  job: jobView.nullable(),
  store: z.object(okOr),
  instruments: z.number(),
});
const storage = z.object({
  at: time,
  bytes: z.number(),
  tables: z.array(z.object({ table: z.string(), bytes: z.number(), rows: z.number().nullable() })),
  parts: z.array(
    z.object({
      part: z.string(),
      dayRows: z.number(),
      dayBytes: z.number(),
      dayTicks: z.number().nullable(),
      keepDays: z.number().nullable(),
      forecastBytes: z.number(),
    }),
  ),
  forecastBytes: z.number(),
});

const active = answer(
  z.object({
    source: z.enum(["configuration", "settings"]),
    indicators: z.array(
      z.object({
        text: z.string(),
        id: z.string(),
        label: z.string(),
        params: z.record(z.string(), indicatorParamValue),
        timeframe: z.string(),
      }),
    ),
    instruments: z.number(),
    instances: z.number(),
    unseeded: z.number(),
  }),
  noMeta,
);
const compared = z.object({ stored: z.number(), rebuilt: z.number() });
const verified = z.object({
  key: z.string(),
  timeframe: z.string(),
  from: time,
  to: time,
  bars: z.array(
    z.object({
      time,
      verdict: z.enum(["equal", "differs", "not_comparable"]),
      reason: z.string().optional(),
      fields: z.partialRecord(z.string(), compared).optional(),
    }),
  ),
  equal: z.number(),
  differs: z.number(),
  notComparable: z.number(),
  reasons: z.partialRecord(z.string(), z.number()),
  ticks: z.number(),
});

const line = <I extends z.ZodType, D extends z.ZodType, M extends z.ZodType>(
  given: Given,
  input: I,
  { data, meta }: RestAnswer<D, M>,
) => ({ given, input, data, meta });

export const restRoutes = {
  "POST /backfill": line("body", backfillBody, answer(z.union([estimate, jobProgress]), noMeta)),
  "GET /calendar": line(
    "query",
    sessionsQuery,
    answer(
      z.array(sessionLine),
      counted.extend({
        unknown: z.number(),
        covered: z.array(z.object({ from: z.string().nullable(), to: z.string().nullable() })).readonly(),
      }),
    ),
  ),
  "GET /calendar/status": line(
    "query",
    statusQuery,
    answer(
      z.object({
        exchange: z.string(),
        hours: z.string(),
        time,
        phase: z.string(),
        until: time.nullable(),
        nextOpen: time.nullable(),
        nextClose: time.nullable(),
        session: z.object({ date: z.string(), kind: z.string(), name: z.string(), open: time, close: time }).nullable(),
        known: z.boolean(),
        knownTo: z.string().nullable(),
        note: z.string().optional(),
      }),
      noMeta,
    ),
  ),
  "GET /calendar/audit": line("query", auditQuery, answer(z.array(calendarChange), noMeta)),
  "GET /calendar/edits": line(
    "query",
    noFields,
    answer(z.array(z.intersection(dayEdit, z.object({ id: z.number() }))), noMeta),
  ),
  "POST /calendar/edits": line("body", editBody, changed),
  "DELETE /calendar/edits": line("query", withdrawQuery, changed),
  "POST /collectors/{name}/login": line("body", loginBody, loginAnswer),
  "GET /compare": line("query", compareQuery, answer(z.array(comparison), counted)),
  "POST /compare": line("body", compareBody, answer(comparison, noMeta)),
  "GET /completeness": line("query", completenessQuery, completeness),
  "GET /completeness/{symbol}": line("query", completenessOfQuery, completeness),
  "GET /gaps": line("query", gapsQuery, gapsAnswer),
  "GET /gaps/{symbol}": line(
    "query",
    gapsOfQuery,
    answer(
      z.array(gapInZone),
      gapsAnswer.meta.extend({
        feed: truthInZone.optional(),
        timeframe: z.string().optional(),
        lacking: z.array(run).optional(),
      }),
    ),
  ),
  "POST /gaps/{id}/heal": line("optional body", emptyBody, gapAnswer),
  "POST /gaps/{id}/ignore": line("body", ignoreBody, gapAnswer),
  "GET /health": line("query", nothing, answer(health, z.object({ time }))),
  "GET /indicators": line("query", nothing, indicatorsAnswer),
  "GET /indicators/active": line("query", nothing, active),
  "POST /indicators/active": line("body", activeIndicators, active),
  "PUT /indicators/active": line("body", activeIndicators, active),
  "POST /indicators/reload": line("optional body", reloadBody, active),
  "GET /indicators/values": line(
    "query",
    indicatorValuesQuery,
    answer(
      z.array(z.object({ time, live: z.boolean(), values: z.record(z.string(), z.number().nullable()) })),
      counted.extend({
        key: z.string(),
        timeframe: z.string(),
        indicator: z.string(),
        plots: z.array(indicatorPlot.pick({ id: true, title: true, unit: true })).readonly(),
        asOf: time.optional(),
      }),
    ),
  ),
  "GET /instruments": line("query", instrumentsQuery, instrumentsAnswer),
  "GET /jobs": line("query", noFields, answer(z.array(jobView), noMeta)),
  "GET /jobs/{id}": line("query", jobQuery, answer(jobReport, z.object({ limit: z.number(), offset: z.number() }))),
  "DELETE /jobs/{id}": line("query", noFields, job),
  "POST /jobs/{id}/pause": line("optional body", emptyBody, job),
  "POST /jobs/{id}/resume": line("optional body", emptyBody, job),
  "GET /status": line("query", nothing, answer(statusSnapshot, noMeta)),
  "GET /storage": line("query", nothing, answer(storage, noMeta)),
  "GET /verify/{key}": line("query", verifyQuery, answer(verified, noMeta)),
  "GET /watchlists": line("query", nothing, watchlistsAnswer),
  "GET /watchlists/{name}": line("query", nothing, watchlistAnswer),
  "GET /workspace": line("query", nothing, workspaceAnswer),
  "PUT /workspace": line("body", workspace, savedWorkspaceAnswer),
} satisfies Record<string, RestRoute>;
export type RouteName = keyof typeof restRoutes;
type Route<K extends RouteName> = (typeof restRoutes)[K];

/** What a route's handler returns, by its line in the table; `requestId` is added to `meta`. */
export interface AnswerOf<K extends RouteName> {
  data: z.input<Route<K>["data"]>;
  meta?: z.input<Route<K>["meta"]>;
  status?: number;
}
export type InputOf<K extends RouteName> = z.output<Route<K>["input"]>;

export type Comparison = z.output<typeof comparison>;
export type CompletenessDay = z.output<typeof completenessDay>;
