import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { barColumns } from "@/server/domain/bars/bar";
import type { BarsFeed } from "./bars-feed";
import type { ChartCanvas } from "./chart-canvas";
import { chartNavigation } from "./chart-navigation";
import { SeriesStore } from "./series-store";

const store = new SeriesStore();
const bars = barColumns(50);
bars.length = 50;
bars.time.forEach((_, row) => {
  bars.time[row] = row * 60_000;
});
store.replace(bars, []);

/** Row numbers of the crosshair and of the legend's bar; null: away. */
const navigated = () => {
  const told: { crosshair: number | null; read: number | null } = { crosshair: null, read: null };
  const canvas = {
    crosshairAt: (row: number | null) => {
      told.crosshair = row;
    },
    showRows: () => undefined,
    scale: { visibleRows: () => ({ from: 20, to: 49 }) },
  } as unknown as ChartCanvas;
  const navigation = chartNavigation({
    store,
    canvas,
    feed: () => ({ atStart: () => true, detached: () => false }) as BarsFeed,
    shown: () => "1m",
    hovered: () => (told.read === null ? null : told.read * 60_000),
    read: (time) => {
      told.read = time === null ? null : time / 60_000;
    },
  });
  return { told, navigation };
};

describe("the crosshair without a pointer", () => {
  let frames: (() => void)[] = [];
  beforeEach(() => {
    frames = [];
    vi.stubGlobal("requestAnimationFrame", (run: () => void) => frames.push(run));
  });
  afterEach(() => vi.unstubAllGlobals());
  const paint = (): void => {
    for (const run of frames.splice(0)) run();
  };

  it("is put away, and begins at the newest bar again", () => {
    const { told, navigation } = navigated();
    navigation.stepCrosshair(-10);
    expect(told).toEqual({ crosshair: 40, read: 40 });
    navigation.clearCrosshair();
    expect(told).toEqual({ crosshair: null, read: null });
    navigation.stepCrosshair(-1);
    expect(told).toEqual({ crosshair: 49, read: 49 });
  });
  it("does not come back with a bar that was still to be shown when it was put away", () => {
    const { told, navigation } = navigated();
    navigation.goTo(5 * 60_000);
    expect(told.read).toBe(5);
    navigation.clearCrosshair();
    paint();
    paint();
    expect(told).toEqual({ crosshair: null, read: null });
  });
  it("moves to a bar out of view once that has been painted", () => {
    const { told, navigation } = navigated();
    navigation.goTo(5 * 60_000);
    paint();
    paint();
    expect(told).toEqual({ crosshair: 5, read: 5 });
  });
});
