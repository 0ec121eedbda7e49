import { figuresAt, placeAuctions } from "@/server/domain/bars/auction-print";
import { columnsOf } from "@/server/domain/bars/bar";
import { type Calendar, DAY_MS, type HoursKey, istDay, istMidnight } from "@/server/domain/time/session";
import { conventionOf, type InstrumentClass } from "@/server/domain/instruments/source-conventions";
import type { RecentBars } from "@/server/ports/live";
import type { BarStore } from "@/server/ports/stores";
import type { Opening } from "./merge-openings";
import { storedAndWaiting } from "./put-merged";

export interface OpeningsQuery {
  instrumentId: number;
  of: InstrumentClass;
  hours: HoursKey;
  /** `kite`, `upstox` …; for a file that does not say, the convention is unknown. */
  source: string;
  from: number;
  to: number;
}

/** The pre-opens that are kept of a span's days; of a day that the span begins in the middle of, none. */
export const openingsOf = async (
  parts: { store: Pick<BarStore, "read" | "readWhole">; recent: RecentBars; calendar: Calendar },
  { instrumentId, of, hours, source, from, to }: OpeningsQuery,
): Promise<Opening[]> => {
  const rows = await storedAndWaiting(parts, {
    instrumentId,
    timeframe: "auction",
    from: istMidnight(istDay(from)),
    to: Math.min(to, istMidnight(istDay(to - 1)) + DAY_MS),
  });
  const columns = columnsOf(rows);
  return placeAuctions(columns, parts.calendar, hours)
    .filter(({ session, place }) => place === "pre_open" && session.open >= from)
    .map(({ session, row }) => ({
      ...figuresAt(columns, row),
      open: session.open,
      close: session.close,
      convention: conventionOf(source, of, session.day),
    }));
};
