import type { ChartColours } from "./chart-colours";
import { mark, type Mark, type RowScale } from "./chart-marks";

/** The ground between two plots, in CSS pixels from the pane's top; null where either has no value. */
export interface Band {
  edges(row: number): { top: number; bottom: number } | null;
  /** True when the band is not joined to the row after this one. */
  ends(row: number): boolean;
  /** True at a row without a value that the band passes over. */
  passes(row: number): boolean;
  colour(): string;
  visible(): boolean;
}

/** Lightly fills the ground between two plots, over the visible rows. */
export const bandFill = (band: Band, scale: RowScale): Mark =>
  mark("bottom", ({ context, x, y }) => {
    const visible = scale.visibleRows();
    if (visible === null || !band.visible()) return;
    context.globalAlpha = 0.06;
    context.fillStyle = band.colour();
    let run: { at: number; top: number; bottom: number }[] = [];
    const fill = (): void => {
      if (run.length > 1) {
        context.beginPath();
        for (const { at, top } of run) context.lineTo(at * x, top * y);
        for (const { at, bottom } of run.reverse()) context.lineTo(at * x, bottom * y);
        context.fill();
      }
      run = [];
    };
    for (let row = visible.from; row <= visible.to; row++) {
      const edges = band.edges(row);
      const at = scale.xOf(row);
      if (edges !== null && at !== null) run.push({ at, ...edges });
      if (edges === null ? !band.passes(row) : band.ends(row)) fill();
    }
    fill();
  });

/** The colour of a token as the canvas has it. */
export const tokenColour = (colours: ChartColours, token: string): string =>
  token === "faint" ? colours.faint : colours.series[Number(token.slice(token.indexOf("-") + 1)) - 1]!;
