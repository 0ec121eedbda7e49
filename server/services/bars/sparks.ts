import { type BarBatch, CLOSE } from "@/server/domain/bars/bar";
import { RecentMap } from "@/server/domain/basics/recent-map";
import { timeframe } from "@/server/domain/time/timeframe";
import type { Calendar, Session } from "@/server/domain/time/session";
import type { Clock } from "@/server/ports/clock";
import type { LiveMarket } from "@/server/ports/live";
import type { Bars } from "./bars";

const POINTS = 60;
const MINUTE = timeframe("1m").index;

/** Number of lines kept, up to twice as many: a client may scroll through all instruments. */
const KEPT_LINES = 2_000;

interface Line {
  session: Session;
  closes: number[];
  slot: number;
}

/** The line of today in a watchlist row: closes of up to sixty even parts of the session. Read once, then kept by closed minutes. */
export class Sparks {
  private readonly lines = new RecentMap<number, Line>(KEPT_LINES);
  private readonly loading = new Map<number, Promise<number[]>>();
  constructor(private readonly parts: { bars: Bars; live: LiveMarket; calendar: Calendar; clock: Clock }) {}

  now(instrument: number): readonly number[] {
    return this.lines.get(instrument)?.closes ?? [];
  }

  read(instrument: number): Promise<number[]> {
    const line = this.lines.get(instrument);
    if (line !== undefined && line.session === this.session(instrument)) return Promise.resolve(line.closes);
    let loading = this.loading.get(instrument);
    if (loading === undefined) {
      loading = this.load(instrument).finally(() => this.loading.delete(instrument));
      this.loading.set(instrument, loading);
    }
    return loading;
  }

  /** History has changed the day: a line that is shown is read again, another when it is asked for. */
  async renew(instrument: number): Promise<void> {
    if (!this.lines.delete(instrument)) return;
    await this.read(instrument);
  }

  onBars(batch: BarBatch): void {
    for (let row = 0; row < batch.length; row++) {
      if (batch.timeframe[row] !== MINUTE || batch.event[row] !== CLOSE) continue;
      const line = this.lines.get(batch.instrument[row]!);
      if (line === undefined) continue;
      const time = batch.time[row]!;
      if (time >= line.session.close) {
        this.lines.delete(batch.instrument[row]!);
        continue;
      }
      this.put(line, time, batch.close[row]!);
    }
  }

  private async load(instrument: number): Promise<number[]> {
    const session = this.session(instrument);
    if (session === null) return [];
    const { closed } = await this.parts.bars.read({
      instrument,
      timeframe: timeframe("1m"),
      from: session.open,
      to: session.close,
      once: true,
    });
    const line: Line = { session, closes: [], slot: -1 };
    for (let row = 0; row < closed.length; row++) this.put(line, closed.time[row]!, closed.close[row]!);
    this.lines.set(instrument, line);
    return line.closes;
  }

  private put(line: Line, time: number, close: number): void {
    const slot = Math.floor(((time - line.session.open) * POINTS) / (line.session.close - line.session.open));
    if (slot > line.slot) {
      line.closes.push(close);
      line.slot = slot;
    } else line.closes[line.closes.length - 1] = close;
  }

  private session(instrument: number): Session | null {
    return this.parts.calendar.previous(this.parts.live.table.hours(instrument), this.parts.clock.now());
  }
}
