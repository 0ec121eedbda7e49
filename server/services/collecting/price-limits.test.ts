import { describe, expect, it } from "vitest";
import { InstrumentTable, NO_LIMIT, Rule } from "@/server/domain/instruments/instrument-table";
import { silentLog } from "@/server/observe/log";
import type { Clock } from "@/server/ports/clock";
import type { PriceLimits } from "@/server/ports/feed";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { keepLimits } from "./price-limits";

describe("circuit limits", () => {
  it("stay as they were for what an answer leaves out and when there is none, and end with their date", async () => {
    const table = new InstrumentTable();
    for (const id of [1, 2]) table.put(testInstrument(id), "NSE");
    const [one, two] = [table.at(0).key, table.at(1).key];
    const limit: PriceLimits = { lower: 90, upper: 110 };
    const answers: (Map<string, PriceLimits> | Error)[] = [
      new Map([
        [one, limit],
        [two, limit],
      ]),
      new Map([[two, { lower: 80, upper: 120 }]]),
      new Error("the broker is away"),
    ];
    const stop = new AbortController();
    const seen: number[][] = [];
    let now = Date.parse("2026-11-18T21:10:00+05:30");
    const sleep = (ms: number): Promise<void> => {
      seen.push(
        [0, 1].flatMap((index) => [
          table.rules[index * Rule.size + Rule.lower]!,
          table.rules[index * Rule.size + Rule.upper]!,
        ]),
      );
      now += ms;
      return Promise.resolve();
    };
    const priceLimits = async (): Promise<Map<string, PriceLimits>> => {
      const answer = answers.shift();
      if (answer === undefined) {
        stop.abort();
        return new Map();
      }
      if (answer instanceof Error) throw answer;
      return answer;
    };
    await keepLimits(
      { clock: { now: () => now, sleep } as unknown as Clock, live: { table }, log: silentLog() },
      { feed: { priceLimits }, login: () => ({}), collector: "kite-1", instruments: () => [0, 1] },
      stop.signal,
    );
    expect(seen.slice(0, 3)).toEqual([
      [90, 110, 90, 110],
      [90, 110, 80, 120],
      [90, 110, 80, 120],
    ]);
    expect(seen[3]).toEqual([1, NO_LIMIT, 1, NO_LIMIT]);
  });
});
