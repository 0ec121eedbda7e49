import { useEffect, useRef } from "react";
import { isTyping } from "@/components/shell/shortcuts";

/** What keys on the chart ask for. */
export interface ChartKeyActions {
  search(text: string): void;
  timeframeBox(first: string): void;
  crosshair(bars: number): void;
  clearCrosshair(): void;
  pan(bars: number): void;
  edge(edge: "first" | "latest"): void;
  zoom(factor: number): void;
  reset(): void;
  mode(mode: "log" | "percent"): void;
  invert(): void;
}

const ZOOM = 1.25;

/**
 * Returns the action of a key, or null. Combinations are matched by `code`, because Alt+P on a Mac types `π`; letters
 * and digits are matched by the typed character.
 */
export const chartKey = (
  event: Pick<KeyboardEvent, "code" | "key" | "altKey" | "ctrlKey" | "metaKey" | "shiftKey">,
): ((actions: ChartKeyActions) => void) | null => {
  const { code, key, shiftKey } = event;
  const control = event.ctrlKey || event.metaKey;
  if (event.altKey) {
    if (control || shiftKey) return null;
    switch (code) {
      case "KeyR":
        return (actions) => actions.reset();
      case "KeyL":
        return (actions) => actions.mode("log");
      case "KeyP":
        return (actions) => actions.mode("percent");
      case "KeyI":
        return (actions) => actions.invert();
      default:
        return null;
    }
  }
  const step = code === "ArrowLeft" ? -1 : code === "ArrowRight" ? 1 : 0;
  if (step !== 0)
    return control ? (actions) => actions.pan(step) : (actions) => actions.crosshair(shiftKey ? step * 10 : step);
  if (control) return null;
  switch (code) {
    case "Escape":
      return shiftKey ? null : (actions) => actions.clearCrosshair();
    case "Home":
      return (actions) => actions.edge("first");
    case "End":
      return (actions) => actions.edge("latest");
    case "NumpadAdd":
      return (actions) => actions.zoom(ZOOM);
    case "NumpadSubtract":
      return (actions) => actions.zoom(1 / ZOOM);
  }
  if (key === "+" || key === "=") return (actions) => actions.zoom(ZOOM);
  if (key === "-") return (actions) => actions.zoom(1 / ZOOM);
  if (/^[0-9]$/.test(key)) return (actions) => actions.timeframeBox(key);
  if (key === ",") return (actions) => actions.timeframeBox("");
  if (/^[a-zA-Z]$/.test(key)) return (actions) => actions.search(key);
  return null;
};

/** Other parts have keys of their own. */
const foreign = "aside, nav, [role='dialog'], [role='menu'], [role='listbox'], [data-surface='elevated']";

/** Runs the chart's keys wherever the focus is, except while typing and inside parts with keys of their own. */
export const useChartKeys = (actions: ChartKeyActions): void => {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || isTyping(event)) return;
      if (event.target instanceof Element && event.target.closest(foreign) !== null) return;
      if (document.querySelector("[role='dialog']") !== null) return;
      const run = chartKey(event);
      if (run === null) return;
      event.preventDefault();
      run(latest.current);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
};
