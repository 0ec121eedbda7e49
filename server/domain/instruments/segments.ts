/**
 * Segments of the exchanges as data: a new one is a row here and its hours in `trading-hours.ts`. Whatever has no row, or no
 * hours, is left out of a broker's list by name and stops nothing else.
 */
import type { Segment } from "./instrument";
import type { HoursKey } from "@/server/domain/time/session";

export interface SegmentRow {
  exchange: string;
  /** Low byte of the instruments' tokens at Kite; null where the tokens carry another segment's. */
  code: number | null;
  /** Kite's integers are prices times 10^wireDecimals. */
  wireDecimals: number;
  /** Digits kept at least; a finer tick size keeps more, up to what the wire has. */
  decimals: number;
  /** Digits printed at least of a wire price that is shown without its instrument. */
  printed: number;
  /** What everything on it is; null where each instrument's type says. */
  kind: Segment | null;
  /** Trading hours: the ordinary ones first, then those of some instruments (`hoursOf`); null where no source tells any. */
  hours: readonly [HoursKey, ...HoursKey[]] | null;
}

const row = (exchange: string, code: number | null, wireDecimals: number, rest: Partial<SegmentRow>): SegmentRow => ({
  exchange,
  code,
  wireDecimals,
  decimals: 2,
  printed: wireDecimals,
  kind: null,
  hours: [exchange],
  ...rest,
});

/** @see https://kite.trade/docs/connect/v3/websocket/ for the codes; the divisors are those of the official clients. */
export const segments: readonly SegmentRow[] = [
  row("NSE", 1, 2, { hours: ["NSE", "NSE_CAS", "NSE_INDEX"] }),
  row("BSE", 4, 2, { hours: ["BSE", "BSE_CAS", "BSE_INDEX"] }),
  row("NSE_INDEX", 9, 2, { kind: "index", hours: ["NSE_INDEX", "NSE"] }),
  row("BSE_INDEX", 9, 2, { kind: "index" }),
  row("NFO", 2, 2, { hours: ["NFO", "NFO_OPTIONS"] }),
  row("BFO", 5, 2, { hours: ["BFO", "BFO_OPTIONS"] }),
  row("CDS", 3, 7, { kind: "currency", decimals: 4 }),
  row("BCD", 6, 4, { kind: "currency", decimals: 4 }),
  row("MCX", 7, 2, { kind: "commodity", hours: ["MCX", "MCX_AGRI"] }),
  // NSE's commodity derivatives, listed by Kite since August 2026: four decimals on the wire, quoted with two.
  row("NCO", 12, 4, { kind: "commodity", printed: 2 }),
  // The international exchange at GIFT City: GIFT NIFTY comes as an index.
  row("NSEIX", null, 2, {}),
  row("SIM", null, 2, {}),
  // Known by name alone. GLOBAL has indices of other countries.
  row("GLOBAL", null, 2, { hours: null }),
  row("MCXSX", 8, 2, { hours: null }),
];

const byExchange = new Map(segments.map((each) => [each.exchange, each]));
const byCode = new Map(segments.flatMap((each) => (each.code === null ? [] : [[each.code, each] as const])));

export const segmentOf = (exchange: string): SegmentRow | null => byExchange.get(exchange) ?? null;
/** By the low byte of a token of Kite's; null for a code nobody has told of. */
export const segmentOfCode = (code: number): SegmentRow | null => byCode.get(code) ?? null;

/** Exchanges whose hours are known. */
export const exchanges: readonly string[] = segments
  .filter(({ hours }) => hours !== null)
  .map(({ exchange }) => exchange);
