import { fetchWorkspace, saveWorkspace } from "@/components/client/api";
import { dock } from "@/components/shell/dock-state";
import type { Workspace } from "@/server/contract/rest";
import { type AnyTimeframeName, parseAnyTimeframe } from "@/server/domain/time/timeframe";
import type { ScaleState } from "./chart-canvas";
import { type ChosenIndicator, firstIndicators, fromWorkspace } from "./chosen-indicators";

/** What a chart workspace keeps between visits. */
export interface KeptChart {
  timeframe: AnyTimeframeName;
  indicators: readonly ChosenIndicator[];
  scale: ScaleState;
  watchlist: string;
}

const KEY = "candela.chart";
const DEBOUNCE_MS = 1_000;
const plainScale: ScaleState = { mode: "normal", auto: true, inverted: false };

export const firstChart: KeptChart = { timeframe: "5m", indicators: firstIndicators, scale: plainScale, watchlist: "" };

const modes: readonly ScaleState["mode"][] = ["normal", "log", "percent", "indexed"];
const COLOURS = 6;

/** What this browser kept, or null when it kept nothing readable. By hand: the contract's schemas would cost a page 45 kB. */
export const readKept = (text: string | null): KeptChart | null => {
  try {
    const kept = JSON.parse(text ?? "null") as Partial<KeptChart> | null;
    const timeframe = parseAnyTimeframe(String(kept?.timeframe))?.name;
    if (
      timeframe === undefined ||
      !isScale(kept?.scale) ||
      !Array.isArray(kept?.indicators) ||
      !kept.indicators.every(isIndicator)
    )
      return null;
    return {
      timeframe,
      scale: kept.scale,
      watchlist: typeof kept.watchlist === "string" ? kept.watchlist : "",
      indicators: kept.indicators.map(({ id, params, colour, hidden }, at) => ({
        id,
        params,
        colour: Number(colour ?? at) % COLOURS,
        hidden: hidden === true,
      })),
    };
  } catch {
    return null;
  }
};

const isScale = (value: Partial<ScaleState> | undefined): value is ScaleState =>
  modes.includes(value?.mode as ScaleState["mode"]) &&
  typeof value?.auto === "boolean" &&
  typeof value.inverted === "boolean";

const isIndicator = (value: Partial<ChosenIndicator>): value is ChosenIndicator =>
  typeof value.id === "string" &&
  typeof value.params === "object" &&
  value.params !== null &&
  Object.values(value.params).every((param) => typeof param === "number" || typeof param === "string");

/** Reads this browser's memory first, then the server's, then the default. */
export const recallChart = async (): Promise<KeptChart> => {
  const own = readKept(localStorage.getItem(KEY));
  if (own !== null) return own;
  const saved = await fetchWorkspace().catch(() => null);
  if (saved === null) return firstChart;
  return {
    timeframe: saved.timeframe,
    scale: saved.scale,
    watchlist: saved.watchlist,
    indicators: fromWorkspace(saved.indicators),
  };
};

/** Keeps the workspace: here at once, on the server a second after the last change and when the page closes. */
export const chartMemory = () => {
  let waiting: Workspace | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const send = (leaving: boolean): void => {
    clearTimeout(timer);
    if (waiting === null) return;
    const next = waiting;
    waiting = null;
    // The browser's copy is saved; the next change tries again.
    saveWorkspace(next, leaving).catch(() => undefined);
  };
  const onHide = (): void => send(true);
  window.addEventListener("pagehide", onHide);
  return {
    /** `key`: the instrument on show; null while the server has not confirmed it. A mistyped one must not become the start page of every browser. */
    keep(key: string | null, chart: KeptChart): void {
      localStorage.setItem(KEY, JSON.stringify(chart));
      if (key === null) return;
      waiting = { ...chart, key, indicators: [...chart.indicators], rightDock: dock().get() };
      clearTimeout(timer);
      timer = setTimeout(() => send(false), DEBOUNCE_MS);
    },
    stop(): void {
      window.removeEventListener("pagehide", onHide);
      send(true);
    },
  };
};
