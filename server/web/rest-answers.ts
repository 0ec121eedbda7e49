/** What the routes of `/api/v1` return, other than the reading views (`read-views.ts`): figures of services in REST's shapes. */
import { changePercent } from "@/server/domain/basics/price";
import type { z } from "zod";
import { asField } from "@/server/contract/answer";
import type { InstrumentHit, RestGap } from "@/server/contract/answers";
import {
  type compareBody,
  type compareQuery,
  type completenessQuery,
  gapId,
  type gapsQuery,
} from "@/server/contract/quality-queries";
import {
  type completenessOfQuery,
  type gapsOfQuery,
  symbolText,
  timeIn,
  type Zone,
} from "@/server/contract/read-queries";
import type { indicatorValuesQuery, instrumentsQuery, Workspace } from "@/server/contract/rest";
import type { AnswerOf, Comparison, CompletenessDay, run } from "@/server/contract/routes";
import type { Gap } from "@/server/domain/bars/gap";
import type { Plot } from "@/server/domain/bars/indicator";
import { AppError, badInput } from "@/server/domain/basics/errors";
import type { Gate } from "@/server/domain/basics/gate";
import type { Turns } from "@/server/domain/basics/turns";
import { timeframe as timeframeNamed, type TimeframeName } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { Desk } from "@/server/ports/desk";
import type { CompareRun } from "@/server/ports/gap-stores";
import type { QualityReads } from "@/server/ports/quality";
import type { SettingStore, WatchlistStore } from "@/server/ports/stores";

export interface RestParts {
  quality: QualityReads;
  desk: Desk;
  clock: Clock;
  /** Where long answers, and searches, wait for their turn. */
  heavy: Gate;
  searches: Gate;
  turns(signal: AbortSignal): Turns;
  instruments: {
    readonly size: number;
    find(key: string): number;
    search(text: string, limit: number, turns: Turns): Promise<number[]>;
  };
  indicators: {
    values(query: {
      instrument: number;
      timeframe: TimeframeName;
      spec: string;
      limit: number;
      from?: number | undefined;
      to?: number | undefined;
      asOf?: number | undefined;
      signal?: AbortSignal | undefined;
    }): Promise<{
      label: string;
      plots: readonly Pick<Plot, "id" | "title" | "unit">[];
      values: readonly { time: number; live: boolean; values: readonly (number | null)[] }[];
    }>;
  };
  watchlists: Pick<WatchlistStore, "list" | "get">;
  settings: Pick<SettingStore, "set">;
}

