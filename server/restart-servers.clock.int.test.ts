import { Redis } from "ioredis";
import pg from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { timeframe } from "@/server/domain/time/timeframe";
import { dropDatabases, ownDatabase } from "@/server/testing/own-database";
import {
  cleanUp,
  comesBackWhole,
  configured,
  folder,
  repeatedCloses,
  stopRunning,
} from "@/server/testing/whole-server";

const databaseUrl = process.env["TEST_DATABASE_URL"];
const redisUrl = process.env["TEST_REDIS_URL"];

afterEach(cleanUp);

describe("the server as a whole", () => {
  it.skipIf(databaseUrl === undefined || redisUrl === undefined)(
    "does the same on a real database, and shows its newest bars in Redis",
    async () => {
      const own = await ownDatabase(databaseUrl!, "whole");
      const redis = new Redis(redisUrl!, { lazyConnect: true });
      await redis.connect();
      const left = await redis.keys("restart:*");
      if (left.length > 0) await redis.del(left);
      try {
        const container = await comesBackWhole(
          configured(folder(), { databaseUrl: own, redisUrl, redisPrefix: "restart:" }),
        );
        expect(container.store.describe().kind).not.toBe("embedded");
        const bar = JSON.parse((await redis.get("restart:candle:1s:latest:SIM:NIFTY 50")) ?? "null") as {
          close: number;
          time: number;
        } | null;
        expect(bar?.close).toBeGreaterThan(0);
        expect(container.clock.now() - bar!.time).toBeLessThan(30_000);
        await stopRunning();
        expect(await repeatedCloses(redis, "restart:")).toEqual([]);
        const client = new pg.Client({ connectionString: own });
        await client.connect();
        const { rows } = await client.query<{ minutes: number; days: number }>(
          `SELECT count(*) FILTER (WHERE timeframe = ${timeframe("1m").index})::int AS minutes, count(*) FILTER (WHERE timeframe = ${timeframe("1d").index})::int AS days FROM bars`,
        );
        await client.end();
        expect(rows[0]!.minutes, "five days of minutes of 66 instruments").toBeGreaterThan(300_000);
        expect(rows[0]!.days, "two years of days").toBeGreaterThan(30_000);
      } finally {
        redis.disconnect();
        await dropDatabases();
      }
    },
    700_000,
  );
});
