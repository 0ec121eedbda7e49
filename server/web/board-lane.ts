import type { QuoteRow, QuotesFrame, QuotesSnapshot } from "@/server/contract/live";
import { Turns } from "@/server/domain/basics/turns";
import type { Clock } from "@/server/ports/clock";
import type { Desk } from "@/server/ports/desk";
import type { Meter } from "@/server/ports/observe";

/** A watchlist client gets one frame per this long, with the newest value of each row that changed. */
const WINDOW_MS = 250;
/** Clients are spread over the window, so that a thousand of them are not one burst. */
const SLICES = 10;
/** A name that has to be looked up costs so many microseconds. */
const KEY_UNITS = 10;

interface Board {
  rows: number[];
  seen: number[];
  /** What was sent last of each sparkline: the array it was, and how long. */
  sparks: { closes: readonly number[]; length: number }[];
  slice: number;
  seq: number;
  send(frame: QuotesFrame): boolean;
}

/** The board lane: watchlists. Conflated by sequence numbers per instrument; nothing is kept per tick. */
export class BoardLane {
  private readonly boards = new Map<string, Board>();
  private slice = 0;
  private joined = 0;
  private stopTimer: (() => void) | null = null;

  constructor(private readonly parts: { desk: Desk; clock: Clock; wall: Clock; meter: Meter }) {}

  start(): void {
    this.stopTimer ??= this.parts.wall.every(WINDOW_MS / SLICES, () => this.turn());
  }
  stop(): void {
    this.stopTimer?.();
    this.stopTimer = null;
    this.boards.clear();
  }

  /** `send` returns whether the frame was sent. Rows of an unsent frame stay changed and go with a later one. */
  async subscribe(
    client: string,
    keys: readonly string[],
    send: (frame: QuotesFrame) => boolean,
    signal?: AbortSignal,
  ): Promise<QuotesSnapshot> {
    const { desk, clock, wall } = this.parts;
    const unknown: string[] = [];
    const wanted: { key: string; index: number }[] = [];
    const turns = new Turns(() => wall.sleep(0, signal));
    for (const key of keys) {
      const index = desk.find(key);
      if (index === -1) unknown.push(key);
      else wanted.push({ key, index });
      await turns.take(KEY_UNITS);
    }
    signal?.throwIfAborted();
    // One after the other: a thousand requests at once would delay everybody else's.
    const sparks: (readonly number[])[] = [];
    for (const { index } of wanted) {
      sparks.push(await desk.spark(index));
      signal?.throwIfAborted();
    }
    const stored = await desk.lastCloses(
      wanted.map(({ index }) => index).filter((index) => desk.quote(index) === null),
      signal,
    );
    signal?.throwIfAborted();
    const rows: QuoteRow[] = wanted.map(({ key, index }, place) => {
      const { symbol, exchange, name, decimals } = desk.instrument(index);
      const values = desk.quote(index);
      return {
        key,
        symbol,
        exchange,
        name,
        decimals,
        spark: [...sparks[place]!],
        live: desk.isLive(index),
        simulated: desk.isSimulated(index),
        price: values?.price ?? stored.get(index)?.price ?? null,
        previousClose: values?.previousClose ?? 0,
        open: values?.open ?? 0,
        high: values?.high ?? 0,
        low: values?.low ?? 0,
        volume: values?.volume ?? 0,
        time: values?.time ?? stored.get(index)?.time ?? 0,
        received: values?.received ?? 0,
      };
    });
    this.boards.set(client, {
      rows: wanted.map((each) => each.index),
      seen: wanted.map((each) => desk.quote(each.index)?.sequence ?? 0),
      sparks: sparks.map((closes) => ({ closes, length: closes.length })),
      slice: this.joined++ % SLICES,
      seq: 0,
      send,
    });
    return { rows, unknown, seq: 0, serverTime: clock.now() };
  }

  get size(): number {
    return this.boards.size;
  }
  leave(client: string): void {
    this.boards.delete(client);
  }

  private turn(): void {
    this.slice = (this.slice + 1) % SLICES;
    for (const board of this.boards.values()) if (board.slice === this.slice) this.send(board);
  }

  private send(board: Board): void {
    const { desk, meter } = this.parts;
    const rows: QuotesFrame["rows"] = [];
    const spark: QuotesFrame["spark"] = [];
    const sequences: number[] = [];
    board.rows.forEach((index, place) => {
      const values = desk.quote(index, board.seen[place]);
      if (values === null) return;
      sequences.push(values.sequence);
      rows.push([
        place,
        values.price,
        values.volume,
        values.time,
        values.received,
        values.high,
        values.low,
        values.open,
        values.previousClose,
      ]);
      const closes = desk.sparkNow(index);
      const sent = board.sparks[place]!;
      if (closes.length === 0 || (closes === sent.closes && closes.length === sent.length)) return;
      spark.push([place, closes]);
    });
    if (rows.length === 0) return;
    if (!board.send({ seq: board.seq + 1, rows, spark })) {
      meter.count("frames.quotesLater");
      return;
    }
    meter.count("frames.quotes");
    board.seq++;
    rows.forEach(([place], at) => {
      board.seen[place] = sequences[at]!;
    });
    for (const [place, closes] of spark) board.sparks[place] = { closes, length: closes.length };
  }
}
