import { describe, expect, it } from "vitest";
import { chartKey, type ChartKeyActions } from "./chart-keys";

const asked = (
  key: string,
  code: string,
  held: Partial<Record<"altKey" | "ctrlKey" | "metaKey" | "shiftKey", boolean>> = {},
): string => {
  let said = "nothing";
  const actions = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...values: unknown[]) => {
          said = `${String(name)} ${values.join(" ")}`.trim();
        },
    },
  ) as ChartKeyActions;
  chartKey({ key, code, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...held })?.(actions);
  return said;
};

describe("keys on the chart", () => {
  it("open search with a letter and the timeframe box with a digit or comma", () => {
    expect([asked("t", "KeyT"), asked("7", "Digit7"), asked("7", "Numpad7"), asked(",", "Comma")]).toEqual([
      "search t",
      "timeframeBox 7",
      "timeframeBox 7",
      "timeframeBox",
    ]);
  });
  it("walk bar by bar, ten with Shift, and pan with Ctrl", () => {
    expect([
      asked("ArrowLeft", "ArrowLeft"),
      asked("ArrowRight", "ArrowRight", { shiftKey: true }),
      asked("ArrowLeft", "ArrowLeft", { ctrlKey: true }),
    ]).toEqual(["crosshair -1", "crosshair 10", "pan -1"]);
  });
  it("match combinations by code: Alt+P types π on a Mac", () => {
    expect([
      asked("π", "KeyP", { altKey: true }),
      asked("¬", "KeyL", { altKey: true }),
      asked("®", "KeyR", { altKey: true }),
      asked("ˆ", "KeyI", { altKey: true }),
    ]).toEqual(["mode percent", "mode log", "reset", "invert"]);
  });
  it("leave the browser's and the palette's own keys alone", () => {
    expect([
      asked("k", "KeyK", { ctrlKey: true }),
      asked("1", "Digit1", { ctrlKey: true }),
      asked("/", "Slash"),
    ]).toEqual(["nothing", "nothing", "nothing"]);
  });
  it("put the crosshair away with Escape", () => expect(asked("Escape", "Escape")).toBe("clearCrosshair"));
  it("go to both ends and zoom", () =>
    expect([asked("Home", "Home"), asked("End", "End"), asked("+", "Equal"), asked("-", "Minus")]).toEqual([
      "edge first",
      "edge latest",
      "zoom 1.25",
      "zoom 0.8",
    ]));
});
