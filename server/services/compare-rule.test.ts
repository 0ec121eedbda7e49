import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Bar, BACKFILLED, type BarColumns, columnsOf } from "@/server/domain/bar";
import { compareBars, differencesOf } from "./compare-rule";

const MINUTE = 60_000;
const bar = (minute: number, more: Partial<Bar> = {}): Bar => ({
  time: minute * MINUTE, open: 100, high: 105, low: 99, close: 104, volume: 1_000, value: 0, ticks: 60, openInterest: -1, rev: 0, state: "closed", incomplete: false, ...more,
});
const decided = (ours: readonly Bar[], theirs: readonly Bar[], traded = true) => compareBars(columnsOf(ours), columnsOf(theirs), traded);

describe("our bar beside the broker's", () => {
  it.each<[string, Bar[], Bar[], string, RegExp]>([
    ["is equal when all five figures are", [bar(1, { ticks: 1 })], [bar(1, { ticks: 0 })], "equal", /^$/],
    ["gives way to one that holds all that ours has seen", [bar(1)], [bar(1, { high: 106, low: 98, volume: 1_001 })], "corrected", /saw more/],
    ["gives way when only open or close differ", [bar(1)], [bar(1, { open: 101, close: 103 })], "corrected", /saw more/],
    ["stays, flagged, when our ticks saw a price that history has not", [bar(1, { high: 107 })], [bar(1)], "flagged", /prices that history does not have/],
    ["stays, flagged, when our feed counted more volume", [bar(1, { volume: 1_200 })], [bar(1)], "flagged", /more volume/],
    ["gives way when the feed was away during part of it", [bar(1, { high: 107, incomplete: true })], [bar(1)], "corrected", /away/],
    ["gives way when it came from history and history has changed", [bar(1, { high: 107, ticks: 0, state: "backfilled" })], [bar(1)], "corrected", /history has changed/],
    ["is taken from history where we have none", [], [bar(1)], "corrected", /we have not/],
    ["stays, flagged, where history has none", [bar(1)], [], "flagged", /no such bar; our feed saw 60 ticks/],
    ["stays where a price came without a trade", [bar(1, { volume: 0 })], [], "kept", /without a trade/],
  ])("%s", (_, ours, theirs, decision, why) => {
    const [verdict] = decided(ours, theirs);
    expect(verdict!.decision).toBe(decision);
    expect(verdict!.why).toMatch(why);
  });

  it("gives way when what it saw more is in the minute next to it: a trade at the border", () => {
    const ours = [bar(1, { high: 107, volume: 1_100 }), bar(2, { volume: 900 })];
    const theirs = [bar(1), bar(2, { high: 107 })];
    expect(decided(ours, theirs).map(({ decision }) => decision)).toEqual(["corrected", "corrected"]);
    expect(decided(ours, [theirs[0]!, { ...theirs[1]!, time: 9 * MINUTE }])[0]!.decision).toBe("flagged");
  });

  it("has no volume to hold against an index", () => {
    const ours = [bar(1, { volume: 0 })];
    expect(decided(ours, [bar(1, { volume: 0, high: 106 })], false)[0]!.decision).toBe("corrected");
    expect(decided(ours, [], false)[0]!.decision).toBe("flagged");
  });

  it("is recorded figure by figure", () => {
    const [ours, theirs] = [columnsOf([bar(1), bar(2)]), columnsOf([bar(1, { high: 106, volume: 1_001 }), bar(2)])];
    expect(differencesOf(compareBars(ours, theirs, true), ours, theirs, "1m").map(({ why: _, ...rest }) => rest)).toEqual([
      { timeframe: "1m", time: MINUTE, field: "high", ours: 105, theirs: 106, decision: "corrected" }, { timeframe: "1m", time: MINUTE, field: "volume", ours: 1_000, theirs: 1_001, decision: "corrected" },
    ]);
    const none = columnsOf([]);
    expect(differencesOf(compareBars(none, theirs, true), none, theirs, "1d")).toHaveLength(10);
  });

  it("is judged once, and putting the corrected ones in place leaves nothing more to correct", () => {
    const bars = fc.uniqueArray(fc.record({ minute: fc.integer({ min: 0, max: 12 }), prices: fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 95, max: 105 }))), volume: fc.integer({ min: 0, max: 3 }), incomplete: fc.boolean(), ticks: fc.integer({ min: 0, max: 2 }) }), { selector: ({ minute }) => minute })
      .map((rows): BarColumns => columnsOf(rows.sort((a, b) => a.minute - b.minute).map(({ minute, prices, ...rest }) => bar(minute, { open: prices[0]!, close: prices[1]!, high: Math.max(...prices), low: Math.min(...prices), ...rest }))));
    fc.assert(fc.property(bars, bars, fc.boolean(), (ours, theirs, traded) => {
      const verdicts = compareBars(ours, theirs, traded);
      expect(verdicts.map(({ time }) => time)).toEqual([...new Set([...ours.time.subarray(0, ours.length), ...theirs.time.subarray(0, theirs.length)])].sort((a, b) => a - b));
      // Whatever is corrected has a bar of theirs to be corrected by; nothing equal differs.
      for (const { decision, theirs: their, differs } of verdicts) {
        if (decision === "corrected") expect(their).not.toBe(-1);
        expect(differs.length === 0).toBe(decision === "equal");
      }
      const put = columnsOf(verdicts.map(({ time, ours: our, theirs: their, decision }) => {
        const [source, row] = decision === "corrected" ? [theirs, their] as const : [ours, our] as const;
        return bar(time / MINUTE, { open: source.open[row]!, high: source.high[row]!, low: source.low[row]!, close: source.close[row]!, volume: source.volume[row]!, ticks: source.ticks[row]!, incomplete: decision !== "corrected" && source.incomplete[row] === 1, state: source.state[row] === BACKFILLED ? "backfilled" : "closed" });
      }));
      const again = compareBars(put, theirs, traded);
      again.forEach(({ decision }, at) => { if (verdicts[at]!.decision === "corrected") expect(decision).toBe("equal"); });
    }), { numRuns: 300 });
  });
});
