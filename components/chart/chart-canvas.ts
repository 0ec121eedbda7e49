import { type CandlestickData, CandlestickSeries, createChartEx, type DeepPartial, type HistogramData, HistogramSeries, type IChartApiBase, type ISeriesApi, type Logical, PriceScaleMode, TrackingModeExitMode, type Time, type TimeScaleOptions, type UTCTimestamp } from "lightweight-charts";
import { priceText } from "@/components/format/numbers";
import type { Workspace } from "@/server/contract/rest";
import { timeframe as timeframeOf, type TimeframeName } from "@/server/domain/timeframe";
import { axisLabel } from "./axis-label";
import type { Drawing } from "./bar-router";
import { AXIS_WIDTH, type ChartColours, readColours, themedOptions } from "./chart-colours";
import { lastPriceLine, type RowScale, sessionBreaks, watermark } from "./chart-marks";
import { type IndicatorLines, indicatorLines } from "./indicator-lines";
import { crosshairLabel, IstBehavior, tickMarkLabel } from "./ist-axis";
import type { SeriesStore } from "./series-store";

export type ScaleState = Workspace["scale"];

/** What the canvas has to know of what it shows. */
export interface CanvasSubject {
  timeframe: TimeframeName;
  decimals: number;
  /** Minor units. */
  tickSize: number;
  hasVolume: boolean;
  simulated: boolean;
}

/** The price the dotted line and its label stand at, in minor units. `below`: countdown or age. */
export interface LastPrice {
  price: number | null;
  rising: boolean;
  stale: boolean;
  below: string;
}

export interface PaneBox {
  top: number;
  height: number;
}

export interface CanvasEvents {
  /** Epoch ms of the bar under the crosshair, null when it is away or over the future. */
  crosshair(time: number | null): void;
  /** The visible rows changed. */
  view(): void;
  /** Panes came, went or were resized. */
  panes(boxes: readonly PaneBox[], axisWidth: number): void;
}

export interface ChartCanvas extends Drawing {
  chart: IChartApiBase<Time>;
  lines: IndicatorLines;
  scale: RowScale;
  show(subject: CanvasSubject): void;
  lastPrice(last: LastPrice): void;
  /** Asks for a painting in the next animation frame, so that updates made before it appear in it. */
  prime(): void;
  recolour(): void;
  applyScale(scale: ScaleState): void;
  autoScaled(): boolean;
  /** Bars between the newest and the right edge; below zero when scrolled back. */
  lag(): number;
  lagBy(bars: number): void;
  follow(smooth: boolean): void;
  showRows(from: number, to: number): void;
  crosshairAt(row: number | null): void;
  remove(): void;
}

/** Free bars right of the newest. */
const RIGHT_OFFSET = 5;
const BAR_SPACING = 8;
const modes = { normal: PriceScaleMode.Normal, log: PriceScaleMode.Logarithmic, percent: PriceScaleMode.Percentage, indexed: PriceScaleMode.IndexedTo100 };
/** Room for the legend above and the volume below. */
const PRICE_MARGINS = { top: 0.17, bottom: 0.24 };
const VOLUME_MARGINS = { top: 0.815, bottom: 0.025 };

