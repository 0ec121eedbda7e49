import { type Calendar, type HoursKey, phaseAt, runningOrNext, type Session } from "@/server/domain/time/session";
import type { LiveMarket } from "@/server/ports/live";

/**
 * Sessions of the exchanges in the table: the running one (including its auctions and post-close) or the next, and when
 * it closed. An exchange is represented by the hours most of its instruments keep, indices only if there is nothing
 * else. This runs every second, so a hundred thousand instruments are counted once per list.
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
