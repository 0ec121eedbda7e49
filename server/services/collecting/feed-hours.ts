import { type Calendar, isUnknown, istDay, phaseAt, type Session } from "@/server/domain/time/session";
import type { Running } from "./running";

type Trading = Pick<Running, "hours" | "lastTick" | "connectedAt">;

/** True on a day of which no holiday list says whether its exchanges trade, during the ordinary hours. */
export const isUnknownDay = (calendar: Calendar, running: Trading, now: number): boolean =>
  running.hours.some((hours) => {
    const session = calendar.on(hours, istDay(now));
    return session !== null && isUnknown(session) && session.open <= now && now < session.close;
  });

/** When the first of its exchanges began trading; null while none trades. */
export const openSince = (calendar: Calendar, running: Trading, now: number): number | null => {
  let since: number | null = null;
  for (const hours of running.hours) {
    const session = calendar.on(hours, istDay(now));
    if (session !== null && isUnknown(session) && !ticked(running, session)) continue;
    // Silence in an announced halt, or between the two sessions of a drill, is no fault of the feed.
    const phase = session === null ? null : phaseAt(session, now);
    if (phase?.phase === "continuous" && (since === null || phase.from < since)) since = phase.from;
  }
  return since;
};

/**
 * A broker sends its last known data right after a connect, even on holidays. Only later ticks show that the market
 * trades.
 */
const FIRST_PACKETS_MS = 10_000;
/** True if the feed sent session ticks on a day without a known holiday list. */
const ticked = ({ lastTick, connectedAt }: Trading, session: Session): boolean =>
  lastTick !== null && lastTick >= session.open && lastTick > (connectedAt ?? 0) + FIRST_PACKETS_MS;
