import type { Stretch } from "@/server/domain/bars/completeness";
import { dayEnd } from "@/server/domain/calendar/day-end";
import { hasCode } from "@/server/domain/basics/errors";
import { type Calendar, type HoursKey, istDate, type Session } from "@/server/domain/time/session";
import type { Clock } from "@/server/ports/clock";
import type { CompareRun } from "@/server/ports/gap-stores";
import type { LiveMarket } from "@/server/ports/live";
import type { Log } from "@/server/ports/observe";
import { lastDay, readByName, type Unreadable } from "@/server/ports/stored";
import type { SettingStore } from "@/server/ports/stores";

interface Parts {
  live: Pick<LiveMarket, "table">;
  calendar: Calendar;
  clock: Clock;
  log: Log;
  settings: SettingStore;
  unreadable?: Unreadable | undefined;
  /** Instruments whose collector can ask history. */
  instruments(): readonly number[];
  /** True while history is being fetched for something else; the day is judged afterwards. */
  busy(): boolean;
  holes(instrument: number, day: number): Promise<readonly Stretch[]>;
  missing(instrument: number, holes: readonly Stretch[], note: string): Promise<unknown>;
  /** True when ticks of ours made bars of that day: only then is there something to compare. */
  streamed(instrument: number, day: number): Promise<boolean>;
  lastCompare(instrument: number, day: number): Promise<CompareRun | null>;
  compare(instrument: number, day: number, signal: AbortSignal): Promise<CompareRun>;
  /** Epoch ms from which on the broker's day bar of a date is its last word. */
  settledAt?(instrument: number, day: number): number;
  /** Reads a settled day's bar again. */
  settle?(instrument: number, day: number, signal: AbortSignal): Promise<unknown>;
  /** Open gaps are looked at again. */
  review(): Promise<void>;
  /** Called with the result of a day. */
  done(hours: HoursKey, date: string, outcome: DayOutcome): void;
}

export interface DayOutcome {
  instruments: number;
  incomplete: number;
  compared: number;
  corrected: number;
  flagged: number;
  failed: number;
}

const LOOK_MS = 60_000;
/** After the last auction, brokers continue to correct their bars for a while. */
const AFTER_CLOSE_MS = 20 * 60_000;
/** Setting: the last day judged, per trading hours. */
const JUDGED = "quality.judged";
/** Setting: the last day whose settled day bars were read, per trading hours. */
const SETTLED = "quality.settled";

/**
 * Runs once after each close: missing bars go into the gap ledger, and the day's bars are compared with the broker's.
 * It uses market time. A day missed while the server was down is judged after its next start, and an interrupted day
 * continues.
 */
export class DayQuality {
  private readonly ending = new AbortController();
  private stopLooking: (() => void) | null = null;
  private running: Promise<void> | null = null;

  constructor(private readonly parts: Parts) {}

  start(): void {
    this.stopLooking = this.parts.clock.every(LOOK_MS, () => {
      this.look().catch(() => undefined);
    });
  }

  async stop(): Promise<void> {
    this.stopLooking?.();
    this.ending.abort(new Error("stopped"));
    await this.running?.catch(() => undefined);
  }

  /** Judges every day that is due; resolves when that is done. */
  look(): Promise<void> {
    return (this.running ??= this.judgeDue()
      .catch((cause: unknown) => {
        if (!this.ending.signal.aborted)
          this.parts.log.warn("could not assess a day; retrying in a minute", { cause: String(cause) });
      })
      .finally(() => {
        this.running = null;
      }));
  }

  private async judgeDue(): Promise<void> {
    const { live, settings } = this.parts;
    const byHours = new Map<HoursKey, number[]>();
    for (const instrument of this.parts.instruments()) {
      const hours = live.table.hours(instrument);
      const same = byHours.get(hours);
      if (same === undefined) byHours.set(hours, [instrument]);
      else same.push(instrument);
    }
    const judged = await this.lastDays(JUDGED);
    for (const [hours, instruments] of byHours) {
      const session = this.lastOver(hours);
      if (session === null || judged.get(hours) === session.day) continue;
      if (this.parts.busy()) return;
      if (!(await this.judge(hours, session, instruments))) return;
      judged.set(hours, session.day);
      await settings.set(JUDGED, Object.fromEntries(judged));
    }
    await this.settleDue(byHours);
  }

