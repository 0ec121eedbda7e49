import { ColorType, CrosshairMode, LineStyle, type ChartOptions, type DeepPartial } from "lightweight-charts";

/** What the canvas takes from the page's tokens: there is no second palette. */
export interface ChartColours {
  background: string;
  text: string;
  axis: string;
  grid: string;
  line: string;
  lineStrong: string;
  crosshair: string;
  crosshairLabel: string;
  session: string;
  watermark: string;
  candleUp: string;
  candleDown: string;
  volumeUp: string;
  volumeDown: string;
  up: string;
  down: string;
  muted: string;
  faint: string;
  warn: string;
  heal: string;
  /** `--c-series-1` to `-6`. */
  series: readonly string[];
  font: string;
}

/** Reads the tokens in force at an element. */
export const readColours = (element: Element): ChartColours => {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(`--c-${name}`).trim();
  return {
    background: token("bg"),
    text: token("text"),
    axis: token("axis"),
    grid: token("grid"),
    line: token("line"),
    lineStrong: token("line-strong"),
    crosshair: token("crosshair"),
    crosshairLabel: token("crosshair-label"),
    session: token("session"),
    watermark: token("watermark"),
    candleUp: token("candle-up"),
    candleDown: token("candle-down"),
    volumeUp: token("vol-up"),
    volumeDown: token("vol-down"),
    up: token("up"),
    down: token("down"),
    muted: token("muted"),
    faint: token("faint"),
    warn: token("warn"),
    heal: token("heal"),
    series: [1, 2, 3, 4, 5, 6].map((number) => token(`series-${number}`)),
    font: style.getPropertyValue("--font-ui").trim() || "system-ui, sans-serif",
  };
};

/** Width of the price scale, px. */
export const AXIS_WIDTH = 72;

/** The part of the chart's options that a theme decides; applied again at each change of theme. */
export const themedOptions = (colours: ChartColours): DeepPartial<ChartOptions> => ({
  layout: {
    background: { type: ColorType.Solid, color: colours.background },
    textColor: colours.axis,
    fontSize: 11,
    fontFamily: colours.font,
    attributionLogo: true,
    panes: { separatorColor: colours.line, separatorHoverColor: colours.lineStrong, enableResize: true },
  },
  grid: { vertLines: { color: colours.grid }, horzLines: { color: colours.grid } },
  crosshair: {
    mode: CrosshairMode.Normal,
    vertLine: {
      color: colours.crosshair,
      width: 1,
      style: LineStyle.Dashed,
      labelBackgroundColor: colours.crosshairLabel,
    },
    // The crosshair's price label is ours, because it must lie above the last price.
    horzLine: { color: colours.crosshair, width: 1, style: LineStyle.Dashed, labelVisible: false },
  },
  rightPriceScale: { borderColor: colours.line, minimumWidth: AXIS_WIDTH, entireTextOnly: true },
  timeScale: { borderColor: colours.line },
});
