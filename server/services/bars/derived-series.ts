import { type BarColumns, barColumns } from "@/server/domain/bars/bar";
import type { AnyTimeframe, Timeframe } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { Log } from "@/server/ports/observe";
import type { Bars } from "./bars";

/** The part of the live derived bars (`pipeline/derive.ts`) that this needs. */
interface FollowedBars {
  follow(instrument: number, of: AnyTimeframe): boolean;
  unfollow(instrument: number, of: AnyTimeframe): void;
  wanted(instrument: number, of: AnyTimeframe, now: number): { source: Timeframe; from: number } | null;
  load(instrument: number, of: AnyTimeframe, closed: BarColumns): void;
  nextStale(): { instrument: number; of: AnyTimeframe } | null;
}

export interface Following {
  /** Resolves once the open bar is whole. */
  ready: Promise<void>;
  /** Must be called once by whoever followed. */
  end(): void;
}

const LOOK_MS = 250;
const RETRY_MS = 5_000;

/** Loads the parts of derived bars that closed before a client followed them, and reloads them after a change. */
export class DerivedSeries {
  private readonly loading = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();
  private stopTimer: (() => void) | null = null;
  private work: Promise<void> | null = null;

  constructor(
    private readonly parts: {
      followed: FollowedBars;
      bars: Pick<Bars, "read" | "committed">;
      /** Market time. */
      clock: Clock;
      /** Real time: work is spaced by it. */
      wall: Clock;
      log: Log;
    },
  ) {}

  start(): void {
    this.stopTimer ??= this.parts.wall.every(LOOK_MS, () => this.wake());
  }

  async stop(): Promise<void> {
    this.stopTimer?.();
    this.stopping.abort();
    await this.work;
  }

  follow(instrument: number, of: AnyTimeframe): Following {
    const { followed } = this.parts;
    const name = `${instrument}/${of.index}`;
    if (followed.follow(instrument, of) && !this.loading.has(name)) {
      const load = this.load(instrument, of).finally(() => this.loading.delete(name));
      this.loading.set(name, load);
    }
    let ended = false;
    return {
      ready: this.loading.get(name) ?? Promise.resolve(),
      end() {
        if (!ended) followed.unfollow(instrument, of);
        ended = true;
      },
    };
  }

  private async load(instrument: number, of: AnyTimeframe): Promise<void> {
    const { followed, bars, clock } = this.parts;
    const wanted = followed.wanted(instrument, of, clock.now());
    if (wanted === null) return followed.load(instrument, of, barColumns(0));
    const { closed } = await bars.read({ instrument, timeframe: wanted.source, from: wanted.from });
    followed.load(instrument, of, closed);
  }

  private wake(): void {
    if (this.work !== null || this.stopping.signal.aborted || this.parts.followed.nextStale() === null) return;
    this.work = this.run().finally(() => {
      this.work = null;
    });
  }

  private async run(): Promise<void> {
    const { followed, bars, wall, log } = this.parts;
    const { signal } = this.stopping;
    try {
      // A patch is a part of a bar; the complete bar can be read once the store has it.
      await bars.committed();
      for (let next = followed.nextStale(); next !== null && !signal.aborted; next = followed.nextStale())
        await this.load(next.instrument, next.of);
    } catch (cause) {
      if (signal.aborted) return;
      log.warn("could not read derived bars; retrying soon", { cause: String(cause) });
      await wall.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
}