  /** Day bars of the last date are read again in the morning: until then a broker's lack auctions and post-close. */
  private async settleDue(byHours: ReadonlyMap<HoursKey, readonly number[]>): Promise<void> {
    const { settings, settle, settledAt, clock, calendar, busy, log, live } = this.parts;
    if (settle === undefined || settledAt === undefined) return;
    const settled = await this.lastDays(SETTLED);
    for (const [hours, instruments] of byHours) {
      const now = clock.now();
      let session = calendar.previous(hours, now);
      while (
        session !== null &&
        (dayEnd(session) > now ||
          Math.max(...instruments.map((instrument) => settledAt(instrument, session!.day))) > now)
      )
        session = calendar.previous(hours, session.open - 1);
      // If the day's data end with its candles, the comparison after the close has read the final version.
      if (session === null || settled.get(hours) === session.day || dayEnd(session) === session.close) continue;
      if (busy()) return;
      for (const instrument of instruments) {
        if (this.ending.signal.aborted) return;
        try {
          await settle(instrument, session.day, this.ending.signal);
        } catch (cause) {
          if (this.ending.signal.aborted || hasCode(cause, "login_expired")) return;
          log.warn("could not read a settled day bar", {
            instrument: live.table.at(instrument).key,
            date: istDate(session.day),
            cause: String(cause),
          });
        }
      }
      settled.set(hours, session.day);
      await settings.set(SETTLED, Object.fromEntries(settled));
    }
  }

  /** By trading hours. A day that cannot be read is judged again. */
  private async lastDays(setting: string): Promise<Map<HoursKey, number>> {
    return readByName(`setting ${setting}`, await this.parts.settings.get(setting), lastDay, this.parts.unreadable);
  }

  /** The last session whose bars the broker has had time to settle. */
  private lastOver(hours: HoursKey): Session | null {
    const { calendar, clock } = this.parts;
    const now = clock.now();
    const last = calendar.previous(hours, now);
    return last === null || dayEnd(last) + AFTER_CLOSE_MS <= now ? last : calendar.previous(hours, last.open - 1);
  }

  /** False when it was broken off. */
  private async judge(hours: HoursKey, session: Session, instruments: readonly number[]): Promise<boolean> {
    const {
      parts,
      ending: { signal },
    } = this;
    const outcome: DayOutcome = {
      instruments: instruments.length,
      incomplete: 0,
      compared: 0,
      corrected: 0,
      flagged: 0,
      failed: 0,
    };
    const date = istDate(session.day);
    for (const instrument of instruments) {
      if (signal.aborted) return false;
      const holes = await parts.holes(instrument, session.day);
      if (holes.length > 0) {
        outcome.incomplete++;
        await parts.missing(instrument, holes, `found after the close on ${date}`);
      }
      if (!(await parts.streamed(instrument, session.day))) continue;
      const known = await parts.lastCompare(instrument, session.day);
      if (known !== null && known.at >= dayEnd(session) + AFTER_CLOSE_MS) continue;
      try {
        const { corrected, flagged } = await parts.compare(instrument, session.day, signal);
        outcome.compared++;
        outcome.corrected += corrected;
        outcome.flagged += flagged;
      } catch (cause) {
        if (signal.aborted || hasCode(cause, "login_expired")) return false;
        outcome.failed++;
        parts.log.warn("could not compare a day", {
          instrument: parts.live.table.at(instrument).key,
          date,
          cause: String(cause),
        });
      }
    }
    await parts.review();
    parts.done(hours, date, outcome);
    return true;
  }
}
