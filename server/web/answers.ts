import { barColumns, type BarColumns } from "@/server/domain/bar";
import type { IndicatorSpec } from "@/server/domain/indicator";
import { timeframe as timeframeNamed } from "@/server/domain/timeframe";
import type { BarsPage, barsPage, barsSubscribe, BarsSnapshot } from "@/server/contract/live";
import { packBars, packSeries } from "@/server/contract/wire";
import type { Clock } from "@/server/ports/clock";
import type { Desk, HeldIndicator } from "@/server/ports/desk";
import type { z } from "zod";
import { indicatorSeries, instrumentView, quoteView, sessionView } from "./views";

const joined = (closed: BarColumns, forming: BarColumns): BarColumns => {
  const all = barColumns(closed.length + forming.length);
  for (const part of [closed, forming]) {
    for (const name of ["time", "open", "high", "low", "close", "volume", "ticks", "state", "incomplete"] as const) all[name].set(part[name].subarray(0, part.length), all.length);
    all.length += part.length;
  }
  return all;
};

/** Values over the closed rows from `first` on, and peeked ones over the forming rows, one buffer per plot. */
const valuesFor = (desk: Desk, held: HeldIndicator, spec: IndicatorSpec, closed: BarColumns, forming: BarColumns, first: number, seed: boolean): ArrayBuffer[] => {
  const values = desk.indicators.values(spec, closed, seed ? held.instance : undefined);
  const peeked = seed ? desk.indicators.peek(held.instance, forming) : new Float64Array(0);
  const plots = held.plots.length;
  return values.map((column, plot) => {
    const out = new Float64Array(closed.length - first + forming.length);
    out.set(column.subarray(first));
    for (let row = 0; row < forming.length; row++) out[closed.length - first + row] = seed ? peeked[row * plots + plot]! : Number.NaN;
    return out.buffer;
  });
};

/** Rows an indicator must be begun before, at most what a chart may hold. */
const prefix = (helds: readonly { settle: number }[]): number => helds.reduce((most, each) => Math.max(most, each.settle), 0);

/**
 * The answer to a subscription. Everything after the last wait happens in one turn of the event loop, so that the
 * caller's sequence number, the bars and the indicator instances belong together.
 */
export const barsSnapshot = async (
  desk: Desk, clock: Clock, request: z.output<typeof barsSubscribe>, instrument: number, helds: readonly HeldIndicator[], room: string, seq: () => number,
): Promise<BarsSnapshot> => {
  const timeframe = timeframeNamed(request.timeframe);
  const wanted = request.since === undefined ? request.bars : Math.min(12_000, Math.ceil((clock.now() - request.since) / timeframe.lengthMs) + 8);
  const [firstStored] = await Promise.all([desk.firstStored(instrument, timeframe), desk.isWarm(instrument) ? undefined : desk.warm(instrument)]);
  const { closed, forming } = await desk.bars({ instrument, timeframe, limit: Math.max(1, wanted) + prefix(helds) });
  let first = Math.max(0, closed.length - wanted);
  if (request.since !== undefined) while (first < closed.length && closed.time[first]! < request.since) first++;
  const indicators = helds.map((held, place) => indicatorSeries(held, valuesFor(desk, held, request.indicators[place]!, closed, forming, first, true)));
  const rows = joined(closed, forming);
  const session = desk.session(instrument);
  const now = clock.now();
  return {
    room, seq: seq(), instrument: instrumentView(desk, instrument), timeframe: timeframe.name,
    session: session === null ? null : sessionView(session, now),
    packed: packBars(rows, first), ...packSeries(indicators), quote: quoteView(desk, instrument), firstStored,
    sessionOpens: rows.length === first ? [] : desk.sessionOpens(instrument, rows.time[first]!, now),
    historicalOnly: !desk.isLive(instrument), serverTime: now,
  };
};

/** A page of the past, with the indicators begun far enough before it. */
export const barsPageAnswer = async (desk: Desk, request: z.output<typeof barsPage>, instrument: number): Promise<BarsPage> => {
  const timeframe = timeframeNamed(request.timeframe);
  const helds = request.indicators.map((spec) => ({ ...desk.indicators.describe(spec, timeframe), instance: 0 }));
  const limit = request.bars + prefix(helds);
  const { closed } = await desk.bars({ instrument, timeframe, to: request.before, limit });
  const none = barColumns(0);
  const first = Math.max(0, closed.length - request.bars);
  return {
    packed: packBars(closed, first),
    ...packSeries(helds.map((held, place) => indicatorSeries(held, valuesFor(desk, held, request.indicators[place]!, closed, none, first, false)))),
    sessionOpens: closed.length === first ? [] : desk.sessionOpens(instrument, closed.time[first]!, request.before),
    end: closed.length < request.bars,
  };
};
