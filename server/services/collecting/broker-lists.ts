import type { LeftOut } from "@/server/domain/instruments/broker-list";
import { AppError } from "@/server/domain/basics/errors";
import { istDate, istDay } from "@/server/domain/time/session";
import type { Clock } from "@/server/ports/clock";
import type { FeedDefinition } from "@/server/ports/feed";
import { readStored, type RememberedList, rememberedList, type Unreadable } from "@/server/ports/stored";
import type { Renamed, SettingStore } from "@/server/ports/stores";
import type { Instruments } from "@/server/services/market/instruments";

/** A list with less than this share of the last one's instruments is taken for incomplete. */
const LEAST_SHARE = 0.6;

interface Parts {
  instruments: Instruments;
  settings: SettingStore;
  clock: Clock;
  unreadable?: Unreadable | undefined;
  /** Name of the collector. */
  name: string;
  feed: FeedDefinition;
  login(): unknown;
}

/**
 * Today's instrument list of one login. A new list is checked before it is used; until then the previous one stays in
 * use.
 */
export class DayList {
  /** Epoch ms of the last list that was taken in this process; null before the first. */
  readAt: number | null = null;
  rows = 0;
  leftOut: readonly LeftOut[] = [];
  /** Why the newest answer is not in use. */
  problem: string | null = null;
  private tokens: Set<number> | null = null;

  constructor(private readonly parts: Parts) {}

  /**
   * Requests, checks and accepts a list. Rejects with the reason, which `problem` then holds; the previous list stays
   * in use.
   */
  async read(signal: AbortSignal): Promise<Renamed[]> {
    const { instruments, feed, clock } = this.parts;
    try {
      const list = await feed.instruments(this.parts.login(), signal);
      await this.judge(
        list.listed.length,
        list.leftOut.reduce((sum, { count }) => sum + count, 0),
      );
      const { leftOut, renamed } = await instruments.take(feed.id, list);
      this.tokens = new Set(list.listed.map(({ token }) => token));
      this.readAt = clock.now();
      this.rows = list.listed.length;
      this.leftOut = leftOut;
      this.problem = null;
      await this.remember({ date: this.today(), rows: this.rows });
      return renamed;
    } catch (cause) {
      if (!signal.aborted) this.problem = (cause as Error).message;
      throw cause;
    }
  }

  /** Whether today's list has a token; null while none was read. */
  has(token: number): boolean | null {
    return this.tokens === null ? null : this.tokens.has(token);
  }

  /**
   * A list that is much shorter than the last one is incomplete, not the truth. If the broker still says the same on another
   * day, it is believed: exchanges do give up segments.
   */
  private async judge(rows: number, leftOut: number): Promise<void> {
    if (rows === 0)
      throw new AppError(
        "broker_refused",
        `the broker's instrument list has no usable instrument${leftOut === 0 ? "" : `; ${leftOut} rows were skipped`}`,
        { retryable: true },
      );
    const known = readStored(
      `setting ${this.setting()}`,
      await this.parts.settings.get(this.setting()),
      rememberedList,
      this.parts.unreadable,
    );
    if (known === null || rows >= known.rows * LEAST_SHARE) return;
    const today = this.today();
    if (known.doubtedOn !== undefined && known.doubtedOn < today) return;
    await this.remember({ ...known, doubtedOn: today });
    throw new AppError(
      "broker_refused",
      `the broker's instrument list has ${rows} instruments, that of ${known.date} had ${known.rows}: it appears incomplete, so the earlier list stays in use`,
      { retryable: true },
    );
  }

  /** Without it the next list is compared with an older one, which stops nothing. */
  private async remember(remembered: RememberedList): Promise<void> {
    await this.parts.settings.set(this.setting(), remembered).catch(() => undefined);
  }
  private setting(): string {
    return `instrument-list.${this.parts.name}`;
  }
  private today(): string {
    return istDate(istDay(this.parts.clock.now()));
  }
}
