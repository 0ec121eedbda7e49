/**
 * Segments of the exchanges as data. A new one is a row here plus its hours in `trading-hours.ts`. Instruments of a
 * segment without a row or hours are skipped by name and affect nothing else.
 */
import type { Segment } from "./instrument";
import type { HoursKey } from "@/server/domain/time/session";

export interface SegmentRow {
  exchange: string;
  /** Minimum number of decimals; a finer tick size uses more, up to the wire's. */
  decimals: number;
  /** Type of everything in it; null if each instrument's type decides. */
  kind: Segment | null;
  /** Trading hours: the regular ones first, then those of some instruments (`hoursOf`); null if unknown. */
  hours: readonly [HoursKey, ...HoursKey[]] | null;
}

const row = (exchange: string, rest: Partial<SegmentRow>): SegmentRow => ({
  exchange,
  decimals: 2,
  kind: null,
  hours: [exchange],
  ...rest,
});

export const segments: readonly SegmentRow[] = [
  row("NSE", { hours: ["NSE", "NSE_CAS", "NSE_INDEX"] }),
  row("BSE", { hours: ["BSE", "BSE_CAS", "BSE_INDEX"] }),
  row("NSE_INDEX", { kind: "index", hours: ["NSE_INDEX", "NSE"] }),
  row("BSE_INDEX", { kind: "index" }),
  row("NFO", { hours: ["NFO", "NFO_OPTIONS"] }),
  row("BFO", { hours: ["BFO", "BFO_OPTIONS"] }),
  row("CDS", { kind: "currency", decimals: 4 }),
  row("BCD", { kind: "currency", decimals: 4 }),
  row("MCX", { kind: "commodity", hours: ["MCX", "MCX_AGRI"] }),
  // NSE's commodity derivatives.
  row("NCO", { kind: "commodity" }),
  // The international exchange at GIFT City: GIFT NIFTY comes as an index.
  row("NSEIX", {}),
  row("SIM", {}),
  // Known by name alone. GLOBAL has indices of other countries.
  row("GLOBAL", { hours: null }),
  row("MCXSX", { hours: null }),
];

const byExchange = new Map(segments.map((each) => [each.exchange, each]));

export const segmentOf = (exchange: string): SegmentRow | null => byExchange.get(exchange) ?? null;

/** Exchanges whose hours are known. */
export const exchanges: readonly string[] = segments
  .filter(({ hours }) => hours !== null)
  .map(({ exchange }) => exchange);
