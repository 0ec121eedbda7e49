import { describe, expect, it } from "vitest";
import { chartKey, type ChartKeyActions } from "@/components/chart/chart-keys";
import { chartShortcuts } from "./shortcut-list";

describe("the list of shortcuts", () => {
  const pressed = (row: (typeof chartShortcuts.rows)[number]): string | null => {
    const { code = "", key = "", alt = false, control = false, shift = false } = row.press!;
    let called: string | null = null;
    const actions = new Proxy(
      {},
      {
        get: (_, name: string) => () => {
          called = name;
        },
      },
    ) as ChartKeyActions;
    chartKey({ code, key, altKey: alt, ctrlKey: control, metaKey: false, shiftKey: shift })?.(actions);
    return called;
  };
  it("names keys the chart acts on, each with an action", () => {
    expect(chartShortcuts.rows.map(pressed)).toEqual([
      "search",
      "timeframeBox",
      "crosshair",
      "crosshair",
      "clearCrosshair",
      "pan",
      "zoom",
      "edge",
      "reset",
      "mode",
      "mode",
      "invert",
    ]);
  });
  it("leaves out nothing the chart can do by key", () => {
    const all: Record<keyof ChartKeyActions, true> = {
      search: true,
      timeframeBox: true,
      crosshair: true,
      clearCrosshair: true,
      pan: true,
      edge: true,
      zoom: true,
      reset: true,
      mode: true,
      invert: true,
    };
    expect(new Set(chartShortcuts.rows.map(pressed))).toEqual(new Set(Object.keys(all)));
  });
});
