import { barColumns, type BarColumns } from "@/server/domain/bar";
import { type Timeframe, timeframe as timeframeNamed } from "@/server/domain/timeframe";
import type { BarsPage, barsPage, barsSubscribe, BarsSnapshot } from "@/server/contract/live";
import { packBars, packSeries } from "@/server/contract/wire";
import type { Clock } from "@/server/ports/clock";
import type { Desk, HeldIndicator } from "@/server/ports/desk";
import type { z } from "zod";
import { indicatorSeries, instrumentView, quoteView, sessionView } from "./views";

/** Bars of a resumed subscription at most. */
const MOST_RESUMED = 12_000;

/** Session breaks between the bars shown. Longer bars hold whole sessions: there is nothing between them to mark. */
const opensOf = (desk: Desk, timeframe: Timeframe, instrument: number, rows: BarColumns, first: number): number[] =>
  (rows.length === first || timeframe.kind !== "intraday" ? [] : desk.sessionOpens(instrument, rows.time[first]!, rows.time[rows.length - 1]! + 1));

const joined = (closed: BarColumns, forming: BarColumns): BarColumns => {
  const all = barColumns(closed.length + forming.length);
  for (const part of [closed, forming]) {
    for (const name of ["time", "open", "high", "low", "close", "volume", "ticks", "state", "incomplete"] as const) all[name].set(part[name].subarray(0, part.length), all.length);
    all.length += part.length;
  }
  return all;
};

/**
 * The answer to a subscription. Everything after the last wait happens in one turn of the event loop, so that the
 * caller's sequence number, the bars and the indicator instances belong together.
 */
export const barsSnapshot = async (
  desk: Desk, clock: Clock, request: z.output<typeof barsSubscribe>, instrument: number, helds: readonly HeldIndicator[], room: string, seq: () => number, signal?: AbortSignal,
): Promise<BarsSnapshot> => {
  const timeframe = timeframeNamed(request.timeframe);
  const wanted = request.since === undefined ? request.bars : Math.min(MOST_RESUMED, Math.max(0, Math.ceil((clock.now() - request.since) / timeframe.lengthMs)) + 8);
  const [firstStored] = await Promise.all([desk.firstStored(instrument, timeframe), desk.isWarm(instrument) ? undefined : desk.warm(instrument)]);
  const query = { instrument, timeframe, bars: wanted, signal, ...(request.since === undefined ? {} : { since: request.since }) };
  const { closed, forming, first, values } = await desk.indicators.read(query, helds);
  const indicators = helds.map((held, place) => indicatorSeries(held, values[place]!.map((plot) => plot.buffer)));
  const rows = joined(closed, forming);
  const session = desk.session(instrument);
  const now = clock.now();
  return {
    room, seq: seq(), instrument: instrumentView(desk, instrument), timeframe: timeframe.name,
    session: session === null ? null : sessionView(session, now),
    packed: packBars(rows, first), ...packSeries(indicators), quote: quoteView(desk, instrument), firstStored,
    sessionOpens: opensOf(desk, timeframe, instrument, rows, first),
    historicalOnly: !desk.isLive(instrument), serverTime: now,
  };
};

/** A page of the past, with the indicators begun far enough before it. */
export const barsPageAnswer = async (desk: Desk, clock: Clock, request: z.output<typeof barsPage>, instrument: number, signal?: AbortSignal): Promise<BarsPage> => {
  const timeframe = timeframeNamed(request.timeframe);
  const helds = request.indicators.map((spec) => ({ ...desk.indicators.describe(spec), instance: 0 }));
  const { closed, first, values } = await desk.indicators.read({ instrument, timeframe, bars: request.bars, to: Math.min(request.before, clock.now() + timeframe.lengthMs), signal }, helds);
  return {
    packed: packBars(closed, first),
    ...packSeries(helds.map((held, place) => indicatorSeries(held, values[place]!.map((plot) => plot.buffer)))),
    sessionOpens: opensOf(desk, timeframe, instrument, closed, first),
    end: closed.length - first < request.bars,
  };
};
