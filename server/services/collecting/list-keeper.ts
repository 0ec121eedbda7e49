import { counted } from "@/server/domain/basics/counted";
import { hasCode } from "@/server/domain/basics/errors";
import { DAY_MS, istDay, istMidnight } from "@/server/domain/time/session";
import type { Renamed } from "@/server/ports/stores";
import type { Instruments } from "@/server/services/market/instruments";
import { expectPrices, type PriceParts } from "./expected-prices";
import type { Running } from "./running";

export interface ListEvents {
  /** The broker calls instruments by other names from today on. */
  onRenamed(renamed: readonly Renamed[]): Promise<void>;
  /** A list read at run time contains instruments that were missing. */
  onAdded(collector: string, instruments: readonly number[]): void;
  /** Something a person should read, not a state. */
  onNote(collector: string, level: "info" | "warn", text: string): void;
}

interface Parts extends PriceParts {
  instruments: Instruments;
  events: ListEvents;
  /** Judges the collector's state anew. */
  settle(running: Running): void;
}

/** A new list is out by then: brokers make it before the market opens. */
const LIST_AT_MS = (8 * 60 + 20) * 60_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;
/**
 * Instruments missing from a good list may be in a later one. The list is requested again after this time, doubled each
 * time.
 */
const MISSING_RETRY_MS = 60_000;
const MISSING_RETRIES = 6;
/** Number of missing instruments that are named. */
export const MOST_NAMES = 50;

/** Reads a broker's list until it can be used, then every morning, and subscribes by it. */
export class ListKeeper {
  constructor(private readonly parts: Parts) {}

  /** Sets the instruments it asks for, and the hours they trade in. */
  hold(running: Running, instruments: readonly number[]): void {
    running.instruments = instruments;
    running.wanted = new Set(instruments);
    running.hours = [...new Set(instruments.map((each) => this.parts.live.table.hours(each)))];
  }

  /** What is subscribed, by today's list: names that are not in it are missing and stop nothing. */
  subscribe(running: Running): void {
    const { instruments } = this.parts;
    const { row, list } = running;
    const isListed = (index: number): boolean => list.has(instruments.tokenOf(row.feed, index) ?? -1) ?? true;
    const found = new Set<number>();
    const missing: string[] = [];
    for (const key of row.subscriptions) {
      if (key === "*") {
        for (const index of instruments.tradedBy(row.feed)) if (isListed(index)) found.add(index);
        continue;
      }
      // Nothing near is looked for: among a hundred thousand names that takes milliseconds for each that is missing.
      const index = instruments.find(key);
      if (index !== -1) found.add(index);
      if (index === -1 || !isListed(index) || instruments.tokenOf(row.feed, index) === undefined) missing.push(key);
    }
    this.hold(running, [...found]);
    // Before any list could be read nothing is known to be missing from it.
    running.missing = list.readAt === null && found.size === 0 ? [] : missing;
    if (running.missing.length > 0)
      this.parts.log.warn("subscribed instruments are missing from the broker's list", {
        collector: row.name,
        missing,
      });
  }

  /** Waits for a usable list: today's, or one from an earlier run until the broker responds. */
  async first(running: Running, signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    for (let attempt = 1; ; attempt++) {
      if ((await this.read(running, signal)) !== null) break;
      this.subscribe(running);
      if (running.instruments.length > 0) break;
      running.reason = `no instrument list available: ${running.list.problem}`;
      running.attempt = attempt;
      running.nextAttempt = clock.now() + retryMs(attempt);
      if (running.expired) {
        running.phase = "failed";
        running.nextAttempt = null;
        running.reason = running.list.problem ?? "";
        this.parts.settle(running);
        await aborted(AbortSignal.any([signal, running.renewal.signal]));
        signal.throwIfAborted();
        running.phase = "connecting";
        running.expired = false;
        running.reason = "reading the instrument list";
        attempt = 0;
        continue;
      }
      await this.pause(running, running.nextAttempt - clock.now(), signal);
    }
    running.expired = false;
    running.attempt = 0;
    running.nextAttempt = null;
  }

  /**
   * Requests the list again: soon if the last one was unusable or lacks subscribed instruments, otherwise when the next
   * day's list is published.
   */
  async keep(running: Running, signal: AbortSignal): Promise<void> {
    const { clock, events } = this.parts;
    let failures = 0;
    let missed = 0;
    while (!signal.aborted) {
      if (running.expired) {
        await aborted(AbortSignal.any([signal, running.renewal.signal]));
        signal.throwIfAborted();
      }
      const now = clock.now();
      const morning = istMidnight(istDay(now)) + LIST_AT_MS;
      const next =
        running.list.problem !== null
          ? now + retryMs(++failures)
          : running.missing.length > 0 && missed < MISSING_RETRIES
            ? now + MISSING_RETRY_MS * 2 ** missed++
            : morning > now
              ? morning
              : morning + DAY_MS;
      running.nextList = next;
      await this.pause(running, next - now, signal);
      if (signal.aborted) return;
      running.nextList = null;
      if ((await this.read(running, signal)) === null) continue;
      failures = 0;
      if (running.missing.length === 0) missed = 0;
      const before = new Set(running.instruments);
      this.subscribe(running);
      const added = running.instruments.filter((each) => !before.has(each));
      await expectPrices(this.parts, added, signal);
      running.link?.refresh();
      if (added.length > 0) events.onAdded(running.row.name, added);
    }
  }

  /** Reads the list and follows its new names; null, with the reason in `list.problem`, when it is of no use. */
  private async read(running: Running, signal: AbortSignal): Promise<readonly Renamed[] | null> {
    const { log, events } = this.parts;
    const { row, list } = running;
    const before = list.problem;
    try {
      const renamed = await list.read(signal);
      if (before !== null)
        events.onNote(row.name, "info", `instrument list loaded: ${counted(list.rows, "instrument")}`);
      if (renamed.length > 0) {
        const now = new Map<string, string>(renamed.map(({ from, to }) => [from, to]));
        row.subscriptions = row.subscriptions.map((key) => now.get(key) ?? key);
        await events
          .onRenamed(renamed)
          .catch((cause: unknown) =>
            log.error("could not rename instruments in watchlists", { collector: row.name, cause: String(cause) }),
          );
        for (const { from, to } of renamed.slice(0, MOST_NAMES))
          events.onNote(
            row.name,
            "info",
            `${from} is renamed to ${to} from today; its bars, subscriptions and watchlists continue`,
          );
      }
      if (list.leftOut.length > 0)
        log.warn("rows of the broker's list were skipped", { collector: row.name, leftOut: list.leftOut });
      return renamed;
    } catch (cause) {
      if (signal.aborted) throw cause;
      if (running.link === null) running.expired = hasCode(cause, "login_expired");
      log.warn("could not read the instrument list", { collector: row.name, cause: String(cause) });
      if (list.problem !== before) events.onNote(row.name, "warn", `instrument list: ${list.problem}`);
      return null;
    }
  }

  /** Waits, but not longer than until another login is handed over. */
  private async pause(running: Running, ms: number, signal: AbortSignal): Promise<void> {
    await this.parts.clock.sleep(ms, AbortSignal.any([signal, running.renewal.signal])).catch(() => undefined);
    signal.throwIfAborted();
  }
}

const retryMs = (attempt: number): number =>
  Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 20));

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
