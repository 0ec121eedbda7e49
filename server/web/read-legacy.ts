/**
 * `/intraday/{view}/{symbol}` as Market Bridge answered it and `/intraday/{segment}/{token}` as Odin Streamer did, for
 * programs written for them. New programs use `/api/v1`: it says more.
 */
import { z } from "zod";
import { jsonReply, type Reply } from "@/server/contract/answer";
import {
  barsQuery,
  latestQuery,
  missingQuery,
  orderBookQuery,
  type ReadView,
  spanQuery,
  ticksQuery,
  timeIn,
  todayQuery,
  type Zone,
} from "@/server/contract/read-queries";
import type { ErrorEnvelope } from "@/server/contract/rest";
import { type BarColumns, columnsOf } from "@/server/domain/bars/bar";
import { qualityOf } from "@/server/domain/bars/completeness";
import { badInput } from "@/server/domain/basics/errors";
import { inTurns, jsonInTurns, type Turns } from "@/server/domain/basics/turns";
import { toRupees } from "@/server/domain/basics/price";
import type { AskedBars } from "@/server/domain/time/timeframe";
import type { About, MarketReads, OrderBook } from "@/server/ports/market-reads";
import { type Ask, ask, bookFor, isOfSpan, readingOf, spanOf, tickSpan } from "./read-views";
import { vwapOf } from "./read-json";
import { noBooks, noDepth, orderBookView, statsView, ticksView } from "./read-figures";

/** Bridge returned an error as one text; field, value and accepted are added beside it. */
const bridgeError = ({ message, ...rest }: ErrorEnvelope["error"]): unknown => ({ error: message, ...rest });
const missing = (message: string): Reply => jsonReply({ error: message, code: "not_found" }, 404);

/** Names of the two sources a bar had there. */
const HISTORY_STATES = 3;
const sourceOf = (state: number): string => (state >= HISTORY_STATES ? "zerodha" : "live_tick");

/** Bridge's own name of a day. */
const bridgeTimeframe = (timeframe: AskedBars): string => (timeframe === "1d" ? "day" : timeframe);

const bridgeBars = (
  turns: Turns,
  bars: BarColumns,
  { instrument, token }: About,
  timeframe: AskedBars,
  zone: Zone,
): Promise<unknown[]> =>
  inTurns(turns, bars.length, (row) => {
    const price = (minor: number): number => toRupees(minor, instrument.decimals);
    const openInterest = bars.openInterest[row]!;
    return {
      exchange: instrument.exchange,
      symbol: instrument.symbol,
      instrument_token: token,
      bar_timestamp: timeIn(zone, bars.time[row]!),
      timeframe: bridgeTimeframe(timeframe),
      open: price(bars.open[row]!),
      high: price(bars.high[row]!),
      low: price(bars.low[row]!),
      close: price(bars.close[row]!),
      volume: bars.volume[row]!,
      trades_count: bars.ticks[row]!,
      vwap: vwapOf(bars.value[row]!, bars.volume[row]!, instrument.decimals),
      oi: openInterest < 0 ? null : openInterest,
      source: sourceOf(bars.state[row]!),
    };
  });

type Series = z.output<typeof todayQuery>;
/** Bridge returned rows of bars that traded; its shape has no place for other options. */
const plain = (query: Series): void => {
  if (query.format !== "rows") throw badInput("format", query.format, "rows here; other formats are under /api/v1");
  if (query.fields !== undefined) throw badInput("fields", query.fields, "none here; passports are under /api/v1");
};

/** What a span lacks, with the span as Bridge said it. */
const lacking = async (
  reads: MarketReads,
  instrument: number,
  query: z.output<typeof missingQuery>,
  signal: AbortSignal | undefined,
) => {
  if (query.timeframe === "auction") throw badInput("timeframe", query.timeframe, "a timeframe of one day or less");
  const { from, to } = spanOf(reads, query);
  const zone = query.tz ?? "UTC";
  const { symbol } = reads.about(instrument).instrument;
  const timeframe = bridgeTimeframe(query.timeframe);
  const found = await reads.missing(instrument, query.timeframe, { from, to }, signal);
  return {
    ...found,
    symbol,
    timeframe,
    zone,
    head: { symbol, timeframe, from: timeIn(zone, from), to: timeIn(zone, to) },
  };
};

/** An answer whose list is written in turns, after the fields before it. */
const withList = async (
  turns: Turns,
  head: Record<string, unknown>,
  name: string,
  rows: readonly unknown[],
): Promise<Reply> => ({
  ...jsonReply(null),
  body: `${JSON.stringify(head).slice(0, -1)},"${name}":${await jsonInTurns(turns, rows)}}`,
});

