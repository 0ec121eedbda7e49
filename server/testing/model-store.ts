/** A store of bars in memory that merges as the database does in kind, fails when it is told to, and takes time where it is told to. */
import { type Bar, type BarColumns, columnsOf } from "@/server/domain/bars/bar";
import { kindNamed, type StoredBars, storedBarAt } from "@/server/domain/bars/stored-bars";
import type { BarStore, BarWrite, StoredBar } from "@/server/ports/stores";

export const AWAY = new Error("the store is away");
export type Outage = "none" | "before" | "after";

export class ModelStore {
  private readonly bars = new Map<string, Map<number, StoredBar>>();
  /** Writes and reads fail: before they did anything, or (a write) after it was committed. */
  outage: Outage = "none";
  reads = 0;
  readonly store: BarStore;

  constructor(private readonly pause: () => Promise<void> = () => Promise.resolve()) {
    this.store = {
      writeRows: (rows: StoredBars, how: BarWrite) => this.write(rows, how),
      read: (query: Parameters<BarStore["read"]>[0]) => this.read(query),
      readWhole: async ({ instrumentId, timeframe, from, to }: Parameters<BarStore["readWhole"]>[0]) =>
        this.of(instrumentId, timeframe).filter(({ time }) => time >= from && time < to),
      span: async (instrumentId: number, timeframe: string) => {
        await this.pause();
        const bars = this.of(instrumentId, timeframe);
        await this.pause();
        return bars.length === 0 ? null : { first: bars[0]!.time, last: bars.at(-1)!.time };
      },
      prune: async (timeframe: string, before: number) => {
        await this.pause();
        let gone = 0;
        for (const [place, bars] of this.bars)
          if (place.endsWith(`/${timeframe}`))
            for (const time of [...bars.keys()]) if (time < before && bars.delete(time)) gone++;
        await this.pause();
        return gone;
      },
    } as unknown as BarStore;
  }

  private of(instrumentId: number, timeframe: string): StoredBar[] {
    return [...(this.bars.get(`${instrumentId}/${timeframe}`)?.values() ?? [])].sort((a, b) => a.time - b.time);
  }

  /** What a read that takes no time would answer. */
  now({ instrumentId, timeframe, from, to, limit }: Parameters<BarStore["read"]>[0]): Bar[] {
    const rows = this.of(instrumentId, timeframe).filter(({ time }) => time >= from && time < to);
    return (limit === undefined ? rows : rows.slice(Math.max(0, rows.length - limit))).map(
      ({ instrumentId: _, timeframe: __, passport: ___, ...bar }) => bar,
    );
  }

  private async read({
    instrumentId,
    timeframe,
    from,
    to,
    limit,
    signal,
  }: Parameters<BarStore["read"]>[0]): Promise<BarColumns> {
    this.reads++;
    await this.pause();
    signal?.throwIfAborted();
    if (this.outage !== "none") throw AWAY;
    const columns = columnsOf(
      this.now({ instrumentId, timeframe, from, to, ...(limit === undefined ? {} : { limit }) }),
    );
    await this.pause();
    return columns;
  }

  private async write(rows: StoredBars, how: BarWrite): Promise<void> {
    const bars = Array.from({ length: rows.length }, (_, row) => storedBarAt(rows, row)).map(
      // What is not known is NULL there.
      (bar) => ({ ...bar, openInterest: Math.max(-1, bar.openInterest) }),
    );
    await this.pause();
    if (this.outage === "before") throw AWAY;
    for (const [row, bar] of bars.entries()) {
      const place = `${bar.instrumentId}/${kindNamed(rows.kind[row]!)}`;
      let shelf = this.bars.get(place);
      if (shelf === undefined) this.bars.set(place, (shelf = new Map()));
      const known = shelf.get(bar.time);
      if (how === "remove") shelf.delete(bar.time);
      else if (known === undefined) shelf.set(bar.time, bar);
      else if (how === "replace") shelf.set(bar.time, { ...bar, rev: known.rev + 1 });
      else
        shelf.set(bar.time, {
          ...known,
          high: Math.max(known.high, bar.high),
          low: Math.min(known.low, bar.low),
          ...(how === "merge"
            ? { close: bar.close, volume: bar.volume }
            : { ticks: known.ticks + bar.ticks, state: "patched" as const }),
          incomplete: known.incomplete || bar.incomplete,
          rev: known.rev + 1,
        });
    }
    await this.pause();
    if (this.outage === "after") throw AWAY;
  }
}
