import { describe, expect, it } from "vitest";
import type { PointBatch } from "@/server/domain/bars/indicator";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import type { Clock } from "@/server/ports/clock";
import type { Latest, LatestPoint } from "@/server/ports/latest";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { PointPublisher } from "./point-publisher";

const batchOf = (rows: [instance: number, time: number, value: number][]): PointBatch => ({
  length: rows.length,
  stride: 2,
  instance: Int32Array.from(rows, ([instance]) => instance),
  instrument: new Int32Array(rows.length),
  timeframe: new Uint16Array(rows.length).fill(4),
  time: Float64Array.from(rows, ([, time]) => time),
  values: Float64Array.from(rows.flatMap(([, , value]) => [value, -value])),
});

const rig = () => {
  const published: LatestPoint[][] = [];
  const timers: (() => void)[] = [];
  const table = new InstrumentTable();
  table.put(testInstrument(7), "NSE");
  const ended = new Set<number>();
  const clock: Pick<Clock, "after"> = {
    after: (_, run) => {
      timers.push(run);
      return () => {
        const at = timers.indexOf(run);
        if (at !== -1) timers.splice(at, 1);
      };
    },
  };
  const publisher = new PointPublisher({
    latest: {
      isRead: true,
      publishPoints: (rows: readonly LatestPoint[]) => {
        published.push([...rows]);
      },
    } as Partial<Latest> as Latest,
    table,
    clock: clock as Clock,
    source: (instance) =>
      ended.has(instance) ? null : { name: `EMA_${instance}`, plots: [{ id: "value", unit: "price" }] },
  });
  return {
    publisher,
    published,
    ended,
    pass: () => {
      for (const run of timers.splice(0)) run();
    },
  };
};

describe("the publisher of indicator values", () => {
  it("copies rows and hands them over after `on` has returned", () => {
    const { publisher, published, pass } = rig();
    const batch = batchOf([[1, 60_000, 5]]);
    publisher.on(batch);
    batch.values.fill(0);
    expect(published).toEqual([]);
    pass();
    expect(published).toEqual([
      [
        {
          name: "EMA_1",
          key: "NSE:TEST7",
          decimals: 2,
          timeframe: "1m",
          time: 60_000,
          live: false,
          values: [{ plot: "value", unit: "price", value: 5 }],
        },
      ],
    ]);
  });
  it("hands over the newest of each instance, and no correction of an older bar", () => {
    const { publisher, published, pass } = rig();
    publisher.on(
      batchOf([
        [1, 60_000, 4],
        [1, 120_000, 5],
        [2, 60_000, 9],
      ]),
    );
    publisher.on(
      batchOf([
        [2, 120_000, 10],
        [1, 60_000, 3],
      ]),
    );
    pass();
    expect(published[0]!.map(({ name, values }) => [name, values[0]!.value])).toEqual([
      ["EMA_1", 5],
      ["EMA_2", 10],
    ]);
  });
  it("hands over a thousand in a turn, the rest in the next, and all of them when it stops", () => {
    const { publisher, published, pass } = rig();
    publisher.on(batchOf(Array.from({ length: 2_500 }, (_, instance) => [instance, 60_000, 1])));
    pass();
    expect(published.map((rows) => rows.length)).toEqual([1_000]);
    publisher.stop();
    expect(published.map((rows) => rows.length)).toEqual([1_000, 1_000, 500]);
    pass();
    expect(published).toHaveLength(3);
  });
  it("passes over what has ended meanwhile", () => {
    const { publisher, published, ended, pass } = rig();
    publisher.on(batchOf([[1, 60_000, 1]]));
    ended.add(1);
    pass();
    expect(published).toEqual([]);
    // Its row is another's now, however old that one's value is.
    publisher.on(batchOf([[2, 1_000, 7]]));
    pass();
    expect(published[0]!.map(({ name, time, values }) => [name, time, values[0]!.value])).toEqual([
      ["EMA_2", 1_000, 7],
    ]);
  });
});
