/** When a session's auctions are: pre-open (also the one after a halt), closing auction, post-close. */
import type { PhaseName, Session } from "@/server/domain/time/session";

/** An auction's phases in order: orders are collected and matched, then nothing happens until the market continues. */
const auctions: readonly (readonly PhaseName[])[] = [
  ["pre_open", "pre_open_matching", "buffer"],
  ["closing_auction", "closing_matching"],
  ["post_close"],
];
/** The closing auction is matched at a random instant of the last two minutes of order entry: a row that ends before them holds no match. */
export const RANDOM_END_MS = 120_000;
/** Orders are collected: nothing trades yet. */
const collecting: readonly PhaseName[] = ["pre_open", "closing_auction"];

export interface Auction {
  from: number;
  to: number;
  /** End of order collection; until then the day's volume is the earlier one. */
  matching: number;
  opening: boolean;
}

/** The auction an instant of a session falls in. */
export const auctionAt = (session: Session, time: number): Auction | null => {
  const at = session.phases.findIndex(({ from, to }) => from <= time && time < to);
  const names = auctions.find((each) => at >= 0 && each.includes(session.phases[at]!.phase));
  if (names === undefined) return null;
  let first = at;
  while (
    first > 0 &&
    names.includes(session.phases[first - 1]!.phase) &&
    names.indexOf(session.phases[first - 1]!.phase) <= names.indexOf(session.phases[first]!.phase)
  )
    first--;
  let last = at;
  while (last + 1 < session.phases.length && names.includes(session.phases[last + 1]!.phase)) last++;
  const phases = session.phases.slice(first, last + 1);
  const collected = phases.filter(({ phase }) => collecting.includes(phase));
  // The next phase may begin a little later (buffer to open); data in between still belong to this auction.
  return {
    from: phases[0]!.from,
    to: phases.at(-1)!.to,
    matching: collected.at(-1)?.to ?? phases[0]!.from,
    opening: names === auctions[0],
  };
};
