import type { AutoscaleInfo } from "lightweight-charts";
import { mark, type Mark, type Painting, type RowScale } from "./chart-marks";

/** One line over the candles, read from columns row by row. Its values have the price scale's unit. */
export interface OverlayLine {
  valueAt(row: number): number;
  /** True if the line does not continue from this row to the next. */
  ends(row: number): boolean;
  /** True at a row without a value that the line passes over. */
  passes(row: number): boolean;
  colour(): string;
  /** CSS pixels. */
  width: number;
}

export interface Overlay {
  lines: readonly OverlayLine[];
  visible(): boolean;
}

/** The candles' price scale: a price's position in the pane, in every scale mode. */
export interface PriceRuler {
  yOf(price: number): number | null;
  /** Y is a straight line of the price: in every mode but the logarithmic one. */
  straight(): boolean;
}

/** The ruler for many prices of one painting: two questions instead of one a point where the scale is straight. */
export const rulerOf = (
  { yOf, straight }: PriceRuler,
  from: number,
  to: number,
): ((price: number) => number | null) => {
  const [a, b] = [yOf(from), yOf(to)];
  if (!straight() || from === to || a === null || b === null) return yOf;
  const slope = (b - a) / (to - from);
  return (price) => a + (price - from) * slope;
};

/** Smallest and greatest value of rows of some lines; null where there is none. */
export const rangeOfLines = (
  lines: readonly OverlayLine[],
  from: number,
  to: number,
): { minValue: number; maxValue: number } | null => {
  let minValue = Number.POSITIVE_INFINITY;
  let maxValue = Number.NEGATIVE_INFINITY;
  for (const { valueAt } of lines) {
    for (let row = from; row <= to; row++) {
      const value = valueAt(row);
      if (value < minValue) minValue = value;
      if (value > maxValue) maxValue = value;
    }
  }
  return minValue > maxValue ? null : { minValue, maxValue };
};

/** The parts of a line that are drawn in one stroke: rows `from` to `to`, both included, without a gap. */
export const runsOf = (
  { valueAt, ends, passes }: OverlayLine,
  from: number,
  to: number,
): (readonly [from: number, to: number])[] => {
  const runs: [number, number][] = [];
  let start = -1;
  for (let row = from; row <= to; row++) {
    if (Number.isNaN(valueAt(row))) {
      if (!passes(row)) start = -1;
      continue;
    }
    if (start === -1) {
      start = row;
      runs.push([row, row]);
    } else runs[runs.length - 1]![1] = row;
    if (ends(row)) start = -1;
  }
  return runs;
};

const stroke = (
  painting: Painting,
  line: OverlayLine,
  rows: { from: number; to: number },
  xOf: (row: number) => number,
  yOf: (price: number) => number | null,
): void => {
  const { context, x, y } = painting;
  context.strokeStyle = line.colour();
  context.lineWidth = line.width * x;
  context.beginPath();
  for (const [from, to] of runsOf(line, rows.from, rows.to)) {
    for (let row = from; row <= to; row++) {
      if (Number.isNaN(line.valueAt(row))) continue; // passed over
      const height = yOf(line.valueAt(row));
      if (height === null) return;
      if (row === from) context.moveTo(xOf(row) * x, height * y);
      if (row !== from || from === to) context.lineTo(xOf(row) * x + (from === to ? 0.01 : 0), height * y);
    }
  }
  context.stroke();
};

/**
 * The lines of one indicator over the candles, drawn as part of the candle series. They are not series of the library:
 * each series on a percent scale starts from its own first value, so the line would leave its candles, and the library
 * allocates an object per bar and series at each update.
 */
export const overlayMark = ({ lines, visible }: Overlay, scale: RowScale, ruler: PriceRuler): Mark =>
  mark(
    "normal",
    (painting) => {
      const shown = scale.visibleRows();
      if (shown === null || !visible()) return;
      // One more at either side: a line runs to the edge.
      const rows = { from: Math.max(0, shown.from - 1), to: Math.min(scale.rows() - 1, shown.to + 1) };
      const range = rangeOfLines(lines, rows.from, rows.to);
      const origin = scale.xOf(rows.from);
      if (range === null || origin === null) return;
      const yOf = rulerOf(ruler, range.minValue, range.maxValue);
      const spacing = scale.barSpacing();
      painting.context.lineJoin = "round";
      painting.context.lineCap = "round";
      for (const line of lines) stroke(painting, line, rows, (row) => origin + (row - rows.from) * spacing, yOf);
    },
    (from, to): AutoscaleInfo | null => {
      if (!visible()) return null;
      const priceRange = rangeOfLines(lines, Math.max(0, Math.floor(from)), Math.min(scale.rows() - 1, Math.ceil(to)));
      return priceRange === null ? null : { priceRange };
    },
  );
