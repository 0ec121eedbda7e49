import { rm } from "node:fs/promises";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Store } from "@/server/ports/stores";
import { bookRow, booksOf } from "@/server/testing/book-suite";
import { dropDatabases, ownDatabase } from "@/server/testing/own-database";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";
import { OPEN, storedBar } from "@/server/testing/store-suite-rows";
import { tickRow, ticksOf } from "@/server/testing/tick-suite";
import type { FoldingTickStore } from "./ticks";

const server = process.env.TEST_DATABASE_URL;
const never = new AbortController().signal;
const DAY = 86_400_000;

const upkeepSuite = (name: string, open: () => Promise<Store>): void => {
  describe(`upkeep on ${name}`, () => {
    let store: Store;
    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store?.stop();
    });

    const times = async (instrumentId: number, timeframe: "1s" | "1m"): Promise<number[]> =>
      Array.from((await store.bars.read({ instrumentId, timeframe, from: 0, to: Infinity })).time);

    it("deletes bars of one timeframe and their revisions, instrument by instrument, over any span", async () => {
      const old = [0, 20_000, 300_000];
      const at = (instrument: number, seconds: number) =>
        storedBar(instrument, 0, { timeframe: "1s", time: OPEN + seconds * 1_000 });
      await store.bars.write(
        [1, 2].flatMap((instrument) => [...old, 400_000, 400_001].map((seconds) => at(instrument, seconds))),
        "merge",
      );
      await store.bars.write(
        [
          { ...at(1, 0), close: 104_05, ticks: 11 },
          { ...at(1, 400_000), close: 104_05, ticks: 11 },
        ],
        "merge",
      );
      await store.bars.write([storedBar(1, 0)], "merge");
      expect((await store.bars.revisions(1, "1s", OPEN)).length).toBe(1);
      expect(await store.upkeep.pruneBars("1s", OPEN + 400_000_000, never)).toBe(6);
      expect([await times(1, "1s"), await times(2, "1s")]).toEqual([
        [OPEN + 400_000_000, OPEN + 400_001_000],
        [OPEN + 400_000_000, OPEN + 400_001_000],
      ]);
      expect(await times(1, "1m")).toEqual([OPEN]);
      expect((await store.bars.revisions(1, "1s", OPEN)).length).toBe(0);
      expect((await store.bars.revisions(1, "1s", OPEN + 400_000_000)).length).toBe(1);
      expect(await store.upkeep.pruneBars("1s", OPEN + 400_000_000, never)).toBe(0);
    });

    it("deletes how history differed from bars with the bars", async () => {
      const at = (time: number, timeframe: "1s" | "1m") => ({
        jobId: 1,
        instrumentId: 9,
        timeframe,
        time,
        verdict: "flagged" as const,
        rule: "history has no such bar",
        stored: [1, 2, 1, 2, 5] as const,
        history: null,
      });
      await store.jobs.saveDifferences([at(OPEN, "1m"), at(OPEN + 60_000, "1m"), at(OPEN, "1s")]);
      const run = await store.compares.save(
        { instrument: 9, day: 20_458, at: OPEN, by: "test", bars: 2, equal: 0, kept: 0, corrected: 0, flagged: 2 },
        [OPEN, OPEN + 60_000].map((time) => ({
          timeframe: "1m" as const,
          time,
          field: "close" as const,
          ours: 1,
          theirs: null,
          decision: "flagged" as const,
          why: "history has no such bar",
        })),
      );
      await store.upkeep.pruneBars("1m", OPEN + 60_000, never);
      expect(
        (await store.jobs.differences(1, { limit: 9, offset: 0 }))
          .map(({ timeframe, time }) => [timeframe, time])
          .sort(),
      ).toEqual([
        ["1m", OPEN + 60_000],
        ["1s", OPEN],
      ]);
      expect((await store.compares.differences(run.id)).map(({ time }) => time)).toEqual([OPEN + 60_000]);
    });

    it("ends between two steps when it is told to", async () => {
      await store.bars.write(
        [0, 60].map((days) => storedBar(3, 0, { time: OPEN + days * DAY })),
        "merge",
      );
      const stopping = new AbortController();
      stopping.abort();
      expect(await store.upkeep.pruneBars("1m", OPEN + 90 * DAY, stopping.signal)).toBe(0);
      expect(await times(3, "1m")).toHaveLength(2);
    });

    it("says how large its tables are and what the newest day brought", async () => {
      await store.ticks.write([
        { instrumentId: 1, ticks: ticksOf(Array.from({ length: 300 }, (_, at) => tickRow(at + 1))) },
      ]);
      await (store.ticks as FoldingTickStore).fold();
      await store.books.write([{ instrumentId: 1, books: booksOf([bookRow(1), bookRow(2)]) }]);
      await store.bars.write(
        Array.from({ length: 100 }, (_, minute) => storedBar(4, minute + 200 * 1_440)),
        "merge",
      );
      const sizes = await store.upkeep.sizes();
      expect(sizes.map(({ table }) => table)).toEqual([
        "tick_blocks",
        "tick_journal",
        "order_book",
        "bars",
        "bar_revisions",
        "bar_differences",
        "compare_differences",
      ]);
      for (const { bytes } of sizes) expect(bytes).toBeGreaterThan(8_000);
      const days = new Map((await store.upkeep.newestDay()).map((day) => [day.part, day]));
      expect(days.get("ticks")).toMatchObject({ rows: 1, ticks: 300 });
      expect(days.get("depth")).toMatchObject({ rows: 1 });
      expect(days.get("1m")!.rows, "only the newest 24 hours count").toBe(100);
      expect(days.get("1m")!.bytes / 100).toBeGreaterThan(50);
      const before = days.get("1m")!.bytes;
      await store.bars.write(
        Array.from({ length: 100 }, (_, minute) => storedBar(4, minute + 200 * 1_440, { close: 103_00, ticks: 99 })),
        "merge",
      );
      expect(
        (await store.upkeep.newestDay()).find(({ part }) => part === "1m")!.bytes,
        "with what they were before",
      ).toBeGreaterThan(before * 1.4);
      expect(days.get("1d")).toMatchObject({ rows: 0, bytes: 0 });
    });
  });
};

