import type { FeedTruth } from "@/server/domain/collector";
import { type Calendar, type HoursKey, phaseAt, runningOrNext, type Session } from "@/server/domain/session";
import type { Clock } from "@/server/ports/clock";
import type { LiveMarket } from "@/server/ports/live";

export interface HealthEvent {
  time: number;
  level: "info" | "warn" | "error";
  source: string;
  message: string;
}

/** What happened lately, for the status page: newest first, at most 200. */
export class EventLog {
  readonly events: HealthEvent[] = [];
  constructor(private readonly clock: Clock) {}
  add(level: HealthEvent["level"], source: string, message: string): void {
    this.events.unshift({ time: this.clock.now(), level, source, message });
    this.events.length = Math.min(this.events.length, 200);
  }
}

/**
 * Sessions of the exchanges whose instruments are in the table: the running one (its auctions and post-close included),
 * else the next, and since when it is closed. An exchange is shown by the hours most of its instruments keep; indices only where nothing else is.
 * Asked for each second: a hundred thousand instruments are counted once a list, not once a question.
 */
export class Markets {
  private counted = -1;
  private hoursOf: [exchange: string, hours: HoursKey][] = [];

  constructor(
    private readonly table: Pick<LiveMarket["table"], "version" | "all" | "hours">,
    private readonly calendar: Calendar,
  ) {}

  at(now: number): { exchange: string; session: Session; closedSince: number | null }[] {
    if (this.counted !== this.table.version) this.count();
    return this.hoursOf.flatMap(([exchange, hours]) => {
      const session = runningOrNext(this.calendar, hours, now);
      return session === null
        ? []
        : [
            {
              exchange,
              session,
              closedSince:
                phaseAt(session, now) === null ? (this.calendar.previous(hours, now)?.phases.at(-1)?.to ?? null) : null,
            },
          ];
    });
  }

  private count(): void {
    const { table } = this;
    const counts = new Map<string, Map<HoursKey, number>>();
    const all = table.all();
    const onlyIndices = all.every(({ exchange }) => exchange.endsWith("_INDEX"));
    all.forEach(({ exchange }, index) => {
      if (exchange.endsWith("_INDEX") && !onlyIndices) return;
      const hours = table.hours(index);
      const ofExchange = counts.get(exchange) ?? new Map<HoursKey, number>();
      counts.set(exchange, ofExchange.set(hours, (ofExchange.get(hours) ?? 0) + 1));
    });
    this.hoursOf = [...counts].map(([exchange, hours]) => [
      exchange,
      [...hours].reduce((most, each) => (each[1] > most[1] ? each : most))[0],
    ]);
    this.counted = table.version;
  }
}

export interface Readiness {
  ready: boolean;
  /** Why not, one sentence a cause. */
  causes: string[];
}

/** Ready to answer with live data: the store takes bars and each started feed is not failing. */
export const readiness = (feeds: readonly FeedTruth[], store: { ok: boolean; detail: string }): Readiness => {
  const causes = feeds
    .filter((feed) => ["MUTE", "DOWN", "AUTH_EXPIRED", "RECONNECTING", "STARTING", "STOPPED"].includes(feed.state))
    .map((feed) => `${feed.collector} ${feed.state}: ${feed.reason}`);
  if (!store.ok) causes.push(`store: ${store.detail}`);
  return { ready: causes.length === 0, causes };
};
