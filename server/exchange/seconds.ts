import { badInput } from "@/server/domain/basics/errors";
import type { Market } from "./market";

/** A second of an instrument as its packets made it: epoch ms of its start, paise, quantity. */
export type Second = [time: number, open: number, high: number, low: number, close: number, volume: number];

/** Longest span of one question. */
const LONGEST_MS = 12 * 3_600_000;

/**
 * Seconds of [from, to) in which an instrument's packets make a bar: trades, and for an index every value. No broker
 * provides this; tests compare a client's seconds with it. Nothing after the exchange's present time.
 */
export const secondsOf = (market: Market, token: number, from: number, to: number): Second[] => {
  const cursor = market.walker(token);
  if (cursor === undefined) throw badInput("token", token, "a listed instrument's token");
  if (!(from < to) || to - from > LONGEST_MS)
    throw badInput("to", to, `an instant after from, ${LONGEST_MS / 3_600_000} hours later at most`);
  const isIndex = cursor.listing.lotsPerMinute === 0;
  const seconds: Second[] = [];
  let last: Second | undefined;
  cursor.seek(from - 1);
  while (cursor.advance(Math.min(to - 1, market.time))) {
    if (!cursor.continuous || (!cursor.traded && !isIndex)) continue;
    const time = Math.floor(cursor.time / 1_000) * 1_000;
    const { price } = cursor;
    if (last === undefined || last[0] !== time) seconds.push((last = [time, price, price, price, price, 0]));
    last[2] = Math.max(last[2], price);
    last[3] = Math.min(last[3], price);
    last[4] = price;
    if (cursor.traded && !isIndex) last[5] += cursor.quantity;
  }
  return seconds;
};
