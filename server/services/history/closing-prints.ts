/** The closing auction in a broker's rows of minutes: those rows are no bars of continuous trading. */
import { auctionAt, RANDOM_END_MS } from "@/server/domain/calendar/auction-times";
import type { BarColumns } from "@/server/domain/bars/bar";
import { istText } from "@/server/domain/time/ist-text";
import { type Calendar, type HoursKey, istDay, type Session } from "@/server/domain/time/session";
import { conventionOf, type InstrumentClass, isClosingRow } from "@/server/domain/instruments/source-conventions";
import type { RefusedRows } from "@/server/domain/bars/told-rows";
import type { RecentBars } from "@/server/ports/live";
import type { BarStore, StoredBar } from "@/server/ports/stores";
import { storedAndWaiting } from "./put-merged";

/** True for a row that begins in an auction of its day. It is counted: no row is left out in silence. */
export const isAuctionRow = (session: Session, time: number, refused: RefusedRows): boolean => {
  const isOutside = time < session.open || time >= session.close;
  if (!isOutside || !session.phases.some(({ from, to }) => from <= time && time < to)) return false;
  refused.add("of_auction", time, () => `${istText(time)} belongs to an auction, not to continuous trading`);
  return true;
};

export interface PrintQuestion {
  calendar: Calendar;
  hours: HoursKey;
  of: InstrumentClass;
  /** `kite`, `upstox` …: how its rows are labelled. */
  source: string;
  /** Auctions that are over at this instant have printed. */
  until: number;
}

/** A closing auction's print. `time`: the start of its order entry. */
export interface ClosingPrint {
  time: number;
  price: number;
  volume: number;
  openInterest: number;
}

/**
 * Closing auctions that a source's minutes print, one a day. A stock's is the last row with volume: the rows before it
 * are flat. An index has no volume: it is the last row from the auction's random end on, since rows before that may move
 * with the indicative value.
 */
export const closingPrints = (
  minutes: BarColumns,
  { calendar, hours, of, source, until }: PrintQuestion,
): ClosingPrint[] => {
  const prints: ClosingPrint[] = [];
  let day = Number.NaN;
  for (let row = minutes.length - 1; row >= 0; row--) {
    const time = minutes.time[row]!;
    if (istDay(time) === day) continue;
    const session = calendar.on(hours, istDay(time));
    const closing = session?.phases.find(({ phase }) => phase === "closing_auction");
    if (
      session === null ||
      closing === undefined ||
      time < session.close ||
      !isClosingRow(conventionOf(source, of, session.day), time)
    )
      continue;
    if (of === "index" ? time < closing.to - RANDOM_END_MS : minutes.volume[row] === 0) continue;
    day = session.day;
    const auction = auctionAt(session, closing.from)!;
    if (auction.to <= until)
      prints.push({
        time: auction.from,
        price: minutes.close[row]!,
        volume: minutes.volume[row]!,
        openInterest: minutes.openInterest[row]!,
      });
  }
  return prints.reverse();
};

/** Stores auction prints only if none is stored; those from our own ticks stay. */
export const putPrints = async (
  parts: { store: Pick<BarStore, "read" | "readWhole">; recent: RecentBars },
  instrumentId: number,
  prints: readonly ClosingPrint[],
): Promise<void> => {
  if (prints.length === 0) return;
  const held = await storedAndWaiting(parts, {
    instrumentId,
    timeframe: "auction",
    from: prints[0]!.time,
    to: prints.at(-1)!.time + 1,
  });
  const missing = prints.filter(({ time }) => held.every((bar) => bar.time !== time));
  if (missing.length === 0) return;
  parts.recent.enqueue(
    missing.map(({ time, price, volume, openInterest }): StoredBar => ({
      instrumentId,
      timeframe: "auction",
      time,
      open: price,
      high: price,
      low: price,
      close: price,
      volume,
      value: 0,
      ticks: 0,
      openInterest,
      rev: 1,
      state: "backfilled",
      incomplete: false,
    })),
    "replace",
  );
  await parts.recent.settled();
};
