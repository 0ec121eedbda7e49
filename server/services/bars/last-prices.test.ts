import { describe, expect, it } from "vitest";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { Clock } from "@/server/ports/clock";
import type { LiveBars } from "@/server/ports/live";
import type { StoredBar } from "@/server/ports/stores";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { LastPrices } from "./last-prices";

const NOW = 100_000_000;

const rig = (
  stored: Record<"1m" | "1d", Record<number, [time: number, close: number]>>,
  instruments: number,
  queued: Record<number, StoredBar[]> = {},
) => {
  const table = new InstrumentTable();
  for (let id = 1; id <= instruments; id++) table.put(testInstrument(id), "NSE");
  const asked: number[] = [];
  const prices = new LastPrices({
    store: {
      lastCloses: (name, ids) => {
        asked.push(ids.length);
        return Promise.resolve(
          new Map(
            ids.flatMap((id) => {
              const found = stored[name as "1m"][id];
              return found === undefined ? [] : [[id, { time: found[0], close: found[1] }] as const];
            }),
          ),
        );
      },
    },
    recent: { recent: (id) => queued[id] ?? [] },
    live: { table, bars: { endOf: (_, of, start) => start + of.lengthMs } as LiveBars },
    clock: { now: () => NOW } as Clock,
  });
  return { prices, asked };
};

describe("last prices", () => {
  it("are the close of the newest minute, or of a day that is newer, or of a minute on its way to the store", async () => {
    const bar = { time: 90_060_000, close: 44 } as StoredBar;
    const { prices } = rig(
      {
        "1m": { 1: [90_000_000, 11], 2: [10_000_000, 12], 4: [90_000_000, 14] },
        "1d": { 1: [50_000_000, 21], 2: [50_000_000, 22], 3: [60_000_000, 23] },
      },
      5,
      { 4: [bar] },
    );
    expect([...(await prices.read([0, 1, 2, 3, 4]))]).toEqual([
      [0, { price: 11, time: 90_060_000 }],
      [1, { price: 22, time: NOW }],
      [2, { price: 23, time: NOW }],
      [3, { price: 44, time: 90_120_000 }],
    ]);
  });

  it("of a thousand are read in few questions, and no more of them once the client disconnected", async () => {
    const { prices, asked } = rig({ "1m": {}, "1d": {} }, 1_000);
    const all = Array.from({ length: 1_000 }, (_, index) => index);
    await prices.read(all);
    expect(asked).toHaveLength(10);
    expect(Math.max(...asked)).toBe(200);
    asked.length = 0;
    const gone = new AbortController();
    const reading = prices.read(all, gone.signal);
    gone.abort(new Error("the client disconnected"));
    await expect(reading).rejects.toThrow("the client disconnected");
    expect(asked).toHaveLength(2);
  });
});
