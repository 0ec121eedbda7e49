import { describe, expect, it } from "vitest";
import type { JobRow } from "@/server/ports/jobs";
import { Backfill } from "./jobs";

const order = {
  title: "Backfill",
  instruments: [1],
  leftOut: [],
  timeframe: "1m",
  first: 20_000,
  last: 20_001,
  source: "kite",
  concurrency: 1,
  force: false,
  daily: false,
};
const row = (id: number, more: Partial<JobRow>): JobRow => ({
  id,
  kind: "backfill",
  title: "Backfill",
  request: order,
  state: "paused",
  reason: "",
  total: 2,
  skipped: 0,
  createdAt: 1,
  finishedAt: null,
  beatAt: 1,
  ...more,
});

describe("stored jobs", () => {
  it("are shown and go on beside one that cannot be read, which is named once", async () => {
    const rows = [
      row(4, { request: { a: 1 }, state: "running" }),
      row(3, { state: "asleep" as JobRow["state"] }),
      row(2, { request: { ...order, leftOut: "none" } }),
      row(1, {}),
    ];
    const named: string[] = [];
    const silent = { info() {}, warn() {}, error() {} };
    const backfill = new Backfill({
      jobs: {
        list: () => Promise.resolve([...rows]),
        get: (id: number) => Promise.resolve(rows.find((each) => each.id === id) ?? null),
        sums: () =>
          Promise.resolve({ days: 0, failed: 0, bars: 0, added: 0, unchanged: 0, kept: 0, corrected: 0, flagged: 0 }),
      },
      wall: { now: () => 100_000, every: () => () => {} },
      isAlone: () => true,
      log: silent,
      unreadable: (what: string) => named.push(what),
    } as unknown as ConstructorParameters<typeof Backfill>[0]);
    await backfill.start();
    await backfill.recover();
    expect(backfill.list().map(({ id }) => id)).toEqual(["backfill-1"]);
    expect(named).toEqual(["job backfill-4", "job backfill-3", "job backfill-2"]);
    await expect(backfill.get("backfill-4")).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("title") as string,
    });
  });
});
