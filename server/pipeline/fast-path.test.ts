import { describe, expect, it, vi } from "vitest";
import type { BarBatch } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { InstrumentTable, TokenMap } from "@/server/domain/instruments/instrument-table";
import {
  IN_TIME,
  JOINED,
  rawBatch,
  type RawMessage,
  tickBatch,
  type TickMessage,
  TRADE,
  UNBELIEVED,
} from "@/server/domain/ticks/tick";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { randomOf } from "@/server/testing/session-rounds";
import { Normaliser } from "./normalise";
import { SecondBars } from "./second-bars";

const INSTRUMENTS = 6; // the last one is an index
const STEPS = 600;
const OPEN = Date.parse("2026-09-07T09:15:00+05:30");
/** A market that never closes, whose day volumes restart. */
const MIDNIGHT = Date.parse("2026-09-08T00:00:00+05:30");
const calendar = createCalendar();

interface RawRow {
  token: number;
  price: number;
  volume: number;
  exchangeTime: number;
  openInterest: number;
}
type Message = { kind: "line"; line: "connected" | "disconnected" | "silent" } | { kind: "rows"; rows: RawRow[] };
type Step = { now: number; message: Message };

/** Two minutes of rows, nearly all of them ordinary, with everything a row can be that is not, and a border of the day in them. */
const feed = (seed: number, border: number): Step[] => {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const prices = Array.from({ length: INSTRUMENTS }, () => 100_000 + below(900) * 5);
  const volumes = Array.from({ length: INSTRUMENTS }, () => 10_000 + below(5_000));
  const last: RawRow[] = [];
  const renewed: boolean[] = [];
  const rowOf = (now: number): RawRow => {
    const instrument = below(INSTRUMENTS);
    const isIndex = instrument === INSTRUMENTS - 1;
    const before = last[instrument];
    const what = below(150);
    if (border === MIDNIGHT && now >= MIDNIGHT && !renewed[instrument] && what > 30) {
      renewed[instrument] = true;
      volumes[instrument] = below(2) === 0 ? below(3_000) : volumes[instrument]! - below(200);
    }
    if (what === 16) volumes[instrument]! += 40_000; // a jump that stays
    if (what === 0 && before !== undefined) return before; // repeated
    if (what === 1 && before !== undefined) return { ...before, exchangeTime: now }; // a move of the book
    if (what > 3) prices[instrument] = Math.max(500, prices[instrument]! + (below(21) - 10) * 5);
    if (what > 5) volumes[instrument]! += below(120);
    const row = {
      token: 1_000 + (what === 6 ? 99 : instrument),
      price:
        what === 7
          ? 0
          : what === 8
            ? prices[instrument]! * 40
            : what === 9
              ? prices[instrument]! + 1
              : prices[instrument]!,
      volume:
        isIndex || what === 10
          ? -1
          : what === 11
            ? below(9_000)
            : what === 12
              ? 2 ** 31 + below(99)
              : what === 17
                ? volumes[instrument]! + 50_000
                : volumes[instrument]!,
      exchangeTime:
        what === 13
          ? 0
          : what === 14
            ? now + 9_000
            : what === 15
              ? now - 90_000
              : what < 24
                ? now - below(5_000)
                : now - below(20),
      openInterest: what % 3 === 0 ? -1 : 50_000 + below(900),
    };
    return (last[instrument] = row);
  };
  return Array.from({ length: STEPS }, (_, step) => {
    const now = border - (border === MIDNIGHT ? 60_000 : 4_000) + step * 200;
    const odd = below(120);
    const message: Message =
      step === 0 || odd === 0
        ? { kind: "line", line: "connected" }
        : odd < 3
          ? { kind: "line", line: odd === 1 ? "disconnected" : "silent" }
          : { kind: "rows", rows: Array.from({ length: below(14) }, () => rowOf(now)) };
    return { now, message };
  });
};

/** No continuous phase is ever known, so that the normaliser judges every row. */
class NoWindows extends SessionWindows {
  override entry(instrument: number, instant: number): number {
    const entry = super.entry(instrument, instant);
    this.trading.fill(0);
    return entry;
  }
}

const textOf = (columns: object, rows: number): string[] =>
  Array.from({ length: rows }, (_, row) =>
    Object.entries(columns)
      .filter(([name]) => name !== "figures")
      .map(([name, column]) => (ArrayBuffer.isView(column) ? `${name} ${(column as Float64Array)[row]}` : ""))
      .join(" "),
  );

interface Run {
  /** Rows the normaliser emitted, and what it keeps. */
  ticks: string[];
  kept: unknown;
  /** Rows the stage of seconds emitted, what it was asked for in between, and what it keeps. */
  bars: string[];
  state: unknown;
}

