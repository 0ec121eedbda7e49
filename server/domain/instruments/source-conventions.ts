/**
 * How each broker prints the auctions of NSE and BSE in its candles. It is data, because the first candle's open and
 * volume and the place of the closing auction differ between brokers. Sections and counts refer to
 * `auctions-in-candles.md`. A source is a feed's id or the maker of a file; they share one table, because most are
 * known from files and measurements before they have a feed. `A` was computed from published data, `B` measured by
 * others, `C` is a single remark or an inference.
 */
import type { Instrument } from "./instrument";
import { clockMs, istDate, istDay, istMidnight } from "@/server/domain/time/session";

export const historySources = ["kite", "upstox", "angel", "fivepaisa", "dhan", "yahoo", "unknown"] as const;
export type HistorySourceName = (typeof historySources)[number];

/** Recordings of ticks are printed as this broker's candles, unless a person says otherwise. */
export const RECORDED_AS: HistorySourceName = "kite";

/** Futures and options have no auction in any candle that was seen. */
export type InstrumentClass = "stock" | "index" | "derivative";

export interface AuctionConvention {
  /** What the day's first intraday bar opens at; its high and low contain that. */
  firstOpen: "auction" | "first_trade" | "unknown";
  /** The pre-open's volume: in the first bar, in no intraday bar, in a separate row, or unknown. */
  preOpenVolume: "included" | "left_out" | "own_row" | "unknown";
  /** The closing auction in intraday bars: absent, in a separate row, or at the end of bars that continue to it. */
  closingAuction: "none" | "row" | "in_last_bar" | "unknown";
  /** When its rows are labelled, ms after midnight, `to` exclusive; null where there are none. */
  closingLabels: { from: number; to: number } | null;
  /** When the day bar holds auctions and post-close: the exchange's file is loaded overnight, or never known. */
  dayBar: "settled_next_morning" | "unknown";
  /** An index's day bar of the same evening holds the auction's value; a stock's is the sum of its candles. */
  sameEvening: "candles" | "auction_value" | "unknown";
}

interface ConventionRow extends AuctionConvention {
  source: HistorySourceName;
  of: InstrumentClass;
  /** First trading date, `YYYY-MM-DD`; null: always. */
  from: string | null;
  evidence: string;
}

/** The closing auction exists since this date, for stocks with derivatives and their indices. */
export const CLOSING_AUCTIONS_SINCE = "2026-08-03";

const labels = (from: string, to: string): { from: number; to: number } => ({ from: clockMs(from), to: clockMs(to) });
const before = { closingAuction: "none", closingLabels: null } as const;

