/** The reading views: what `/api/v1/{view}/{symbol}` answers, whichever door the request came in by. */
import type { z } from "zod";
import { answered, type Answer, asField, type Reply } from "@/server/contract/answer";
import {
  barsQuery,
  latestQuery,
  orderBookQuery,
  passportQuery,
  spanQuery,
  symbolText,
  ticksQuery,
  timeIn,
  todayQuery,
} from "@/server/contract/read-queries";
import type { ErrorEnvelope } from "@/server/contract/rest";
import { packBars } from "@/server/contract/wire";
import { columnsOf } from "@/server/domain/bars/bar";
import { DAY_MS } from "@/server/domain/time/session";
import { badInput } from "@/server/domain/basics/errors";
import { toRupees } from "@/server/domain/basics/price";
import type { Gate } from "@/server/domain/basics/gate";
import { anyTimeframe, type AskedBars } from "@/server/domain/time/timeframe";
import { inTurns } from "@/server/domain/basics/turns";
import type { Log } from "@/server/ports/observe";
import type { About, BarsReading, MarketReads, OrderBook, PassportReading } from "@/server/ports/market-reads";
import { JsonBytes } from "./json-bytes";
import { barViews, writeColumns, writeRows } from "./read-json";
import { changesView, passportView } from "./read-passport";
import { metaOf, noBooks, noDepth, orderBookView, quoteMeta, statsView, ticksView } from "./read-figures";

export type ViewName = "bars" | "latest" | "today" | "stats" | "vwap" | "ticks" | "orderbook" | "passport";
export interface ReadParts {
  reads: MarketReads;
  log: Log;
  /** Long answers, of all doors together. */
  heavy: Gate;
}

/**
 * Handles a request for one instrument, by query parameters. Never throws: an internal error is logged and reported by
 * its id.
 */
export type Ask = (
  parts: ReadParts,
  symbol: string,
  given: Record<string, string>,
  signal?: AbortSignal,
) => Promise<Reply>;

/** What a view receives besides its query. */
interface Asking {
  requestId: string;
  signal: AbortSignal | undefined;
}

/** Rows, and days of a span, above which an answer is a long one and waits for its turn. */
const MANY_ROWS = 5_000;
const MANY_DAYS = 1_000;
/** For continuous trading in a stock's session. */
const MINUTES_A_DAY = 375;

const isLong = (reads: MarketReads, question: object): boolean => {
  const { limit, from, to, fields, fill, timeframe } = question as {
    limit?: number;
    from?: number;
    to?: number;
    fields?: unknown;
    fill?: unknown;
    timeframe?: AskedBars;
  };
  const days = from === undefined ? 0 : (Math.min(to ?? reads.now(), reads.now()) - from) / DAY_MS;
  const ofSeconds = timeframe !== undefined && timeframe !== "auction" && anyTimeframe(timeframe).from === "1s";
  // A day asked for by its date has no limit.
  const rows = limit ?? (fill !== undefined && ofSeconds ? MANY_ROWS : days * MINUTES_A_DAY);
  return rows >= MANY_ROWS || days > MANY_DAYS || fields !== undefined;
};

export const ask =
  <S extends z.ZodType<{ vendor?: string | undefined }>>(
    schema: S,
    work: (reads: MarketReads, instrument: number, query: z.output<S>, asking: Asking) => Promise<Answer> | Answer,
    shape?: (error: ErrorEnvelope["error"]) => unknown,
  ): Ask =>
  ({ reads, log, heavy }, symbol, given, signal) =>
    answered({
      schema,
      given,
      signal,
      turns: reads.turns(signal),
      work: (query, requestId) => {
        const instrument = instrumentOf(reads, symbol, query.vendor);
        const working = (): Promise<Answer> | Answer => work(reads, instrument, query, { requestId, signal });
        return isLong(reads, query) ? heavy.run(working, signal) : working();
      },
      failed: (requestId, cause) =>
        log.error("a read failed", { requestId, symbol, cause: cause instanceof Error ? cause.stack : String(cause) }),
      ...(shape === undefined ? {} : { shape }),
    });

const DEFAULT_TICKS_MS = 3_600_000;

/** The requested span: `from` and `to`, or the trading day of `date`. Its date is that of its start. */
export const spanOf = (
  reads: MarketReads,
  { from, to, date }: { from?: number | undefined; to?: number | undefined; date?: string | undefined },
): { from: number; to: number; date: string } => {
  const day = reads.day(date);
  if (from === undefined && to === undefined) return day;
  if (date !== undefined) throw badInput("date", date, "either a date, or from and to");
  const first = from ?? day.from;
  return { date: reads.dateOf(first), from: first, to: to ?? Math.max(reads.now() + 1, first + 1) };
};