const bridge: Record<ReadView, Ask> = {
  bars: ask(
    barsQuery,
    async (reads, instrument, query, { signal }) => {
      plain(query);
      const turns = reads.turns(signal);
      const { bars, notice } = await readingOf(reads, instrument, query, query, signal);
      const about = reads.about(instrument);
      const zone = query.tz ?? "UTC";
      const at = (instant: number | undefined, row: number): unknown =>
        instant !== undefined ? timeIn(zone, instant) : bars.length === 0 ? null : timeIn(zone, bars.time[row]!);
      return withList(
        turns,
        {
          symbol: about.instrument.symbol,
          timeframe: bridgeTimeframe(query.timeframe),
          from: at(query.from, 0),
          to: at(query.to, bars.length - 1),
          bars_count: bars.length,
          ...(notice === null ? {} : { notice }),
        },
        "bars",
        await bridgeBars(turns, bars, about, query.timeframe, zone),
      );
    },
    bridgeError,
  ),
  today: ask(
    todayQuery,
    async (reads, instrument, query, { signal }) => {
      plain(query);
      const turns = reads.turns(signal);
      const { date, from, to } = reads.day(query.date);
      const { bars, notice } = await readingOf(reads, instrument, query, { from, to, limit: 50_000 }, signal);
      const about = reads.about(instrument);
      return withList(
        turns,
        {
          symbol: about.instrument.symbol,
          timeframe: bridgeTimeframe(query.timeframe),
          date,
          bars_count: bars.length,
          ...(notice === null ? {} : { notice }),
        },
        "bars",
        await bridgeBars(turns, bars, about, query.timeframe, query.tz ?? "UTC"),
      );
    },
    bridgeError,
  ),
  latest: ask(
    latestQuery,
    async (reads, instrument, { timeframe, tz }) => {
      const bar = await reads.latest(instrument, timeframe);
      const about = reads.about(instrument);
      if (bar === null) return missing("no data found for symbol");
      return jsonReply({
        symbol: about.instrument.symbol,
        timeframe: bridgeTimeframe(timeframe),
        bar: (await bridgeBars(reads.turns(), columnsOf([bar]), about, timeframe, tz ?? "UTC"))[0],
      });
    },
    bridgeError,
  ),
  stats: ask(
    spanQuery,
    async (reads, instrument, query, { signal }) => {
      const { date, from, to } = spanOf(reads, query);
      const about = reads.about(instrument);
      const stats = statsView(
        await reads.stats(instrument, query.timeframe, { from, to }, signal),
        about.instrument.decimals,
        query.tz ?? "UTC",
      );
      // Bridge's change was that since the day's open.
      const change =
        stats.open === null || stats.close === null ? null : Math.round((stats.close - stats.open) * 1e4) / 1e4;
      return jsonReply({
        symbol: about.instrument.symbol,
        timeframe: bridgeTimeframe(query.timeframe),
        date,
        stats: {
          day_open: stats.open,
          day_high: stats.high,
          day_low: stats.low,
          current_price: stats.close,
          total_volume: stats.volume,
          bars_count: stats.bars,
          vwap: stats.vwap,
          day_change: change,
          day_change_pct: change === null || stats.open === 0 ? null : Math.round((change / stats.open!) * 1e4) / 100,
        },
      });
    },
    bridgeError,
  ),
  vwap: ask(
    spanQuery,
    async (reads, instrument, query, { signal }) => {
      const { date, from, to } = spanOf(reads, query);
      const { instrument: of } = reads.about(instrument);
      const stats = await reads.stats(instrument, query.timeframe, { from, to }, signal);
      return jsonReply({
        symbol: of.symbol,
        timeframe: bridgeTimeframe(query.timeframe),
        date,
        vwap: vwapOf(stats.value, stats.volume, of.decimals),
      });
    },
    bridgeError,
  ),
  ticks: ask(
    ticksQuery,
    async (reads, instrument, query, { signal }) => {
      const turns = reads.turns(signal);
      const span = tickSpan(reads, query);
      const zone = query.tz ?? "UTC";
      const { instrument: of, token } = reads.about(instrument);
      const ticks = (
        await ticksView(turns, await reads.ticks(instrument, span, query.limit), query.limit, of.decimals, zone)
      ).map(({ time, price, quantity }) => ({
        exchange: of.exchange,
        symbol: of.symbol,
        instrument_token: token,
        tick_timestamp: time,
        price,
        quantity: quantity ?? 0,
        trade_type: "unknown",
        source: "live_tick",
      }));
      return withList(
        turns,
        { symbol: of.symbol, from: timeIn(zone, span.from), to: timeIn(zone, span.to), ticks_count: ticks.length },
        "ticks",
        ticks,
      );
    },
    bridgeError,
  ),
  orderbook: ask(
    orderBookQuery,
    async (reads, instrument, query, { signal }) => {
      const turns = reads.turns(signal);
      const about = reads.about(instrument);
      const { instrument: of, token } = about;
      const zone = query.tz ?? "UTC";
      const view = (book: OrderBook) => {
        const { bids, asks, spread, buyQuantity, sellQuantity, time } = orderBookView(book, of.decimals, zone);
        return {
          exchange: of.exchange,
          symbol: of.symbol,
          instrument_token: token,
          snapshot_timestamp: time,
          bids,
          asks,
          bid_quantity: buyQuantity,
          ask_quantity: sellQuantity,
          spread,
          source: "live_tick",
        };
      };
      if (isOfSpan(query)) {
        const span = tickSpan(reads, query);
        const { books } = await reads.orderBooks(instrument, span, query.limit);
        return withList(
          turns,
          {
            symbol: of.symbol,
            from: timeIn(zone, span.from),
            to: timeIn(zone, span.to),
            order_books_count: books.length,
          },
          "order_books",
          await inTurns(turns, books.length, (row) => view(books[row]!)),
        );
      }
      const book = await bookFor(reads, instrument, query);
      if (book === null)
        return missing(`no order book data found: ${query.at === undefined ? noDepth(about) : noBooks(about)}`);
      return jsonReply({ symbol: of.symbol, order_book: view(book) });
    },
    bridgeError,
  ),
  gaps: ask(
    missingQuery,
    async (reads, instrument, query, { signal }) => {
      const { missing, symbol, timeframe, zone, head } = await lacking(reads, instrument, query, signal);
      const turns = reads.turns(signal);
      return withList(
        turns,
        { ...head, gaps_count: missing.length },
        "gaps",
        await inTurns(turns, missing.length, (row) => ({
          missing_timestamp: timeIn(zone, missing[row]!),
          symbol,
          timeframe,
        })),
      );
    },
    bridgeError,
  ),
  completeness: ask(
    missingQuery,
    async (reads, instrument, query, { signal }) => {
      const { expected, missing, head } = await lacking(reads, instrument, query, signal);
      const share = expected === 0 ? null : (expected - missing.length) / expected;
      const percent = share === null ? null : Math.round(share * 1e4) / 100;
      return jsonReply({ ...head, completeness: percent, completeness_pct: percent, quality: qualityOf(share) });
    },
    bridgeError,
  ),
};

