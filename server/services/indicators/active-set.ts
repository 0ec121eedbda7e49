import { badInput } from "@/server/domain/basics/errors";
import type { Timeframe } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { ConfiguredIndicator } from "./configs";
import type { RunningIndicators, RunningInstance } from "./running";

interface Parts {
  running: Pick<RunningIndicators, "acquire" | "release">;
  /** Instruments that running collectors subscribe, dense numbers. */
  live(): Iterable<number>;
  /** Real time. */
  wall: Clock;
  /** An unseeded instance wants its bars. */
  seedSoon(instrument: number, timeframe: number): void;
}

const LOOK_MS = 2_000;
/** Instruments handled in one turn of the event loop. */
const TURN = 200;
/** Configured instances of all instruments together: some hundred bytes to a few kilobytes each. */
const MOST_INSTANCES = 200_000;

/** What an instrument runs, and from which version of the list. */
interface Applied {
  version: number;
  held: Map<string, RunningInstance>;
}

/**
 * The configured indicators, held on every live instrument in addition to clients' own. A change affects only what
 * differs.
 */
export class IndicatorSet {
  private wanted: readonly ConfiguredIndicator[] = [];
  private version = 0;
  private readonly applied = new Map<number, Applied>();
  private applying: Promise<void> | null = null;
  private stopTimer: (() => void) | null = null;
  private stopped = false;

  constructor(private readonly parts: Parts) {}

  get entries(): readonly ConfiguredIndicator[] {
    return this.wanted;
  }
  get instruments(): number {
    return this.applied.size;
  }

  start(): void {
    this.stopTimer ??= this.parts.wall.every(LOOK_MS, () => void this.refresh());
  }
  async stop(): Promise<void> {
    this.stopTimer?.();
    this.stopped = true;
    await this.applying;
  }

  /** Throws `bad_input` when there would be too many instances for one process. */
  check(wanted: readonly ConfiguredIndicator[]): void {
    const instruments = [...this.parts.live()].length;
    if (wanted.length * instruments > MOST_INSTANCES)
      throw badInput(
        "indicators",
        `${wanted.length} on ${instruments} instruments`,
        `at most ${MOST_INSTANCES} instances in total`,
      );
  }

  /** The list from now on; resolves when it runs on every live instrument. */
  async replace(wanted: readonly ConfiguredIndicator[]): Promise<void> {
    this.wanted = wanted;
    this.version++;
    await this.refresh();
  }

  /** Follows the instruments that come and go. */
  refresh(): Promise<void> {
    this.applying ??= this.apply().finally(() => {
      this.applying = null;
    });
    return this.applying;
  }

  private async apply(): Promise<void> {
    let version = -1;
    let turn = 0;
    while (version !== this.version && !this.stopped) {
      version = this.version;
      const live = new Set(this.parts.live());
      for (const instrument of [...this.applied.keys()])
        if (!live.has(instrument)) {
          this.settle(instrument, []);
          this.applied.delete(instrument);
        }
      for (const instrument of live) {
        if (this.stopped || version !== this.version) break;
        if (this.applied.get(instrument)?.version === version) continue;
        this.settle(instrument, this.wanted);
        if (++turn % TURN === 0) await this.parts.wall.sleep(0);
      }
    }
  }

  private settle(instrument: number, wanted: readonly ConfiguredIndicator[]): void {
    const { running } = this.parts;
    const held = this.applied.get(instrument)?.held ?? new Map<string, RunningInstance>();
    const next = new Map<string, RunningInstance>();
    const unseeded = new Set<Timeframe>();
    for (const { text, resolved, timeframe } of wanted) {
      const instance = held.get(text) ?? running.acquire(instrument, timeframe.index, resolved);
      next.set(text, instance);
      if (instance.lastTime === 0) unseeded.add(timeframe);
    }
    for (const [text, instance] of held) if (!next.has(text)) running.release(instance);
    this.applied.set(instrument, { version: this.version, held: next });
    for (const timeframe of unseeded) this.parts.seedSoon(instrument, timeframe.index);
  }
}
