import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  barAt,
  type Bar,
  type BarPassport,
  type BarState,
  BY_EXCHANGE_CLOCK,
  FROM_HISTORY,
  FROM_LATE,
  FROM_STREAM,
  HASH_SIZE,
} from "@/server/domain/bars/bar";
import type { Store, StoredBar } from "@/server/ports/stores";
import { jobSuite } from "./job-suite";
import { snapshotSuite } from "./snapshot-suite";
import { listed, MINUTE, OPEN, storedBar } from "./store-suite-rows";

/** Contract of every store, tested on one that `open` has started; the suite stops it. */
export const storeSuite = (name: string, open: () => Promise<Store>): void => {
  describe(`store on ${name}`, () => {
    let store: Store;
    let ids = 1_000;
    const nextId = (): number => (ids += 1);
    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store?.stop();
    });

    const barsOf = async (instrumentId: number, limit?: number): Promise<Bar[]> => {
      const columns = await store.bars.read({
        instrumentId,
        timeframe: "1m",
        from: 0,
        to: Infinity,
        ...(limit === undefined ? {} : { limit }),
      });
      return Array.from({ length: columns.length }, (_, row) => barAt(columns, row));
    };
    const only = async (instrumentId: number): Promise<Bar> => {
      const bars = await barsOf(instrumentId);
      expect(bars).toHaveLength(1);
      return bars[0]!;
    };

    describe("bars", () => {
      it("reads back what was written, oldest first, every column exact", async () => {
        const id = nextId();
        const big = storedBar(id, 1, {
          open: 9_000_000_000_001,
          high: 9_000_000_000_009,
          low: 9_000_000_000_000,
          close: 9_000_000_000_003,
          volume: 4_000_000_007,
          value: 8_888_888_888_888_887,
          openInterest: 77,
          incomplete: true,
          state: "backfilled",
          rev: 3,
        });
        const small = storedBar(id, 0);
        await store.bars.write([big, small], "merge");
        const without = ({ instrumentId: _id, timeframe: _timeframe, ...bar }: StoredBar): Bar => bar;
        expect(await barsOf(id)).toEqual([without(small), without(big)]);
      });

      it("takes from <= time < to, and with a limit the newest of them", async () => {
        const id = nextId();
        await store.bars.write(
          Array.from({ length: 10 }, (_, minute) => storedBar(id, minute)),
          "merge",
        );
        const query = { instrumentId: id, timeframe: "1m" as const, from: OPEN + 2 * MINUTE, to: OPEN + 7 * MINUTE };
        const minutes = async (limit?: number): Promise<number[]> =>
          Array.from(
            (await store.bars.read({ ...query, ...(limit === undefined ? {} : { limit }) })).time,
            (time) => (time - OPEN) / MINUTE,
          );
        expect(await minutes()).toEqual([2, 3, 4, 5, 6]);
        expect(await minutes(2)).toEqual([5, 6]);
        expect(await minutes(100)).toEqual([2, 3, 4, 5, 6]);
      });

      it("finds the newest so many however far back they lie, and all of a span however many they are", async () => {
        const [rare, busy] = [nextId(), nextId()];
        const years = [0, 1, 5].map((year) => year * 365 * 1_440);
        await store.bars.write(
          years.map((before) => storedBar(rare, -before)),
          "merge",
        );
        expect((await barsOf(rare, 2)).map(({ time }) => (OPEN - time) / MINUTE)).toEqual([years[1], years[0]]);
        expect(await barsOf(rare, 1)).toHaveLength(1);
        expect(await barsOf(rare, 9)).toHaveLength(3);
        const most = 20_500;
        await store.bars.write(
          Array.from({ length: most }, (_, minute) => storedBar(busy, minute, { volume: minute })),
          "merge",
        );
        for (const [limit, first] of [
          [undefined, 0],
          [most - 1, 1],
          [20_000, 500],
        ] as const) {
          const bars = await barsOf(busy, limit);
          expect(bars).toHaveLength(most - first);
          expect(bars.every(({ time, volume }, row) => volume === first + row && time === OPEN + volume * MINUTE)).toBe(
            true,
          );
        }
      });

      it("keeps instruments and timeframes apart", async () => {
        const [one, other] = [nextId(), nextId()];
        await store.bars.write(
          [
            storedBar(one, 0),
            storedBar(other, 0, { close: 100_00 }),
            storedBar(one, 0, { timeframe: "15m", close: 101_00 }),
          ],
          "merge",
        );
        expect((await only(one)).close).toBe(104_00);
        expect((await only(other)).close).toBe(100_00);
        expect((await store.bars.read({ instrumentId: one, timeframe: "15m", from: 0, to: Infinity })).close[0]).toBe(
          101_00,
        );
      });

      it("accepts an empty write and answers nothing for an unknown instrument", async () => {
        await store.bars.write([], "merge");
        expect(await barsOf(nextId())).toEqual([]);
      });

      it("refuses a timeframe that is derived on read", async () => {
        await expect(store.bars.write([storedBar(nextId(), 0, { timeframe: "5m" })], "merge")).rejects.toMatchObject({
          code: "bad_input",
          details: { field: "timeframe" },
        });
      });

      it("tells a value it cannot take from a store that is away", async () => {
        await expect(
          store.bars.write([storedBar(nextId(), 0, { ticks: 3_000_000_000 })], "merge"),
        ).rejects.toMatchObject({ code: "store_refused" });
      });

      it("merges a fuller bar of the same minute: greatest high, least low, its close and sums, rev + 1", async () => {
        const id = nextId();
        await store.bars.write([storedBar(id, 0)], "merge");
        await store.bars.write(
          [
            storedBar(id, 0, {
              open: 101_00,
              high: 104_00,
              low: 98_00,
              close: 103_00,
              volume: 1_500,
              value: 9,
              ticks: 12,
              openInterest: 5,
            }),
          ],
          "merge",
        );
        expect(await only(id)).toMatchObject({
          open: 100_00,
          high: 105_00,
          low: 98_00,
          close: 103_00,
          volume: 1_500,
          value: 9,
          ticks: 12,
          openInterest: 5,
          rev: 1,
        });
      });

      it("merges a part with fewer ticks into high and low only", async () => {
        const id = nextId();
        await store.bars.write([storedBar(id, 0)], "merge");
        await store.bars.write(
          [storedBar(id, 0, { high: 106_00, close: 1_00, volume: 1, ticks: 3, incomplete: true })],
          "merge",
        );
        expect(await only(id)).toMatchObject({
          high: 106_00,
          close: 104_00,
          volume: 1_000,
          ticks: 10,
          incomplete: false,
          rev: 1,
        });
      });

      it("lets a patch move the open, and stays patched when the close is replayed", async () => {
        const id = nextId();
        await store.bars.write([storedBar(id, 0)], "merge");
        const patch = storedBar(id, 0, { open: 99_50, ticks: 11, state: "patched" });
        await store.bars.write([patch], "merge");
        await store.bars.write([storedBar(id, 0), patch], "merge");
        expect(await only(id)).toMatchObject({ open: 99_50, state: "patched", rev: 1 });
      });

      it("widens a bar by a late tick alone and takes nothing else from it; history had it already", async () => {
        const [seen, told] = [nextId(), nextId()];
        const late = (id: number): StoredBar =>
          storedBar(id, 0, {
            open: 90_00,
            high: 90_00,
            low: 90_00,
            close: 90_00,
            volume: 0,
            value: 0,
            ticks: 1,
            state: "patched",
          });
        const history = storedBar(told, 0, { ticks: 0, state: "backfilled" });
        await store.bars.write([storedBar(seen, 0, { ticks: 1 }), history], "merge");
        await store.bars.write([late(seen), late(told)], "merge");
        expect(await only(seen)).toMatchObject({ low: 90_00, close: 104_00, volume: 1_000, state: "patched", rev: 1 });
        expect(await only(told)).toMatchObject({
          low: history.low,
          close: history.close,
          volume: history.volume,
          state: "backfilled",
          rev: 0,
        });
      });

      it("applies bars of the same minute in one write in their order", async () => {
        const id = nextId();
        await store.bars.write(
          [
            storedBar(id, 0),
            storedBar(id, 0, { close: 102_00, ticks: 11 }),
            storedBar(id, 1),
            storedBar(id, 0, { close: 103_00, ticks: 12, state: "patched" }),
          ],
          "merge",
        );
        expect((await barsOf(id)).map((bar) => [bar.close, bar.rev])).toEqual([
          [103_00, 2],
          [104_00, 0],
        ]);
      });

      it("never merges into a corrected bar, and into a backfilled one only what was seen whole", async () => {
        const [corrected, backfilled] = [nextId(), nextId()];
        const history = { ticks: 0, value: 0, close: 104_05 };
        await store.bars.write(
          [
            storedBar(corrected, 0, { ...history, state: "corrected" }),
            storedBar(backfilled, 0, { ...history, state: "backfilled" }),
          ],
          "replace",
        );
        await store.bars.write(
          [storedBar(corrected, 0, { high: 200_00 }), storedBar(backfilled, 0, { high: 200_00, incomplete: true })],
          "merge",
        );
        expect(await only(corrected)).toMatchObject({ high: 105_00, close: 104_05, state: "corrected", rev: 0 });
        expect(await only(backfilled)).toMatchObject({ high: 105_00, close: 104_05, state: "backfilled", rev: 0 });
        await store.bars.write([storedBar(backfilled, 0)], "merge");
        expect(await only(backfilled)).toMatchObject({ close: 104_00, ticks: 10, state: "closed", rev: 1 });
      });

      it("replaces with the exchange's own bar as it is, rev + 1 only when it differs", async () => {
        const id = nextId();
        await store.bars.write([storedBar(id, 0, { openInterest: 9, incomplete: true })], "merge");
        const own = storedBar(id, 0, {
          open: 101_00,
          high: 104_00,
          low: 100_00,
          close: 103_00,
          volume: 900,
          value: 0,
          ticks: 0,
          state: "backfilled",
        });
        await store.bars.write([own], "replace");
        await store.bars.write([own], "replace");
        expect(await only(id)).toMatchObject({
          open: 101_00,
          high: 104_00,
          low: 100_00,
          close: 103_00,
          volume: 900,
          ticks: 0,
          openInterest: -1,
          incomplete: false,
          state: "backfilled",
          rev: 1,
        });
      });

      describe("of ticks", () => {
        const passport = (more: Partial<BarPassport> = {}): BarPassport => ({
          late: 0,
          firstTime: OPEN + 1_000,
          lastTime: OPEN + 58_000,
          firstSequence: 101,
          lastSequence: 110,
          sources: FROM_STREAM | BY_EXCHANGE_CLOCK,
          hash: HASH_SIZE - 5,
          ...more,
        });
        const late = (id: number, price: number, second: number, sequence: number): StoredBar =>
          storedBar(id, 0, {
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 0,
            value: 0,
            ticks: 1,
            state: "patched",
            rev: 1,
            passport: passport({
              late: 1,
              firstTime: OPEN + second * 1_000,
              lastTime: OPEN + second * 1_000,
              firstSequence: sequence,
              lastSequence: sequence,
              sources: FROM_STREAM | FROM_LATE | BY_EXCHANGE_CLOCK,
              hash: 12,
            }),
          });
        const whole = async (instrumentId: number): Promise<StoredBar> =>
          (await store.bars.readWhole({ instrumentId, timeframe: "1m", from: 0, to: Infinity }))[0]!;

        it("keep their passport, exact", async () => {
          const id = nextId();
          const bar = storedBar(id, 0, {
            passport: passport({ firstSequence: 1_795_000_000_000_001, lastSequence: 1_795_000_000_000_010 }),
          });
          await store.bars.write([bar], "merge");
          expect(await whole(id)).toEqual(bar);
        });

        it("take a late tick once: wider, opened or closed by it where its time says so, counted, hashed", async () => {
          const id = nextId();
          await store.bars.write([storedBar(id, 0, { passport: passport() })], "merge");
          await store.bars.write(
            [late(id, 98_00, 30, 111), late(id, 103_00, 59, 112), late(id, 101_00, 0, 113)],
            "patch",
          );
          await store.bars.write([late(id, 98_00, 30, 111), late(id, 101_00, 0, 113)], "patch");
          expect(await whole(id)).toMatchObject({
            open: 101_00,
            high: 105_00,
            low: 98_00,
            close: 103_00,
            volume: 1_000,
            ticks: 13,
            rev: 3,
            state: "patched",
            passport: {
              late: 3,
              firstTime: OPEN,
              lastTime: OPEN + 59_000,
              firstSequence: 101,
              lastSequence: 113,
              hash: 31,
              sources: FROM_STREAM | FROM_LATE | BY_EXCHANGE_CLOCK,
            },
          });
        });

        it("are added up when late ticks came before their bar was closed, once", async () => {
          const id = nextId();
          const closed = storedBar(id, 0, {
            open: 100_00,
            high: 101_00,
            low: 99_00,
            close: 100_50,
            ticks: 1,
            passport: passport({ firstSequence: 101, lastSequence: 110, hash: 30 }),
          });
          await store.bars.write([late(id, 98_00, 0, 105), late(id, 97_00, 30, 106)], "patch");
          await store.bars.write([closed], "merge");
          await store.bars.write([closed], "merge");
          expect(
            (await store.bars.readWhole({ instrumentId: id, timeframe: "1m", from: 0, to: Infinity }))[0],
          ).toMatchObject({
            open: 98_00,
            high: 101_00,
            low: 97_00,
            close: 100_50,
            volume: 1_000,
            ticks: 3,
            state: "patched",
            passport: {
              late: 2,
              firstTime: OPEN,
              lastTime: OPEN + 58_000,
              firstSequence: 101,
              lastSequence: 110,
              hash: 54,
            },
          });
        });

        it("are told of a hole that nobody knew of when they were closed, and nothing else of them changes", async () => {
          const [id, told] = [nextId(), nextId()];
          const bar = storedBar(id, 0, { passport: passport() });
          const hole = (instrumentId: number): StoredBar =>
            storedBar(instrumentId, 0, {
              open: 103_00,
              high: 104_00,
              low: 102_00,
              close: 103_00,
              volume: 0,
              value: 0,
              ticks: 0,
              state: "patched",
              incomplete: true,
              passport: passport({ firstTime: OPEN + 58_000, lastTime: OPEN + 57_999, firstSequence: 109, hash: 0 }),
            });
          await store.bars.write([bar], "merge");
          await store.bars.write([storedBar(told, 0, { ticks: 0, state: "backfilled" })], "replace");
          for (let turn = 0; turn < 2; turn++) await store.bars.write([hole(id), hole(told)], "patch");
          expect(await whole(id)).toEqual({ ...bar, incomplete: true, state: "patched", rev: bar.rev + 1 });
          expect(await whole(told)).toMatchObject({ incomplete: false, state: "backfilled", rev: 0 });
        });

        it("make a bar of a late tick where there is none, and leave what history told as it is", async () => {
          const [empty, told] = [nextId(), nextId()];
          await store.bars.write([storedBar(told, 0, { ticks: 0, state: "backfilled" })], "replace");
          await store.bars.write([late(empty, 98_00, 30, 5), late(told, 98_00, 30, 6)], "patch");
          expect(await whole(empty)).toMatchObject({
            open: 98_00,
            close: 98_00,
            volume: 0,
            ticks: 1,
            state: "patched",
          });
          expect(await whole(told)).toMatchObject({ low: 99_00, ticks: 0, state: "backfilled", rev: 0 });
        });

        it("are those written along where a bar is made anew of stored parts", async () => {
          const id = nextId();
          await store.bars.write([storedBar(id, 0, { passport: passport() })], "merge");
          const made = storedBar(id, 0, {
            volume: 1_200,
            ticks: 14,
            rev: 1,
            passport: passport({
              late: 2,
              firstSequence: 99,
              lastSequence: 112,
              hash: 77,
              sources: FROM_STREAM | BY_EXCHANGE_CLOCK | FROM_LATE,
            }),
          });
          await store.bars.write([made], "replace");
          expect(await whole(id)).toEqual(made);
        });

        it("stay told when history takes the bar's place", async () => {
          const id = nextId();
          await store.bars.write([storedBar(id, 0, { passport: passport() })], "merge");
          await store.bars.write([storedBar(id, 0, { close: 104_05, ticks: 0, state: "backfilled" })], "replace");
          expect(await whole(id)).toMatchObject({
            close: 104_05,
            state: "backfilled",
            passport: passport({ sources: FROM_STREAM | BY_EXCHANGE_CLOCK | FROM_HISTORY }),
          });
        });
      });

      it("takes a bar out that the exchange does not have, and remembers it", async () => {
        const [id, other] = [nextId(), nextId()];
        const pause = (): Promise<void> =>
          new Promise((resolve) => {
            setTimeout(resolve, 15);
          });
        await store.bars.write([storedBar(id, 0), storedBar(id, 1), storedBar(other, 0)], "merge");
        await pause();
        const then = Date.now();
        await pause();
        for (let turn = 0; turn < 2; turn++) await store.bars.write([storedBar(id, 0), storedBar(id, 7)], "remove");
        expect((await barsOf(id)).map(({ time }) => time)).toEqual([OPEN + 60_000]);
        expect(await barsOf(other)).toHaveLength(1);
        expect((await store.bars.revisions(id, "1m", OPEN)).map(({ close, rev }) => [close, rev])).toEqual([
          [104_00, 0],
        ]);
        expect(
          (await store.bars.read({ instrumentId: id, timeframe: "1m", from: 0, to: Infinity, asOf: then })).length,
        ).toBe(2);
        await store.bars.write([storedBar(id, 0, { close: 103_00 })], "merge");
        expect((await barsOf(id)).map(({ close }) => close)).toEqual([103_00, 104_00]);
      });

      it("remembers what a bar was, and answers as of an instant", async () => {
        const id = nextId();
        const closes = async (asOf?: number): Promise<number[]> => [
          ...(
            await store.bars.read({
              instrumentId: id,
              timeframe: "1m",
              from: 0,
              to: Infinity,
              ...(asOf === undefined ? {} : { asOf }),
            })
          ).close,
        ];
        const pause = (): Promise<void> =>
          new Promise((resolve) => {
            setTimeout(resolve, 15);
          });
        const moments: number[] = [];
        for (const close of [104_00, 103_00, 102_00]) {
          await pause();
          await store.bars.write([storedBar(id, 0, { close, ticks: 0, state: "corrected" })], "replace");
          await pause();
          moments.push(Date.now());
        }
        await pause();
        await store.bars.write([storedBar(id, 1)], "merge");
        expect((await store.bars.revisions(id, "1m", OPEN)).map(({ close, rev }) => [close, rev])).toEqual([
          [104_00, 0],
          [103_00, 1],
        ]);
        for (const { knownAt, replacedAt } of await store.bars.revisions(id, "1m", OPEN))
          expect(replacedAt).toBeGreaterThan(knownAt);
        expect(await closes(moments[0]! - 10_000)).toEqual([]);
        expect([await closes(moments[0]), await closes(moments[1]), await closes(moments[2]), await closes()]).toEqual([
          [104_00],
          [103_00],
          [102_00],
          [102_00, 104_00],
        ]);
      });

      it("keeps auctions apart from every timeframe", async () => {
        const id = nextId();
        await store.bars.write([storedBar(id, 0, { timeframe: "auction", close: 101_00 }), storedBar(id, 0)], "merge");
        expect(
          (await store.bars.read({ instrumentId: id, timeframe: "auction", from: 0, to: Infinity })).close[0],
        ).toBe(101_00);
        expect((await only(id)).close).toBe(104_00);
      });

      it("changes nothing when any sequence of bars is written a second time", async () => {
        const price = fc.integer({ min: 90_00, max: 110_00 });
        const write = fc.uniqueArray(
          fc.record({
            minute: fc.integer({ min: 0, max: 3 }),
            prices: fc.tuple(price, price, price, price),
            volume: fc.nat(999),
            ticks: fc.nat(4),
            openInterest: fc.constantFrom(-1, 5, 6),
            state: fc.constantFrom<BarState>("closed", "patched"),
            incomplete: fc.boolean(),
          }),
          { minLength: 1, maxLength: 4, selector: (bar) => bar.minute },
        );
        await fc.assert(
          fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 6 }), async (writes) => {
            const id = nextId();
            for (const bars of writes) {
              const rows = bars.map(({ minute, prices, ...rest }) =>
                storedBar(id, minute, {
                  open: prices[0],
                  close: prices[1],
                  high: Math.max(...prices),
                  low: Math.min(...prices),
                  ...rest,
                }),
              );
              await store.bars.write(rows, "merge");
              const once = await barsOf(id);
              await store.bars.write(rows, "merge");
              expect(await barsOf(id)).toEqual(once);
              for (const bar of once)
                expect(bar.low <= Math.min(bar.open, bar.close) && bar.high >= Math.max(bar.open, bar.close)).toBe(
                  true,
                );
            }
          }),
          { numRuns: 25 },
        );
      });

      it("writes more rows than one statement takes", async () => {
        const id = nextId();
        await store.bars.write(
          Array.from({ length: 4_500 }, (_, minute) => storedBar(id, minute)),
          "merge",
        );
        expect(await barsOf(id)).toHaveLength(4_500);
      });

      it("knows the first and last bar, the newest of every instrument, and prunes one timeframe", async () => {
        const [one, other] = [nextId(), nextId()];
        expect(await store.bars.span(one, "1d")).toBeNull();
        await store.bars.write(
          [
            ...[0, 10, 20].map((minute) => storedBar(one, minute, { timeframe: "1d" })),
            storedBar(other, 30, { timeframe: "1d" }),
            storedBar(one, 0, { timeframe: "15m" }),
          ],
          "merge",
        );
        expect(await store.bars.span(one, "1d")).toEqual({ first: OPEN, last: OPEN + 20 * MINUTE });
        const closes = await store.bars.lastCloses("1d", [...(await store.bars.lastTimes("1d")).keys(), 987_654]);
        expect(
          new Map([...closes].map(([id, { time }]) => [id, time])),
          "the same bars, with what they closed at",
        ).toEqual(await store.bars.lastTimes("1d"));
        for (const [instrumentId, { time, close }] of closes)
          expect((await store.bars.read({ instrumentId, timeframe: "1d", from: time, to: time + 1 })).close[0]).toBe(
            close,
          );
        const last = await store.bars.lastTimes("1d");
        expect([last.get(one), last.get(other)]).toEqual([OPEN + 20 * MINUTE, OPEN + 30 * MINUTE]);
        expect(await store.bars.prune("1d", OPEN + 10 * MINUTE)).toBe(1);
        expect(await store.bars.span(one, "1d")).toEqual({ first: OPEN + 10 * MINUTE, last: OPEN + 20 * MINUTE });
        expect(await store.bars.span(one, "15m")).toEqual({ first: OPEN, last: OPEN });
      });
    });

    describe("instruments", () => {
      const idOf = async (symbol: string, date: string): Promise<number | undefined> =>
        (await store.instruments.load(date)).instruments.find((each) => each.symbol === symbol)?.id;
      const meaning = async (vendor: string, token: number, date: string): Promise<string | undefined> => {
        const { instruments, aliases } = await store.instruments.load(date);
        const matches = aliases.filter((alias) => alias.vendor === vendor && alias.token === token);
        expect(matches.length).toBeLessThanOrEqual(1);
        return instruments.find((each) => each.id === matches[0]?.instrumentId)?.symbol;
      };

      it("takes a list with its details; the same list again changes nothing", async () => {
        const future = listed("NIFTY26JANFUT", 12, {
          exchange: "NFO",
          segment: "futures",
          expiry: "2026-01-27",
          lotSize: 65,
        });
        const option = listed("NIFTY26JAN25000CE", 13, {
          exchange: "NFO",
          segment: "options",
          expiry: "2026-01-27",
          strike: 25_000_00,
        });
        const dollar = listed("USDINR26JANFUT", 14, {
          exchange: "CDS",
          segment: "currency",
          decimals: 4,
          tickSize: 25,
          expiry: "2026-01-28",
          wireDivisor: 1_000,
        });
        await store.instruments.upsert("first", "2026-01-05", [listed("AAA", 11), future, option, dollar]);
        const before = await store.instruments.load("2026-01-05");
        for (const [each, key] of [
          [future, "NFO:NIFTY26JANFUT"],
          [option, "NFO:NIFTY26JAN25000CE"],
          [dollar, "CDS:USDINR26JANFUT"],
        ] as const) {
          const { token, wireDivisor, ...details } = each;
          const found = before.instruments.find((instrument) => instrument.key === key);
          expect(found).toMatchObject(details);
          expect(before.aliases).toContainEqual({
            instrumentId: found!.id,
            vendor: "first",
            token,
            symbol: each.symbol,
            wireDivisor,
            validFrom: "2026-01-05",
            validTo: null,
          });
        }
        await store.instruments.upsert("first", "2026-01-05", [dollar, listed("AAA", 11), option, future]);
        expect(await store.instruments.load("2026-01-05")).toEqual(before);
      });

      it("keeps the id of a company that renames, and the old name's dates", async () => {
        await store.instruments.upsert("rename", "2026-01-05", [listed("OLDNAME", 21), listed("STAYS", 22)]);
        const id = await idOf("OLDNAME", "2026-01-05");
        await store.instruments.upsert("rename", "2026-02-02", [listed("NEWNAME", 21), listed("STAYS", 22)]);
        expect(await idOf("NEWNAME", "2026-02-02")).toBe(id);
        expect(await idOf("OLDNAME", "2026-02-02")).toBeUndefined();
        const alias = async (date: string) =>
          (await store.instruments.load(date)).aliases.find((each) => each.vendor === "rename" && each.token === 21);
        expect(await alias("2026-02-01")).toMatchObject({ instrumentId: id, symbol: "OLDNAME", validTo: "2026-02-02" });
        expect(await alias("2026-02-02")).toMatchObject({
          instrumentId: id,
          symbol: "NEWNAME",
          validFrom: "2026-02-02",
          validTo: null,
        });
        expect((await store.instruments.load("2026-02-02")).former).toContainEqual({
          instrumentId: id,
          symbol: "OLDNAME",
        });
      });

      it("leaves out the one row that the database refuses, and takes the others of its list", async () => {
        const rows = Array.from({ length: 9 }, (_, at) => listed(`ROW${at}`, 900 + at));
        const { leftOut } = await store.instruments.upsert("refused", "2026-01-05", [
          ...rows,
          listed("TOOBIG", 999, { lotSize: 99_999_999_999 }),
        ]);
        expect(leftOut).toMatchObject([{ count: 1, examples: [expect.stringContaining("NSE:TOOBIG") as unknown] }]);
        expect(
          (await store.instruments.load("2026-01-05")).aliases
            .filter(({ vendor }) => vendor === "refused")
            .map(({ symbol }) => symbol)
            .sort(),
        ).toEqual(rows.map(({ symbol }) => symbol));
      });

      it("gives a recycled token to the new contract and leaves the old one its past", async () => {
        const contract = (month: string, expiry: string) =>
          listed(`GOLD26${month}FUT`, 31, { exchange: "MCX", segment: "futures", expiry });
        await store.instruments.upsert("recycle", "2026-01-05", [contract("JAN", "2026-01-27")]);
        const old = await idOf("GOLD26JANFUT", "2026-01-05");
        await store.instruments.upsert("recycle", "2026-01-28", [contract("APR", "2026-04-28")]);
        expect(await meaning("recycle", 31, "2026-01-27")).toBe("GOLD26JANFUT");
        expect(await meaning("recycle", 31, "2026-01-28")).toBe("GOLD26APRFUT");
        expect(await idOf("GOLD26JANFUT", "2026-01-28")).toBe(old);
        expect(await idOf("GOLD26APRFUT", "2026-01-28")).not.toBe(old);
      });

      it("follows an instrument to its new token, and two that swap theirs", async () => {
        await store.instruments.upsert("move", "2026-01-05", [
          listed("MOVES", 41),
          listed("LEFT", 42),
          listed("RIGHT", 43),
        ]);
        const before = await idOf("MOVES", "2026-01-05");
        await store.instruments.upsert("move", "2026-01-06", [
          listed("MOVES", 44),
          listed("LEFT", 43),
          listed("RIGHT", 42),
        ]);
        expect(await idOf("MOVES", "2026-01-06")).toBe(before);
        const meanings = (date: string) => Promise.all([41, 42, 43, 44].map((token) => meaning("move", token, date)));
        expect(await meanings("2026-01-05")).toEqual(["MOVES", "LEFT", "RIGHT", undefined]);
        expect(await meanings("2026-01-06")).toEqual([undefined, "RIGHT", "LEFT", "MOVES"]);
      });

      it("takes a corrected list of the same day, and ignores an older one", async () => {
        await store.instruments.upsert("again", "2026-01-05", [listed("FIRST", 51), listed("SECOND", 52)]);
        await store.instruments.upsert("again", "2026-01-05", [listed("FIRST", 52), listed("SECOND", 51)]);
        await store.instruments.upsert("again", "2026-01-02", [listed("FIRST", 51), listed("SECOND", 52)]);
        expect([await meaning("again", 51, "2026-01-05"), await meaning("again", 52, "2026-01-05")]).toEqual([
          "SECOND",
          "FIRST",
        ]);
      });

      it("shares instruments between brokers and dates each broker's aliases for itself", async () => {
        await store.instruments.upsert("one", "2026-01-05", [listed("SHARED", 61)]);
        await store.instruments.upsert("two", "2026-01-03", [listed("SHARED", 62)]);
        const { instruments } = await store.instruments.load("2026-01-05");
        expect(instruments.filter((each) => each.symbol === "SHARED")).toHaveLength(1);
        expect([await meaning("one", 61, "2026-01-04"), await meaning("two", 62, "2026-01-04")]).toEqual([
          undefined,
          "SHARED",
        ]);
      });

      it("takes a changed lot size and tick size, keeps what a shorter list does not name, and refuses another scale", async () => {
        await store.instruments.upsert("change", "2026-01-05", [listed("LOT", 71), listed("QUIET", 72)]);
        await store.instruments.upsert("change", "2026-01-06", [listed("LOT", 71, { lotSize: 75, tickSize: 1 })]);
        await store.instruments.upsert("change", "2026-01-07", [listed("LOT", 71, { decimals: 4 })]);
        expect(
          (await store.instruments.load("2026-01-07")).instruments.find((each) => each.symbol === "LOT"),
        ).toMatchObject({ lotSize: 75, tickSize: 1, decimals: 2 });
        expect(await meaning("change", 72, "2026-01-07")).toBe("QUIET");
      });
    });

    describe("collectors", () => {
      const row = {
        name: "main",
        feed: "kite",
        mode: "full" as const,
        autoStart: true,
        subscriptions: ["NSE:INFY", "NSE_INDEX:NIFTY 50"],
      };

      it("creates and changes by name, and never lists the login", async () => {
        const created = await store.collectors.save(row, { accessToken: "very-secret" });
        const changed = await store.collectors.save(
          { ...row, mode: "ltp", autoStart: false, subscriptions: ["*"] },
          { accessToken: "other-secret" },
        );
        expect(changed).toEqual({ ...row, id: created.id, mode: "ltp", autoStart: false, subscriptions: ["*"] });
        expect(await store.collectors.list()).toEqual([changed]);
        expect(await store.collectors.login("main")).toEqual({ accessToken: "other-secret" });
        expect(await store.collectors.login("nobody")).toBeNull();
      });
    });

    describe("watchlists and settings", () => {
      it("keeps lists in the order first saved and rows in the order given", async () => {
        const list = {
          name: "mine",
          title: "Mine",
          category: "user" as const,
          readOnly: false,
          rows: [
            { key: "NSE:TCS", section: "IT" },
            { key: "NSE:INFY", section: "" },
          ],
        };
        await store.watchlists.save(list);
        await store.watchlists.save({ ...list, name: "a-later-one", rows: [] });
        await store.watchlists.save({ ...list, title: "Mine again", rows: [...list.rows].reverse() });
        expect((await store.watchlists.list()).map((each) => each.name)).toEqual(["mine", "a-later-one"]);
        expect(await store.watchlists.get("mine")).toEqual({
          ...list,
          title: "Mine again",
          rows: [...list.rows].reverse(),
        });
        expect(await store.watchlists.get("none")).toBeNull();
      });

      it("keeps any JSON by name, and null for what was never set", async () => {
        for (const value of [{ panes: [1, { deep: "₹" }] }, [1, 2], "text", 0, false, null]) {
          await store.settings.set("a setting", value);
          expect(await store.settings.get("a setting")).toEqual(value);
        }
        expect(await store.settings.get("never set")).toBeNull();
      });
    });

    describe("calendar edits", () => {
      const closed = { type: "closed" as const, date: "2026-11-20", hours: ["NSE", "NSE_CAS"], name: "State funeral" };
      const signed = { who: "api" as const, note: "announced this morning, ₹ and all" };

      it("keeps every change in order: what was added, put in its place, taken back", async () => {
        expect(await store.calendarEdits.list()).toEqual([]);
        const added = await store.calendarEdits.append({
          edit: null,
          time: 1_795_150_000_123,
          ...signed,
          before: null,
          after: closed,
        });
        expect(added).toEqual({
          id: added.id,
          edit: added.id,
          time: 1_795_150_000_123,
          ...signed,
          before: null,
          after: closed,
        });
        const halt = {
          type: "halt" as const,
          date: "2026-11-20",
          hours: ["MCX"],
          name: "Halt",
          from: "11:00",
          to: null,
          reopening: [{ phase: "pre_open" as const, from: "11:30", to: "11:38" }],
        };
        const replaced = await store.calendarEdits.append({
          edit: added.id,
          time: 1_795_150_000_124,
          who: "local user",
          note: "it was a halt",
          before: closed,
          after: halt,
        });
        const withdrawn = await store.calendarEdits.append({
          edit: added.id,
          time: 1_795_150_000_125,
          who: "cli",
          note: "nothing came of it",
          before: halt,
          after: null,
        });
        expect([replaced.edit, withdrawn.edit]).toEqual([added.id, added.id]);
        expect(await store.calendarEdits.list()).toEqual([added, replaced, withdrawn]);
      });

      it("gives edits that are added at once ids of their own", async () => {
        const added = await Promise.all(
          Array.from({ length: 5 }, (_, at) =>
            store.calendarEdits.append({ edit: null, time: at, ...signed, before: null, after: closed }),
          ),
        );
        expect(new Set(added.map(({ edit }) => edit)).size).toBe(5);
        expect(added.every(({ id, edit }) => id === edit)).toBe(true);
      });
    });

    snapshotSuite(() => store);
    jobSuite(() => store);

    it("answers a ping and says what it is", async () => {
      expect(await store.ping()).toBeGreaterThan(0);
      expect(store.describe().version).toMatch(/\d/);
    });

    it("refuses work after stop, which may be called twice", async () => {
      await store.stop();
      await store.stop();
      await expect(store.settings.get("a setting")).rejects.toMatchObject({ code: "store_unreachable" });
    });
  });
};
