import { describe, expect, it } from "vitest";
import { besideCrosshair, plateOf, ticksBeside } from "./axis-label";

describe("the plate behind the last price", () => {
  it("covers whole every scale label it touches, and none it does not", () => {
    // 32 px tall at 100: labels from 77 to 123 would be cut. Each is covered to its end, 8 px beyond its middle.
    expect(plateOf(100, 16, [40, 70, 80, 130])).toEqual({ up: 28, down: 16 });
    expect(plateOf(100, 16, [90, 120])).toEqual({ up: 18, down: 28 });
    expect(plateOf(100, 9, [40, 82.5, 117, 160])).toEqual({ up: 9, down: 9 });
    expect(plateOf(100, 9, [])).toEqual({ up: 9, down: 9 });
    expect(plateOf(100, 9, [Number.NaN])).toEqual({ up: 9, down: 9 });
  });

  it("never leaves half a label, wherever the price is", () => {
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

describe("the last price's label beside the crosshair's", () => {
  it("makes room on its own side and stays where there is enough", () => {
    expect([besideCrosshair(100, 2, null), besideCrosshair(100, 2, 160), besideCrosshair(100, 2, 125)]).toEqual([
      100, 100, 100,
    ]);
    expect([besideCrosshair(100, 2, 110), besideCrosshair(100, 2, 90), besideCrosshair(100, 1, 104)]).toEqual([
      85, 115, 86,
    ]);
    // At the top there is no room above.
    expect(besideCrosshair(20, 2, 24)).toBe(49);
  });

  it("never covers it, wherever the two stand, and the crosshair's plate leaves it whole", () => {
    const ticks = Array.from({ length: 12 }, (_, at) => 20 + at * 32);
    for (let y = 20; y < 380; y += 3) {
      for (let cross = 10; cross < 390; cross += 3.5) {
        for (const lines of [1, 2] as const) {
          const half = lines === 1 ? 9 : 16;
          const shown = besideCrosshair(y, lines, cross);
          expect(Math.abs(shown - cross)).toBeGreaterThanOrEqual(half + 9);
          const { up, down } = plateOf(cross, 9, ticksBeside(ticks, shown, lines));
          expect(cross + down <= shown - half || cross - up >= shown + half, `${y} ${cross}`).toBe(true);
        }
      }
    }
  });
});
