/** `EXCHANGE:SYMBOL`, as written in URLs, REST and on the command line: `NSE:RELIANCE`, `NSE_INDEX:NIFTY 50`. */
export type InstrumentKey = `${string}:${string}`;

export type Segment = "equity" | "index" | "futures" | "options" | "currency" | "commodity";

/** What a broker or exchange lists, before it has a place in our store. */
export interface ListedInstrument {
  exchange: string;
  symbol: string;
  name: string;
  segment: Segment;
  /** Digits after the point; prices are integers of 10^-decimals. */
  decimals: number;
  /** In minor units. */
  tickSize: number;
  lotSize: number;
  /** `YYYY-MM-DD`, derivatives only. */
  expiry: string | null;
  /** Minor units, options only. */
  strike: number | null;
  /** The broker's own number for it, for the alias table. */
  token: number;
  /** Raw wire integers are divided by this to get minor units (Kite CDS sends 10^7, we keep 10^4: 1,000). */
  wireDivisor: number;
}

export interface Instrument extends Omit<ListedInstrument, "token" | "wireDivisor"> {
  /** Row id in the store: stable for ever. */
  id: number;
  key: InstrumentKey;
}

/**
 * A broker's name for an instrument. Dated, because brokers recycle tokens and companies rename.
 * `validTo` null: still in force. Dates are `YYYY-MM-DD` in IST.
 */
export interface InstrumentAlias {
  instrumentId: number;
  vendor: string;
  token: number;
  symbol: string;
  wireDivisor: number;
  validFrom: string;
  validTo: string | null;
}

export const keyOf = (exchange: string, symbol: string): InstrumentKey => `${exchange}:${symbol}`;

export const splitKey = (key: string): { exchange: string; symbol: string } | null => {
  const at = key.indexOf(":");
  return at <= 0 || at === key.length - 1 ? null : { exchange: key.slice(0, at), symbol: key.slice(at + 1) };
};

/** Only indices are not traded: they carry no volume, and every value they print counts. */
export const hasVolume = (segment: Segment): boolean => segment !== "index";