/** The one chart of a cell: made once, and told what to show; never made again for a symbol, timeframe or theme. */
export const chartCanvas = (host: HTMLElement, overlay: HTMLElement, store: SeriesStore, events: CanvasEvents): ChartCanvas => {
  let colours: ChartColours = readColours(host);
  let subject: CanvasSubject = { timeframe: "5m", decimals: 2, tickSize: 5, hasVolume: true, simulated: false };
  let last: LastPrice = { price: null, rising: true, stale: false, below: "" };
  let volume: ISeriesApi<"Histogram", Time> | null = null;
  let boxes: PaneBox[] = [];
  let measuring = 0;

  const chart: IChartApiBase<Time> = createChartEx<Time, IstBehavior>(host, new IstBehavior(), {
    ...themedOptions(colours),
    autoSize: true,
    localization: { locale: "en-IN", dateFormat: "dd MMM 'yy", timeFormatter: (time: Time) => crosshairLabel(time, precisionOf(subject.timeframe)) },
    handleScroll: { mouseWheel: true, pressedMouseMove: true, horzTouchDrag: true, vertTouchDrag: false },
    kineticScroll: { touch: !matchMedia("(prefers-reduced-motion: reduce)").matches, mouse: false },
    trackingMode: { exitMode: TrackingModeExitMode.OnNextTap },
  });
  // The general chart does not declare the time scale's own options; the behaviour above is the time scale's.
  const timeScale: DeepPartial<TimeScaleOptions> = { timeVisible: true, secondsVisible: false, rightOffset: RIGHT_OFFSET, barSpacing: BAR_SPACING, minBarSpacing: 0.5, tickMarkFormatter: tickMarkLabel };
  chart.timeScale().applyOptions(timeScale);

  const candles = chart.addSeries(CandlestickSeries, {
    borderVisible: false, lastValueVisible: false, priceLineVisible: false,
    priceFormat: { type: "custom", minMove: 0.01, formatter: rupees },
  });
  chart.priceScale("right", 0).applyOptions({ scaleMargins: PRICE_MARGINS });

  function rupees(price: number): string {
    return priceText(Math.round(price * 10 ** subject.decimals), subject.decimals);
  }
  const toChart = (minor: number): number => minor / 10 ** subject.decimals;
  const candleAt = (row: number): CandlestickData<Time> => ({
    time: (store.time[row]! / 1_000) as UTCTimestamp,
    open: toChart(store.open[row]!), high: toChart(store.high[row]!), low: toChart(store.low[row]!), close: toChart(store.close[row]!),
  });
  const volumeAt = (row: number): HistogramData<Time> => ({
    time: (store.time[row]! / 1_000) as UTCTimestamp, value: store.volume[row]!,
    color: store.close[row]! >= store.open[row]! ? colours.volumeUp : colours.volumeDown,
  });
  const all = <T>(at: (row: number) => T): T[] => Array.from({ length: store.length }, (_, row) => at(row));

  const scale: RowScale = {
    visibleRows() {
      const range = chart.timeScale().getVisibleLogicalRange();
      if (range === null || store.length === 0) return null;
      return { from: Math.max(0, Math.floor(range.from)), to: Math.min(store.length - 1, Math.ceil(range.to)) };
    },
    xOf: (row) => chart.timeScale().logicalToCoordinate(row as Logical),
    barSpacing: () => chart.timeScale().options().barSpacing,
  };
  const lines = indicatorLines(chart, store, overlay, scale, () => subject.decimals, () => colours);

  // Labels of the scale, in the order in which they may cover one another.
  const label = axisLabel(overlay, { belowId: "countdown", plate: true });
  const cross = axisLabel(overlay);
  cross.look("cross");
  const axisWidth = (): number => Math.max(AXIS_WIDTH, chart.priceScale("right", 0).width());

  const intraday = (): boolean => timeframeOf(subject.timeframe).kind === "intraday";
  const breaks = () => sessionBreaks(store, scale, intraday, () => colours);
  const letters = watermark(() => (subject.simulated ? "SIMULATED" : ""), () => colours);
  const priceLine = lastPriceLine(
    () => ({ y: last.price === null ? null : candles.priceToCoordinate(toChart(last.price)), colour: last.stale ? colours.crosshair : last.rising ? colours.up : colours.down }),
    (y) => {
      label.place(y === null ? null : y + (boxes[0]?.top ?? 0), axisWidth());
      lines.placeLabels((pane) => boxes[pane]?.top ?? 0, axisWidth());
    },
  );
  chart.panes()[0]!.attachPrimitive(letters);
  candles.attachPrimitive(priceLine);

  const withBreaks = new WeakSet<object>();
  const observer = new ResizeObserver(measure);
  function measure(): void {
    const origin = host.getBoundingClientRect().top;
    boxes = chart.panes().map((pane) => {
      const box = pane.getHTMLElement()?.getBoundingClientRect();
      return { top: (box?.top ?? origin) - origin, height: box?.height ?? 0 };
    });
    priceLine.repaint();
    events.panes(boxes, axisWidth());
  }
  /** Panes come with indicators: each gets the breaks and is watched for its size. */
  function watchPanes(): void {
    observer.disconnect();
    observer.observe(host);
    for (const pane of chart.panes()) {
      if (!withBreaks.has(pane)) {
        withBreaks.add(pane);
        pane.attachPrimitive(breaks());
      }
      const element = pane.getHTMLElement();
      if (element !== null) observer.observe(element);
    }
    cancelAnimationFrame(measuring);
    measuring = requestAnimationFrame(measure);
  }

  const recolourSeries = (): void => {
    candles.applyOptions({ upColor: colours.candleUp, downColor: colours.candleDown, wickUpColor: colours.candleUp, wickDownColor: colours.candleDown });
    volume?.setData(all(volumeAt));
    lines.recolour();
  };
  recolourSeries();
  watchPanes();

  chart.timeScale().subscribeVisibleLogicalRangeChange(() => events.view());
  chart.subscribeCrosshairMove((move) => {
    events.crosshair(move.time === undefined || move.point === undefined ? null : Number(move.time) * 1_000);
    const pane = chart.panes()[move.paneIndex ?? -1];
    const series = pane?.getSeries()[0];
    const price = move.point === undefined || series === undefined ? null : (move.paneIndex === 0 ? candles : series).coordinateToPrice(move.point.y);
    if (price === null || move.point === undefined) return cross.place(null, 0);
    // A price nobody can trade at helps nobody: the label names the nearest one.
    const tradable = Math.round((price * 10 ** subject.decimals) / subject.tickSize) * subject.tickSize;
    cross.write(move.paneIndex === 0 ? priceText(tradable, subject.decimals) : (series?.priceFormatter().format(price) ?? ""), "");
    cross.place(move.point.y + (boxes[move.paneIndex ?? 0]?.top ?? 0), axisWidth());
  });

  return {
    chart, lines, scale,
    update(time, older) {
      const row = store.rowOf(time);
      if (row === -1) return;
      candles.update(candleAt(row), older);
      volume?.update(volumeAt(row), older);
      lines.update(row, older);
    },
    rebuild() {
      // Who followed the market goes on following it; who reads history stays at his bars, which the library sees to.
      const lag = chart.timeScale().scrollPosition();
      candles.setData(all(candleAt));
      volume?.setData(all(volumeAt));
      lines.rebuild();
      if (lag > -1) chart.timeScale().scrollToPosition(lag, false);
      if (chart.panes().some((pane) => !withBreaks.has(pane)) || chart.panes().length !== boxes.length) watchPanes();
    },
    show(next) {
      const other = next.decimals !== subject.decimals;
      subject = next;
      if (other) candles.applyOptions({ priceFormat: { type: "custom", minMove: 10 ** -next.decimals, formatter: rupees } });
      chart.timeScale().applyOptions({ timeVisible: intraday(), secondsVisible: timeframeOf(next.timeframe).lengthMs < 60_000 });
      if (next.hasVolume && volume === null) {
        volume = chart.addSeries(HistogramSeries, { priceScaleId: "volume", lastValueVisible: false, priceLineVisible: false, priceFormat: { type: "volume" } }, 0);
        volume.setSeriesOrder(0);
        volume.priceScale().applyOptions({ scaleMargins: VOLUME_MARGINS });
      } else if (!next.hasVolume && volume !== null) {
        chart.removeSeries(volume);
        volume = null;
      }
    },
    lastPrice(next) {
      const moved = next.price !== last.price || next.rising !== last.rising || next.stale !== last.stale;
      last = next;
      label.write(next.price === null ? "" : priceText(next.price, subject.decimals), next.below);
      label.look(next.stale ? "stale" : next.rising ? "up" : "down");
      label.element.classList.toggle("is-stale", next.stale);
      if (moved) priceLine.repaint();
    },
    prime: () => priceLine.repaint(),
    recolour() {
      colours = readColours(host);
      chart.applyOptions(themedOptions(colours));
      recolourSeries();
      priceLine.repaint();
    },
    applyScale: ({ mode, auto, inverted }) => chart.priceScale("right", 0).applyOptions({ mode: modes[mode], autoScale: auto, invertScale: inverted }),
    autoScaled: () => chart.priceScale("right", 0).options().autoScale,
    lag: () => chart.timeScale().scrollPosition(),
    lagBy: (bars) => chart.timeScale().scrollToPosition(bars, false),
    follow(smooth) {
      chart.timeScale().scrollToPosition(RIGHT_OFFSET, smooth && !matchMedia("(prefers-reduced-motion: reduce)").matches);
    },
    showRows: (from, to) => chart.timeScale().setVisibleLogicalRange({ from, to }),
    crosshairAt(row) {
      if (row === null || row < 0 || row >= store.length) return chart.clearCrosshairPosition();
      chart.setCrosshairPosition(toChart(store.close[row]!), (store.time[row]! / 1_000) as UTCTimestamp, candles);
    },
    remove() {
      cancelAnimationFrame(measuring);
      observer.disconnect();
      label.remove();
      cross.remove();
      lines.remove();
      chart.remove();
    },
  };
};

const precisionOf = (name: TimeframeName): "seconds" | "minutes" | "days" => {
  const { kind, lengthMs } = timeframeOf(name);
  return kind !== "intraday" ? "days" : lengthMs < 60_000 ? "seconds" : "minutes";
};
