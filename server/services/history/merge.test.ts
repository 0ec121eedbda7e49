import { describe, expect, it } from "vitest";
import {
  type Bar,
  BY_EXCHANGE_CLOCK,
  BY_OUR_CLOCK,
  columnsOf,
  FROM_STREAM,
  noPassport,
} from "@/server/domain/bars/bar";
import type { StoredBar } from "@/server/ports/stores";
import { istDay } from "@/server/domain/time/session";
import { conventionOf } from "@/server/domain/instruments/source-conventions";
import { mergeBars, type MergeOrder } from "./merge";
import type { Opening } from "./merge-openings";

const TIME = Date.parse("2026-01-05T09:15:00+05:30");
const MINUTE = 60_000;
const bar = (more: Partial<Bar> = {}): Bar => ({
  time: TIME,
  open: 100_00,
  high: 101_00,
  low: 99_50,
  close: 100_50,
  volume: 1_000,
  value: 0,
  ticks: 0,
  openInterest: -1,
  rev: 0,
  state: "backfilled",
  incomplete: false,
  ...more,
});
/** A bar that the stream made whole, its ticks placed by the exchange's clock. */
const live = (more: Partial<StoredBar> = {}): StoredBar => ({
  ...bar(),
  instrumentId: 7,
  timeframe: "1m",
  value: 100_300_00,
  ticks: 58,
  rev: 1,
  state: "closed",
  passport: { ...noPassport, firstSequence: 11, lastSequence: 68, sources: FROM_STREAM | BY_EXCHANGE_CLOCK },
  ...more,
});
const order: MergeOrder = { instrumentId: 7, timeframe: "1m", authority: "broker", whole: true, traded: true };
const merge = (stored: StoredBar[], history: Bar[], more: Partial<MergeOrder> = {}) =>
  mergeBars(stored, columnsOf(history), { ...order, ...more });
const verdictOf = (stored: StoredBar, history: Partial<Bar>, more: Partial<MergeOrder> = {}) => {
  const { counts, differences, write } = merge([stored], [bar(history)], more);
  const verdict = (["added", "unchanged", "kept", "corrected", "flagged"] as const).find((name) => counts[name] === 1);
  return { verdict, rule: differences[0]?.rule, write: write[0] };
};

