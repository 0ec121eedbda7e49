import { latency } from "@/components/client/latency";
import { once } from "@/components/client/store";
import { type BarState, barStates } from "@/server/domain/bars/bar";
import type { ChartController } from "./chart-controller";

/** A bar as tests read it: prices in minor units, time in epoch ms. */
interface BridgeBar {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  ticks: number;
  state: BarState;
  incomplete: boolean;
  points: number[][];
}

interface Bridge {
  charts(): number;
  /** One for as long as the canvas lives. */
  chartId(chart?: number): string | null;
  /** `series`: `main`, or the position of an indicator, whose bar then is its values. Negative indices count from the newest. */
  bar(chart: number, series: "main" | number, index: number): BridgeBar | number[] | null;
  bars(chart?: number): BridgeBar[];
  visible(chart?: number): { from: number; to: number; fromTime: number; toTime: number } | null;
  scale(chart?: number, pane?: number): { mode: number; auto: boolean; inverted: boolean } | null;
  /** Position of a value on a pane's scale, CSS px from the top of the pane; rupees in the price pane. */
  yOf(chart: number, pane: number, value: number): number | null;
  panes(chart?: number): number;
  xy(chart: number, at: { time: number; price: number }): { x: number; y: number } | null;
  stats(chart?: number): Record<string, number>;
  latency(): unknown;
}

declare global {
  interface Window {
    __candela?: Bridge;
  }
}

const shelf = once(() => ({ charts: new Map<number, { id: string; controller: ChartController }>(), made: 0 }));

/** True on a page whose server runs under test (`<html data-test="1">`). */
const underTest = (): boolean => document.documentElement.dataset.test === "1";

const bridgeBar = ({ store }: ChartController, row: number): BridgeBar => ({
  time: store.time[row]!,
  open: store.open[row]!,
  high: store.high[row]!,
  low: store.low[row]!,
  close: store.close[row]!,
  volume: store.volume[row]!,
  ticks: store.ticks[row]!,
  state: barStates[store.state[row]!] ?? "closed",
  incomplete: store.incomplete[row] === 1,
  points: store.points.map((plots) => plots.map((plot) => plot[row]!)),
});

const bridge = (): Bridge => {
  const of = (chart = 0): ChartController | null => shelf().charts.get(chart)?.controller ?? null;
  return {
    charts: () => shelf().charts.size,
    chartId: (chart = 0) => shelf().charts.get(chart)?.id ?? null,
    bar(chart, series, index) {
      const controller = of(chart);
      if (controller === null) return null;
      const row = index < 0 ? controller.store.length + index : index;
      if (row < 0 || row >= controller.store.length) return null;
      const bar = bridgeBar(controller, row);
      return series === "main" ? bar : (bar.points[series] ?? null);
    },
    bars(chart) {
      const controller = of(chart);
      return controller === null
        ? []
        : Array.from({ length: controller.store.length }, (_, row) => bridgeBar(controller, row));
    },
    visible(chart) {
      const controller = of(chart);
      const range = controller?.canvas.chart.timeScale().getVisibleLogicalRange() ?? null;
      const rows = controller?.canvas.scale.visibleRows() ?? null;
      if (controller === null || range === null || rows === null) return null;
      return {
        from: range.from,
        to: range.to,
        fromTime: controller.store.time[rows.from]!,
        toTime: controller.store.time[rows.to]!,
      };
    },
    yOf: (chart, pane, value) =>
      of(chart)
        ?.canvas.chart.panes()
        [pane]?.getSeries()
        .find((one) => pane > 0 || one.seriesType() === "Candlestick")
        ?.priceToCoordinate(value) ?? null,
    scale(chart, pane = 0) {
      const options = of(chart)?.canvas.chart.priceScale("right", pane).options();
      return options === undefined
        ? null
        : { mode: options.mode, auto: options.autoScale, inverted: options.invertScale };
    },
    panes: (chart) => of(chart)?.canvas.chart.panes().length ?? 0,
    xy(chart, { time, price }) {
      const controller = of(chart);
      const series = controller?.canvas.chart
        .panes()[0]
        ?.getSeries()
        .find((one) => one.seriesType() === "Candlestick");
      if (controller === null || series === undefined) return null;
      const x = controller.canvas.scale.xOf(controller.store.rowOf(time));
      const y = series.priceToCoordinate(price);
      return x === null || y === null ? null : { x, y };
    },
    stats: (chart) => ({ ...of(chart)?.stats }),
    latency: () => latency().view.get(),
  };
};

/** Shows a chart to the tests of a page under test; the returned function takes it away. */
export const exposeChart = (index: number, controller: ChartController): (() => void) => {
  if (!underTest()) return () => undefined;
  const entry = { id: `chart-${++shelf().made}`, controller };
  shelf().charts.set(index, entry);
  window.__candela ??= bridge();
  return () => {
    if (shelf().charts.get(index) === entry) shelf().charts.delete(index);
  };
};