/** If several rows match, the last one applies. */
const rows: readonly ConventionRow[] = [
  {
    source: "kite",
    of: "stock",
    from: null,
    firstOpen: "auction",
    preOpenVolume: "left_out",
    ...before,
    dayBar: "settled_next_morning",
    sameEvening: "candles",
    evidence:
      "open A: 19 of 19 and 120 of 120 stock-days; volume A+B: section 3; no closing auction A: 24 candles of 15 minutes, 09:15 to 15:00; day bar A: section 4",
  },
  {
    source: "kite",
    of: "index",
    from: null,
    firstOpen: "auction",
    preOpenVolume: "left_out",
    ...before,
    dayBar: "settled_next_morning",
    sameEvening: "auction_value",
    evidence: "A: first open is the day's on 28 of 28; an index has no volume",
  },
  {
    source: "kite",
    of: "index",
    from: CLOSING_AUCTIONS_SINCE,
    firstOpen: "auction",
    preOpenVolume: "left_out",
    closingAuction: "in_last_bar",
    closingLabels: labels("15:15", "15:30"),
    dayBar: "settled_next_morning",
    sameEvening: "auction_value",
    evidence: "A: the 15-minute candle of 15:15 ends at the auction's value, 4 of 4",
  },
  {
    source: "kite",
    of: "derivative",
    from: null,
    firstOpen: "first_trade",
    preOpenVolume: "unknown",
    ...before,
    dayBar: "settled_next_morning",
    sameEvening: "candles",
    evidence: 'B: Zerodha support, "the actual open for F&O"; a future\'s pre-open in candles is not known',
  },
  {
    source: "upstox",
    of: "stock",
    from: null,
    firstOpen: "auction",
    preOpenVolume: "included",
    ...before,
    dayBar: "unknown",
    sameEvening: "unknown",
    evidence: "B: no open of 277 stock-sessions differs from Kite's; its volume is 1.2 to 3.8 % above",
  },
  {
    source: "upstox",
    of: "stock",
    from: CLOSING_AUCTIONS_SINCE,
    firstOpen: "auction",
    preOpenVolume: "included",
    closingAuction: "row",
    closingLabels: labels("15:15", "15:30"),
    dayBar: "unknown",
    sameEvening: "unknown",
    evidence: "B: 375 rows a day, flat from 15:15 to 15:28, the row of 15:29 holds price and volume of the auction",
  },
  {
    source: "angel",
    of: "stock",
    from: null,
    firstOpen: "auction",
    preOpenVolume: "left_out",
    ...before,
    dayBar: "unknown",
    sameEvening: "unknown",
    evidence: "open B: 432 thin stock-days; volume C: short of the day's by 0.8 % in the middle",
  },
  {
    source: "angel",
    of: "stock",
    from: CLOSING_AUCTIONS_SINCE,
    firstOpen: "auction",
    preOpenVolume: "left_out",
    closingAuction: "row",
    closingLabels: labels("15:15", "15:30"),
    dayBar: "unknown",
    sameEvening: "unknown",
    evidence: "B: nothing from 15:15 to 15:27, one print labelled 15:28 or 15:29",
  },
  {
    source: "angel",
    of: "index",
    from: CLOSING_AUCTIONS_SINCE,
    firstOpen: "unknown",
    preOpenVolume: "left_out",
    closingAuction: "row",
    closingLabels: labels("15:15", "15:30"),
    dayBar: "unknown",
    sameEvening: "unknown",
    evidence:
      "B: a flat row of 15:15, then one of 15:28 or 15:29; since 2026-08-19 rows of 15:20 to 15:28 move with the indicative index",
  },
  {
    source: "fivepaisa",
    of: "stock",
    from: null,
    firstOpen: "first_trade",
    preOpenVolume: "own_row",
    ...before,
    dayBar: "unknown",
    sameEvening: "unknown",
    evidence: "C: a row stamped 09:07 or 09:08",
  },
  {
    source: "fivepaisa",
    of: "stock",
    from: CLOSING_AUCTIONS_SINCE,
    firstOpen: "first_trade",
    preOpenVolume: "own_row",
    closingAuction: "row",
    closingLabels: labels("15:15", "15:30"),
    dayBar: "unknown",
    sameEvening: "unknown",
    evidence: "C: a row stamped 15:28 with the volume, and one of the post-close at 15:50",
  },
  {
    source: "dhan",
    of: "stock",
    from: null,
    firstOpen: "unknown",
    preOpenVolume: "left_out",
    closingAuction: "unknown",
    closingLabels: null,
    dayBar: "unknown",
    sameEvening: "unknown",
    evidence: "C: a comment in a public program",
  },
  {
    source: "yahoo",
    of: "stock",
    from: null,
    firstOpen: "first_trade",
    preOpenVolume: "left_out",
    ...before,
    dayBar: "unknown",
    sameEvening: "unknown",
    evidence: "B: its open differs, and its volume of 09:15 is 45 to 65 % of Kite's",
  },
];

const unknown: AuctionConvention = {
  firstOpen: "unknown",
  preOpenVolume: "unknown",
  closingAuction: "unknown",
  closingLabels: null,
  dayBar: "unknown",
  sameEvening: "unknown",
};

export const classOf = ({ segment }: Pick<Instrument, "segment">): InstrumentClass =>
  segment === "equity" ? "stock" : segment === "index" ? "index" : "derivative";

/** How a source prints auctions in the candles of an IST day; `unknown` in each part without information. */
export const conventionOf = (source: string, of: InstrumentClass, day: number): AuctionConvention => {
  const date = istDate(day);
  let found: AuctionConvention = unknown;
  for (const row of rows)
    if (row.source === source && row.of === of && (row.from === null || row.from <= date)) found = row;
  return found;
};

/** True for a row that a source labels as of the closing auction: it is no bar of continuous trading. */
export const isClosingRow = ({ closingLabels }: AuctionConvention, label: number): boolean => {
  if (closingLabels === null) return false;
  const clock = label - istMidnight(istDay(label));
  return clock >= closingLabels.from && clock < closingLabels.to;
};

/**
 * Intraday volume divided by the day's: the lowest of 115 stock-days is 0.803, and it is never above 1 (section 3);
 * above `most` one of the two is wrong.
 */
const INTRADAY_TO_DAY = { least: 0.8, most: 1.001 } as const;

/** What the sum of a day's intraday volume says beside the day bar's; null where there is nothing to compare. */
export const volumeVerdict = (intraday: number, day: number): "normal" | "too_little" | "too_much" | null => {
  if (day <= 0) return null;
  const ratio = intraday / day;
  return ratio > INTRADAY_TO_DAY.most ? "too_much" : ratio < INTRADAY_TO_DAY.least ? "too_little" : "normal";
};

/**
 * When a source's day bar of a date is final: the next morning. On the same evening it is the sum of the candles,
 * without auctions.
 */
export const settledFrom = ({ dayBar }: AuctionConvention, day: number): number =>
  dayBar === "settled_next_morning" ? istMidnight(day + 1) + SETTLED_BY_MS : 0;

/** The exchange's file replaces the bar around midnight; early in the morning it is there. */
const SETTLED_BY_MS = 6 * 3_600_000;
