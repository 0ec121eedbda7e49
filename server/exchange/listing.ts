import { dayOfDate, istDate } from "@/server/domain/time/session";
import { futureRoots, indices, stocks } from "./stocks";
import type { Kind } from "./calendar";
import type { Sector } from "./stocks";
import type { Stream } from "./streams";

/** An instrument as the exchange lists it, with what its price is made of. */
export interface Listing {
  /** Names the instrument in hashes and caches: stable across runs. */
  id: number;
  /** exchange_token << 8 | segment code, as Kite builds it; below 2^31. */
  token: number;
  exchangeToken: number;
  symbol: string;
  name: string;
  segment: "SIM" | "INDICES" | "SIM-FUT";
  kind: Kind;
  type: "EQ" | "FUT";
  /** Paise. */
  tick: number;
  lot: number;
  /** `YYYY-MM-DD`, futures only. */
  expiry: string | null;
  /** IST day numbers between which it trades. */
  firstDay: number;
  lastDay: number;
  /** Day from which a future is the near month; before, it trades a sixth as much. 0 for others. */
  nearFrom: number;
  /** Natural logarithm of the price in paise around which it wanders. */
  base: number;
  loadings: readonly { stream: Stream; weight: number }[];
  /** Standard deviation of one day's return. */
  sigma: number;
  /** Yearly premium of a future over its underlying; 0 for others. */
  carry: number;
  /** Lots a minute, on average; 0 for indices. */
  lotsPerMinute: number;
  /** 0 to 1: how much of the time it trades. */
  activity: number;
  /** Lots open on an average day; 0 where there is none. */
  openInterest: number;
}

/** The exchange's own numbers begin here, far above any real exchange token. */
const FIRST_STOCK = 4_000_001;
const FIRST_INDEX = 4_000_401;
const FIRST_FUTURE = 4_001_000;
const CASH = 1;
const DERIVATIVES = 2;
const INDEX = 9;

const SECTORS: readonly Sector[] = [
  "bank",
  "it",
  "auto",
  "pharma",
  "fmcg",
  "metal",
  "energy",
  "finance",
  "infra",
  "consumer",
];
const MARKET: Stream = { id: 0, sigma: 0.0075, memory: 0.998 };
const sectorStream = (sector: Sector): Stream => ({ id: 1 + SECTORS.indexOf(sector), sigma: 0.006, memory: 0.996 });
const ownStream = (id: number, percent: number, memory: number): Stream => ({
  id: 100 + id,
  sigma: percent / 100,
  memory,
});
const basisStream = (id: number): Stream => ({ id: 1_000 + id, sigma: 0.0004, memory: 0.5 });

const spread = (loadings: Listing["loadings"]): number =>
  Math.sqrt(loadings.reduce((sum, { stream, weight }) => sum + (stream.sigma * weight) ** 2, 0));
const tokenOf = (exchangeToken: number, segment: number): number => exchangeToken * 256 + segment;
const EVER = { firstDay: 0, lastDay: 1e9, nearFrom: 0 };

/** More stocks than these would take the numbers of the indices. */
export const MOST_STOCKS = 400;
/** Where the streams of the indices begin; streams of copied stocks follow them. */
const OWN_OF_INDICES = 200;

/** `count` stocks: the real ones, then copies with their own price paths (RELIANCE2), for a larger market. */
const stockListings = (count: number): Listing[] =>
  Array.from({ length: count }, (_, at) => {
    const stock = stocks[at % stocks.length]!;
    const copy = Math.floor(at / stocks.length);
    const loadings = [
      { stream: MARKET, weight: stock.beta },
      { stream: sectorStream(stock.sector), weight: 1 },
      { stream: ownStream(at < OWN_OF_INDICES ? at : OWN_OF_INDICES + 100 + at, stock.own, 0.992), weight: 1 },
    ];
    const turnoverCrore = (stock.price * stock.lakhs) / 100;
    return {
      id: at,
      exchangeToken: FIRST_STOCK + at,
      token: tokenOf(FIRST_STOCK + at, CASH),
      symbol: copy === 0 ? stock.symbol : `${stock.symbol}${copy + 1}`,
      name: stock.name,
      segment: "SIM",
      kind: "stock",
      type: "EQ",
      tick: stock.price < 1_000 ? 5 : 10,
      lot: 1,
      expiry: null,
      ...EVER,
      base: Math.log(stock.price * 100),
      loadings,
      sigma: spread(loadings),
      carry: 0,
      lotsPerMinute: (stock.lakhs * 100_000) / 375,
      activity: Math.min(1, Math.max(0.01, (turnoverCrore / 700) ** 0.7)),
      openInterest: 0,
    };
  });