export const restAnswers = (parts: RestParts) => ({
  gaps: (query: z.output<typeof gapsQuery>) => gapsAnswer(parts, query),
  /** Gaps that touch an instrument: its own, and those of the collectors that bring it; with a timeframe, also the bars it lacks. */
  async gapsOf(
    { vendor, tz, timeframe, ...query }: z.output<typeof gapsOfQuery>,
    symbol: string,
    signal: AbortSignal,
  ): Promise<AnswerOf<"GET /gaps/{symbol}">> {
    const instrument = keyOf(parts, symbol, vendor);
    const { data, meta } = await gapsAnswer(parts, { ...query, instrument });
    const lacking =
      timeframe === undefined
        ? {}
        : await lackingAnswer(parts, { instrument, timeframe, from: query.from, to: query.to }, signal);
    return inZone<AnswerOf<"GET /gaps/{symbol}">>(tz, { data, meta: { ...meta!, ...lacking } });
  },
  heal: async (id: string) => ({ data: restGap(parts, await parts.quality.gaps.healNow(idOf(id))), status: 202 }),
  ignore: async (id: string, by: string, note: string) => ({
    data: restGap(parts, await parts.quality.gaps.ignore(idOf(id), by, note)),
  }),
  completeness: (query: z.output<typeof completenessQuery>, signal: AbortSignal) =>
    completenessAnswer(parts, query, signal),
  async completenessOf(
    { vendor, tz, ...query }: z.output<typeof completenessOfQuery>,
    symbol: string,
    signal: AbortSignal,
  ): Promise<AnswerOf<"GET /completeness/{symbol}">> {
    const { data, meta } = await completenessAnswer(
      parts,
      { ...query, instrument: keyOf(parts, symbol, vendor) },
      signal,
    );
    return inZone<AnswerOf<"GET /completeness/{symbol}">>(tz, { data, ...(meta === undefined ? {} : { meta }) });
  },
  compare: (query: z.output<typeof compareQuery>) => compareAnswer(parts, query),
  compareNow: (body: z.output<typeof compareBody>) => compareNow(parts, body),
  indicatorValues: (query: z.output<typeof indicatorValuesQuery>, signal: AbortSignal) =>
    indicatorValuesAnswer(parts, query, signal),
  /** Instruments by anything a person may type, best first; or those of given keys. */
  async instruments(
    { q, limit, keys }: z.output<typeof instrumentsQuery>,
    signal: AbortSignal,
  ): Promise<AnswerOf<"GET /instruments">> {
    const { instruments, searches, turns } = parts;
    const found =
      keys === undefined
        ? await searches.run(() => instruments.search(q, limit, turns(signal)), signal)
        : keys
            .split(",")
            .map((key) => instruments.find(key))
            .filter((index) => index !== -1)
            .slice(0, limit);
    const data = found.map((index) => hitOf(parts, index));
    return { data, meta: { count: data.length, total: instruments.size } };
  },
  async watchlists(): Promise<AnswerOf<"GET /watchlists">> {
    return {
      data: (await parts.watchlists.list()).map(({ name, title, category, readOnly, rows }) => ({
        name,
        title,
        category,
        readOnly,
        count: rows.length,
      })),
    };
  },
  async watchlist(name: string): Promise<AnswerOf<"GET /watchlists/{name}">> {
    const list = await parts.watchlists.get(name);
    if (list === null)
      throw new AppError("not_found", `no watchlist ${JSON.stringify(name)}`, {
        details: { field: "watchlist", value: name },
      });
    return { data: list };
  },
  async saveWorkspace(workspace: Workspace): Promise<AnswerOf<"PUT /workspace">> {
    await parts.settings.set("workspace", workspace);
    return { data: workspace };
  },
});

const hitOf = ({ desk }: RestParts, index: number): InstrumentHit => {
  const { key, exchange, symbol, name, segment, expiry, lotSize, decimals } = desk.instrument(index);
  const quote = desk.quote(index);
  return {
    key,
    exchange,
    symbol,
    name,
    segment,
    expiry,
    lotSize,
    live: desk.isLive(index),
    simulated: desk.isSimulated(index),
    lastPrice: quote === null ? null : quote.price / 10 ** decimals,
    changePercent: quote === null ? null : changePercent(quote.price, quote.previousClose),
  };
};

/** Key of the symbol in a path, written in any of the ways people write it. */
const keyOf = ({ desk }: RestParts, symbol: string, vendor: string | undefined): string => {
  const parsed = symbolText.safeParse(symbol);
  if (!parsed.success) throw badInput("symbol", symbol, parsed.error.issues[0]!.message);
  return desk.instrument(asField("symbol", () => desk.resolve(parsed.data, vendor))).key;
};

/** The id of a path; throws `bad_input`. */
const idOf = (id: string): number => {
  const parsed = gapId.safeParse(id);
  if (!parsed.success) throw badInput("id", id, "the id of a gap");
  return parsed.data;
};

const INSTANTS: ReadonlySet<string> = new Set([
  "from",
  "to",
  "openedAt",
  "closedAt",
  "open",
  "close",
  "since",
  "lastTick",
]);

/** An answer with its instants as ISO text of a zone. */
const inZone = <T>(zone: Zone, answer: T): T => (zone === undefined ? answer : (told(zone, answer) as T));

const told = (zone: Zone, value: unknown, name = ""): unknown => {
  if (Array.isArray(value)) return value.map((each) => told(zone, each));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([field, each]) => [field, told(zone, each, field)]));
  return INSTANTS.has(name) && typeof value === "number" && value > 1e11 ? timeIn(zone, value) : value;
};

