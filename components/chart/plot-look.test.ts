import { describe, expect, it } from "vitest";
import type { Plot } from "@/server/domain/bars/indicator";
import { plainText, plotText, plotToken, signToken } from "./plot-look";

const plots = (...kinds: Plot["kind"][]): Plot[] =>
  kinds.map((kind, at) => ({ id: `p${at}`, title: "", kind, unit: "price" }));
const tokens = (colour: number, ...kinds: Plot["kind"][]): string[] =>
  kinds.map((_, at) => plotToken({ plots: plots(...kinds), colour }, at));

describe("the colour of a plot", () => {
  it("is the indicator's own, then the next", () =>
    expect(tokens(3, "line", "line", "line")).toEqual(["series-4", "series-5", "series-6"]));
  it("comes round again", () => expect(tokens(5, "line", "line")).toEqual(["series-6", "series-1"]));
  it("is neutral for bars beside lines, the indicator's own for bars alone", () => {
    expect(tokens(3, "line", "line", "histogram")).toEqual(["series-4", "series-5", "faint"]);
    expect(tokens(2, "histogram")).toEqual(["series-3"]);
  });
  it("colours rise and fall in bars beside lines, and in no other plot", () => {
    const macd = { plots: plots("line", "line", "histogram"), colour: 0 };
    expect([
      signToken(macd, 2, 0.4),
      signToken(macd, 2, -0.4),
      signToken(macd, 0, 0.4),
      signToken({ plots: plots("histogram"), colour: 0 }, 0, 0.4),
    ]).toEqual(["candleUp", "candleDown", null, null]);
  });
  it("is one for bands and their middle, others for lines that are not their middle", () => {
    expect(tokens(1, "band", "line", "band")).toEqual(["series-2", "series-2", "series-2"]);
    expect(tokens(0, "line", "line", "band", "band")).toEqual(["series-2", "series-3", "series-1", "series-1"]);
  });
  it("is one for many levels", () =>
    expect(new Set(tokens(2, "line", "line", "line", "line", "line"))).toEqual(new Set(["series-3"])));
});

describe("the value of a plot", () => {
  it("is rupees for prices, a plain number otherwise, short for volumes, a dash where there is none", () => {
    expect([plotText(284_612.4, "price", 2), plotText(61.234, "value", 2), plotText(null, "price", 2)]).toEqual([
      "2,846.12",
      "61.23",
      "–",
    ]);
    expect(plainText(-2_500_000)).toBe("−25.00L");
    expect([plotText(-0.3, "price", 2), plotText(-0.002, "value", 2), plotText(-1, "price", 4)]).toEqual([
      "0.00",
      "0.00",
      "−0.0001",
    ]);
  });
});
