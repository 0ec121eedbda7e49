import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storedTicks } from "@/server/domain/ticks/stored-ticks";
import { anyTicks, rowsOfTicks, tickRow, type TickRow, ticksOf } from "@/server/testing/tick-suite";
import { decodeRun, TickEncoder } from "./ticks-codec";

const encode = (encoder: TickEncoder, rows: readonly TickRow[]): { start: number; count: number } => {
  const start = encoder.length;
  encoder.begin();
  const ticks = ticksOf(rows);
  for (let row = 0; row < ticks.length; row++) encoder.put(ticks, row);
  return { start, count: rows.length };
};

describe("ticks as bytes", () => {
  it("give back what was put in, run after run in one growing buffer", () => {
    fc.assert(
      fc.property(fc.array(anyTicks, { maxLength: 5 }), (runs) => {
        const encoder = new TickEncoder(new Uint8Array(64));
        const places = runs.map((rows) => encode(encoder, rows));
        runs.forEach((rows, at) => {
          const { start, count } = places[at]!;
          const ticks = storedTicks(count);
          expect(decodeRun(encoder.bytes, start, count, ticks)).toBe(places[at + 1]?.start ?? encoder.length);
          expect(rowsOfTicks(ticks)).toEqual(rows);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("keep whole milliseconds", () => {
    const encoder = new TickEncoder();
    const { start, count } = encode(encoder, [tickRow(1, { received: 5_000.75, time: 4_999.25 })]);
    const ticks = storedTicks(count);
    decodeRun(encoder.bytes, start, count, ticks);
    expect([ticks.received[0], ticks.time[0]]).toEqual([5_000, 4_999]);
  });

  it("take about seven bytes a tick of a busy stock", () => {
    const encoder = new TickEncoder();
    const rows = Array.from({ length: 1_000 }, (_, at) =>
      tickRow(at * 900 + 1, {
        received: 1.76e12 + at * 330,
        time: Math.floor((1.76e12 + at * 330 - 250) / 1_000) * 1_000,
        price: 150_000 + ((at * 7) % 21) * 5,
        volume: 1e6 + at * 60,
      }),
    );
    encode(encoder, rows);
    expect(encoder.length / rows.length).toBeLessThan(8);
  });

  it("are refused when they end inside a tick", () => {
    const encoder = new TickEncoder();
    encode(encoder, [tickRow(1)]);
    expect(() => decodeRun(encoder.bytes.subarray(0, encoder.length - 1), 0, 1, storedTicks(1))).toThrow(
      "ends inside a row",
    );
  });
});
