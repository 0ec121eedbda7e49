import {
  type AutoscaleInfo,
  HistogramSeries,
  type HistogramData,
  type IChartApiBase,
  type ISeriesApi,
  type LineData,
  LineSeries,
  type LineWidth,
  PriceScaleMode,
  type Time,
  type UTCTimestamp,
  type WhitespaceData,
} from "lightweight-charts";
import type { Plot } from "@/server/domain/bars/indicator";
import { istDay } from "@/server/domain/time/session";
import { axisLabel, type AxisLabel } from "./axis-label";
import { bandFill, tokenColour } from "./band-fill";
import type { ChartColours } from "./chart-colours";
import { guideLines, type Mark, type RowScale } from "./chart-marks";
import { isPassed, newestRead, readPoints } from "./legend-values";
import { overlayMark, type PriceRuler } from "./overlay-lines";
import { labelText, plotToken, scaleText, signToken } from "./plot-look";
import type { SeriesStore } from "./series-store";

/** One indicator of a chart as it is drawn. */
export interface IndicatorView {
  id: string;
  /** `EMA 20` */
  label: string;
  params: Record<string, number | string>;
  pane: "price" | "own";
  guides: readonly number[];
  plots: readonly Plot[];
  /** Position in the series colours, counted from 0; a second plot takes the next. */
  colour: number;
  hidden: boolean;
  /** Has nothing to say at this timeframe: not drawn, and the legend says why. */
  idle: boolean;
}

export const isDrawn = ({ hidden, idle }: IndicatorView): boolean => !hidden && !idle;

type PlotSeries = ISeriesApi<"Line" | "Histogram", Time>;

/** Where overlays are drawn: they belong to the candles. */
export interface CandleGround {
  attach(mark: Mark): void;
  detach(mark: Mark): void;
  ruler: PriceRuler;
  /** Counts the range of the price scale again, where it fits itself. */
  refit(): void;
}

interface Drawn {
  key: string;
  /** Its position among the indicators of the chart. */
  at: number;
  view: IndicatorView;
  /** For an indicator in its own pane; empty for one over the candles. */
  series: PlotSeries[];
  label: AxisLabel | null;
  /** Over the candles. */
  marks: Mark[];
  /** Values at which the scale of its pane has labels. */
  ticks: readonly number[];
}

/** The library takes any width; its typings name whole ones. */
const LINE_WIDTH = 1.5 as LineWidth;
const BAND_WIDTH = 1 as LineWidth;
/** Below the curves of a pane of its own; above them is room for its legend. */
const PANE_BOTTOM = 0.12;
const PANE_TOP = 0.14;
/** Maximum height of a legend in its pane. */
const MOST_TOP = 0.5;
/** Bars beside lines are drawn fainter. */
const BARS_ALPHA = "80";
/** Colours for rise and fall must remain distinguishable in a pane of a hundred pixels. */
const SIGNED_ALPHA = "b3";
/** A point of this colour is not joined to the next: the library has no gap in a line. */
const UNJOINED = "rgba(0, 0, 0, 0)";
/** Height of an indicator's own pane against 1 for the price pane. */
const PANE_SHARE = 0.2;

export interface IndicatorLines {
  /** Draws exactly these, in this order; lines that stay are kept with their pane. */
  show(views: readonly IndicatorView[]): void;
  recolour(): void;
  /** Every value again, from the store. */
  rebuild(): void;
  /** One row again. */
  update(row: number, older: boolean): void;
  /** Pane of each indicator, 0 for the price pane. */
  panes(): number[];
  /** Moves and writes the labels of own panes; call after a painting. */
  placeLabels(topOf: (pane: number) => number, width: number): void;
  /** Keeps the curves of a pane of its own out of the way of its legend: `share` of the pane's height from its top. */
  keepClear(pane: number, share: number): void;
  remove(): void;
}

