import { describe, expect, it } from "vitest";
import { defaultsOf, type IndicatorEntry, paramTitle, rangeOf, refusalOfParam } from "./indicator-catalogue";

const rsi: IndicatorEntry = {
  id: "RSI", title: "Relative strength index", group: "momentum", pane: "own", guides: [30, 70], plots: [],
  params: [{ name: "period", kind: "integer", default: 14, min: 2, max: 500 }, { name: "source", kind: "choice", default: "close", choices: ["close", "hl2"] }],
};
const [period, source] = rsi.params;

describe("indicator settings", () => {
  it("start at the defaults the server gives", () => expect(defaultsOf(rsi)).toEqual({ period: 14, source: "close" }));
  it("refuse what the server would refuse, and say what is accepted", () => {
    expect(["14", "2", "500"].map((typed) => refusalOfParam(period!, typed))).toEqual([null, null, null]);
    expect(["1", "501", "", "x", "2.5"].map((typed) => refusalOfParam(period!, typed))).toEqual(["2 to 500", "2 to 500", "A number", "A number", "A whole number"]);
    expect([refusalOfParam(source!, "hl2"), refusalOfParam(source!, "open")]).toEqual([null, "One of close, hl2"]);
  });
  it("are named in words", () => expect([paramTitle("period"), paramTitle("slowPeriod"), rangeOf({ name: "x", kind: "number", default: 1, min: 0 })]).toEqual(["Period", "Slow period", "0 or more"]));
});
