import { describe, expect, it } from "vitest";
import { keptWorkspace } from "./kept-workspace";

const whole = {
  key: "NSE:TCS",
  timeframe: "15m",
  indicators: [
    { id: "EMA", params: { length: 20 } },
    { id: "RSI", params: {} },
  ],
  watchlist: "mine",
  rightDock: { open: false, width: 400 },
  scale: { mode: "log", auto: false, inverted: true },
};

const listed = (key: string): boolean => key === "NSE:TCS";

describe("the kept workspace", () => {
  it("is what was saved, and nothing before that", () => {
    const told: string[] = [];
    expect(keptWorkspace(structuredClone(whole), "NSE:FIRST", listed, (what) => told.push(what))).toEqual(whole);
    expect(keptWorkspace(null, "NSE:FIRST", listed, (what) => told.push(what))).toBeNull();
    expect(told).toEqual([]);
  });

  it.each(["a text", 7, ["a", "list"]])("is as before a first save where %j stands in its place", (value) => {
    const told: string[] = [];
    expect(keptWorkspace(value, "NSE:FIRST", listed, (what) => told.push(what))).toBeNull();
    expect(told).toEqual(["setting workspace"]);
  });

  it("loses the broken part alone", () => {
    const told: string[] = [];
    const broken = {
      ...whole,
      key: 7,
      timeframe: "7 parsecs",
      indicators: [{ id: "EMA", params: null }, { id: "RSI", params: {} }, 3],
      scale: { mode: "round" },
    };
    expect(keptWorkspace(broken, "NSE:FIRST", listed, (what) => told.push(what))).toEqual({
      ...whole,
      key: "NSE:FIRST",
      timeframe: "5m",
      indicators: [{ id: "RSI", params: {} }],
      scale: { mode: "normal", auto: true, inverted: false },
    });
    expect(told).toEqual([
      "setting workspace, key",
      "setting workspace, timeframe",
      "setting workspace, indicators",
      "setting workspace, scale",
    ]);
  });

  it("opens the first instrument where the saved one is not listed", () => {
    const saved = (key: string, first: string | null) => keptWorkspace({ ...whole, key }, first, listed)?.key;
    expect(saved("SIM:RELIENCE", "NSE:FIRST")).toBe("NSE:FIRST");
    expect(saved("NSE:TCS", "NSE:FIRST")).toBe("NSE:TCS");
    // Nothing is listed before the first instrument list: nothing is known to be wrong with the key.
    expect(saved("SIM:RELIENCE", null)).toBe("SIM:RELIENCE");
  });

  it("keeps the look of an indicator", () => {
    const indicators = [{ id: "MACD", params: {}, colour: 4, hidden: true }];
    expect(keptWorkspace({ ...whole, indicators }, "NSE:FIRST", listed)?.indicators).toEqual(indicators);
  });
});