const run = (steps: readonly Step[], border: number, slow: boolean): Run => {
  const table = new InstrumentTable();
  const tokens = new TokenMap();
  for (let at = 0; at < INSTRUMENTS; at++) {
    const isIndex = at === INSTRUMENTS - 1;
    const listed = testInstrument(
      at + 1,
      isIndex ? { key: "NSE_INDEX:I", exchange: "NSE_INDEX", segment: "index" } : {},
    );
    tokens.set(1_000 + at, table.put(listed, border === MIDNIGHT ? "SIM" : isIndex ? "NSE_INDEX" : "NSE"), 1);
  }
  const windows = slow ? new NoWindows(calendar, table) : new SessionWindows(calendar, table);
  const normaliser = new Normaliser({ table, windows, tokens: () => tokens, maxSkewMs: 2_000, maxAgeMs: 3_600_000 });
  const seconds = new SecondBars();
  const ticks: string[] = [];
  const bars: string[] = [];
  const read = (batch: BarBatch): void => void bars.push(...textOf(batch, batch.length));
  const toSeconds = (message: TickMessage): void => {
    if (message.kind === "ticks") {
      // Batches may be cut elsewhere; the rows are the same.
      ticks.push(...textOf(message, message.length).map((row, at) => `${message.sequence + at} ${row}`));
      // Without `JOINED` this flag says nothing, but it is none that the fast path knows.
      if (slow)
        for (let row = 0; row < message.length; row++)
          if ((message.flags[row]! & JOINED) === 0) message.flags[row]! |= IN_TIME;
    }
    seconds.on(message, read);
  };
  const raw = rawBatch(16);
  for (const { now, message } of steps) {
    seconds.at(now, read);
    let sent: RawMessage;
    if (message.kind === "line") sent = { kind: message.line, collector: 0, receivedTime: now, detail: "" };
    else {
      sent = raw;
      raw.receivedTime = now;
      raw.length = message.rows.length;
      message.rows.forEach((row, at) => {
        raw.token[at] = row.token;
        raw.price[at] = row.price;
        raw.volume[at] = row.volume;
        raw.exchangeTime[at] = row.exchangeTime;
        raw.openInterest[at] = row.openInterest;
      });
    }
    normaliser.on(sent, toSeconds);
    for (let at = 0; at < INSTRUMENTS; at++) bars.push(`day volume ${seconds.dayVolume(at)}`);
  }
  seconds.finish(read);
  return {
    ticks,
    kept: [normaliser.rejects, normaliser.board.total, normaliser.board.figures],
    bars,
    state: seconds.snapshot(),
  };
};

describe("the fast path of a row", () => {
  // Private: the number of rows on the slow path shows that both paths were taken.
  const judge = vi.spyOn(Normaliser.prototype as unknown as { judge(): void }, "judge");
  const prepare = vi.spyOn(SecondBars.prototype as unknown as { prepare(): boolean }, "prepare");

  it.each([
    ["the open", OPEN],
    ["midnight", MIDNIGHT],
  ])("leaves what the slow path leaves behind, around %s", (_, border) => {
    for (let seed = 1; seed <= 15; seed++) {
      const steps = feed(seed, border);
      const sent = steps.reduce((sum, { message }) => sum + (message.kind === "rows" ? message.rows.length : 0), 0);
      judge.mockClear();
      prepare.mockClear();
      const slow = run(steps, border, true);
      expect(judge).toHaveBeenCalledTimes(sent);
      expect(prepare).toHaveBeenCalledTimes(slow.ticks.length);
      judge.mockClear();
      prepare.mockClear();
      const fast = run(steps, border, false);
      expect(judge.mock.calls.length).toBeLessThan(sent * 0.75);
      expect(prepare.mock.calls.length).toBeLessThan(fast.ticks.length * 0.75);
      expect(fast.ticks.length).toBeGreaterThan(2_000);
      expect(fast, `seed ${seed}`).toEqual(slow);
    }
  });

  it("leaves a row to the slow path that may be a new date's, in a second the old date's figure opened", () => {
    const batch = tickBatch(1);
    const runs = [0, IN_TIME].map((slow) => {
      const seconds = new SecondBars(2, false);
      const told = [
        [MIDNIGHT - 2_000, 100, TRADE],
        [MIDNIGHT - 1_000, 5_000, TRADE],
        [MIDNIGHT, 5_000, TRADE | UNBELIEVED],
        [MIDNIGHT, 300, TRADE],
        [MIDNIGHT, 400, TRADE],
      ].map(([time, volume, flags]) => {
        batch.length = 1;
        batch.sequence++;
        batch.time[0] = time!;
        batch.volume[0] = volume!;
        batch.flags[0] = flags! | slow;
        seconds.on(batch, () => undefined);
        return seconds.dayVolume(0);
      });
      return told;
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0]!.at(-1)).toBe(400);
  });
});