type Series = z.output<typeof todayQuery>;
export const readingOf = (
  reads: MarketReads,
  instrument: number,
  query: Series,
  span: { from?: number | undefined; to?: number | undefined; limit: number },
  signal: AbortSignal | undefined,
): Promise<BarsReading> => {
  const { timeframe, fill, asOf, fields, format, auctions } = query;
  if (format === "binary" && (fill === "null" || fields !== undefined))
    throw badInput("format", format, "rows or columns; packed bars have no nulls and no passports");
  if (fields !== undefined && asOf !== undefined)
    throw badInput("fields", fields, "no asOf; passports describe the current bars");
  return reads.bars({ instrument, timeframe, fill, asOf, auctions, passports: fields === "passport", signal, ...span });
};

const seriesAnswer = async (
  reads: MarketReads,
  instrument: number,
  query: Series,
  span: { from?: number | undefined; to?: number | undefined; limit: number },
  { requestId, signal }: Asking,
  more: Record<string, unknown> = {},
): Promise<Reply> => {
  const reading = await readingOf(reads, instrument, query, span, signal);
  const about = reads.about(instrument);
  const { bars, expected, received, incomplete, truncated, notice } = reading;
  const meta = {
    requestId,
    ...metaOf(reads, about),
    timeframe: query.timeframe,
    count: bars.length,
    lastBar: bars.length === 0 ? null : timeIn(query.tz, bars.time[bars.length - 1]!),
    expected,
    received,
    missing: expected === null ? null : Math.max(0, expected - received),
    incomplete,
    truncated,
    ...(query.timeframe !== "auction" && anyTimeframe(query.timeframe).kind === "intraday"
      ? { auctions: query.auctions }
      : {}),
    ...more,
    ...(query.asOf === undefined ? {} : { asOf: timeIn(query.tz, query.asOf) }),
    ...(query.fill === "none" ? {} : { fill: query.fill }),
    ...(notice === null ? {} : { notice }),
  };
  const { decimals } = about.instrument;
  if (query.format === "binary") {
    return {
      status: 200,
      type: "application/octet-stream",
      body: new Uint8Array(packBars(bars)),
      headers: { "X-Candela-Decimals": String(decimals), "X-Candela-Meta": encodeURIComponent(JSON.stringify(meta)) },
    };
  }
  const json = new JsonBytes();
  json.text('{"status":"success","data":');
  await (query.format === "columns" ? writeColumns : writeRows)(json, reading, decimals, query.tz, reads.turns(signal));
  json.text(`,"meta":${JSON.stringify(meta)}}`);
  return { status: 200, type: "application/json", body: json.done() };
};

const noBarYet = (about: About, timeframe: string): string => `${about.instrument.key} has no ${timeframe} bar yet`;
const withNotice = (notice: string | null): Record<string, unknown> => (notice === null ? {} : { notice });

