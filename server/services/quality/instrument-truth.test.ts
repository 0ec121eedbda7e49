import { describe, expect, it } from "vitest";
import type { FeedState, FeedTruth } from "@/server/domain/ticks/collector";
import { createCalendar } from "@/server/domain/calendar/calendar";
import type { Calendar } from "@/server/domain/time/session";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { lineOf, Quote, QuoteBoard } from "@/server/domain/ticks/quote-board";
import type { Clock } from "@/server/ports/clock";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { InstrumentTruths } from "./instrument-truth";

const at = (clock: string): number => Date.parse(`2026-11-18T${clock}+05:30`);

/** Instruments 0 and up of one feed; time advances in steps of a second, and the one timer runs every five. */
const rig = (hours: readonly string[], start = "10:00:00", calendar: Calendar = createCalendar()) => {
  const table = new InstrumentTable();
  hours.forEach((each, index) =>
    table.put(testInstrument(index + 1, each === "NSE_INDEX" ? { segment: "index" } : {}), each),
  );
  const board = new QuoteBoard();
  board.grow(hours.length);
  let now = at(start);
  let state: FeedState = "LIVE";
  let look: (() => void) | null = null;
  const said: string[] = [];
  const clock = {
    now: () => now,
    every: (_: number, run: () => void) => {
      look = run;
      return () => {};
    },
  } as unknown as Clock;
  const truth = (): FeedTruth[] => [
    { collector: "main", feed: "kite", state, reason: "as the test says", since: now } as FeedTruth,
  ];
  const truths = new InstrumentTruths({
    live: { table, board },
    calendar,
    clock,
    collectors: { truth, nameAt: (index) => (index === 0 ? "main" : ""), of: () => ["main"] },
    onSilent: (collector, instrument, from) =>
      said.push(`${collector} ${instrument} silent since ${new Date(from + 19_800_000).toISOString().slice(11, 19)}`),
    onReturn: (instrument, _, untraded) => said.push(`${instrument} back${untraded ? ", untraded" : ""}`),
  });
  truths.start();
  const tick = (instrument: number, volume = -1): void => {
    const row = instrument * Quote.size;
    board.figures[row + Quote.line] = lineOf(0, 1);
    board.figures[row + Quote.received] = now;
    board.figures[row + Quote.sequence]!++;
    board.figures[row + Quote.volume] = volume;
  };
  /** `ticks(second)` names the instruments that tick in it. */
  const run = (seconds: number, ticks: (second: number) => readonly number[], volume?: number): void => {
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      for (const instrument of ticks(second)) tick(instrument, volume ?? second);
      if (Math.floor(now / 1_000) % 5 === 0) look!();
    }
  };
  return {
    truths,
    said,
    run,
    feed: (next: FeedState) => {
      state = next;
    },
    jump: (clock: string) => {
      now = at(clock);
      look!();
    },
  };
};

