import type { LeftOut } from "@/server/domain/instruments/broker-list";
import type { Log, Meter } from "@/server/ports/observe";
import type { Unreadable } from "@/server/ports/stored";
import type { EventLog } from "./events";

/** Number of named records; an unreadable store must not fill the memory. */
const MOST = 200;

/** What is stored and cannot be read: each thing is said once, however often it is read, and stays on the status page. */
export class UnreadableParts {
  private readonly named = new Map<string, LeftOut>();

  constructor(private readonly parts: { events: EventLog; log: Log; meter: Meter }) {}

  readonly tell: Unreadable = (what, why, rows = 1) => {
    const known = this.named.get(what);
    const news = rows - (known?.count ?? 0);
    if (news <= 0 || (known === undefined && this.named.size >= MOST)) return;
    this.named.set(what, { reason: what, count: rows, examples: [why] });
    const { events, log, meter } = this.parts;
    meter.count("stored.unreadable", news);
    events.add(
      "warn",
      "store",
      rows === 1
        ? `${what} is unreadable and is skipped: ${why}`
        : `${what}: ${rows} rows are unreadable and are skipped; the first: ${why}`,
    );
    log.warn("a stored record is unreadable and is skipped", { what, cause: why, rows });
  };

  list(): LeftOut[] {
    return [...this.named.values()];
  }
}
