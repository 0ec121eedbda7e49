import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { latestBar } from "@/server/testing/latest-suite";
import { BarQueue } from "./bar-queue";

const rows = (from: number, count: number) => Array.from({ length: count }, (_, row) => latestBar(from + row));
const seconds = (bars: readonly { time: number }[]) => bars.map((bar) => (bar.time - latestBar(0).time) / 1_000);

describe("the queue of bars", () => {
  it("gives rows in the order they came", () => {
    const queue = new BarQueue(10);
    queue.push(rows(0, 3));
    queue.push(rows(3, 3));
    expect(seconds(queue.take(4))).toEqual([0, 1, 2, 3]);
    expect(seconds(queue.take(4))).toEqual([4, 5]);
    expect(queue.take(4)).toEqual([]);
  });

  it("lets the oldest go when it is full, and says how many", () => {
    const queue = new BarQueue(4);
    expect(queue.push(rows(0, 3))).toBe(0);
    expect(queue.push(rows(3, 3))).toBe(2);
    expect(seconds(queue.take(10))).toEqual([2, 3, 4, 5]);
  });

  it("takes rows back to where they were, the oldest going where there is no room any more", () => {
    const queue = new BarQueue(4);
    queue.push(rows(0, 4));
    const taken = queue.take(3);
    queue.push(rows(4, 2));
    expect(queue.giveBack(taken)).toBe(2);
    expect(seconds(queue.take(10))).toEqual([2, 3, 4, 5]);
  });

  it("loses and doubles nothing but what it counts, whatever is done with it", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(fc.record({ push: fc.nat(9) }), fc.record({ take: fc.nat(9) }), fc.record({ back: fc.nat(9) })),
        ),
        (steps) => {
          const queue = new BarQueue(12);
          let pushed = 0;
          let dropped = 0;
          const out: number[] = [];
          for (const step of steps) {
            if ("push" in step) {
              dropped += queue.push(rows(pushed, step.push));
              pushed += step.push;
            } else if ("take" in step) out.push(...seconds(queue.take(step.take)));
            else dropped += queue.giveBack(queue.take(step.back));
            expect(queue.length).toBeLessThanOrEqual(12);
          }
          expect(out.length + queue.length + dropped).toBe(pushed);
          expect(out).toEqual([...new Set(out)].sort((a, b) => a - b));
        },
      ),
    );
  });
});
