/** How REST presents values: rupees, times as requested, null if unknown. */
import { timeIn, type Zone } from "@/server/contract/read-queries";
import { inTurns, type Turns } from "@/server/domain/basics/turns";
import { changePercent, scaleOf, toRupees } from "@/server/domain/basics/price";
import { AUCTION, EXCHANGE_CLOCK, JOINED, TRADE } from "@/server/domain/ticks/tick";
import type { About, MarketReads, OrderBook, SpanStats, TickReading } from "@/server/ports/market-reads";
import { vwapOf } from "./read-json";

/** In every response: its subject and the age of the newest data. */
export const metaOf = (reads: MarketReads, { instrument, quote }: About): Record<string, unknown> => ({
  key: instrument.key,
  dataAgeMs: quote === null ? null : Math.max(0, reads.now() - Math.round(quote.received)),
});

export const statsView = (stats: SpanStats, decimals: number, zone: Zone) => {
  const rupees = (minor: number): number => toRupees(minor, decimals);
  const empty = stats.bars + stats.auctions === 0;
  const known = !empty && stats.previousClose > 0;
  return {
    open: empty ? null : rupees(stats.open),
    high: empty ? null : rupees(stats.high),
    low: empty ? null : rupees(stats.low),
    close: empty ? null : rupees(stats.close),
    volume: stats.volume,
    value: Math.round(stats.value) / scaleOf(decimals),
    vwap: vwapOf(stats.value, stats.volume, decimals),
    /** Volume without a known traded value; typical price is used instead. */
    estimatedVolume: stats.estimatedVolume,
    ticks: stats.ticks,
    bars: stats.bars,
    auctions: stats.auctions,
    openInterest: stats.openInterest < 0 ? null : stats.openInterest,
    previousClose: stats.previousClose > 0 ? rupees(stats.previousClose) : null,
    change: known ? rupees(stats.close - stats.previousClose) : null,
    changePercent: known ? changePercent(stats.close, stats.previousClose) : null,
    /** Position of the close between low (0) and high (1). */
    placeInRange:
      empty || stats.high === stats.low
        ? null
        : Math.round(((stats.close - stats.low) / (stats.high - stats.low)) * 1e4) / 1e4,
    firstBar: empty ? null : timeIn(zone, stats.firstTime),
    lastBar: empty ? null : timeIn(zone, stats.lastTime),
  };
};

export const ticksView = (
  turns: Turns,
  { ticks, quantity }: TickReading,
  limit: number,
  decimals: number,
  zone: Zone,
) =>
  inTurns(turns, Math.min(ticks.length, limit), (at) => {
    const row = Math.max(0, ticks.length - limit) + at;
    const flags = ticks.flags[row]!;
    const known = (value: number): number | null => (value < 0 ? null : value);
    return {
      time: timeIn(zone, ticks.time[row]!),
      received: timeIn(zone, ticks.received[row]!),
      price: toRupees(ticks.price[row]!, decimals),
      quantity: known(quantity[row]!),
      dayVolume: known(ticks.volume[row]!),
      openInterest: known(ticks.openInterest[row]!),
      kind: (flags & AUCTION) !== 0 ? "auction" : (flags & TRADE) !== 0 ? "trade" : "book",
      clock: (flags & EXCHANGE_CLOCK) !== 0 ? "exchange" : "ours",
      firstAfterConnect: (flags & JOINED) !== 0,
      sequence: ticks.sequence[row]!,
    };
  });

export const orderBookView = (book: OrderBook, decimals: number, zone: Zone) => {
  const side = (levels: OrderBook["bids"]) =>
    levels.map((level) => ({ ...level, price: toRupees(level.price, decimals) }));
  const [bid, ask] = [book.bids[0], book.asks[0]];
  const orders = book.buyQuantity + book.sellQuantity;
  return {
    bids: side(book.bids),
    asks: side(book.asks),
    spread: bid === undefined || ask === undefined ? null : toRupees(ask.price - bid.price, decimals),
    buyQuantity: book.buyQuantity,
    sellQuantity: book.sellQuantity,
    imbalance: orders === 0 ? null : Math.round(((book.buyQuantity - book.sellQuantity) / orders) * 1e4) / 1e4,
    lastPrice: toRupees(book.lastPrice, decimals),
    time: timeIn(zone, book.time),
    received: timeIn(zone, book.received),
  };
};

/** Why there is no depth. */
export const noDepth = ({ instrument, quote }: About): string =>
  instrument.segment === "index"
    ? "an index has no order book"
    : quote === null
      ? "no packet received for it since the start"
      : "its packets contain no depth, because it is not subscribed in full mode";

/** Why there is none of the past. */
export const noBooks = ({ instrument }: About): string =>
  instrument.segment === "index"
    ? "an index has no order book"
    : "no order book was recorded for that time. Books are recorded once a second (DEPTH_SECONDS) and kept for DEPTH_RETENTION_DAYS, for instruments subscribed in full mode";

export const quoteMeta = ({ instrument, quote }: About, zone: Zone): unknown =>
  quote === null
    ? null
    : {
        lastPrice: toRupees(quote.price, instrument.decimals),
        dayVolume: quote.volume,
        time: timeIn(zone, quote.time),
        ...(quote.previousClose <= 0
          ? { change: null, changePercent: null }
          : {
              change: toRupees(quote.price - quote.previousClose, instrument.decimals),
              changePercent: changePercent(quote.price, quote.previousClose),
            }),
      };
