import { describe, expect, it } from "vitest";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import type { Clock } from "@/server/ports/clock";
import { EventLog } from "./events";
import { UnreadableParts } from "./unreadable";

describe("what cannot be read in the store", () => {
  const made = () => {
    const events = new EventLog({ now: () => 1 } as Clock);
    const meter = new Metrics();
    return { events, meter, parts: new UnreadableParts({ events, meter, log: silentLog() }) };
  };

  it("is counted and named once, however often it is read, and again when more of it is broken", () => {
    const { events, meter, parts } = made();
    for (let read = 0; read < 3; read++) parts.tell('watchlist "mine"', "row 2: key: missing", 3);
    parts.tell("setting workspace, scale", "mode: unknown");
    parts.tell('watchlist "mine"', "row 1: key: missing", 4);
    expect(parts.list()).toEqual([
      { reason: 'watchlist "mine"', count: 4, examples: ["row 1: key: missing"] },
      { reason: "setting workspace, scale", count: 1, examples: ["mode: unknown"] },
    ]);
    expect(meter.counters.get("stored.unreadable")).toBe(5);
    expect(events.events.map(({ message }) => message)).toEqual([
      'watchlist "mine": 4 rows are unreadable and are skipped; the first: row 1: key: missing',
      "setting workspace, scale is unreadable and is skipped: mode: unknown",
      'watchlist "mine": 3 rows are unreadable and are skipped; the first: row 2: key: missing',
    ]);
  });

  it("fills no memory in a store of which nothing can be read", () => {
    const { parts } = made();
    for (let row = 0; row < 10_000; row++) parts.tell(`gap ${row}`, "its state is unknown");
    expect(parts.list()).toHaveLength(200);
  });
});