/** `GET /api/v1/{view}/{symbol}`, and `/api/v1/bars/{symbol}/passport`. */
export const views: Record<ViewName, Ask> = {
  bars: ask(barsQuery, (reads, instrument, query, asking) => seriesAnswer(reads, instrument, query, query, asking)),
  today: ask(todayQuery, (reads, instrument, query, asking) => {
    const { date, from, to } = reads.day(query.date);
    return seriesAnswer(reads, instrument, query, { from, to, limit: 50_000 }, asking, { date });
  }),
  latest: ask(latestQuery, async (reads, instrument, { timeframe, tz }) => {
    const bar = await reads.latest(instrument, timeframe);
    const about = reads.about(instrument);
    const meta = { ...metaOf(reads, about), timeframe, quote: quoteMeta(about, tz) };
    return {
      data: bar === null ? null : (await barViews(columnsOf([bar]), about.instrument.decimals, tz))[0],
      meta: { ...meta, ...withNotice(bar === null ? noBarYet(about, timeframe) : null) },
    };
  }),
  stats: ask(spanQuery, async (reads, instrument, query, { signal }) => {
    const { date, from, to } = spanOf(reads, query);
    const stats = await reads.stats(instrument, query.timeframe, { from, to }, signal);
    const about = reads.about(instrument);
    const span = { date, timeframe: query.timeframe, from: timeIn(query.tz, from), to: timeIn(query.tz, to) };
    return {
      data: statsView(stats, about.instrument.decimals, query.tz),
      meta: {
        ...metaOf(reads, about),
        ...span,
        ...withNotice(stats.bars > 0 ? null : reads.closedNotice(instrument, from, to)),
      },
    };
  }),
  vwap: ask(spanQuery, async (reads, instrument, query, { signal }) => {
    const { date, from, to } = spanOf(reads, query);
    const stats = await reads.stats(instrument, query.timeframe, { from, to }, signal);
    const about = reads.about(instrument);
    const { vwap, volume, value, estimatedVolume } = statsView(stats, about.instrument.decimals, query.tz);
    const isToday = query.from === undefined && query.to === undefined && date === reads.day().date;
    const notice =
      about.instrument.segment === "index"
        ? "an index has no volume and therefore no VWAP"
        : stats.bars > 0
          ? null
          : reads.closedNotice(instrument, from, to);
    return {
      data: {
        vwap,
        volume,
        value,
        estimatedVolume,
        exchangeAverage:
          isToday && about.averagePrice > 0 ? toRupees(about.averagePrice, about.instrument.decimals) : null,
      },
      meta: {
        ...metaOf(reads, about),
        date,
        timeframe: query.timeframe,
        from: timeIn(query.tz, from),
        to: timeIn(query.tz, to),
        ...withNotice(notice),
      },
    };
  }),
  ticks: ask(ticksQuery, async (reads, instrument, query, { signal }) => {
    const span = tickSpan(reads, query);
    const reading = await reads.ticks(instrument, span, query.limit);
    const about = reads.about(instrument);
    const data = await ticksView(reads.turns(signal), reading, query.limit, about.instrument.decimals, query.tz);
    const meta = {
      ...metaOf(reads, about),
      from: timeIn(query.tz, span.from),
      to: timeIn(query.tz, span.to),
      count: data.length,
      truncated: reading.ticks.length > query.limit,
    };
    return {
      data,
      meta: { ...meta, ...withNotice(data.length > 0 ? null : reads.closedNotice(instrument, span.from, span.to)) },
    };
  }),
  orderbook: ask(orderBookQuery, async (reads, instrument, query, { signal }) => {
    const { tz } = query;
    const about = reads.about(instrument);
    const { decimals } = about.instrument;
    if (isOfSpan(query)) {
      const span = tickSpan(reads, query);
      const { books, truncated } = await reads.orderBooks(instrument, span, query.limit);
      const meta = {
        ...metaOf(reads, about),
        from: timeIn(tz, span.from),
        to: timeIn(tz, span.to),
        count: books.length,
        truncated,
      };
      return {
        data: await inTurns(reads.turns(signal), books.length, (row) => orderBookView(books[row]!, decimals, tz)),
        meta: {
          ...meta,
          ...withNotice(
            books.length > 0 ? null : (reads.closedNotice(instrument, span.from, span.to) ?? noBooks(about)),
          ),
        },
      };
    }
    const book = await bookFor(reads, instrument, query);
    const notice = book !== null ? null : query.at === undefined ? noDepth(about) : noBooks(about);
    return {
      data: book === null ? null : orderBookView(book, decimals, tz),
      meta: { ...metaOf(reads, about), ...withNotice(notice) },
    };
  }),
  passport: ask(passportQuery, async (reads, instrument, { timeframe, time, auctions, tz }, { signal }) => {
    const reading = await reads.passport(instrument, timeframe, time, auctions, signal);
    const about = reads.about(instrument);
    const { decimals } = about.instrument;
    const at = (instant: number): number | string => timeIn(tz, instant);
    return {
      data: {
        bar: (await barViews(columnsOf([reading.bar]), decimals, tz))[0],
        end: at(reading.end),
        state: reading.bar.state,
        cause: reading.cause,
        rev: reading.bar.rev,
        ...passportView(reading.passport, at),
        ...auctionsView(reading.auctions, decimals),
        collectorNames: reading.collectors,
        foldedFrom: reading.parts,
        revisions: changesView(reading.changes, decimals, at),
      },
      meta: {
        ...metaOf(reads, about),
        timeframe,
        ...(timeframe !== "auction" && anyTimeframe(timeframe).kind === "intraday" ? { auctions } : {}),
      },
    };
  }),
};

/** What a bar holds of its day's auctions, as it is printed; `auction`: of the pre-open alone. */
const auctionsView = (held: PassportReading["auctions"], decimals: number) => {
  const view = ({ price, volume, volumeIncluded, source }: PassportReading["auctions"][number]) => ({
    price: toRupees(price, decimals),
    volume,
    volumeIncluded,
    printedBy: source,
  });
  const preOpen = held.find(({ place }) => place === "pre_open");
  return {
    auction: preOpen === undefined ? null : view(preOpen),
    auctions: held.map((each) => ({ place: each.place, ...view(each) })),
  };
};

type BookQuery = Pick<z.output<typeof orderBookQuery>, "at" | "from" | "to">;
export const isOfSpan = ({ at, from, to }: BookQuery): boolean => {
  if (from === undefined && to === undefined) return false;
  if (at !== undefined) throw badInput("at", at, "either at, or from and to");
  return true;
};
/** The newest book, or the one at a given time. */
export const bookFor = (
  reads: MarketReads,
  instrument: number,
  { at }: BookQuery,
): Promise<OrderBook | null> | OrderBook | null =>
  at === undefined ? reads.orderBook(instrument) : reads.orderBookAt(instrument, at);

export const tickSpan = (
  reads: MarketReads,
  { from, to }: { from?: number | undefined; to?: number | undefined },
): { from: number; to: number } => {
  const end = to ?? reads.now() + 1;
  return { from: from ?? end - DEFAULT_TICKS_MS, to: end };
};

/** Dense number of the symbol in a path. */
const instrumentOf = (reads: MarketReads, symbol: string, vendor: string | undefined): number => {
  const parsed = symbolText.safeParse(symbol);
  if (!parsed.success) throw badInput("symbol", symbol, parsed.error.issues[0]!.message);
  return asField("symbol", () => reads.resolve(parsed.data, vendor));
};