describe("history beside what is stored", () => {
  it("adds what is not there, as backfilled", () => {
    const { write, counts, differences } = merge([], [bar({ openInterest: 500 })]);
    expect(write).toEqual([
      { ...bar({ openInterest: 500 }), instrumentId: 7, timeframe: "1m", rev: 1, state: "backfilled" },
    ]);
    expect([counts, differences]).toEqual([{ bars: 1, added: 1, unchanged: 0, kept: 0, corrected: 0, flagged: 0 }, []]);
  });

  it("leaves a whole bar alone that history tells equally, with its ticks and traded value", () => {
    expect(verdictOf(live(), {})).toEqual({ verdict: "unchanged", rule: undefined, write: undefined });
  });

  it("closes the hole of a bar that history confirms, and keeps its traded value", () => {
    const { verdict, rule, write } = verdictOf(live({ incomplete: true }), {});
    expect([verdict, rule]).toEqual(["corrected", undefined]);
    expect(write).toMatchObject({ incomplete: false, state: "backfilled", value: 100_300_00, ticks: 58, rev: 2 });
  });

  it.each<[string, Partial<StoredBar>, Partial<Bar>, Partial<MergeOrder>, string, string]>([
    [
      "an extreme between two snapshots",
      {},
      { high: 101_40, volume: 1_020 },
      {},
      "corrected",
      "history includes more than the ticks we received",
    ],
    [
      "another close inside the range we saw",
      {},
      { close: 100_55 },
      {},
      "corrected",
      "history includes more than the ticks we received",
    ],
    [
      "a range that leaves a traded price out",
      {},
      { high: 100_95 },
      {},
      "flagged",
      "history omits a price that traded",
    ],
    [
      "the same where our clock placed the ticks",
      { passport: { ...noPassport, sources: FROM_STREAM | BY_OUR_CLOCK } },
      { high: 100_95 },
      {},
      "corrected",
      "ticks were timed by our clock, so some may belong to the next bar",
    ],
    [
      "the same where the feed was away",
      { incomplete: true },
      { high: 100_95 },
      {},
      "corrected",
      "the stored bar had a gap",
    ],
    [
      "a price that cannot be",
      {},
      { high: 1_010_00 },
      {},
      "flagged",
      "prices are more than 10 % away from the stored prices",
    ],
    [
      "a price that cannot be, beside a bar with a hole",
      { incomplete: true },
      { low: 9_95 },
      {},
      "flagged",
      "prices are more than 10 % away from the stored prices",
    ],
    [
      "less than half the volume",
      {},
      { volume: 499 },
      {},
      "flagged",
      "history has less than 90 % of the volume counted from ticks",
    ],
    ["a little less volume", {}, { volume: 990 }, {}, "corrected", "history has slightly less volume"],
    [
      "the broker's second thoughts",
      { state: "backfilled", ticks: 0 },
      { close: 100_55 },
      {},
      "corrected",
      "history has changed since it was stored",
    ],
    [
      "a file against the broker's history",
      { state: "backfilled", ticks: 0 },
      { close: 100_55 },
      { authority: "file" },
      "kept",
      "the stored bar comes from history, which a file does not replace",
    ],
    [
      "a file that saw more than our ticks",
      {},
      { high: 101_40 },
      { authority: "file" },
      "corrected",
      "history includes more than the ticks we received",
    ],
  ])("decides on %s", (_, stored, history, more, verdict, rule) => {
    expect(verdictOf(live(stored), history, more)).toMatchObject({ verdict, rule });
  });

  it("writes history's figures where it corrects, with the ticks we counted and without a value that no longer fits", () => {
    const { write } = verdictOf(live(), { high: 101_40, volume: 1_020, openInterest: 12 });
    expect(write).toEqual({
      ...bar({ high: 101_40, volume: 1_020, openInterest: 12 }),
      instrumentId: 7,
      timeframe: "1m",
      value: 0,
      ticks: 58,
      rev: 2,
      state: "corrected",
    });
  });

  it("keeps the traded value where history changes prices only, as long as its VWAP lies inside the bar", () => {
    expect(verdictOf(live(), { high: 101_40 }).write).toMatchObject({
      value: 100_300_00,
      ticks: 58,
      state: "corrected",
    });
    expect(verdictOf(live({ incomplete: true }), { low: 100_40, open: 100_45 }).write).toMatchObject({ value: 0 });
  });

  it("takes a bar out that history does not have and whose volume it has in the silence before", () => {
    const [before, phantom] = [live(), live({ time: TIME + 3 * MINUTE, volume: 40 })];
    const { remove, write, differences, counts } = merge(
      [before, phantom],
      [bar(), bar({ time: TIME + MINUTE, volume: 40 })],
      { away: [{ from: TIME + MINUTE, to: TIME + 3.5 * MINUTE }] },
    );
    expect([remove, write.map(({ time }) => time), counts.corrected]).toEqual([[phantom], [TIME + MINUTE], 1]);
    expect(differences).toMatchObject([
      {
        time: TIME + 3 * MINUTE,
        verdict: "corrected",
        history: null,
        rule: expect.stringContaining("when the silence ended"),
      },
    ]);
  });

  it("puts both bars on record where they differ", () => {
    expect(merge([live()], [bar({ high: 101_40 })]).differences).toEqual([
      {
        instrumentId: 7,
        timeframe: "1m",
        time: TIME,
        verdict: "corrected",
        rule: "history includes more than the ticks we received",
        stored: [100_00, 101_00, 99_50, 100_50, 1_000],
        history: [100_00, 101_40, 99_50, 100_50, 1_000],
      },
    ]);
  });

  it.each([
    ["a high below its close", { high: 100_20 }],
    ["a price of nothing", { low: 0 }],
    ["a negative volume", { volume: -1 }],
  ])("never writes %s, whatever is stored", (_, history) => {
    for (const stored of [[], [live()]]) {
      const { write, counts, differences } = merge(stored, [bar(history)]);
      expect([write, counts.flagged, differences[0]!.rule]).toEqual([
        [],
        1,
        "history's open, high, low and close contradict each other",
      ]);
    }
  });

  it("tells of minutes that traded here and that history does not have, where it has told all there is", () => {
    const ours = [
      live({ time: TIME - MINUTE }),
      live(),
      live({ time: TIME + MINUTE }),
      live({ time: TIME + 2 * MINUTE, incomplete: true }),
      live({ time: TIME + 3 * MINUTE, state: "backfilled", ticks: 0 }),
    ];
    const { counts, differences, write } = merge(ours, [bar()]);
    expect(counts).toEqual({ bars: 1, added: 0, unchanged: 1, kept: 0, corrected: 0, flagged: 2 });
    expect(differences.map(({ time, history, rule }) => [time - TIME, history, rule])).toEqual([
      [-MINUTE, null, "history has no such bar"],
      [MINUTE, null, "history has no such bar"],
    ]);
    expect(write).toEqual([]);
    expect(merge(ours, [bar()], { whole: false }).counts.flagged).toBe(0);
  });

  it("says the same again when it is asked again: what was corrected is then unchanged", () => {
    const history = [bar({ high: 101_40 }), bar({ time: TIME + MINUTE })];
    const once = merge([live()], history);
    const again = merge(once.write, history);
    expect([again.write, again.differences, again.counts.unchanged]).toEqual([[], [], 2]);
  });
});

