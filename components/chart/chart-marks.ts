import type { AutoscaleInfo, IPrimitivePaneRenderer, PrimitivePaneViewZOrder } from "lightweight-charts";
import { IST_OFFSET_MS } from "@/server/domain/time/session";
import type { ChartColours } from "./chart-colours";
import type { SeriesStore } from "./series-store";

/** A pane while it is painted. `context` counts device pixels; `x` and `y` turn CSS pixels into them. */
export interface Painting {
  context: CanvasRenderingContext2D;
  /** CSS pixels. */
  width: number;
  height: number;
  x: number;
  y: number;
}
export type Paint = (painting: Painting) => void;

/** Something of ours painted with a pane; fits panes and series alike. `autoscale`: the part that must be in view. */
export const mark = (
  zOrder: PrimitivePaneViewZOrder,
  paint: Paint,
  autoscale?: (from: number, to: number) => AutoscaleInfo | null,
) => {
  let requestUpdate: (() => void) | null = null;
  const renderer: IPrimitivePaneRenderer = {
    draw: (target) =>
      target.useBitmapCoordinateSpace(({ context, mediaSize, horizontalPixelRatio, verticalPixelRatio }) => {
        context.save();
        paint({
          context,
          width: mediaSize.width,
          height: mediaSize.height,
          x: horizontalPixelRatio,
          y: verticalPixelRatio,
        });
        context.restore();
      }),
  };
  const views = [{ zOrder: () => zOrder, renderer: () => renderer }];
  return {
    paneViews: () => views,
    autoscaleInfo: (from: number, to: number): AutoscaleInfo | null => autoscale?.(from, to) ?? null,
    attached: (given: { requestUpdate: () => void }) => {
      requestUpdate = given.requestUpdate;
    },
    detached: () => {
      requestUpdate = null;
    },
    /** Asks for a painting in the next animation frame. */
    repaint: () => requestUpdate?.(),
  };
};
export type Mark = ReturnType<typeof mark>;

/** A crisp line of one CSS pixel between two points of CSS pixels, upright or level. */
const line = (
  { context, x, y }: Painting,
  fromX: number,
  fromY: number,
  toX: number,
  toY: number,
  dash: readonly number[],
  colour: string,
): void => {
  const width = Math.max(1, Math.floor(x));
  const shift = width % 2 === 1 ? 0.5 : 0;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash.map((length) => length * x));
  context.beginPath();
  context.moveTo(Math.round(fromX * x) + shift, Math.round(fromY * y) + shift);
  context.lineTo(Math.round(toX * x) + shift, Math.round(toY * y) + shift);
  context.stroke();
};

/** Rows a scale shows, and their positions. */
export interface RowScale {
  visibleRows(): { from: number; to: number } | null;
  /** CSS pixels from the left, or null. */
  xOf(row: number): number | null;
  barSpacing(): number;
  /** How many there are. */
  rows(): number;
}

/** Breaks closer than this many CSS pixels say nothing and are left out. */
const LEAST_BREAK_GAP = 24;
const DAY = 86_400_000;

/** Rows at which another trading day begins; every session lies within one IST date. */
export const sessionStarts = (store: SeriesStore, from: number, to: number): number[] => {
  const rows: number[] = [];
  let day = Number.NaN;
  for (let row = Math.max(0, from - 1); row <= to && row < store.length; row++) {
    const next = Math.floor((store.time[row]! + IST_OFFSET_MS) / DAY);
    if (next !== day && row >= Math.max(1, from)) rows.push(row);
    day = next;
  }
  return rows;
};

/** Dashed lines between trading days, on intraday bars. */
export const sessionBreaks = (
  store: SeriesStore,
  scale: RowScale,
  wanted: () => boolean,
  colours: () => ChartColours,
): Mark =>
  mark("bottom", (painting) => {
    const visible = scale.visibleRows();
    if (!wanted() || visible === null) return;
    const rows = sessionStarts(store, visible.from, visible.to);
    if (rows.length > 1 && ((rows.at(-1)! - rows[0]!) / (rows.length - 1)) * scale.barSpacing() < LEAST_BREAK_GAP)
      return;
    for (const row of rows) {
      const at = scale.xOf(row);
      if (at !== null)
        line(
          painting,
          at - scale.barSpacing() / 2,
          0,
          at - scale.barSpacing() / 2,
          painting.height,
          [3, 4],
          colours().session,
        );
    }
  });

/** Large letters behind the candles. */
export const watermark = (text: () => string, colours: () => ChartColours): Mark =>
  mark("bottom", ({ context, width, height, x, y }) => {
    const words = text();
    if (words === "") return;
    const size = Math.min(56, width / 9);
    context.font = `600 ${size * y}px ${colours().font}`;
    context.letterSpacing = `${0.16 * size * x}px`;
    context.fillStyle = colours().watermark;
    context.textAlign = "center";
    context.textBaseline = "middle";
    // The spacing behind the last letter would push the word to the left.
    context.fillText(words, (width / 2) * x + 0.08 * size * x, height * 0.47 * y);
  });

/**
 * The dotted line of the last price, and its label's position. `placed` receives CSS pixels from the pane's top, or
 * null.
 */
export const lastPriceLine = (
  level: () => { y: number | null; colour: string },
  placed: (y: number | null) => void,
): Mark =>
  mark("normal", (painting) => {
    const { y, colour } = level();
    const inside = y !== null && y >= 0 && y <= painting.height;
    placed(inside ? y : null);
    if (!inside) return;
    painting.context.globalAlpha = 0.75;
    line(painting, 0, y, painting.width, y, [2, 3], colour);
  });

/** The levels of an indicator's own pane (RSI 30 and 70), the ground between them lightly filled. */
export const guideLines = (
  levels: readonly number[],
  yOf: (value: number) => number | null,
  fill: () => string,
  colours: () => ChartColours,
): Mark =>
  mark("bottom", (painting) => {
    const at = levels.map(yOf).filter((y): y is number => y !== null);
    if (at.length > 1) {
      const top = Math.min(...at);
      painting.context.globalAlpha = 0.06;
      painting.context.fillStyle = fill();
      painting.context.fillRect(0, top * painting.y, painting.width * painting.x, (Math.max(...at) - top) * painting.y);
      painting.context.globalAlpha = 1;
    }
    for (const y of at) line(painting, 0, y, painting.width, y, [4, 4], colours().lineStrong);
  });
