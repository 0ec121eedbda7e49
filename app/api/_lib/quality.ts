import type { z } from "zod";
import {
  type compareBody,
  type compareQuery,
  type completenessQuery,
  gapId,
  type gapsQuery,
  type RestCompare,
  type RestCompleteness,
  type RestGap,
} from "@/server/contract/quality";
import type { container } from "@/server/runtime";

type Running = ReturnType<typeof container>;
type Gap = Awaited<ReturnType<Running["quality"]["gaps"]["list"]>>[number];
type CompareRun = Awaited<ReturnType<Running["quality"]["compare"]["list"]>>[number];
type Told = { data: unknown; meta: Record<string, unknown> };

/** A row of the ledger as REST says it: instruments by their keys. */
export const restGap = ({ quality, clock }: Running, gap: Gap): RestGap => {
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
const ageOf = ({ desk, clock }: Running, index: number): number | null => {
  const quote = desk.quote(index);
  return quote === null ? null : Math.max(0, Math.round(clock.now() - quote.received));
};

/** The id of a path; throws `bad_input`. */
export const idOf = (running: Running, params: Record<string, string>): number => {
  const parsed = gapId.safeParse(params["id"]);
  if (!parsed.success) throw running.badInput("id", params["id"], "the id of a gap");
  return parsed.data;
};

export const gapsAnswer = async (
  running: Running,
  { instrument, state, from, to, limit }: z.output<typeof gapsQuery>,
): Promise<Told> => {
  const { quality, desk } = running;
  if (from !== undefined && to !== undefined && from >= to)
    throw running.badInput("from", from, "an instant before `to`");
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
    data: rows.map((gap) => restGap(running, gap)),
    meta: {
      count: rows.length,
      open: quality.gaps.open,
      ...(index === null
        ? {}
        : { key: desk.instrument(index).key, dataAgeMs: ageOf(running, index), feed: quality.truths.of(index) }),
    },
  };
};

export const completenessAnswer = async (
  running: Running,
  { instrument, timeframe, from, to }: z.output<typeof completenessQuery>,
  signal: AbortSignal,
): Promise<Told> => {
  const { quality, desk } = running;
  const index = desk.resolve(instrument);
  const first = from ?? Math.min(quality.today(), to ?? Number.POSITIVE_INFINITY);
  const last = to ?? Math.max(first, quality.today());
  if (last < first) throw running.badInput("to", quality.dateOf(last), "a date on or after `from`");
  const days = await running.heavy.run(
    () => quality.completeness.days(index, running.timeframe(timeframe), first, last, signal),
    signal,
  );
  const data = days.map(
    ({ date, session, expected, counts, outside, share, quality: word, runs }): RestCompleteness => ({
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
      dataAgeMs: ageOf(running, index),
      feed: quality.truths.of(index),
    },
  };
};

/** Stretches of a span in which an instrument's bars are missing or incomplete; the span's days count as wholes. */
export const lackingAnswer = async (
  running: Running,
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
): Promise<Record<string, unknown>> => {
  const { quality, desk } = running;
  const last =
    to === undefined ? Math.max(quality.today(), from === undefined ? 0 : quality.dayOf(from)) : quality.dayOf(to - 1);
  const first = from === undefined ? Math.min(quality.today(), last) : quality.dayOf(from);
  const days = await running.heavy.run(
    () => quality.completeness.days(desk.resolve(instrument), running.timeframe(timeframe), first, last, signal),
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
const restCompare = async ({ quality }: Running, run: CompareRun): Promise<RestCompare> => {
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

export const compareNow = async (
  running: Running,
  { instrument, date, by }: z.output<typeof compareBody>,
): Promise<{ data: RestCompare; status: number }> => {
  const run = await running.quality.compare.day(
    running.desk.resolve(instrument),
    date,
    by,
    AbortSignal.timeout(COMPARE_MS),
  );
  await running.quality.gaps.review(`compare ${run.id}`);
  return { data: await restCompare(running, run), status: 201 };
};

export const compareAnswer = async (
  running: Running,
  { instrument, from, to, limit }: z.output<typeof compareQuery>,
): Promise<Told> => {
  const { quality, desk } = running;
  const runs = await quality.compare.list({
    ...(instrument === undefined ? {} : { instrument: desk.instrument(desk.resolve(instrument)).id }),
    ...(from === undefined ? {} : { fromDay: from }),
    ...(to === undefined ? {} : { toDay: to }),
    limit,
  });
  const data: RestCompare[] = [];
  for (const run of runs) data.push(await restCompare(running, run));
  return { data, meta: { count: data.length } };
};

/** Two requests to the broker, queued behind its other requests. */
const COMPARE_MS = 60_000;
