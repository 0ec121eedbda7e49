import { describe, expect, it } from "vitest";
import { plateOf } from "./axis-label";

describe("the plate behind the last price", () => {
  it("covers whole every scale label it touches, and none it does not", () => {
    // 32 px tall at 100: labels from 77 to 123 would be cut. Each is covered to its end, 8 px beyond its middle.
    expect(plateOf(100, 16, [40, 70, 80, 130])).toEqual({ up: 28, down: 16 });
    expect(plateOf(100, 16, [90, 120])).toEqual({ up: 18, down: 28 });
    expect(plateOf(100, 9, [40, 82.5, 117, 160])).toEqual({ up: 9, down: 9 });
    expect(plateOf(100, 9, [])).toEqual({ up: 9, down: 9 });
    expect(plateOf(100, 9, [Number.NaN])).toEqual({ up: 9, down: 9 });
  });

  it("never leaves half a label, wherever the price stands", () => {
    const ticks = [30, 62, 94, 126, 158];
    for (let y = 20; y < 180; y += 0.5) {
      for (const half of [9, 16]) {
        const { up, down } = plateOf(y, half, ticks);
        for (const tick of ticks) {
          const [from, to] = [tick - 7, tick + 7];
          const outside = to <= y - up || from >= y + down;
          const inside = from >= y - up && to <= y + down;
          expect(outside || inside, `label at ${tick} beside a price at ${y}`).toBe(true);
        }
      }
    }
  });
});
