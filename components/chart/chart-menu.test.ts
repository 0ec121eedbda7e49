import { describe, expect, it, vi } from "vitest";
import type { MenuRow } from "@/components/ui/menu";
import { type ChartMenuActions, type ChartMenuFacts, chartMenuRows } from "./chart-menu";

const actions = Object.fromEntries(
  ["copy", "copyLink", "reset", "toLatest", "scale", "indicators", "search", "hide", "settings", "remove"].map(
    (name) => [name, vi.fn()],
  ),
) as unknown as ChartMenuActions;
const scale = { mode: "log" as const, auto: true, inverted: false };
const facts = (spot: ChartMenuFacts["spot"], indicators: ChartMenuFacts["indicators"] = []): ChartMenuFacts => ({
  spot,
  scale,
  autoScaled: false,
  indicators,
  actions,
});
const words = (rows: readonly MenuRow[]): string[] => rows.flatMap((row) => (row.kind === "line" ? [] : [row.label]));
const choose = (rows: readonly MenuRow[], label: string): void => {
  const row = rows.find((each) => each.kind !== "line" && each.label === label);
  if (row === undefined || row.kind === "line" || row.kind === "heading") throw new Error(`no row ${label}`);
  row.onSelect();
};

describe("the menu of a chart", () => {
  it("of a point among the candles copies its price and a link to its bar", () => {
    const rows = chartMenuRows(facts({ pane: 0, area: "plot", time: 1_700_000_000_000, value: "2,850.50" }));
    expect(words(rows)).toEqual([
      "Reset the view",
      "Go to the latest bar",
      "Copy price",
      "Copy link to this bar",
      "Indicators…",
      "Search symbol…",
      "Price scale",
      "Fit prices in view",
      "Invert the scale",
      "Regular",
      "Logarithmic",
      "Percent",
      "Indexed to 100",
    ]);
    choose(rows, "Copy price");
    choose(rows, "Copy link to this bar");
    expect(actions.copy).toHaveBeenLastCalledWith("2,850.50");
    expect(actions.copyLink).toHaveBeenLastCalledWith(1_700_000_000_000);
  });

  it("of the price scale is about the scale, and changes one thing of it at a time", () => {
    const rows = chartMenuRows(facts({ pane: 0, area: "scale", time: null, value: "2,850.50" }));
    expect(words(rows)[0]).toBe("Copy price");
    expect(words(rows)).not.toContain("Search symbol…");
    expect(rows.filter((row) => "checked" in row && row.checked).map((row) => "label" in row && row.label)).toEqual([
      "Logarithmic",
    ]);
    choose(rows, "Percent");
    expect(actions.scale).toHaveBeenLastCalledWith({ mode: "percent", auto: false, inverted: false });
    choose(rows, "Fit prices in view");
    expect(actions.scale).toHaveBeenLastCalledWith({ mode: "log", auto: true, inverted: false });
  });

  it("of an indicator's own pane is about that indicator", () => {
    const rows = chartMenuRows(
      facts({ pane: 1, area: "plot", time: 1, value: "61.23" }, [{ at: 2, label: "RSI 14", hidden: true }]),
    );
    expect(words(rows)).toEqual(["Copy value", "RSI 14", "Settings…", "Show", "Remove", "Indicators…"]);
    choose(rows, "Remove");
    expect(actions.remove).toHaveBeenLastCalledWith(2);
  });

  it("opened without a point has no price to copy", () => {
    expect(words(chartMenuRows(facts(null)))).not.toContain("Copy price");
    expect(words(chartMenuRows(facts({ pane: 0, area: "time", time: null, value: null })))).toContain("Reset the view");
  });
});