/** A row of the ledger as REST says it: instruments by their keys. */
const restGap = ({ quality, clock }: RestParts, gap: Gap): RestGap => {
  const keys = (ids: readonly number[] | null): string[] | null => ids?.map((id) => quality.keyOf(id)) ?? null;
  return {
    ...gap,
    instrument: gap.instrument === null ? null : quality.keyOf(gap.instrument),
    instruments: keys(gap.instruments),
    remainingIn: keys(gap.remainingIn),
    durationMs: Math.round((gap.to ?? Math.max(gap.from, clock.now())) - gap.from),
  };
};

/** Ms since the newest packet of an instrument; null before the first. */
const ageOf = ({ desk, clock }: RestParts, index: number): number | null => {
  const quote = desk.quote(index);
  return quote === null ? null : Math.max(0, Math.round(clock.now() - quote.received));
};

const gapsAnswer = async (
  parts: RestParts,
  { instrument, state, from, to, limit }: z.output<typeof gapsQuery>,
): Promise<AnswerOf<"GET /gaps">> => {
  const { quality, desk } = parts;
  if (from !== undefined && to !== undefined && from >= to) throw badInput("from", from, "an instant before `to`");
  const index = instrument === undefined ? null : desk.resolve(instrument);
  const rows = await quality.gaps.list({
    ...(index === null
      ? {}
      : { instrument: { id: desk.instrument(index).id, collectors: quality.collectorsOf(index) } }),
    ...(state === undefined ? {} : { states: state }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    limit,
  });
  return {
    data: rows.map((gap) => restGap(parts, gap)),
    meta: {
      count: rows.length,
      open: quality.gaps.open,
      ...(index === null
        ? {}
        : { key: desk.instrument(index).key, dataAgeMs: ageOf(parts, index), feed: quality.truths.of(index) }),
    },
  };
};

const completenessAnswer = async (
  parts: RestParts,
  { instrument, timeframe, from, to }: z.output<typeof completenessQuery>,
  signal: AbortSignal,
): Promise<AnswerOf<"GET /completeness">> => {
  const { quality, desk } = parts;
  const index = desk.resolve(instrument);
  const first = from ?? Math.min(quality.today(), to ?? Number.POSITIVE_INFINITY);
  const last = to ?? Math.max(first, quality.today());
  if (last < first) throw badInput("to", quality.dateOf(last), "a date on or after `from`");
  const days = await parts.heavy.run(
    () => quality.completeness.days(index, timeframeNamed(timeframe), first, last, signal),
    signal,
  );
  const data = days.map(
    ({ date, session, expected, counts, outside, share, quality: word, runs }): CompletenessDay => ({
      date,
      session: { kind: session.kind, name: session.name, open: session.open, close: session.close },
      expected,
      received: counts.received,
      patched: counts.patched,
      corrected: counts.corrected,
      backfilled: counts.backfilled,
      incomplete: counts.incomplete,
      noTrade: counts.no_trade,
      missing: counts.missing,
      outside,
      completeness: share === null ? null : Math.round(share * 1e6) / 1e6,
      quality: word,
      runs,
    }),
  );
  const sum = (
    name: "expected" | "received" | "patched" | "corrected" | "backfilled" | "incomplete" | "noTrade" | "missing",
  ): number => data.reduce((total, row) => total + row[name], 0);
  return {
    data,
    meta: {
      key: desk.instrument(index).key,
      timeframe,
      days: data.length,
      unknown: data.filter(({ session }) => session.kind === "unknown").length,
      expected: sum("expected"),
      received: sum("received"),
      patched: sum("patched"),
      corrected: sum("corrected"),
      backfilled: sum("backfilled"),
      incomplete: sum("incomplete"),
      noTrade: sum("noTrade"),
      missing: sum("missing"),
      completeness:
        sum("expected") === 0
          ? null
          : Math.round(((sum("expected") - sum("missing") - sum("incomplete")) / sum("expected")) * 1e6) / 1e6,
      dataAgeMs: ageOf(parts, index),
      feed: quality.truths.of(index),
    },
  };
};

/** Stretches of a span in which an instrument's bars are missing or incomplete; the span's days count as wholes. */
const lackingAnswer = async (
  parts: RestParts,
  {
    instrument,
    timeframe,
    from,
    to,
  }: {
    instrument: string;
    timeframe: z.output<typeof completenessQuery>["timeframe"];
    from: number | undefined;
    to: number | undefined;
  },
  signal: AbortSignal,
): Promise<{ timeframe: string; lacking: z.output<typeof run>[] }> => {
  const { quality, desk } = parts;
  const last =
    to === undefined ? Math.max(quality.today(), from === undefined ? 0 : quality.dayOf(from)) : quality.dayOf(to - 1);
  const first = from === undefined ? Math.min(quality.today(), last) : quality.dayOf(from);
  const days = await parts.heavy.run(
    () => quality.completeness.days(desk.resolve(instrument), timeframeNamed(timeframe), first, last, signal),
    signal,
  );
  const lacking = days
    .flatMap(({ runs }) => runs)
    .filter(
      ({ kind, from: start, to: end }) =>
        (kind === "missing" || kind === "incomplete") && end > (from ?? 0) && start < (to ?? Number.POSITIVE_INFINITY),
    );
  return { timeframe, lacking };
};

/** A comparison with what differed, prices in rupees. */
const restCompare = async ({ quality }: RestParts, run: CompareRun): Promise<Comparison> => {
  const scale = 10 ** quality.decimalsOf(run.instrument);
  const { instrument, day, ...counts } = run;
  const differences = await quality.compare.differences(run.id);
  const value = (field: string, minor: number | null): number | null =>
    minor === null || field === "volume" ? minor : minor / scale;
  return {
    ...counts,
    instrument: quality.keyOf(instrument),
    date: quality.dateOf(day),
    differences: differences.map((each) => ({
      ...each,
      ours: value(each.field, each.ours),
      theirs: value(each.field, each.theirs),
    })),
  };
};

const compareNow = async (
  parts: RestParts,
  { instrument, date, by }: z.output<typeof compareBody>,
): Promise<{ data: Comparison; status: number }> => {
  const run = await parts.quality.compare.day(
    parts.desk.resolve(instrument),
    date,
    by,
    AbortSignal.timeout(COMPARE_MS),
  );
  await parts.quality.gaps.review(`compare ${run.id}`);
  return { data: await restCompare(parts, run), status: 201 };
};

const compareAnswer = async (
  parts: RestParts,
  { instrument, from, to, limit }: z.output<typeof compareQuery>,
): Promise<AnswerOf<"GET /compare">> => {
  const { quality, desk } = parts;
  const runs = await quality.compare.list({
    ...(instrument === undefined ? {} : { instrument: desk.instrument(desk.resolve(instrument)).id }),
    ...(from === undefined ? {} : { fromDay: from }),
    ...(to === undefined ? {} : { toDay: to }),
    limit,
  });
  const data: Comparison[] = [];
  for (const run of runs) data.push(await restCompare(parts, run));
  return { data, meta: { count: data.length } };
};

/** Two requests to the broker, queued behind its other requests. */
const COMPARE_MS = 60_000;

/** Indicator values as REST says them: by plot, prices in rupees, epoch ms; the numbers a chart shows. */
const indicatorValuesAnswer = async (
  parts: RestParts,
  query: z.output<typeof indicatorValuesQuery>,
  signal: AbortSignal,
): Promise<AnswerOf<"GET /indicators/values">> => {
  const instrument = parts.desk.resolve(query.instrument);
  const { decimals, key } = parts.desk.instrument(instrument);
  const { label, plots, values } = await parts.heavy.run(
    () =>
      parts.indicators.values({
        instrument,
        timeframe: query.timeframe,
        spec: query.spec,
        limit: query.limit,
        from: query.from,
        to: query.to,
        asOf: query.asOf,
        signal,
      }),
    signal,
  );
  const scale = plots.map(({ unit }) => (unit === "price" ? 10 ** decimals : 1));
  const data = values.map((row) => ({
    time: row.time,
    live: row.live,
    values: Object.fromEntries(
      plots.map(({ id }, plot) => [id, row.values[plot] === null ? null : row.values[plot]! / scale[plot]!]),
    ),
  }));
  return {
    data,
    meta: {
      key,
      timeframe: query.timeframe,
      indicator: label,
      plots,
      count: data.length,
      ...(query.asOf === undefined ? {} : { asOf: query.asOf }),
    },
  };
};
