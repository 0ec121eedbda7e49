import type { AnyTimeframeName } from "@/server/domain/time/timeframe";
import type { BarsFeed } from "./bars-feed";
import type { ChartCanvas } from "./chart-canvas";
import { sessionStarts } from "./chart-marks";
import type { SeriesStore } from "./series-store";

/** `sessions`: the last n trading days; `days`: calendar days back from the newest bar; null: all that is loaded. */
export type ViewRange = { sessions: number } | { days: number } | null;

/** What moves the view or the crosshair of a chart. */
export interface ChartNavigation {
  /** Shows a span as soon as bars of that timeframe are there. */
  showRange(range: ViewRange, timeframe: AnyTimeframeName): void;
  /** Brings the bar of an instant to the middle and reads it in the legend; fetches back to it where needed. */
  goTo(instant: number): void;
  toLatest(): void;
  /** Moves the crosshair by bars; from the newest when it is away. */
  stepCrosshair(bars: number): void;
  /** Puts the crosshair away: the legend reads the newest bar again. */
  clearCrosshair(): void;
  toEdge(edge: "first" | "latest"): void;
  zoom(factor: number): void;
  pan(bars: number): void;
}

export interface NavigationParts {
  store: SeriesStore;
  canvas: ChartCanvas;
  feed(): BarsFeed;
  /** Timeframe of the bars in the store; null while they are not the wanted ones. */
  shown(): AnyTimeframeName | null;
  hovered(): number | null;
  /** The legend reads this bar from now on. */
  read(time: number | null): void;
}

const DAY_MS = 86_400_000;
const LEAST_SPACING = 0.5;
const MOST_SPACING = 60;
/** Free bars at the right of a range. */
const MARGIN = 4;

/** `arrived` is to be called when bars came: a wish that waited for them is fulfilled then. */
export const chartNavigation = ({
  store,
  canvas,
  feed,
  shown,
  hovered,
  read,
}: NavigationParts): ChartNavigation & { arrived(): void; forget(): void } => {
  let range: { value: ViewRange; timeframe: AnyTimeframeName } | null = null;
  let goal: number | null = null;
  /** Counts crosshair orders: one that waits for painting is dropped if a newer one has arrived. */
  let reading = 0;

  const readAt = (row: number): void => {
    reading++;
    canvas.crosshairAt(row);
    read(store.time[row] ?? null);
  };
  /** The library keeps its crosshair by pixels: it is set once the new range has been painted. */
  const readWhenShown = (time: number): void => {
    read(time);
    const mine = ++reading;
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        if (mine === reading && store.rowOf(time) !== -1) readAt(store.rowOf(time));
      }),
    );
  };
  const clearCrosshair = (): void => {
    reading++;
    canvas.crosshairAt(null);
    read(null);
  };
  const centre = (row: number): void => {
    const visible = canvas.scale.visibleRows();
    const half = Math.max(20, visible === null ? 0 : (visible.to - visible.from) / 2);
    canvas.showRows(row - half, row + half);
    readWhenShown(store.time[row]!);
  };
  const firstRowOf = (wanted: ViewRange): number => {
    if (wanted === null) return 0;
    if ("days" in wanted) return store.rowFrom(store.time[store.length - 1]! - wanted.days * DAY_MS);
    return [0, ...sessionStarts(store, 0, store.length - 1)].at(-wanted.sessions) ?? 0;
  };
  const arrived = (): void => {
    if (store.length === 0) return;
    if (range !== null && range.timeframe === shown()) {
      canvas.showRows(firstRowOf(range.value) - 0.5, store.length + MARGIN);
      range = null;
    }
    if (goal === null) return;
    if (store.time[0]! > goal && !feed().atStart() && !feed().detached()) return feed().wantOlder();
    centre(Math.max(0, store.rowFrom(goal + 1) - 1));
    goal = null;
  };
  const toLatest = (): void => {
    if (feed().detached()) feed().reload();
    canvas.follow(true);
  };

  return {
    arrived,
    forget() {
      range = null;
      goal = null;
    },
    showRange(value, timeframe) {
      range = { value, timeframe };
      if (shown() === timeframe) arrived();
    },
    goTo(instant) {
      goal = instant;
      if (shown() !== null) arrived();
    },
    toLatest,
    stepCrosshair(bars) {
      if (store.length === 0) return;
      const held = hovered();
      const from = held === null ? store.length - 1 - Math.sign(bars) : store.rowOf(held);
      const row = Math.min(store.length - 1, Math.max(0, from + bars));
      const visible = canvas.scale.visibleRows();
      if (visible === null || (row >= visible.from && row <= visible.to)) readAt(row);
      else centre(row);
    },
    clearCrosshair,
    toEdge(edge) {
      if (edge === "latest") return toLatest();
      const visible = canvas.scale.visibleRows();
      if (visible !== null) canvas.showRows(-1, visible.to - visible.from);
    },
    zoom(factor) {
      const timeScale = canvas.chart.timeScale();
      timeScale.applyOptions({
        barSpacing: Math.min(MOST_SPACING, Math.max(LEAST_SPACING, timeScale.options().barSpacing * factor)),
      });
    },
    pan: (bars) => canvas.lagBy(canvas.lag() + bars),
  };
};
