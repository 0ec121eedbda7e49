import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { cleanUp, configured, folder, repeatedCloses, start, stopRunning } from "@/server/testing/whole-server";

const redisUrl = process.env["TEST_REDIS_URL"];

afterEach(cleanUp);

describe("the server as a whole", () => {
  // A warm start closes again what had ended.
  it.skipIf(redisUrl === undefined)(
    "writes each close to its Redis stream once, over restarts",
    async () => {
      const redis = new Redis(redisUrl!);
      const left = await redis.keys("closes:*");
      if (left.length > 0) await redis.del(left);
      const config = configured(folder(), { redisUrl, redisPrefix: "closes:" });
      const minutes = (): Promise<number> => redis.xlen("closes:candle:1m:stream:SIM:NIFTY 50");
      try {
        for (let run = 0; run < 3; run++) {
          const before = await minutes();
          const { container } = await start(config);
          await container.desk.warm(container.desk.resolve("SIM:NIFTY 50"));
          await expect.poll(minutes, { timeout: 150_000, interval: 500 }).toBeGreaterThan(before);
          await stopRunning();
        }
        expect(await repeatedCloses(redis, "closes:")).toEqual([]);
      } finally {
        redis.disconnect();
      }
    },
    600_000,
  );
});
