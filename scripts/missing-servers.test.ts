import { describe, expect, it } from "vitest";
import { missingLines } from "./missing-servers.mjs";

describe("servers that a run of the tests lacks", () => {
  it("are named with what is missing and how to get it, not with a variable alone", () => {
    expect(missingLines({ TEST_DATABASE_URL: "postgres://here", TEST_REDIS_URL: "redis://here" })).toEqual([]);
    const [database, redis, ...more] = missingLines({});
    expect(database).toMatch(
      /^Some integration tests will be skipped: PostgreSQL is not installed: .*apt install postgresql.*TEST_DATABASE_URL\.$/,
    );
    expect(redis).toMatch(/Redis is not installed: .*apt install redis-server/);
    expect(more).toEqual([]);
  });
});
