import { barColumns, type BarColumns } from "@/server/domain/bars/bar";
import { copyRow, cut, join, within } from "@/server/domain/bars/bar-rows";
import { type AnyTimeframe, anyTimeframe as timeframeNamed } from "@/server/domain/time/timeframe";
import type { BarsPage, barsPage, barsSubscribe, BarsSnapshot } from "@/server/contract/live";
import { packBars, packSeries } from "@/server/contract/wire";
import type { Clock } from "@/server/ports/clock";
import type { Desk, HeldIndicator } from "@/server/ports/desk";
import type { z } from "zod";
import { indicatorSeries, instrumentView, quoteView, sessionView } from "./views";

/** Bars of a resumed subscription at most. */
const MOST_RESUMED = 12_000;

/** Session breaks between the bars shown. Longer bars hold whole sessions: there is nothing between them to mark. */
const opensOf = (desk: Desk, timeframe: AnyTimeframe, instrument: number, rows: BarColumns): number[] =>
  rows.length === 0 || timeframe.kind !== "intraday"
    ? []
    : desk.sessionOpens(instrument, rows.time[0]!, rows.time[rows.length - 1]! + 1);

/**
 * What is displayed: bars with their values, and the rows of closing auctions in their places, without indicator
 * values.
 */
interface Shown {
  bars: BarColumns;
  values: Float64Array<ArrayBuffer>[][];
}

const shownOf = (bars: BarColumns, closing: BarColumns, values: Float64Array<ArrayBuffer>[][]): Shown => {
  if (closing.length === 0) return { bars, values };
  const all = barColumns(bars.length + closing.length);
  /** Row of the bar, -1 for a row of a closing auction. */
  const from = new Int32Array(bars.length + closing.length);
  let bar = 0;
  let row = 0;
  while (bar < bars.length || row < closing.length) {
    const isBar = row === closing.length || (bar < bars.length && bars.time[bar]! < closing.time[row]!);
    from[all.length] = isBar ? bar : -1;
    if (isBar) copyRow(bars, bar++, all);
    else copyRow(closing, row++, all);
  }
  return {
    bars: all,
    values: values.map((plots) =>
      plots.map((plot) => Float64Array.from(from, (at) => (at === -1 ? Number.NaN : plot[at]!))),
    ),
  };
};

/**
 * The answer to a subscription. Everything after the last wait happens in one turn of the event loop, so that the
 * caller's sequence number, the bars and the indicator instances belong together.
 */
export const barsSnapshot = async (
  desk: Desk,
  clock: Clock,
  request: z.output<typeof barsSubscribe>,
  instrument: number,
  helds: readonly HeldIndicator[],
  room: string,
  seq: () => number,
  signal?: AbortSignal,
): Promise<BarsSnapshot> => {
  const timeframe = timeframeNamed(request.timeframe);
  const wanted =
    request.since === undefined
      ? request.bars
      : Math.min(MOST_RESUMED, Math.max(0, Math.ceil((clock.now() - request.since) / timeframe.lengthMs)) + 8);
  const [firstStored] = await Promise.all([
    desk.firstStored(instrument, timeframe),
    desk.isWarm(instrument) ? undefined : desk.warm(instrument),
  ]);
  const query = {
    instrument,
    timeframe,
    bars: wanted,
    signal,
    closingRows: true,
    ...(request.since === undefined ? {} : { since: request.since }),
  };
  const { closed, forming, first, closing = barColumns(0), values: over } = await desk.indicators.read(query, helds);
  const trading = join([cut(closed, first, closed.length), forming]);
  const { bars, values } = shownOf(
    trading,
    within(closing, request.since ?? trading.time[0] ?? Number.POSITIVE_INFINITY),
    over,
  );
  const indicators = helds.map((held, place) =>
    indicatorSeries(
      held,
      values[place]!.map((plot) => plot.buffer),
    ),
  );
  const session = desk.session(instrument);
  const now = clock.now();
  return {
    room,
    seq: seq(),
    instrument: instrumentView(desk, instrument),
    timeframe: timeframe.name,
    session: session === null ? null : sessionView(session, now),
    packed: packBars(bars),
    ...packSeries(indicators),
    quote: quoteView(desk, instrument),
    firstStored,
    sessionOpens: opensOf(desk, timeframe, instrument, bars),
    historicalOnly: !desk.isLive(instrument),
    serverTime: now,
  };
};

/** A page of the past, with the indicators started far enough before it. */
export const barsPageAnswer = async (
  desk: Desk,
  clock: Clock,
  request: z.output<typeof barsPage>,
  instrument: number,
  signal?: AbortSignal,
): Promise<BarsPage> => {
  const timeframe = timeframeNamed(request.timeframe);
  const helds = request.indicators.map((spec) => ({ ...desk.indicators.describe(spec), instance: 0 }));
  const to = Math.min(request.before, clock.now() + timeframe.lengthMs);
  const {
    closed,
    first,
    closing = barColumns(0),
    values: over,
  } = await desk.indicators.read({ instrument, timeframe, bars: request.bars, to, signal, closingRows: true }, helds);
  const trading = cut(closed, first, closed.length);
  const { bars, values } = shownOf(trading, within(closing, trading.time[0] ?? Number.POSITIVE_INFINITY, to), over);
  return {
    packed: packBars(bars),
    ...packSeries(
      helds.map((held, place) =>
        indicatorSeries(
          held,
          values[place]!.map((plot) => plot.buffer),
        ),
      ),
    ),
    sessionOpens: opensOf(desk, timeframe, instrument, bars),
    end: trading.length < request.bars,
  };
};
