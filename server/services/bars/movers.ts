import { changePercent } from "@/server/domain/basics/price";
import type { Clock } from "@/server/ports/clock";
import type { Desk } from "@/server/ports/desk";
import type { Latest, Mover } from "@/server/ports/latest";
import type { LiveMarket } from "@/server/ports/live";

const EVERY_MS = 5_000;
const LENGTH = 10;
/** Instruments looked at in one turn of the event loop. */
const TURN = 100;

/** The ten that rose and fell most since the previous day's close, of everything that trades live. */
export class Movers {
  private readonly change = new Map<number, number>();
  private readonly seen = new Map<number, number>();
  private stopTimer: (() => void) | null = null;
  private running = false;

  constructor(private readonly parts: { live: LiveMarket; desk: Pick<Desk, "quote">; latest: Latest; clock: Clock }) {}

  start(): void {
    if (this.parts.latest.isRead) this.stopTimer ??= this.parts.clock.every(EVERY_MS, () => void this.renew());
  }
  stop(): void {
    this.stopTimer?.();
    this.stopTimer = null;
  }

  /** Best first. */
  gainers(): Mover[] {
    return this.sorted((change) => change > 0).slice(0, LENGTH);
  }
  losers(): Mover[] {
    return this.sorted((change) => change < 0)
      .reverse()
      .slice(0, LENGTH);
  }

  /** Reads what has changed since the last call and publishes both lists. */
  async renew(): Promise<void> {
    if (this.running) return;
    this.running = true;
    const {
      live: { table, board },
      desk,
      latest,
      clock,
    } = this.parts;
    try {
      for (let instrument = 0; instrument < Math.min(table.size, board.capacity); instrument++) {
        if (instrument % TURN === TURN - 1) await clock.sleep(0);
        if (table.traded[instrument] !== 1 || board.sequence(instrument) === this.seen.get(instrument)) continue;
        this.seen.set(instrument, board.sequence(instrument));
        const quote = desk.quote(instrument);
        if (quote !== null && quote.previousClose > 0)
          this.change.set(instrument, changePercent(quote.price, quote.previousClose)!);
      }
      latest.publishMovers("gainers", this.gainers());
      latest.publishMovers("losers", this.losers());
    } finally {
      this.running = false;
    }
  }

  private sorted(keep: (change: number) => boolean): Mover[] {
    const { table } = this.parts.live;
    return [...this.change]
      .filter(([, change]) => keep(change))
      .sort((a, b) => b[1] - a[1])
      .map(([instrument, change]) => ({ key: table.at(instrument).key, change }));
  }
}
