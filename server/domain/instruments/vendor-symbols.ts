/**
 * Instruments written as a segment and the exchange's own number: `NSE_EQ/2475` (Odin), `1:2475` (Angel One),
 * `NSE:2475`. The exchange's number is the same at all brokers; the broker's token follows from
 * `FeedDefinition.tokenOfNumber`. Numbers of indices differ between brokers.
 */

/** Segment names as brokers and exchanges write them, and Angel One's numbers, to the exchange that numbers. */
const segments: Readonly<Record<string, string>> = {
  NSE_EQ: "NSE",
  NSE: "NSE",
  NSE_FO: "NFO",
  NFO: "NFO",
  NSE_CD: "CDS",
  CDS: "CDS",
  BSE_EQ: "BSE",
  BSE: "BSE",
  BSE_FO: "BFO",
  BFO: "BFO",
  BSE_CD: "BCD",
  BCD: "BCD",
  MCX_FO: "MCX",
  MCX: "MCX",
  // Angel One: exchangeType of "WebSocket Streaming 2.0".
  1: "NSE",
  2: "NFO",
  3: "BSE",
  4: "BFO",
  5: "MCX",
  13: "CDS",
};

/** Numbers of indices at Angel One, and Odin's of the NIFTY 50. */
const indices: Readonly<Record<number, string>> = {
  26000: "NIFTY 50",
  99926000: "NIFTY 50",
  99926009: "NIFTY BANK",
  99919000: "SENSEX",
};

/** Names before the slash of `/intraday/{segment}/{token}`. */
export const segmentNames: readonly string[] = Object.keys(segments).filter((name) => name.includes("_"));

export type NumberedSymbol = { kind: "number"; exchange: string; number: number } | { kind: "index"; symbol: string };

/** What a segment and a number mean, or null when the text is not written so. */
export const numberedSymbol = (text: string): NumberedSymbol | null => {
  const match = /^(\w{1,8})[:/](\d{1,9})$/.exec(text);
  const exchange = match === null ? undefined : segments[match[1]!.toUpperCase()];
  if (match === null || exchange === undefined) return null;
  const number = Number(match[2]);
  const symbol = indices[number];
  return symbol === undefined ? { kind: "number", exchange, number } : { kind: "index", symbol };
};

/** Twelve letters and digits by which stocks are known across exchanges. */
export const isIsin = (text: string): boolean => /^IN[A-Z0-9]{9}\d$/.test(text.toUpperCase());
