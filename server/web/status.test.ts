import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { Status, type StatusParts } from "./status";

/** A status of which only the timer is tested. */
const setUp = () => {
  let tick: () => void = () => undefined;
  const said: string[] = [];
  const parts = {
    now: 0,
    warning: null as string | null,
    failingSince: null as number | null,
    refused: 0,
    refusedAt: null as number | null,
    bus: { kind: "Redis", ok: true, detail: "Redis at here" },
    feeds: [{ ticksPerSecond: 0 }],
  };
  const wall = {
    now: () => parts.now,
    every: (_: number, work: () => void) => {
      tick = work;
      return () => undefined;
    },
  };
  const status = new Status({
    clock: wall,
    wall,
    clockRate: () => 1,
    dataDir: tmpdir(),
    counters: () => ({}),
    percentiles: () => ({ p95: 0 }),
    stages: () => [{ name: "normalise", rate: 1.2 }],
    truth: () => parts.feeds,
    jobs: () => [],
    markets: () => [{ exchange: "NSE", session: { hours: "NSE", phases: [] } }],
    coverage: () => ({ warning: parts.warning }),
    store: { ping: () => Promise.resolve(1), describe: () => ({ kind: "timescale" }) },
    writer: () => ({
      waiting: 3,
      spooled: 0,
      failingSince: parts.failingSince,
      refused: parts.refused,
      refusedAt: parts.refusedAt,
    }),
    bus: () => parts.bus,
    note: (level: string, source: string, message: string) => said.push(`${level} ${source}: ${message}`),
  } as unknown as StatusParts);
  status.start();
  return { status, said, parts, look: () => tick() };
};

describe("the status", () => {
  it("puts among the events once that the database or Redis has gone, since when, and that it is back", () => {
    const { status, said, parts, look } = setUp();
    look();
    parts.failingSince = Date.parse("2026-11-20T05:00:00Z");
    parts.bus = {
      kind: "Redis",
      ok: false,
      detail: "Redis at here: ECONNREFUSED, since 2026-11-20T05:01:00.000Z, 9 wait",
    };
    look();
    look();
    expect(said).toEqual([
      "warn store: rejects bars since 2026-11-20 10:30:00; 3 waiting",
      "warn bus: Redis at here: ECONNREFUSED, since 2026-11-20T05:01:00.000Z, 9 wait",
    ]);
    parts.failingSince = null;
    look();
    parts.bus = { kind: "Redis", ok: true, detail: "" };
    look();
    expect(said.slice(2)).toEqual(["info store: works again", "info bus: works again"]);
    status.stop();
  });

  it("puts the store's light out for a while when a bar was lost, and goes on naming it", () => {
    const { status, parts } = setUp();
    parts.now = Date.parse("2026-11-20T05:00:10Z");
    Object.assign(parts, { refused: 2, refusedAt: parts.now - 10_000 });
    expect(status.storeOk()).toEqual({
      ok: false,
      detail: "refused 2 bars as invalid, most recently at 2026-11-20 10:30:00; see the log",
    });
    parts.now += 16 * 60_000;
    expect(status.storeOk()).toMatchObject({ ok: true, detail: expect.stringContaining("refused 2 bars") as string });
    status.stop();
  });

  it("tells one figure of ticks a second, that of the feeds", () => {
    const { status, parts } = setUp();
    expect(status.feed().ticksPerSecond).toBe(0);
    parts.feeds = [{ ticksPerSecond: 400 }, { ticksPerSecond: 2 }];
    expect(status.feed().ticksPerSecond).toBe(402);
    status.stop();
  });

  it("warns once a day of holiday lists that end within a month", () => {
    const { said, parts, look, status } = setUp();
    parts.warning = "the holiday list for NSE ends on 2026-12-31";
    look();
    look();
    expect(said).toEqual([
      expect.stringMatching(/^warn calendar: the holiday list for NSE ends on 2026-12-31; add closed days/),
    ]);
    parts.now += 86_400_000;
    look();
    expect(said).toHaveLength(2);
    status.stop();
  });

  it("tells the rest, each second, when a part of it cannot be told, and names that once", () => {
    const said: string[] = [];
    const clock = { now: () => 0 };
    const fails = (): never => {
      throw new TypeError("leftOut is undefined");
    };
    const status = new Status({
      clock,
      wall: clock,
      clockRate: () => 1,
      truth: () => [{ ticksPerSecond: 7 }],
      markets: () => [],
      mute: () => [],
      jobs: fails,
      note: (...event: string[]) => said.push(event.join(" ")),
    } as unknown as StatusParts);
    for (let second = 0; second < 3; second++) expect(status.feed()).toMatchObject({ ticksPerSecond: 7, job: null });
    expect([status.jobs(), said]).toEqual([[], ["warn status jobs is unavailable: leftOut is undefined"]]);
  });
});
