import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { Status, type StatusParts } from "./status";

/** A status of which only the timer is looked at. */
const setUp = () => {
  let tick: () => void = () => undefined;
  const said: string[] = [];
  const parts = { failingSince: null as number | null, bus: { kind: "Redis", ok: true, detail: "Redis at here" } };
  const wall = { now: () => 0, every: (_: number, work: () => void) => { tick = work; return () => undefined; } };
  const status = new Status({
    clock: wall, wall, dataDir: tmpdir(), counters: () => ({}), percentiles: () => ({ p95: 0 }), stages: () => [], store: { ping: () => Promise.resolve(1), describe: () => ({ kind: "timescale" }) },
    writer: () => ({ waiting: 3, spooled: 0, failingSince: parts.failingSince }), bus: () => parts.bus, note: (level: string, source: string, message: string) => said.push(`${level} ${source}: ${message}`),
  } as unknown as StatusParts);
  status.start();
  return { status, said, parts, look: () => tick() };
};

describe("the status", () => {
  it("puts among the events once that the database or Redis has gone, since when, and that it is back", () => {
    const { status, said, parts, look } = setUp();
    look();
    parts.failingSince = Date.parse("2026-11-20T05:00:00Z");
    parts.bus = { kind: "Redis", ok: false, detail: "Redis at here: ECONNREFUSED, since 2026-11-20T05:01:00.000Z, 9 wait" };
    look();
    look();
    expect(said).toEqual(["warn store: refuses bars since 2026-11-20 10:30:00, 3 wait", "warn bus: Redis at here: ECONNREFUSED, since 2026-11-20T05:01:00.000Z, 9 wait"]);
    parts.failingSince = null;
    look();
    parts.bus = { kind: "Redis", ok: true, detail: "" };
    look();
    expect(said.slice(2)).toEqual(["info store: works again", "info bus: works again"]);
    status.stop();
  });
});
