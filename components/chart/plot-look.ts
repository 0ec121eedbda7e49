import { compactText, numberText, priceText } from "@/components/format/numbers";
import type { Plot } from "@/server/domain/bars/indicator";

interface Painted {
  plots: readonly Plot[];
  colour: number;
}

const SERIES = 6;
/** More lines than this are levels, distinguished by position, not by colour. */
const MOST_COLOURS = 3;

/**
 * Which token a plot is drawn with: `series-2`, `muted`. Bands and the one line between them share the indicator's
 * colour, further lines take the next ones, bars beside lines stay neutral.
 */
export const plotToken = ({ plots, colour }: Painted, at: number): string => {
  const kind = plots[at]?.kind ?? "line";
  const lines = plots.filter((plot) => plot.kind === "line").length;
  const bands = plots.some((plot) => plot.kind === "band");
  const series = (by: number): string => `series-${((colour + by) % SERIES) + 1}`;
  if (kind === "histogram") return lines > 0 ? "faint" : series(0);
  if (kind === "band" || lines > MOST_COLOURS) return series(0);
  const place = plots.slice(0, at).filter((plot) => plot.kind === "line").length;
  return series(bands && lines > 1 ? place + 1 : place);
};

/** Bars beside lines are a difference (MACD's): above zero in the colour of rise, below it in that of fall. Null for other plots. */
export const signToken = (painted: Painted, at: number, value: number): "candleUp" | "candleDown" | null =>
  painted.plots[at]?.kind === "histogram" && painted.plots.some(({ kind }) => kind === "line")
    ? value >= 0
      ? "candleUp"
      : "candleDown"
    : null;

/** Larger numbers, such as volumes, are abbreviated. */
const LONG = 100_000;

/** A value as the legend and the scale write it; `value` as the indicator gives it, prices in minor units. */
export const plotText = (value: number | null, unit: Plot["unit"], decimals: number): string =>
  unit === "price" ? priceText(value === null ? null : Math.round(value), decimals) : plainText(value);

export const plainText = (value: number | null): string =>
  value !== null && Math.abs(value) >= LONG ? compactText(value) : numberText(value, 2);

/** The same on a scale that counts in rupees: the chart is given prices divided. */
export const scaleText = (value: number, unit: Plot["unit"], decimals: number): string =>
  unit === "price" ? numberText(value, decimals) : plainText(value);

/** The newest value on the scale: as short as its size allows. */
export const labelText = (value: number | null, unit: Plot["unit"], decimals: number): string =>
  unit === "value" && value !== null && Math.abs(value) >= 10 && Math.abs(value) < 1_000
    ? numberText(value, 1)
    : plotText(value, unit, decimals);