/** The indicator series of a chart. Values come from the store, which had them from the server. */
export const indicatorLines = (
  chart: IChartApiBase<Time>,
  store: SeriesStore,
  overlay: HTMLElement,
  scale: RowScale,
  ground: CandleGround,
  decimals: () => number,
  colours: () => ChartColours,
): IndicatorLines => {
  let drawn: Drawn[] = [];
  const colourOf = (view: IndicatorView, plot: number): string =>
    tokenColour(colours(), plotToken(view, plot)) + (view.plots[plot]!.kind === "histogram" ? BARS_ALPHA : "");
  const valueAt = (at: number, plot: number, row: number): number => store.points[at]?.[plot]?.[row] ?? Number.NaN;
  /** Values of price indicators are minor units like prices; the chart shows rupees. */
  const shownValue = (view: IndicatorView, plot: number, value: number): number =>
    view.plots[plot]!.unit === "price" ? value / 10 ** decimals() : value;
  /** True where the next row is of another day, at the last of several bars of its own: daily bars are joined. */
  const sessionEnds = (row: number, next: number): boolean => {
    const day = istDay(store.time[row]!);
    return day !== istDay(store.time[next]!) && row > 0 && istDay(store.time[row - 1]!) === day;
  };
  /** The row to which a line continues. */
  const nextOf = (at: number, plot: number, row: number): number =>
    row + 1 < store.length && Number.isNaN(valueAt(at, plot, row + 1)) && isPassed(store, at, row + 1)
      ? row + 2
      : row + 1;
  /** True if the line does not continue from this row to the next. */
  const ends = (at: number, plot: number, row: number): boolean => {
    const next = nextOf(at, plot, row);
    return (
      next < store.length &&
      (Number.isNaN(valueAt(at, plot, next)) ||
        (drawn[at]?.view.plots[plot]?.perSession === true && sessionEnds(row, next)))
    );
  };

  const pointOf = (
    at: number,
    plot: number,
    row: number,
  ): LineData<Time> | HistogramData<Time> | WhitespaceData<Time> => {
    const time = (store.time[row]! / 1_000) as UTCTimestamp;
    const { view } = drawn[at]!;
    const value = valueAt(at, plot, row);
    if (Number.isNaN(value)) return { time };
    const point = { time, value: shownValue(view, plot, value) };
    const sign = signToken(view, plot, value);
    if (sign !== null) return { ...point, color: colours()[sign] + SIGNED_ALPHA };
    return view.plots[plot]!.kind !== "histogram" && ends(at, plot, row) ? { ...point, color: UNJOINED } : point;
  };

  const addOver = (key: string, view: IndicatorView): Drawn => {
    const line: Drawn = { key, view, series: [], label: null, marks: [], ticks: [], at: drawn.length };
    const visible = (): boolean => isDrawn(line.view);
    const shown = (plot: number, row: number): number => shownValue(line.view, plot, valueAt(line.at, plot, row));
    const bands = [...view.plots.keys()].filter((plot) => view.plots[plot]!.kind === "band");
    const [upper, lower] = [bands[0], bands.at(-1)];
    if (upper !== undefined && lower !== undefined && upper !== lower) {
      line.marks.push(
        bandFill(
          {
            edges(row) {
              const [top, bottom] = [ground.ruler.yOf(shown(upper, row)), ground.ruler.yOf(shown(lower, row))];
              return top === null || bottom === null || Number.isNaN(top) || Number.isNaN(bottom)
                ? null
                : { top, bottom };
            },
            ends: (row) => ends(line.at, upper, row),
            passes: (row) => isPassed(store, line.at, row),
            colour: () => colourOf(line.view, upper),
            visible,
          },
          scale,
        ),
      );
    }
    line.marks.push(
      overlayMark(
        {
          visible,
          lines: view.plots.map(({ kind }, plot) => ({
            width: kind === "band" ? BAND_WIDTH : LINE_WIDTH,
            valueAt: (row) => shown(plot, row),
            ends: (row) => ends(line.at, plot, row),
            passes: (row) => isPassed(store, line.at, row),
            colour: () => colourOf(line.view, plot),
          })),
        },
        scale,
        ground.ruler,
      ),
    );
    for (const each of line.marks) ground.attach(each);
    return line;
  };

  const addBelow = (key: string, view: IndicatorView): Drawn => {
    const pane = chart.panes().length;
    const line: Drawn = {
      key,
      view,
      series: [],
      label: axisLabel(overlay, { plate: true }),
      marks: [],
      ticks: [],
      at: drawn.length,
    };
    const unit = view.plots[0]?.unit ?? "value";
    const formatter = (value: number): string => scaleText(value, unit, decimals());
    const common = {
      lastValueVisible: false,
      priceLineVisible: false,
      crosshairMarkerVisible: false,
      priceFormat: {
        type: "custom" as const,
        minMove: unit === "price" ? 10 ** -decimals() : 0.01,
        formatter,
        tickmarksFormatter: (values: number[]) => {
          line.ticks = values;
          return values.map(formatter);
        },
      },
    };
    // Bars first: lines are drawn over them.
    for (const index of [...view.plots.keys()].sort(
      (a, b) => Number(view.plots[b]!.kind === "histogram") - Number(view.plots[a]!.kind === "histogram"),
    )) {
      const { kind } = view.plots[index]!;
      const color = colourOf(view, index);
      line.series[index] = (
        kind === "histogram"
          ? chart.addSeries(HistogramSeries, { ...common, color }, pane)
          : chart.addSeries(
              LineSeries,
              {
                ...common,
                color,
                lineWidth: kind === "band" ? BAND_WIDTH : LINE_WIDTH,
                autoscaleInfoProvider: withGuides(view.guides),
              },
              pane,
            )
      ) as PlotSeries;
    }
    const first = line.series[0];
    if (first !== undefined) {
      chart.panes()[pane]?.setStretchFactor(PANE_SHARE);
      // The library copies the price scale's last settings to a new pane: its mode, and whether it is inverted.
      first.priceScale().applyOptions({
        mode: PriceScaleMode.Normal,
        autoScale: true,
        invertScale: false,
        scaleMargins: { top: PANE_TOP, bottom: PANE_BOTTOM },
      });
      first.attachPrimitive(
        guideLines(
          view.guides,
          (value) => first.priceToCoordinate(value),
          () => colourOf(line.view, 0),
          colours,
        ),
      );
    }
    return line;
  };

  const refill = (at: number, plot: number): void => {
    const points = new Array<LineData<Time> | HistogramData<Time> | WhitespaceData<Time>>(store.length);
    for (let row = 0; row < store.length; row++) points[row] = pointOf(at, plot, row);
    drawn[at]!.series[plot]!.setData(points);
  };

  const drop = (line: Drawn): void => {
    for (const series of line.series) chart.removeSeries(series);
    for (const each of line.marks) ground.detach(each);
    line.label?.remove();
  };

  return {
    show(views) {
      const left = [...drawn];
      const wanted = keysOf(views);
      const kept = wanted.map((key) => {
        const at = left.findIndex((line) => line.key === key);
        return at === -1 ? null : left.splice(at, 1)[0]!;
      });
      for (const line of left) drop(line);
      chart.panes()[0]?.setStretchFactor(1);
      drawn = views.map((view, index) => {
        const line = kept[index] ?? (view.pane === "price" ? addOver : addBelow)(wanted[index]!, view);
        line.view = view;
        line.at = index;
        for (const series of line.series) series.applyOptions({ visible: isDrawn(view) });
        return line;
      });
      this.recolour();
      ground.refit();
    },
    recolour() {
      for (const line of drawn)
        line.series.forEach((series, plot) => series.applyOptions({ color: colourOf(line.view, plot) }));
      for (const line of drawn) line.marks[0]?.repaint();
      // Colours contained in the points themselves.
      drawn.forEach((line, at) =>
        line.series.forEach((_, plot) => {
          if (signToken(line.view, plot, 0) !== null) refill(at, plot);
        }),
      );
    },
    rebuild: () => drawn.forEach((line, at) => line.series.forEach((_, plot) => refill(at, plot))),
    update(row, older) {
      drawn.forEach((line, at) =>
        line.series.forEach((series, plot) => {
          series.update(pointOf(at, plot, row), older);
          // A row that starts a new line must not be connected to the row before it.
          const before = isPassed(store, at, row - 1) ? row - 2 : row - 1;
          if (before >= 0 && !Number.isNaN(valueAt(at, plot, before)) && ends(at, plot, before))
            series.update(pointOf(at, plot, before), true);
        }),
      );
    },
    panes: () => drawn.map((line) => line.series[0]?.getPane().paneIndex() ?? 0),
    placeLabels(topOf, width) {
      drawn.forEach((line, at) => {
        if (line.label === null) return;
        const read = readPoints(store, at, newestRead(store, at))[0] ?? null;
        const value = read === null ? null : shownValue(line.view, 0, read);
        const series = line.series[0]!;
        const y = value === null || !isDrawn(line.view) ? null : series.priceToCoordinate(value);
        line.label.write(value === null ? "" : labelText(read, line.view.plots[0]!.unit, decimals()), "");
        line.label.look("series", colourOf(line.view, 0));
        const top = topOf(series.getPane().paneIndex());
        line.label.place(
          y === null ? null : y + top,
          width,
          line.ticks.map((tick) => (series.priceToCoordinate(tick) ?? Number.NaN) + top),
        );
      });
    },
    keepClear(pane, share) {
      const line = drawn.find(({ series }) => series[0]?.getPane().paneIndex() === pane);
      const owner = line?.series[0]?.priceScale();
      const top = Math.min(MOST_TOP, Math.max(PANE_TOP, share));
      if (owner !== undefined && Math.abs(owner.options().scaleMargins.top - top) > 0.002)
        owner.applyOptions({ scaleMargins: { top, bottom: PANE_BOTTOM } });
    },
    remove() {
      for (const line of drawn) drop(line);
      drawn = [];
    },
  };
};

/** Names each instance by its definition; equal ones are numbered first and second. */
const keysOf = (views: readonly IndicatorView[]): string[] => {
  const seen = new Map<string, number>();
  return views.map((view) => {
    const name = `${view.id} ${JSON.stringify(view.params)} ${view.plots.map((plot) => plot.kind).join()}`;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return `${name} ${count}`;
  });
};

/** Keeps the guides of a pane in view whatever the values. */
const withGuides =
  (guides: readonly number[]) =>
  (original: () => AutoscaleInfo | null): AutoscaleInfo | null => {
    const info = original();
    const range = info?.priceRange;
    if (info === null || range === null || range === undefined || guides.length === 0) return info;
    return {
      ...info,
      priceRange: { minValue: Math.min(range.minValue, ...guides), maxValue: Math.max(range.maxValue, ...guides) },
    };
  };
