/** Kite's segments: what a token's low byte says. A new one is a row here; its exchange is a row in the domain's `segments.ts`. */

interface KiteSegment {
  /** Low byte of the instruments' tokens. */
  code: number;
  /** Prices on the wire are integers: the price times 10^decimals. */
  decimals: number;
  /** Digits printed at least of a wire price that is shown without its instrument. */
  printed: number;
  /** Exchange whose own number stands in the token's other bytes; null for indices, which Kite numbers itself. */
  exchange: string | null;
}

const row = (exchange: string | null, code: number, decimals: number, printed = decimals): KiteSegment => ({
  exchange,
  code,
  decimals,
  printed,
});

/** @see https://kite.trade/docs/connect/v3/websocket/ for the codes; the divisors are those of the official clients. */
const segments: readonly KiteSegment[] = [
  row("NSE", 1, 2),
  row("NFO", 2, 2),
  row("CDS", 3, 7),
  row("BSE", 4, 2),
  row("BFO", 5, 2),
  row("BCD", 6, 4),
  row("MCX", 7, 2),
  row("MCXSX", 8, 2),
  row(null, 9, 2),
  // Listed since August 2026: four decimals on the wire, quoted with two.
  row("NCO", 12, 4, 2),
];

const byCode = new Map(segments.map((each) => [each.code, each]));
const byExchange = new Map(segments.map((each) => [each.exchange, each]));

/** Null for an unknown code. */
export const segmentOfToken = (token: number): KiteSegment | null => byCode.get(token & 0xff) ?? null;

/** Decimals of a token's wire integers; official clients read hundredths where the segment is unknown. */
export const wireDecimals = (token: number): number => segmentOfToken(token)?.decimals ?? 2;

/** Largest number that fits a token beside its segment. */
const MOST_NUMBER = 2 ** 24;

/** Kite's token of the exchange's own number (2475 on NSE), or null where Kite has no such token. */
export const tokenOfNumber = (exchange: string, number: number): number | null => {
  const segment = byExchange.get(exchange);
  return segment === undefined || number >= MOST_NUMBER ? null : number * 256 + segment.code;
};
