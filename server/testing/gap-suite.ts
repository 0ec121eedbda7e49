import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Gap } from "@/server/domain/bars/gap";
import { joinStretches } from "@/server/domain/bars/completeness";
import { istDay } from "@/server/domain/time/session";
import type { NewGap } from "@/server/ports/gap-stores";
import type { Store } from "@/server/ports/stores";
import { MINUTE, OPEN, storedBar } from "./store-suite-rows";

/** What every store promises of the ledger, of history's answers and of comparisons. */
export const gapSuite = (given: () => Store): void => {
  let ids = 50_000;
  const nextId = (): number => (ids += 1);
  const opened = (more: Partial<NewGap> = {}): NewGap => ({
    instrument: null,
    collector: "main",
    instruments: null,
    from: OPEN,
    to: OPEN + 5 * MINUTE,
    cause: "disconnect",
    openedAt: OPEN + 300_500,
    note: "closed by the broker",
    ...more,
  });
  const one = async (more: Partial<NewGap> = {}): Promise<Gap> =>
    (await given().gaps.open([opened({ openedAt: OPEN + nextId(), ...more })]))[0]!;

  describe("the gap ledger", () => {
    it("opens gaps with nothing done about them, and reads them back as they are", async () => {
      const made = await given().gaps.open([
        opened({ to: null }),
        opened({ instrument: 7, cause: "silence" }),
        opened({ instruments: [8, 9], cause: "restart", note: "" }),
      ]);
      expect(made.map(({ id: _, ...rest }) => rest)).toEqual(
        [
          opened({ to: null }),
          opened({ instrument: 7, cause: "silence" }),
          opened({ instruments: [8, 9], cause: "restart", note: "" }),
        ].map((gap) => ({
          ...gap,
          state: "open",
          closedAt: null,
          healedBy: null,
          missing: null,
          filled: 0,
          remaining: null,
          remainingIn: null,
        })),
      );
      for (const gap of made) expect(await given().gaps.get(gap.id)).toEqual(gap);
      expect(await given().gaps.get(2_000_000_000)).toBeNull();
    });

    it("opens a gap once, however often it is asked: who never heard of the commit asks again", async () => {
      const asked = [
        opened({ collector: "twice", to: null }),
        opened({ collector: "twice", instrument: nextId(), cause: "silence" }),
      ];
      const first = await given().gaps.open(asked);
      const more = opened({ collector: "twice", from: OPEN + MINUTE });
      expect((await given().gaps.open([...asked, more])).map(({ id }) => id)).toEqual([
        ...first.map(({ id }) => id),
        expect.any(Number),
      ]);
      expect((await given().gaps.list({})).filter(({ collector }) => collector === "twice").length).toBe(3);
      expect(await given().gaps.open([])).toEqual([]);
    });

    it("changes what is named and nothing else", async () => {
      const gap = await one({ to: null });
      const healing = await given().gaps.change(gap.id, {
        to: OPEN + 70_123,
        state: "healing",
        missing: 12,
        remaining: 3,
        remainingIn: [4, 5],
      });
      expect(healing).toEqual({
        ...gap,
        to: OPEN + 70_123,
        state: "healing",
        missing: 12,
        remaining: 3,
        remainingIn: [4, 5],
      });
      const healed = await given().gaps.change(gap.id, {
        state: "healed",
        closedAt: OPEN + 90_000,
        healedBy: "history of kite",
        filled: 12,
        remaining: 0,
        remainingIn: [],
      });
      expect(healed).toEqual({
        ...healing!,
        state: "healed",
        closedAt: OPEN + 90_000,
        healedBy: "history of kite",
        filled: 12,
        remaining: 0,
        remainingIn: [],
      });
      expect(await given().gaps.get(gap.id)).toEqual(healed);
      expect(await given().gaps.change(2_000_000_000, { state: "ignored" })).toBeNull();
    });

    describe("is asked", () => {
      const own = nextId();
      const DAY = 86_400_000;
      let gaps: Record<"mine" | "list" | "whole" | "other" | "lasting", Gap>;
      const found = async (query: Parameters<Store["gaps"]["list"]>[0]): Promise<string[]> => {
        const named = new Map(Object.entries(gaps).map(([name, gap]) => [gap.id, name]));
        return (await given().gaps.list({ ...query, from: Math.max(query.from ?? 0, OPEN + DAY) })).flatMap(
          ({ id }) => named.get(id) ?? [],
        );
      };
      beforeAll(async () => {
        const at = (minute: number): { from: number; to: number } => ({
          from: OPEN + 2 * DAY + minute * MINUTE,
          to: OPEN + 2 * DAY + (minute + 2) * MINUTE,
        });
        gaps = {
          mine: await one({ instrument: own, ...at(0) }),
          list: await one({ collector: "asked", instruments: [own, 3], ...at(10) }),
          whole: await one({ collector: "asked", ...at(20) }),
          other: await one({ instrument: nextId(), collector: "asked", ...at(30) }),
          lasting: await one({ collector: "asked", ...at(40), to: null }),
        };
        await given().gaps.change(gaps.mine.id, { state: "healed" });
      });

      it("by instrument: its own, those that name it, and those of its collectors", async () => {
        expect(await found({ instrument: { id: own, collectors: ["asked"] } })).toEqual([
          "lasting",
          "whole",
          "list",
          "mine",
        ]);
        expect(await found({ instrument: { id: own, collectors: [] } })).toEqual(["list", "mine"]);
      });

      it("by state, by time and for the newest", async () => {
        expect(await found({ states: ["healed"] })).toEqual(["mine"]);
        expect(await found({ states: ["open", "healing"], limit: 2 })).toEqual(["lasting", "other"]);
        expect(await found({ from: gaps.whole.to! })).toEqual(["lasting", "other"]);
        expect(await found({ from: gaps.whole.to! - 1, to: gaps.other.from })).toEqual(["whole"]);
        expect(await found({ from: gaps.lasting.from + DAY })).toEqual(["lasting"]);
      });
    });
  });

  describe("what history has answered for", () => {
    it("is joined where it touches or overlaps, whatever the order, and kept apart by instrument and timeframe", async () => {
      const span = fc
        .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 15 }))
        .map(([from, length]) => ({ from: OPEN + from * MINUTE, to: OPEN + (from + length) * MINUTE }));
      await fc.assert(
        fc.asyncProperty(fc.array(span, { minLength: 1, maxLength: 8 }), async (spans) => {
          const [id, other] = [nextId(), nextId()];
          for (const each of spans) await given().gaps.answered("1m", { instrument: id, ...each });
          await given().gaps.answered("1d", { instrument: id, from: OPEN, to: OPEN + MINUTE });
          const told = await given().gaps.answers("1m", [id, other], OPEN, OPEN + 100 * MINUTE);
          expect(told).toEqual(joinStretches(spans).map((each) => ({ instrument: id, ...each })));
        }),
        { numRuns: 25 },
      );
    });

    it("is told only where it touches the span asked for", async () => {
      const id = nextId();
      for (const minute of [0, 10, 20])
        await given().gaps.answered("1m", {
          instrument: id,
          from: OPEN + minute * MINUTE,
          to: OPEN + (minute + 5) * MINUTE,
        });
      expect(await given().gaps.answers("1m", [id], OPEN + 5 * MINUTE, OPEN + 20 * MINUTE)).toEqual([
        { instrument: id, from: OPEN + 10 * MINUTE, to: OPEN + 15 * MINUTE },
      ]);
    });
  });

  describe("a tally", () => {
    it("counts stored bars by instrument and day: whole and cut ones of the span, all and streamed ones of the day", async () => {
      const [one, other, none] = [nextId(), nextId(), nextId()];
      const yesterday = -1_440;
      await given().bars.write(
        [
          storedBar(one, 0),
          storedBar(one, 1, { incomplete: true }),
          storedBar(one, 2, { ticks: 0, state: "backfilled" }),
          storedBar(one, 9),
          storedBar(one, 2, { timeframe: "1s" }),
          storedBar(one, yesterday + 5),
          storedBar(other, 1),
        ],
        "merge",
      );
      const today = istDay(OPEN);
      const rows = await given().gaps.tally("1m", [one, other, none], OPEN + yesterday * MINUTE, OPEN + 3 * MINUTE);
      expect(rows.sort((a, b) => a.instrument - b.instrument || a.day - b.day)).toEqual([
        { instrument: one, day: today - 1, whole: 1, incomplete: 0, all: 1, streamed: 1 },
        { instrument: one, day: today, whole: 2, incomplete: 1, all: 4, streamed: 3 },
        { instrument: other, day: today, whole: 1, incomplete: 0, all: 1, streamed: 1 },
      ]);
      expect(await given().gaps.cut("1m", [one, other], OPEN, OPEN + 2 * MINUTE)).toEqual([
        { instrument: one, time: OPEN + MINUTE },
      ]);
      expect(await given().gaps.cut("1m", [one, other], OPEN, OPEN + MINUTE)).toEqual([]);
    });
  });

  describe("comparisons", () => {
    it("are kept with every figure that differed, the newest first", async () => {
      const id = nextId();
      const day = istDay(OPEN);
      const run = {
        instrument: id,
        day,
        at: OPEN,
        by: "schedule",
        bars: 376,
        equal: 374,
        kept: 0,
        corrected: 1,
        flagged: 1,
      };
      const differences = [
        {
          timeframe: "1m" as const,
          time: OPEN,
          field: "close" as const,
          ours: 100_00,
          theirs: 100_05,
          decision: "corrected" as const,
          why: "the exchange saw more",
        },
        {
          timeframe: "1m" as const,
          time: OPEN,
          field: "volume" as const,
          ours: null,
          theirs: 4_000_000_007,
          decision: "flagged" as const,
          why: "",
        },
      ];
      const first = await given().compares.save(run, differences);
      const second = await given().compares.save({ ...run, day: day + 1 }, []);
      expect(first).toEqual({ ...run, id: first.id });
      expect(await given().compares.list({ instrument: id })).toEqual([second, first]);
      expect(await given().compares.list({ instrument: id, fromDay: day, toDay: day })).toEqual([first]);
      expect(await given().compares.differences(first.id)).toEqual(differences);
      expect(await given().compares.differences(second.id)).toEqual([]);
      expect(await given().compares.about(id, "1m", OPEN)).toEqual(differences);
      expect(await given().compares.about(id, "1m", OPEN + MINUTE)).toEqual([]);
    });
  });
};
