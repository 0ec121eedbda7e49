import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bar, BY_OUR_CLOCK, columnsOf, noPassport } from "@/server/domain/bars/bar";
import { type Authority, barInPlace, barRules, judgeBars } from "./bar-rules";
import { differencesOf } from "@/server/services/quality/compare";

const MINUTE = 60_000;
const bar = (minute: number, more: Partial<Bar> = {}): Bar => ({
  time: minute * MINUTE,
  open: 100,
  high: 105,
  low: 99,
  close: 104,
  volume: 1_000,
  value: 0,
  ticks: 60,
  openInterest: -1,
  rev: 0,
  state: "closed",
  incomplete: false,
  ...more,
});
const judged = (
  ours: readonly Bar[],
  theirs: readonly Bar[],
  { traded = true, authority = "broker" as Authority, whole = true } = {},
) => judgeBars(ours, columnsOf(theirs), { authority, traded, whole });

describe("our bar beside history's", () => {
  it.each<[string, Bar[], Bar[], string, RegExp]>([
    ["is equal when all five figures are", [bar(1, { ticks: 1 })], [bar(1, { ticks: 0 })], "equal", /agree/],
    [
      "gives way to the same figures when it had a hole: that is closed",
      [bar(1, { incomplete: true })],
      [bar(1)],
      "corrected",
      /confirms/,
    ],
    [
      "gives way to one that holds all that ours has seen",
      [bar(1)],
      [bar(1, { high: 106, low: 98, volume: 1_001 })],
      "corrected",
      /includes more/,
    ],
    [
      "gives way when only open or close differ",
      [bar(1)],
      [bar(1, { open: 101, close: 103 })],
      "corrected",
      /includes more/,
    ],
    [
      "stays, flagged, when our ticks saw a price that history has not",
      [bar(1, { high: 107 })],
      [bar(1)],
      "flagged",
      /omits a price/,
    ],
    [
      "stays, flagged, when our feed counted far more volume",
      [bar(1, { volume: 1_200 })],
      [bar(1)],
      "flagged",
      /less than 90 %/,
    ],
    [
      "gives way when our feed counted a little more",
      [bar(1, { volume: 1_010 })],
      [bar(1)],
      "corrected",
      /slightly less/,
    ],
    [
      "stays, flagged, when history's prices cannot be",
      [bar(1)],
      [bar(1, { high: 1_050 })],
      "flagged",
      /more than 10 %/,
    ],
    ["stays, flagged, when history contradicts itself", [bar(1)], [bar(1, { high: 101 })], "flagged", /contradict/],
    [
      "gives way when the feed was away during part of it",
      [bar(1, { high: 107, incomplete: true })],
      [bar(1)],
      "corrected",
      /gap/,
    ],
    [
      "gives way when our clock placed its ticks",
      [{ ...bar(1, { high: 107 }), passport: { ...noPassport, sources: BY_OUR_CLOCK } } as Bar],
      [bar(1)],
      "corrected",
      /our clock/,
    ],
    [
      "gives way when it came from history and history has changed",
      [bar(1, { high: 107, ticks: 0, state: "backfilled" })],
      [bar(1)],
      "corrected",
      /has changed since/,
    ],
    ["is taken from history where we have none", [], [bar(1)], "added", /we do not have/],
    ["is not taken where history contradicts itself", [], [bar(1, { low: 0 })], "flagged", /contradict/],
    ["stays, flagged, where history has none", [bar(1)], [], "flagged", /no such bar$/],
    ["stays where a price came without a trade", [bar(1, { volume: 0 })], [], "kept", /without a trade/],
    [
      "stays where history told it before",
      [bar(1, { state: "backfilled", ticks: 0 })],
      [],
      "kept",
      /came from history before/,
    ],
    ["stays where it has a hole and history has none", [bar(1, { incomplete: true })], [], "kept", /has a gap/],
  ])("%s", (_, ours, theirs, verdict, rule) => {
    const [only] = judged(ours, theirs);
    expect(only!.verdict).toBe(verdict);
    expect(only!.rule).toMatch(rule);
  });

  it("is not overruled by a file where the broker has told it", () => {
    expect(
      judged([bar(1, { state: "backfilled", ticks: 0 })], [bar(1, { close: 101 })], { authority: "file" })[0]!.verdict,
    ).toBe("kept");
    expect(judged([bar(1)], [bar(1, { high: 106 })], { authority: "file" })[0]!.verdict).toBe("corrected");
  });

  it("is judged alone only where history has told all there is", () => {
    expect(judged([bar(1), bar(2)], [bar(2)], { whole: false }).map(({ time }) => time)).toEqual([2 * MINUTE]);
  });

  it("always finds a rule: the last takes what no other took", () => {
    expect(barRules.at(-1)!.holds({} as never)).toBe(true);
  });

  it("gives way when what it saw more is in the minute next to it: a trade at the border", () => {
    const ours = [bar(1, { high: 107, volume: 1_100 }), bar(2, { volume: 900 })];
    const theirs = [bar(1), bar(2, { high: 107 })];
    expect(judged(ours, theirs).map(({ verdict, rule }) => [verdict, rule.includes("boundary")])).toEqual([
      ["corrected", true],
      ["corrected", false],
    ]);
    expect(judged(ours, [theirs[0]!, { ...theirs[1]!, time: 9 * MINUTE }])[0]!.verdict).toBe("flagged");
  });

  it("has no volume to hold against an index", () => {
    const ours = [bar(1, { volume: 0 })];
    expect(judged(ours, [bar(1, { volume: 0, high: 106 })], { traded: false })[0]!.verdict).toBe("corrected");
    expect(judged(ours, [], { traded: false })[0]!.verdict).toBe("flagged");
  });

  describe("where the ledger says that nothing came", () => {
    const silent = { from: 1.5 * MINUTE, to: 4.2 * MINUTE };
    const away = (
      ours: readonly Bar[],
      theirs: readonly Bar[],
      more: { traded?: boolean; whole?: boolean | number } = {},
    ) =>
      judgeBars(ours, columnsOf(theirs), { authority: "broker", traded: true, whole: true, away: [silent], ...more });

    it("gives way in the minutes that the silence touches, and in no other", () => {
      const ours = [
        bar(0, { high: 107 }),
        bar(1, { high: 107 }),
        bar(4, { high: 107, volume: 5_000 }),
        bar(5, { high: 107 }),
      ];
      expect(
        away(ours, [bar(0), bar(1), bar(3), bar(4), bar(5)]).map(({ time, verdict }) => [time / MINUTE, verdict]),
      ).toEqual([
        [0, "flagged"],
        [1, "corrected"],
        [3, "added"],
        [4, "corrected"],
        [5, "flagged"],
      ]);
    });

    it("stays as it is where history says the same", () => {
      expect(away([bar(1), bar(4)], [bar(1), bar(4)]).map(({ verdict }) => verdict)).toEqual(["equal", "equal"]);
    });

    it("is removed where history has its volume in the silence before it: the packet that ended it told no trade of its own minute", () => {
      expect(
        away([bar(1), bar(4, { volume: 700 })], [bar(1), bar(2, { volume: 300 }), bar(3, { volume: 400 })]).map(
          ({ time, verdict }) => [time / MINUTE, verdict],
        ),
      ).toEqual([
        [1, "equal"],
        [2, "added"],
        [3, "added"],
        [4, "removed"],
      ]);
    });

    it("is not removed where history lacks the volume, has not told so far, or there is none to compare", () => {
      const theirs = [bar(1), bar(2, { volume: 300 }), bar(3, { volume: 399 })];
      const last = (more: Parameters<typeof away>[2], volume = 3_000) =>
        away([bar(1), bar(4, { volume })], theirs, more).find(({ time }) => time === 4 * MINUTE)?.verdict;
      expect([
        last({}),
        last({ whole: 4 * MINUTE }),
        last({ traded: false }, 0),
        last({ whole: 4 * MINUTE + 1 }, 600),
      ]).toEqual(["flagged", undefined, "flagged", "removed"]);
    });
  });

  it("gives way to no silence that ended as it began, or began as it ended", () => {
    const judged = (from: number, to: number) =>
      judgeBars([bar(4, { high: 107 })], columnsOf([bar(4)]), {
        authority: "broker",
        traded: true,
        whole: true,
        away: [{ from: from * MINUTE, to: to * MINUTE }],
      })[0]!.verdict;
    expect([judged(1, 4), judged(1, 4.001), judged(4.999, 6), judged(5, 6)]).toEqual([
      "flagged",
      "corrected",
      "corrected",
      "flagged",
    ]);
  });

  it("is removed though history has its volume in the minute in which the silence began", () => {
    const ours = [bar(1, { volume: 300, incomplete: true }), bar(4, { volume: 700 })];
    expect(
      judgeBars(ours, columnsOf([bar(1, { volume: 1_000 })]), {
        authority: "broker",
        traded: true,
        whole: true,
        away: [{ from: 1.3 * MINUTE, to: 4.2 * MINUTE }],
      }).map(({ verdict }) => verdict),
    ).toEqual(["corrected", "removed"]);
  });

  it("that no tick made is history's, whatever it is called: history may say otherwise", () => {
    expect(judged([bar(1, { high: 107, ticks: 0 })], [bar(1)])[0]).toMatchObject({
      verdict: "corrected",
      rule: "history has changed since it was stored",
    });
  });

  it("keeps what history does not tell: value only with its volume, open interest only where none is told", () => {
    const ours = bar(1, { value: 102_000, openInterest: 500 });
    const put = (theirs: Partial<Bar>) => {
      const { value, openInterest } = barInPlace(1, "1m", ours, bar(1, theirs));
      return [value, openInterest];
    };
    expect([
      put({}),
      put({ volume: 1_001 }),
      put({ low: 103 }),
      put({ openInterest: 0 }),
      put({ openInterest: 7 }),
    ]).toEqual([
      [102_000, 500],
      [0, 500],
      [0, 500],
      [102_000, 0],
      [102_000, 7],
    ]);
  });

  it("is recorded figure by figure", () => {
    const theirs = [bar(1, { high: 106, volume: 1_001 }), bar(2)];
    expect(differencesOf(judged([bar(1), bar(2)], theirs), "1m").map(({ why: _, ...rest }) => rest)).toEqual([
      { timeframe: "1m", time: MINUTE, field: "high", ours: 105, theirs: 106, decision: "corrected" },
      { timeframe: "1m", time: MINUTE, field: "volume", ours: 1_000, theirs: 1_001, decision: "corrected" },
    ]);
    expect(differencesOf(judged([], theirs), "1d").map(({ decision, ours }) => [decision, ours])).toEqual(
      Array.from({ length: 10 }, () => ["corrected", null]),
    );
  });

  it("is judged once, and putting the corrected ones in place leaves nothing more to correct", () => {
    const bars = fc
      .uniqueArray(
        fc.record({
          minute: fc.integer({ min: 0, max: 12 }),
          prices: fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 95, max: 105 }))),
          volume: fc.integer({ min: 0, max: 3 }),
          incomplete: fc.boolean(),
          ticks: fc.integer({ min: 0, max: 2 }),
        }),
        { selector: ({ minute }) => minute },
      )
      .map((rows) =>
        rows
          .sort((a, b) => a.minute - b.minute)
          .map(({ minute, prices, ...rest }) =>
            bar(minute, {
              open: prices[0]!,
              close: prices[1]!,
              high: Math.max(...prices),
              low: Math.min(...prices),
              ...rest,
            }),
          ),
      );
    fc.assert(
      fc.property(bars, bars, fc.boolean(), (ours, theirs, traded) => {
        const verdicts = judged(ours, theirs, { traded });
        expect(verdicts.map(({ time }) => time)).toEqual(
          [...new Set([...ours, ...theirs].map(({ time }) => time))].sort((a, b) => a - b),
        );
        // Whatever takes our place has a bar of theirs to take it; nothing equal differs.
        for (const { verdict, theirs: their, differs } of verdicts) {
          if (verdict === "corrected" || verdict === "added") expect(their).not.toBeNull();
          if (verdict === "equal") expect(differs).toEqual([]);
        }
        const takes = (at: number): boolean =>
          verdicts[at]!.verdict === "corrected" || verdicts[at]!.verdict === "added";
        const put = verdicts.flatMap(({ ours: our, theirs: their }, at) =>
          takes(at) ? [barInPlace(1, "1m", our, their!)] : our === null ? [] : [our],
        );
        const again = new Map(judged(put, theirs, { traded }).map(({ time, verdict }) => [time, verdict]));
        verdicts.forEach(({ time }, at) => {
          if (takes(at)) expect(again.get(time)).toBe("equal");
        });
      }),
      { numRuns: 300 },
    );
  });
});
