import { averagePrice, depthRow, totalBuy, totalSell } from "./packet";
import { istText } from "@/server/domain/time/ist-text";
import type { Cursor } from "./cursor";
import type { Market } from "./market";

const LEVELS = [0, 1, 2, 3, 4];
const rupees = (paise: number): number => paise / 100;
const ohlc = (cursor: Cursor) => ({
  open: rupees(cursor.open),
  high: rupees(cursor.high),
  low: rupees(cursor.low),
  close: rupees(cursor.previousClose),
});

const side = (cursor: Cursor, name: "buy" | "sell") =>
  LEVELS.map((level) => {
    const row = depthRow(cursor, name, level);
    return { price: rupees(row.price), quantity: row.quantity, orders: row.orders };
  });

/** A circuit limit: a factor of the previous close, on the tick grid. */
const circuit = (cursor: Cursor, factor: number): number => {
  const { tick } = cursor.listing;
  return rupees(Math.round((cursor.previousClose * factor) / tick) * tick);
};

const full = (cursor: Cursor) => {
  const head = {
    instrument_token: cursor.listing.token,
    timestamp: istText(cursor.time),
    last_price: rupees(cursor.price),
    ohlc: ohlc(cursor),
  };
  const change = { net_change: rupees(cursor.price - cursor.previousClose) };
  if (cursor.listing.segment === "INDICES") return { ...head, ...change };
  return {
    ...head,
    ...change,
    last_trade_time: istText(cursor.lastTradeTime),
    last_quantity: cursor.quantity,
    average_price: rupees(averagePrice(cursor)),
    volume: cursor.volume,
    buy_quantity: totalBuy(cursor),
    sell_quantity: totalSell(cursor),
    oi: cursor.openInterest,
    oi_day_high: cursor.openInterestHigh,
    oi_day_low: cursor.openInterestLow,
    lower_circuit_limit: circuit(cursor, 0.8),
    upper_circuit_limit: circuit(cursor, 1.2),
    depth: { buy: side(cursor, "buy"), sell: side(cursor, "sell") },
  };
};

const shapes = {
  "/quote": { limit: 500, of: full },
  "/quote/ohlc": {
    limit: 1_000,
    of: (cursor: Cursor) => ({
      instrument_token: cursor.listing.token,
      last_price: rupees(cursor.price),
      ohlc: ohlc(cursor),
    }),
  },
  "/quote/ltp": {
    limit: 1_000,
    of: (cursor: Cursor) => ({ instrument_token: cursor.listing.token, last_price: rupees(cursor.price) }),
  },
} as const;
export type QuotePath = keyof typeof shapes;
export const isQuotePath = (path: string): path is QuotePath => path in shapes;
export const quoteLimit = (path: QuotePath): number => shapes[path].limit;

/** The quotes of `SIM:SYMBOL` names (or bare tokens); unknown ones are missing from the map, as at Kite. */
export const quotes = (market: Market, path: QuotePath, names: readonly string[]): Record<string, unknown> => {
  const answer: Record<string, unknown> = {};
  for (const name of names) {
    const token = market.listing(name)?.token ?? Number(name);
    const cursor = market.cursor(token);
    if (cursor !== undefined) answer[name] = shapes[path].of(cursor);
  }
  return answer;
};
