import type { BarPath } from "./series-store";

/** How often bars went each way since the chart was made; the test bridge shows them. */
export interface RouteStats {
  append: number;
  last: number;
  older: number;
  /** Bars inserted in the middle: each asks for one rebuild of the series. */
  absent: number;
  rebuilds: number;
  /** Frames in which something was drawn. */
  flushes: number;
}

export const routeStats = (): RouteStats => ({ append: 0, last: 0, older: 0, absent: 0, rebuilds: 0, flushes: 0 });

/** Calls to the chart library; rows are those of our store. */
export interface Drawing {
  /** `series.update` of one row in every series; `older`: it is not the newest row drawn. */
  update(time: number, older: boolean): void;
  /** `setData` of every series from the store. */
  rebuild(): void;
}

/**
 * When to draw: in the next frame for changed live bars, in an idle moment for a rebuild. Both return a function that
 * cancels it.
 */
export interface DrawingTimes {
  frame(run: () => void): () => void;
  idle(run: () => void): () => void;
}

/**
 * Collects changed bars and draws them once per frame: `update` for the newest, `update(older)` for one already drawn,
 * and one rebuild in an idle moment for a bar that has no place in the series. The library throws if the wrong one is
 * called; the router never does that.
 */
export const barRouter = (drawing: Drawing, times: DrawingTimes, stats: RouteStats) => {
  const changed = new Set<number>();
  /** Time of the newest bar drawn, the library's last point. */
  let drawn = Number.NEGATIVE_INFINITY;
  let rebuildWanted = false;
  let cancelFrame: (() => void) | null = null;
  let cancelIdle: (() => void) | null = null;

  const flush = (): void => {
    cancelFrame = null;
    if (rebuildWanted || changed.size === 0) return;
    const oldestFirst = [...changed].sort((a, b) => a - b);
    changed.clear();
    stats.flushes++;
    for (const time of oldestFirst) {
      drawing.update(time, time < drawn);
      if (time > drawn) drawn = time;
    }
  };
  const rebuild = (newest: number): void => {
    rebuildWanted = false;
    cancelIdle?.();
    cancelIdle = null;
    changed.clear();
    drawn = newest;
    stats.rebuilds++;
    drawing.rebuild();
  };

  return {
    /**
     * A bar entered the store in that way. While a rebuild is due nothing else is drawn, because it would hit old rows.
     */
    changed(path: BarPath, time: number, newest: () => number): void {
      stats[path]++;
      if (path === "absent") {
        rebuildWanted = true;
        cancelIdle ??= times.idle(() => {
          cancelIdle = null;
          rebuild(newest());
        });
        return;
      }
      changed.add(time);
      cancelFrame ??= times.frame(flush);
    },
    /** Other data of an existing bar changed, such as its indicator values. */
    touched(time: number): void {
      changed.add(time);
      if (!rebuildWanted) cancelFrame ??= times.frame(flush);
    },
    /** Draws everything now: a snapshot, a page, a theme. `newest`: time of the last bar in the store. */
    rebuild,
    stop(): void {
      cancelFrame?.();
      cancelIdle?.();
      cancelFrame = cancelIdle = null;
    },
  };
};