/** Odin's candles: minutes of a span, today's unless given, times with +05:30. */
const odinQuery = z.strictObject({
  from: barsQuery.shape.from,
  to: barsQuery.shape.to,
  vendor: barsQuery.shape.vendor,
});
const odin: Ask = (parts, symbol, given, signal) =>
  ask(
    odinQuery,
    async (reads, instrument, query, { signal }) => {
      const turns = reads.turns(signal);
      const { from, to } = spanOf(reads, query);
      const { bars } = await reads.bars({
        instrument,
        timeframe: "1m",
        from,
        to,
        limit: 50_000,
        fill: "none",
        passports: false,
        signal,
      });
      const { instrument: of } = reads.about(instrument);
      const price = (minor: number): number => toRupees(minor, of.decimals);
      return withList(
        turns,
        { status: "success" },
        "data",
        await inTurns(turns, bars.length, (row) => ({
          symbol: of.symbol,
          scrip_token: symbol.slice(symbol.indexOf("/") + 1),
          minute_ts: timeIn("Asia/Kolkata", bars.time[row]!),
          open: price(bars.open[row]!),
          high: price(bars.high[row]!),
          low: price(bars.low[row]!),
          close: price(bars.close[row]!),
          volume: bars.volume[row]!,
          source: sourceOf(bars.state[row]!),
        })),
      );
    },
    (error) => ({ status: "error", message: error.message, error }),
  )(parts, symbol, given, signal);

/** By the first segment after `/intraday/`: a view's name first, then a segment; undefined for anything else. */
export const legacyView = (
  first: string,
  isSegment: (name: string) => boolean,
): { ask: Ask; withFirst: boolean } | undefined => {
  if (Object.hasOwn(bridge, first)) return { ask: bridge[first as keyof typeof bridge], withFirst: false };
  return isSegment(first) ? { ask: odin, withFirst: true } : undefined;
};