describe("an instrument of a live feed", () => {
  it("is MUTE when it is silent far longer than it ever is, and the ledger hears of it once", () => {
    const { truths, said, run } = rig(["NSE", "NSE"]);
    run(120, () => [0, 1]);
    expect(truths.of(0)).toMatchObject({ collector: "main", state: "LIVE", expectedPerMinute: 60, patienceMs: 30_000 });
    run(28, () => [1]);
    expect([truths.of(0).state, said]).toEqual(["SLOW", []]);
    run(60, () => [1]);
    expect(said).toEqual(["main 0 silent since 10:02:00"]);
    expect(truths.of(0)).toMatchObject({ state: "MUTE", since: at("10:02:00"), lastTick: at("10:02:00") });
    expect(truths.mutes(10)).toEqual([{ instrument: 0, since: at("10:02:00"), reason: truths.of(0).reason }]);
    expect(truths.mutes(0)).toEqual([]);
    expect(truths.of(0).reason).toMatch(
      /^no tick for 88 s, usually every 1\.0 s, never longer than .*, while its feed delivers others$/,
    );
    expect(truths.of(1).state).toBe("LIVE");
    run(6, () => [0, 1]);
    expect(said.slice(1)).toEqual(["0 back"]);
    expect(truths.of(0).state).toBe("LIVE");
  });

  it("is proved untraded by a day volume that stands, unless it is an index, which has none", () => {
    for (const [hours, said] of [
      ["NSE", "0 back, untraded"],
      ["NSE_INDEX", "0 back"],
    ] as const) {
      const market = rig([hours, "NSE"]);
      market.run(120, () => [0, 1], 0);
      market.run(90, () => [1], 0);
      market.run(6, () => [0, 1], 0);
      expect(market.said.slice(1), hours).toEqual([said]);
    }
  });

  it("is given time by how seldom it ticks", () => {
    const { said, run, truths } = rig(["NSE", "NSE"]);
    run(1_500, (second) => (second % 40 === 0 ? [0, 1] : [1]));
    expect(truths.of(0).expectedPerMinute).toBe(1.5);
    run(600, () => [1]);
    expect(said).toEqual([]);
    run(400, () => [1]);
    expect(said).toHaveLength(1);
  });

  it("is told untraded when its day volume did not change meanwhile, and learns from that", () => {
    const { said, run, truths } = rig(["NSE", "NSE"]);
    run(60, () => [0, 1], 700);
    run(60, () => [1], 700);
    run(5, () => [0, 1], 700);
    run(60, () => [1]);
    run(5, () => [0, 1], 800);
    expect(said).toEqual([
      "main 0 silent since 10:01:00",
      "0 back, untraded",
      "main 0 silent since 10:02:05",
      "0 back",
    ]);
    expect(truths.of(0).patienceMs).toBe(30_000);
    truths.learn(0, 60_000);
    run(120, () => [1]);
    expect(said).toHaveLength(4);
    expect(truths.of(0).patienceMs).toBe(180_000);
  });

  it("is not judged before enough is known of it, in a halt, before the open, or while its feed is away", () => {
    const early = rig(["NSE", "NSE"], "09:14:50");
    early.run(8, () => [0, 1]);
    early.run(60, () => [1]);
    expect(early.said, "ten ticks tell nothing").toEqual([]);

    const halted = rig(["NSE_INDEX"], "10:00:00");
    halted.run(60, () => [0]);
    halted.jump("20:00:00");
    expect([halted.said, halted.truths.of(0).state]).toEqual([[], "CLOSED"]);

    const away = rig(["NSE", "NSE"]);
    away.run(60, () => [0, 1]);
    away.feed("RECONNECTING");
    away.run(120, () => []);
    expect([away.said, away.truths.of(0).state]).toEqual([[], "DOWN"]);
    away.feed("LIVE");
    away.run(25, () => [1]);
    expect(away.said, "the feed's own absence is not the instrument's").toEqual([]);
    away.run(20, () => [1]);
    expect(away.said).toHaveLength(1);
    away.feed("AUTH_EXPIRED");
    expect(away.truths.of(1)).toMatchObject({
      state: "AUTH_EXPIRED",
      reason: "its feed is AUTH_EXPIRED: as the test says",
    });
  });

  it("has its silence ended by the close", () => {
    const { said, run, jump } = rig(["NSE", "NSE"], "15:25:00");
    run(120, () => [0, 1]);
    run(120, () => [1]);
    jump("15:30:05");
    expect(said).toEqual(["main 0 silent since 15:27:00", "0 back"]);
  });

  it("is not waited for on a day that no holiday list covers, before it has ticked", () => {
    const unknown = rig(["NSE", "NSE"], "10:00:00", createCalendar({ days: { lists: [], specials: [] } }));
    expect(unknown.truths.of(0)).toMatchObject({
      state: "CLOSED",
      reason: expect.stringMatching(/no holiday list/) as unknown,
    });
    unknown.run(120, () => [0, 1]);
    unknown.run(88, () => [1]);
    expect([unknown.truths.of(0).state, unknown.said]).toEqual(["MUTE", ["main 0 silent since 10:02:00"]]);
  });

  // Time is for the bench: one pass grows with the number of instruments, and nothing is requested for each of them.
  it("is judged with one question to the calendar a look for each set of hours, however many instruments keep them", () => {
    const calendar = createCalendar();
    let questions = 0;
    const counting: Calendar = {
      on: (hours, day) => {
        questions++;
        return calendar.on(hours, day);
      },
      next: calendar.next,
      previous: calendar.previous,
    };
    const { run } = rig(
      Array.from({ length: 9_000 }, (_, index) => (index % 2 === 0 ? "NSE" : "NFO")),
      "10:00:00",
      counting,
    );
    const all = Array.from({ length: 9_000 }, (_, index) => index);
    run(5, () => all);
    questions = 0;
    run(100, (second) => (second % 5 === 0 ? all : []));
    expect(questions).toBe(20 * 2);
  });
});
