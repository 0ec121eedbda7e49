import { type Calendar, type HoursKey, isContinuous, istDay, type Session } from "@/server/domain/time/session";

/** A stretch of continuous trading in which whole minutes had no tick. */
export interface Gap {
  /** Last tick before and first after it; the session's open or close where there is none. Epoch ms. */
  from: number;
  to: number;
  /** Minutes of continuous trading without a tick. */
  minutes: number;
}

const MINUTE = 60_000;

/**
 * Until when a silence is reported: an index follows its stocks, and its values after their closing auction began are
 * unspecified.
 */
const expectedUntil = (session: Session, calendar: Calendar, hours: HoursKey): number => {
  const stocks = hours.endsWith("_INDEX") ? calendar.on(hours.replace("_INDEX", "_CAS"), session.day) : null;
  return Math.min(session.close, stocks?.close ?? session.close);
};

/** Gaps of each session that has ticks. `times`: epoch ms, in order. */
export const gapsOf = (times: ArrayLike<number>, length: number, calendar: Calendar, hours: HoursKey): Gap[] => {
  const gaps: Gap[] = [];
  let session: Session | null = null;
  let before = 0; // last tick, or the open
  let minute = 0; // first minute not seen yet
  let end = 0; // of the expected
  const close = (until: number, upTo: number): void => {
    if (session === null) return;
    let empty = 0;
    for (let at = minute; at < Math.min(upTo, end); at += MINUTE) if (isContinuous(session, at)) empty++;
    if (empty > 0) gaps.push({ from: before, to: until, minutes: empty });
  };
  for (let row = 0; row < length; row++) {
    const time = times[row]!;
    if (session === null || time >= session.close) {
      const next = calendar.on(hours, istDay(time));
      if (next === session) continue;
      if (session !== null) close(end, end);
      session = null;
      if (next === null || !isContinuous(next, time)) continue;
      session = next;
      end = expectedUntil(next, calendar, hours);
      before = next.open;
      minute = next.open;
    }
    if (!isContinuous(session, time)) continue;
    const start = session.open + Math.floor((time - session.open) / MINUTE) * MINUTE;
    if (start > minute) close(time, start);
    before = time;
    minute = start + MINUTE;
  }
  close(end, end);
  return gaps;
};
