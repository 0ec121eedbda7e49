import type { FeedTruth } from "@/server/domain/collector";
import type { Calendar, Session } from "@/server/domain/session";
import type { Clock } from "@/server/ports/clock";
import type { LiveMarket } from "@/server/ports/live";

export interface HealthEvent { time: number; level: "info" | "warn" | "error"; source: string; message: string }

/** What happened lately, for the status page: newest first, at most 200. */
export class EventLog {
  readonly events: HealthEvent[] = [];
  constructor(private readonly clock: Clock) {}
  add(level: HealthEvent["level"], source: string, message: string): void {
    this.events.unshift({ time: this.clock.now(), level, source, message });
    this.events.length = Math.min(this.events.length, 200);
  }
}

/** Sessions of the exchanges whose instruments are in the table: the running one, else the next. */
export const markets = (live: LiveMarket, calendar: Calendar, now: number): { exchange: string; session: Session }[] => {
  const hours = new Map<string, string>();
  live.table.all().forEach((instrument, index) => { if (!instrument.exchange.endsWith("_INDEX")) hours.set(instrument.exchange, live.table.hours(index)); });
  if (hours.size === 0) live.table.all().forEach((instrument, index) => hours.set(instrument.exchange, live.table.hours(index)));
  return [...hours].flatMap(([exchange, key]) => {
    const session = calendar.next(key, now) ?? calendar.previous(key, now);
    return session === null ? [] : [{ exchange, session }];
  });
};

export interface Readiness {
  ready: boolean;
  /** Why not, one sentence a cause. */
  causes: string[];
}

/** Ready to answer with live data: the store takes bars and each started feed is not failing. */
export const readiness = (feeds: readonly FeedTruth[], store: { ok: boolean; detail: string }): Readiness => {
  const causes = feeds.filter((feed) => ["MUTE", "DOWN", "AUTH_EXPIRED", "RECONNECTING", "STARTING"].includes(feed.state)).map((feed) => `${feed.collector} ${feed.state}: ${feed.reason}`);
  if (!store.ok) causes.push(`store: ${store.detail}`);
  return { ready: causes.length === 0, causes };
};
