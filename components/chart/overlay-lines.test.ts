import { describe, expect, it } from "vitest";
import { indicatorCatalogue } from "@/server/indicators";
import { type OverlayLine, rangeOfLines, rulerOf, runsOf } from "./overlay-lines";

const line = (
  values: readonly number[],
  ends: readonly number[] = [],
  passed: readonly number[] = [],
): OverlayLine => ({
  valueAt: (row) => values[row] ?? Number.NaN,
  ends: (row) => ends.includes(row),
  passes: (row) => passed.includes(row),
  colour: () => "",
  width: 1,
});
const gap = Number.NaN;

describe("a line over the candles", () => {
  it("is drawn in strokes that leave out what is missing and do not join one session to the next", () => {
    expect(runsOf(line([gap, gap, 3, 4, 5, gap, 7, 8, 9, 10], [7]), 0, 9)).toEqual([
      [2, 4],
      [6, 7],
      [8, 9],
    ]);
    expect(runsOf(line([gap, 2, gap]), 0, 2), "one value alone is a dot").toEqual([[1, 1]]);
    expect(runsOf(line([1, 2, 3], [0, 1, 2]), 0, 2)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
    expect(runsOf(line([]), 0, 5)).toEqual([]);
    expect(runsOf(line([1, 2, gap, 4, gap, 6], [], [2]), 0, 5), "over the row of a closing auction it goes on").toEqual(
      [
        [0, 3],
        [5, 5],
      ],
    );
    expect(runsOf(line([1, 2, gap, 4], [1], [2]), 0, 3), "but not into the next session where it begins anew").toEqual([
      [0, 1],
      [3, 3],
    ]);
  });

  it("is kept in view by its values in view alone", () => {
    expect(rangeOfLines([line([900, 5, 7, 6, -900]), line([900, gap, 9, gap, 900])], 1, 3)).toEqual({
      minValue: 5,
      maxValue: 9,
    });
    expect(rangeOfLines([line([1, gap, gap])], 1, 2)).toBeNull();
  });

  it("stands where the candles' scale puts its price: in two questions where that is a straight line", () => {
    let asked = 0;
    const straight = rulerOf(
      {
        yOf: (price) => {
          asked++;
          return 500 - price / 4;
        },
        straight: () => true,
      },
      100,
      900,
    );
    expect([100, 500, 900, 1_000].map(straight)).toEqual([475, 375, 275, 250]);
    expect(asked).toBe(2);
    const log = rulerOf({ yOf: (price) => Math.log10(price), straight: () => false }, 10, 1_000);
    expect(log(100)).toBe(2);
    expect(rulerOf({ yOf: () => null, straight: () => true }, 1, 2)(1.5)).toBeNull();
  });

  it("is a line or a band in every indicator that shares the candles' pane, and a price", () => {
    const others = indicatorCatalogue()
      .filter(({ pane }) => pane === "price")
      .flatMap(({ id, plots }) =>
        plots.filter(({ kind, unit }) => kind === "histogram" || unit !== "price").map((plot) => `${id} ${plot.id}`),
      );
    expect(others).toEqual([]);
  });
});
