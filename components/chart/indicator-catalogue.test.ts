import { describe, expect, it } from "vitest";
import { defaultsOf, hintOf, paramTitle, rangeOf, refusalOfParam, settingsOf } from "./indicator-catalogue";
import type { IndicatorEntry, IndicatorParam } from "@/server/contract/answers";
import { indicatorCatalogue } from "@/server/indicators";
import { firstIndicators } from "./chosen-indicators";
import { indicatorLabel } from "./indicator-label";

const rsi: IndicatorEntry = {
  id: "RSI",
  title: "Relative strength index",
  group: "momentum",
  pane: "own",
  guides: [30, 70],
  plots: [],
  source: "Wilder",
  warmUp: 14,
  params: [
    { name: "period", kind: "integer", default: 14, min: 2, max: 500 },
    { name: "source", kind: "choice", default: "close", choices: ["close", "hl2"] },
  ],
};
const [period, source] = rsi.params;

describe("indicator settings", () => {
  it("start at the defaults the server gives", () => expect(defaultsOf(rsi)).toEqual({ period: 14, source: "close" }));
  it("of an indicator that names only a part are the rest's defaults, and none is refused", () => {
    expect(settingsOf(rsi, { period: 21 })).toEqual({ period: "21", source: "close" });
    expect(settingsOf(rsi, { period: 21, source: "hl2" }, { period: "" })).toEqual({ period: "", source: "hl2" });
  });
  it("open valid for everything shown on the first run and for every indicator with no settings kept", () => {
    const kept = [...firstIndicators, ...indicatorCatalogue().map(({ id }) => ({ id, params: {} }))];
    const refused = kept.flatMap(({ id, params }) => {
      const entry = indicatorCatalogue().find((each) => each.id === id) as unknown as IndicatorEntry;
      const shown = settingsOf(entry, params);
      return entry.params
        .map((param) => [id, param.name, refusalOfParam(param, shown[param.name]!)])
        .filter(([, , refusal]) => refusal !== null);
    });
    expect(kept.length).toBeGreaterThan(25);
    expect(refused).toEqual([]);
  });
  it("refuse what the server would refuse, and say what is accepted", () => {
    expect(["14", "2", "500"].map((typed) => refusalOfParam(period!, typed))).toEqual([null, null, null]);
    expect(["1", "501", "", "x", "2.5"].map((typed) => refusalOfParam(period!, typed))).toEqual([
      "2 to 500",
      "2 to 500",
      "A number",
      "A number",
      "A whole number",
    ]);
    expect([refusalOfParam(source!, "hl2"), refusalOfParam(source!, "open")]).toEqual([null, "One of close, hl2"]);
  });
  it("take an anchor that is a period or an Indian time", () => {
    const anchor: IndicatorParam = {
      name: "anchor",
      kind: "instant",
      default: "month",
      choices: ["week", "month"],
      unit: "IST",
    };
    expect(["week", "2026-11-09", "2026-11-09T09:15"].map((typed) => refusalOfParam(anchor, typed))).toEqual([
      null,
      null,
      null,
    ]);
    expect(
      ["", "year", "2026-02-30", "2026-11-09T24:00", "2026-11-09 09:15"].map((typed) => refusalOfParam(anchor, typed)),
    ).toEqual(Array.from({ length: 5 }, () => "A date and time"));
    expect([hintOf(anchor), hintOf({ ...period!, unit: "bars" }), hintOf(source!)]).toEqual([
      "IST",
      "bars · 2 to 500",
      "",
    ]);
  });
  it("name an indicator without a price source that was not chosen", () => {
    expect([
      indicatorLabel({ id: "EMA", params: { period: 20, source: "close" } }),
      indicatorLabel({ id: "EMA", params: { period: 20, source: "hl2" } }),
      indicatorLabel({ id: "EMA", params: { period: 20 } }),
    ]).toEqual(["EMA 20", "EMA 20 hl2", "EMA 20"]);
    expect(
      indicatorLabel(
        { id: "CCI", params: { period: 20, source: "hlc3" } },
        { params: [{ name: "source", kind: "choice", default: "hlc3" }] },
      ),
    ).toBe("CCI 20");
    expect(indicatorLabel({ id: "RSI", params: {} }, rsi)).toBe("RSI 14");
  });
  it("are named in words", () =>
    expect([
      paramTitle("period"),
      paramTitle("slowPeriod"),
      rangeOf({ name: "x", kind: "number", default: 1, min: 0 }),
    ]).toEqual(["Period", "Slow period", "0 or more"]));
});