const indexListings = (): Listing[] =>
  indices.map((index, at) => {
    const loadings = [
      { stream: MARKET, weight: index.beta },
      ...(index.sector === null ? [] : [{ stream: sectorStream(index.sector), weight: 1 }]),
      { stream: ownStream(OWN_OF_INDICES + at, index.own, 0.95), weight: 1 },
    ];
    return {
      id: 400 + at,
      exchangeToken: FIRST_INDEX + at,
      token: tokenOf(FIRST_INDEX + at, INDEX),
      symbol: index.symbol,
      name: index.symbol,
      segment: "INDICES",
      kind: index.symbol === "INDIA VIX" ? "volatility" : "index",
      type: "EQ",
      tick: 5,
      lot: 1,
      expiry: null,
      ...EVER,
      base: Math.log(index.level * 100),
      loadings,
      sigma: spread(loadings),
      carry: 0,
      lotsPerMinute: 0,
      activity: 1,
      openInterest: 0,
    };
  });

/** Stocks, then indices: instruments that are always listed. */
export const cashListings = (count = stocks.length): Listing[] => [...stockListings(count), ...indexListings()];

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const YEAR_ZERO = 2018;

/** IST day number of the last Tuesday of a month, counted from January of year zero. */
const expiryOf = (month: number): number => {
  const last = new Date(Date.UTC(YEAR_ZERO, month + 1, 0));
  const back = (last.getUTCDay() + 5) % 7;
  return dayOfDate(last.toISOString().slice(0, 10)) - back;
};

const monthOf = (day: number): number => {
  const date = new Date(day * 86_400_000);
  return (date.getUTCFullYear() - YEAR_ZERO) * 12 + date.getUTCMonth();
};

const contract = (cash: readonly Listing[], month: number, at: number): Listing => {
  const root = futureRoots[at]!;
  const underlying = cash.find((listing) => listing.symbol === root.underlying)!;
  const id = 1_000 + month * 8 + at;
  const year = YEAR_ZERO + Math.floor(month / 12);
  const expiry = expiryOf(month);
  const loadings = [...underlying.loadings, { stream: basisStream(at), weight: 1 }];
  const exchangeToken = FIRST_FUTURE + month * 8 + at;
  return {
    id,
    exchangeToken,
    token: tokenOf(exchangeToken, DERIVATIVES),
    symbol: `${root.root}${String(year % 100).padStart(2, "0")}${MONTHS[month % 12]}FUT`,
    name: root.root,
    segment: "SIM-FUT",
    kind: "future",
    type: "FUT",
    tick: underlying.segment === "INDICES" ? 10 : underlying.tick,
    lot: root.lot,
    expiry: istDate(expiry),
    firstDay: expiryOf(month - 3) + 1,
    lastDay: expiry,
    nearFrom: expiryOf(month - 1) + 1,
    base: underlying.base,
    loadings,
    sigma: spread(loadings),
    carry: 0.065,
    lotsPerMinute: root.lots / 375,
    activity: 1,
    openInterest: root.open,
  };
};

/** The near and the next month's contracts on a day: the near one trades until the last Tuesday of its month. */
export const futureListings = (cash: readonly Listing[], day: number): Listing[] => {
  const near = expiryOf(monthOf(day)) >= day ? monthOf(day) : monthOf(day) + 1;
  return [near, near + 1].flatMap((month) => futureRoots.map((_, at) => contract(cash, month, at)));
};
