/**
 * Instruments written as a segment and the exchange's own number: `NSE_EQ/2475` (Odin), `1:2475` (Angel One), `NSE:2475`.
 * The exchange's number is the same at all brokers; Kite's token is that number with the segment in its low byte.
 * Indices have numbers of each broker's own.
 */

/** Segment names as brokers and exchanges write them, and Angel One's numbers, to the segment in Kite's token. */
const segments: Readonly<Record<string, number>> = {
  NSE_EQ: 1,
  NSE: 1,
  NSE_FO: 2,
  NFO: 2,
  NSE_CD: 3,
  CDS: 3,
  BSE_EQ: 4,
  BSE: 4,
  BSE_FO: 5,
  BFO: 5,
  BSE_CD: 6,
  BCD: 6,
  MCX_FO: 7,
  MCX: 7,
  // Angel One: exchangeType of "WebSocket Streaming 2.0".
  1: 1,
  2: 2,
  3: 4,
  4: 5,
  5: 7,
  13: 3,
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

export type NumberedSymbol = { kind: "kite"; token: number } | { kind: "index"; symbol: string };

/** What a segment and a number mean, or null when the text is not written so. */
export const numberedSymbol = (text: string): NumberedSymbol | null => {
  const match = /^(\w{1,8})[:/](\d{1,9})$/.exec(text);
  const segment = match === null ? undefined : segments[match[1]!.toUpperCase()];
  if (match === null || segment === undefined) return null;
  const number = Number(match[2]);
  const symbol = indices[number];
  if (symbol !== undefined) return { kind: "index", symbol };
  return number >= 2 ** 24 ? null : { kind: "kite", token: number * 256 + segment };
};

/** Twelve letters and digits by which stocks are known across exchanges. */
export const isIsin = (text: string): boolean => /^IN[A-Z0-9]{9}\d$/.test(text.toUpperCase());