const folders: string[] = [];
const newFolder = async (): Promise<string> => {
  const folder = await temporaryFolder();
  folders.push(folder);
  return folder;
};
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  await dropDatabases();
});

upkeepSuite("PGlite", async () => startedStore(await newFolder()));
it("PGlite has nothing to settle: it reuses room in place", async () => {
  const store = await startedStore(await newFolder());
  try {
    await store.bars.write([storedBar(1, 0)], "merge");
    expect(await store.upkeep.settleBars({ pruned: OPEN + 90 * DAY, finished: OPEN + 90 * DAY }, never)).toEqual({
      chunks: 0,
      bytes: 0,
      busy: 0,
    });
  } finally {
    await store.stop();
  }
});
describe.skipIf(server === undefined)(
  `a database server${server === undefined ? " (skipped: TEST_DATABASE_URL names no server)" : ""}`,
  () => {
    upkeepSuite("a server", async () =>
      startedStore(await newFolder(), { databaseUrl: await ownDatabase(server!, "upkeep") }),
    );

    describe("weeks of bars on TimescaleDB", () => {
      const MONDAY = Date.UTC(2024, 3, 1, 3, 45);
      const OVER = { pruned: 0, finished: MONDAY + 14 * DAY };
      const instruments = [1, 2, 3, 4];
      let store: Store;
      let client: pg.Client;
      let chunked: boolean;
      beforeAll(async () => {
        const databaseUrl = await ownDatabase(server!, "settle");
        store = await startedStore(await newFolder(), { databaseUrl });
        client = new pg.Client({ connectionString: databaseUrl });
        await client.connect();
        chunked = (await client.query("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")).rowCount === 1;
        const barsOf = (timeframe: "1s" | "1m", count: number, lengthMs: number) =>
          Array.from({ length: count }, (_, at) =>
            instruments.map((instrument) => storedBar(instrument, 0, { timeframe, time: MONDAY + at * lengthMs })),
          ).flat();
        await store.bars.write(barsOf("1m", 1_500, 60_000), "merge");
        await store.bars.write(barsOf("1s", 8_000, 1_000), "merge");
      });
      afterAll(async () => {
        await client?.end();
        await store?.stop();
      });

      /** How often the next row on disk is of another instrument or timeframe. */
      const turns = async (): Promise<number> =>
        (
          await client.query<{ turns: number }>(`SELECT count(*)::int AS turns FROM (
      SELECT lag((instrument_id, timeframe)) OVER (ORDER BY tableoid, ctid) IS DISTINCT FROM (instrument_id, timeframe) AS turned FROM bars) t WHERE turned`)
        ).rows[0]!.turns;
      const minutes = () =>
        Promise.all(
          instruments.map((instrumentId) => store.bars.read({ instrumentId, timeframe: "1m", from: 0, to: Infinity })),
        );

      it("are put in the order they are read in when they are over, once", async (context) => {
        if (!chunked) return context.skip();
        const before = await minutes();
        expect(await store.upkeep.settleBars({ pruned: 0, finished: MONDAY }, never)).toEqual({
          chunks: 0,
          bytes: 0,
          busy: 0,
        });
        expect(await turns()).toBeGreaterThan(20_000);
        expect(await store.upkeep.settleBars(OVER, never)).toMatchObject({ chunks: 1, busy: 0 });
        expect(await turns(), "each instrument's timeframes lie together").toBe(2 * instruments.length);
        expect(await store.upkeep.settleBars(OVER, never)).toEqual({ chunks: 0, bytes: 0, busy: 0 });
        expect(await minutes()).toEqual(before);
      });

      it("are put in order again when history has been filled into them since", async (context) => {
        if (!chunked) return context.skip();
        // Rows from fetches of many instruments at once: a minute of all, then the next, after the rows in order.
        const many = Array.from({ length: 200 }, (_, at) => 100 + at);
        for (let minute = 0; minute < 60; minute++)
          await store.bars.write(
            many.map((instrument) => storedBar(instrument, 0, { time: MONDAY + minute * 60_000 })),
            "merge",
          );
        expect(await turns()).toBeGreaterThan(11_000);
        expect(await store.upkeep.settleBars(OVER, never)).toMatchObject({ chunks: 1, busy: 0 });
        expect(await turns(), "two timeframes of four instruments, one of two hundred").toBe(
          2 * instruments.length + many.length,
        );
        expect(await store.upkeep.settleBars(OVER, never)).toEqual({ chunks: 0, bytes: 0, busy: 0 });
        await client.query("DELETE FROM bars WHERE instrument_id >= 100");
        await client.query("VACUUM ANALYZE bars");
      });

      it("of day bars, a few of each instrument, are put in order once as well", async (context) => {
        if (!chunked) return context.skip();
        const later = MONDAY + 21 * DAY;
        const week = { pruned: 0, finished: later + 14 * DAY };
        for (let day = 0; day < 5; day++)
          await store.bars.write(
            Array.from({ length: 2_000 }, (_, at) =>
              storedBar(1_000 + at, 0, { timeframe: "1d", time: later + day * DAY }),
            ),
            "merge",
          );
        expect(await store.upkeep.settleBars(week, never), "five days of two chunks").toMatchObject({
          chunks: 2,
          busy: 0,
        });
        expect(await store.upkeep.settleBars(week, never)).toEqual({ chunks: 0, bytes: 0, busy: 0 });
        await client.query("DELETE FROM bars WHERE instrument_id >= 1000");
        await client.query("VACUUM ANALYZE bars");
      });

      it("are counted as they are, of chunks that were analysed and of a table without them", async () => {
        await client.query("ANALYZE bars");
        const { rows } = (await store.upkeep.sizes()).find(({ table }) => table === "bars")!;
        expect(rows).toBe(Number((await client.query<{ count: string }>("SELECT count(*) FROM bars")).rows[0]!.count));
      });

      it("give back the room of seconds that were deleted, but never while somebody reads them", async (context) => {
        if (!chunked) return context.skip();
        const before = await minutes();
        expect(await store.upkeep.pruneBars("1s", MONDAY + 7 * DAY, never)).toBe(32_000);
        await client.query("VACUUM ANALYZE bars");
        await client.query("BEGIN");
        await client.query("SELECT count(*) FROM bars");
        expect(await store.upkeep.settleBars(OVER, never)).toEqual({ chunks: 0, bytes: 0, busy: 1 });
        await client.query("COMMIT");
        const settled = await store.upkeep.settleBars(OVER, never);
        expect(settled).toMatchObject({ chunks: 1, busy: 0 });
        expect(settled.bytes).toBeGreaterThan(2_000_000);
        expect(await store.upkeep.settleBars(OVER, never)).toEqual({ chunks: 0, bytes: 0, busy: 0 });
        expect(await minutes()).toEqual(before);
      });
    });
  },
);