describe("a day's first minute beside history's, which holds the pre-open", () => {
  const DATE = Date.parse("2026-08-12T00:00:00+05:30");
  const OPEN = DATE + 555 * MINUTE;
  const day = istDay(OPEN);
  const opening = (source: string, volume = 585_700): Opening => ({
    open: OPEN,
    close: OPEN + 360 * MINUTE,
    price: 290_75,
    volume,
    value: 0,
    convention: conventionOf(source, "stock", day),
  });
  /** ANGELONE's first minute: opens at 291.00 in continuous trading, 290.75 was the pre-open's price. */
  const mine = live({ time: OPEN, open: 291_00, high: 291_80, low: 290_90, close: 291_50, volume: 454_288 });
  const next = live({ time: OPEN + MINUTE, open: 291_50, high: 291_60, low: 291_40, close: 291_45, volume: 900 });
  const theirs = { time: OPEN, open: 290_75, high: 291_80, low: 290_75, close: 291_50, volume: 454_288 };
  const after = { time: OPEN + MINUTE, open: 291_50, high: 291_60, low: 291_40, close: 291_45, volume: 900 };
  const merged = (ours: StoredBar[], history: Partial<Bar>[], source: string, volume?: number) =>
    merge(
      ours,
      history.map((each) => bar(each)),
      { openings: [opening(source, volume)] },
    );

  it("is equal to Kite's by Kite's way of printing: nothing is written or recorded, ours stays apart", () => {
    expect(merged([mine, next], [theirs, after], "kite")).toMatchObject({
      write: [],
      differences: [],
      counts: { unchanged: 2, corrected: 0, flagged: 0 },
    });
    // Without the convention the same minute is a difference and is overruled.
    expect(merge([mine, next], [bar(theirs), bar(after)]).counts.corrected).toBe(1);
  });

  it("is equal to Upstox's with the pre-open's volume in it", () => {
    expect(merged([mine, next], [{ ...theirs, volume: 454_288 + 5_857 }, after], "upstox", 5_857)).toMatchObject({
      write: [],
      differences: [],
      counts: { unchanged: 2 },
    });
  });

  it("is equal to a file's that nobody says the way of, whichever it is", () => {
    for (const volume of [454_288, 454_288 + 5_857])
      expect(merged([mine, next], [{ ...theirs, volume }, after], "csv:FILE", 5_857), String(volume)).toMatchObject({
        write: [],
        counts: { unchanged: 2 },
      });
  });

  it("tells nobody's way of printing by a volume that is not the sum, or by a minute with a hole", () => {
    expect(
      merged([mine, next], [{ ...theirs, volume: 454_288 + 5_858 }, after], "csv:FILE", 5_857).write,
    ).toMatchObject([{ volume: 460_146 }]);
    expect(
      merged(
        [live({ ...mine, incomplete: true }), next],
        [{ ...theirs, volume: 454_288 + 5_857 }, after],
        "csv:FILE",
        5_857,
      ).write,
    ).toMatchObject([{ volume: 460_145 }]);
  });

  it("is stored as a bar of nothing where it holds the pre-open's volume alone", () => {
    expect(merged([], [{ ...theirs, volume: 500 }, after], "upstox", 500).write.map(({ volume }) => volume)).toEqual([
      0, 900,
    ]);
  });

  it("is no other day's first minute, and none where history begins later than we do", () => {
    const tomorrow = { ...theirs, time: OPEN + 1_440 * MINUTE, volume: 600_000 };
    expect(merged([], [tomorrow], "upstox", 5_857).write).toMatchObject([{ volume: 600_000 }]);
    expect(merged([mine, next], [after], "kite").differences).toMatchObject([
      { time: OPEN, history: null, stored: [291_00, 291_80, 290_90, 291_50, 454_288] },
    ]);
  });

  it("is what it was for whoever gave it: only a copy gives the pre-open back", () => {
    const told = columnsOf([bar({ ...theirs, volume: 460_145 }), bar(after)]);
    mergeBars([], told, { ...order, openings: [opening("upstox", 5_857)] });
    expect([...told.volume.subarray(0, 2)]).toEqual([460_145, 900]);
  });

  it("closes the hole of a minute that history confirms, and keeps it apart", () => {
    expect(merged([live({ ...mine, incomplete: true }), next], [theirs, after], "kite").write).toMatchObject([
      { open: 291_00, low: 290_90, volume: 454_288, incomplete: false },
    ]);
  });

  it("is stored without the pre-open's volume where we have none: a day of 2,200 stays one", () => {
    const { write } = merged(
      [],
      [
        { time: OPEN, open: 290_75, volume: 600, high: 291_00, low: 290_00, close: 290_50 },
        { ...after, volume: 1_600 },
      ],
      "upstox",
      500,
    );
    // With the auctions, 500 before the open, the day is 2,200 and not 2,700.
    expect(write.reduce((sum, { volume }) => sum + volume, 0) + 500).toBe(2_200);
  });

  it("differs where it differs: another close is judged by the table", () => {
    expect(merged([mine, next], [{ ...theirs, close: 291_40, volume: 460_000 }, after], "kite")).toMatchObject({
      counts: { corrected: 1, unchanged: 1 },
      write: [{ open: 290_75, close: 291_40, volume: 460_000 }],
    });
  });
});
