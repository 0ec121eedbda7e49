import { describe, expect, it } from "vitest";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import { systemClock } from "@/server/observe/clock";
import { latestBar, latestSuite, latestTick } from "@/server/testing/latest-suite";
import { createLatest } from "./index";
import { MemoryLatest } from "./memory";

latestSuite("memory", async ({ prefix, streamLength }) => {
  const latest = new MemoryLatest({ prefix, streamLength, clock: systemClock() });
  await latest.start();
  return {
    latest,
    reader: {
      value: async (name) => latest.value(name),
      stream: async (name) => latest.stream(name),
      members: async (name) => latest.members(name),
      subscribe: async (channel, read) => {
        latest.subscribe(channel, read);
      },
      close: async () => {},
    },
  };
});

describe("memory", () => {
  it("forgets a bar after 15 minutes and a tick after 5", () => {
    let now = 0;
    const latest = new MemoryLatest({ prefix: "", streamLength: 0, clock: { ...systemClock(), now: () => now } });
    latest.publishBars([latestBar(0)]);
    latest.publishTicks([latestTick()]);
    now = 299_999;
    expect(latest.value("tick:latest:NSE:RELIANCE")?.ttlMs).toBe(1);
    now = 300_000;
    expect(latest.value("tick:latest:NSE:RELIANCE")).toBeNull();
    expect(latest.value("candle:1s:latest:NSE:RELIANCE")?.ttlMs).toBe(600_000);
    now = 900_000;
    expect(latest.value("candle:1s:latest:NSE:RELIANCE")).toBeNull();
  });

  it("is what stands in for a Redis that is not configured, and keeps no streams nobody could read", () => {
    const latest = createLatest({ clock: systemClock(), log: silentLog(), meter: new Metrics() }) as MemoryLatest;
    expect(latest.isRead).toBe(false);
    latest.publishBars([latestBar(0)]);
    expect(latest.state()).toMatchObject({ kind: "memory", ok: true });
    expect(latest.stream("candle:1s:stream:NSE:RELIANCE")).toEqual([]);
    expect(latest.value("candle:1s:latest:NSE:RELIANCE")).not.toBeNull();
  });
});
