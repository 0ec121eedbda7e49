import {
  type CandlestickData,
  CandlestickSeries,
  createChartEx,
  type DeepPartial,
  type HistogramData,
  HistogramSeries,
  type IChartApiBase,
  type ISeriesApi,
  type Logical,
  type PriceFormatCustom,
  PriceScaleMode,
  TrackingModeExitMode,
  type Time,
  type TimeScaleOptions,
  type UTCTimestamp,
} from "lightweight-charts";
import { numberText, percentText, priceText } from "@/components/format/numbers";
import type { Workspace } from "@/server/contract/rest";
import { anyTimeframe as timeframeOf, type AnyTimeframeName } from "@/server/domain/time/timeframe";
import { axisLabel, besideCrosshair, ticksBeside } from "./axis-label";
import type { Drawing } from "./bar-router";
import { AXIS_WIDTH, type ChartColours, readColours, themedOptions } from "./chart-colours";
import { lastPriceLine, type RowScale, sessionBreaks, watermark } from "./chart-marks";
import { type IndicatorLines, indicatorLines } from "./indicator-lines";
import { crosshairLabel, IstBehavior, tickMarkLabel } from "./ist-axis";
import type { SeriesStore } from "./series-store";

export type ScaleState = Workspace["scale"];

/** What the canvas must know about its content. */
export interface CanvasSubject {
  timeframe: AnyTimeframeName;
  decimals: number;
  /** Minor units. */
  tickSize: number;
  hasVolume: boolean;
  simulated: boolean;
}

/** The price of the dotted line and its label, in minor units. `below`: countdown or age. */
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

/** A point of the chart, for a menu opened there. */
export interface Spot {
  pane: number;
  area: "plot" | "scale" | "time";
  /** Epoch ms of the bar there. */
  time: number | null;
  /** The value on the pane's scale there, formatted; null outside it. */
  value: string | null;
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
  /** Makes the prices in view of a pane this many times more, around the middle: below 1 the candles grow. */
  zoomPrices(pane: number, factor: number): void;
  /** Height of the legend over a pane, CSS px: its curves stay below, as long as the scale fits itself. */
  keepClear(pane: number, legend: number): void;
  /** Returns what is at a point of the chart, CSS px from its top left. */
  spotAt(x: number, y: number): Spot;
  /** Bars between the newest and the right edge; below zero when scrolled back. */
  lag(): number;
  lagBy(bars: number): void;
  follow(smooth: boolean): void;
  showRows(from: number, to: number): void;
  /** Holds the crosshair at the close of a bar until the pointer takes it or the bar leaves the view; null: puts it away. */
  crosshairAt(row: number | null): void;
  /** Position of the crosshair without a pointer, CSS px from the top left; null if there is none. */
  heldAt(): { x: number; y: number } | null;
  remove(): void;
}

/** Free bars right of the newest. */
const RIGHT_OFFSET = 5;
const BAR_SPACING = 8;
const modes = {
  normal: PriceScaleMode.Normal,
  log: PriceScaleMode.Logarithmic,
  percent: PriceScaleMode.Percentage,
  indexed: PriceScaleMode.IndexedTo100,
};
/** Room for the legend above and the volume below, in shares of the pane; more where the legend is taller. */
const PRICE_TOP = 0.17;
const LEAST_TOP = 0.06;
const MOST_TOP = 0.5;
const PRICE_BOTTOM = { volume: 0.24, none: 0.1 };
const VOLUME_MARGINS = { top: 0.815, bottom: 0.025 };
/** A pane lower than this has no room to give away: its margin is the legend's own height. */
const LOW_PANE = 280;
/** Air between legend and curves, CSS px. */
const LEGEND_AIR = 8;
/** Prices in view change by this much a notch of the wheel. */
const WHEEL_STEP = 0.1;
const NOTCH = 100;
const LINE_PX = 32;
/** Half of the widest label of the time axis (`10:15:05`), CSS px. */
const HALF_LABEL = 24;
/** Prices in view never get nearer to one another than this share of themselves. */
const LEAST_RANGE = 1e-7;

/**
 * The one chart of a cell. It is created once and then given its content; it is never recreated for a symbol, timeframe
 * or theme.
 */
export const chartCanvas = (
  host: HTMLElement,
  overlay: HTMLElement,
  store: SeriesStore,
  events: CanvasEvents,
): ChartCanvas => {
  let colours: ChartColours = readColours(host);
  let subject: CanvasSubject = { timeframe: "5m", decimals: 2, tickSize: 5, hasVolume: true, simulated: false };
  let last: LastPrice = { price: null, rising: true, stale: false, below: "" };
  let volume: ISeriesApi<"Histogram", Time> | null = null;
  let boxes: PaneBox[] = [];
  let measuring = 0;
  const legends: number[] = [];
  /** The bar the crosshair was put on without a pointer, and where it stood when it was last drawn, CSS px. */
  let held: { time: number; x: number | null; y: number | null } | null = null;
  /** The label positions last reported by the price scale. */
  let ticks: { of: "price" | "percent"; at: readonly number[] } = { of: "price", at: [] };

  const behavior = new IstBehavior();
  const chart: IChartApiBase<Time> = createChartEx<Time, IstBehavior>(host, behavior, {
    ...themedOptions(colours),
    autoSize: true,
    localization: {
      locale: "en-IN",
      percentageFormatter: (percent: number) => percentText(percent),
      tickmarksPercentageFormatter: (percents: number[]) => {
        ticks = { of: "percent", at: percents };
        return percents.map((percent) => percentText(percent));
      },
      dateFormat: "dd MMM 'yy",
      timeFormatter: (time: Time) => crosshairLabel(time, precisionOf(subject.timeframe)),
    },
    handleScroll: { mouseWheel: true, pressedMouseMove: true, horzTouchDrag: true, vertTouchDrag: false },
    kineticScroll: { touch: !matchMedia("(prefers-reduced-motion: reduce)").matches, mouse: false },
    trackingMode: { exitMode: TrackingModeExitMode.OnNextTap },
  });
  // The general chart does not declare the time scale's own options; the behaviour above is the time scale's.
  const timeScale: DeepPartial<TimeScaleOptions> = {
    timeVisible: true,
    secondsVisible: false,
    rightOffset: RIGHT_OFFSET,
    barSpacing: BAR_SPACING,
    minBarSpacing: 0.5,
    tickMarkFormatter: tickMarkLabel,
  };
  chart.timeScale().applyOptions(timeScale);
  behavior.isCut = (time) => {
    const x = chart.timeScale().timeToCoordinate(time);
    return x !== null && (x < HALF_LABEL || x > chart.timeScale().width() - HALF_LABEL);
  };

  const candles = chart.addSeries(CandlestickSeries, {
    borderVisible: false,
    lastValueVisible: false,
    priceLineVisible: false,
    priceFormat: priceFormat(),
  });
  chart.priceScale("right", 0).applyOptions({ scaleMargins: { top: PRICE_TOP, bottom: PRICE_BOTTOM.volume } });

  function priceFormat(): PriceFormatCustom {
    return {
      type: "custom",
      minMove: 10 ** -subject.decimals,
      formatter: rupees,
      tickmarksFormatter: (prices: number[]) => {
        ticks = { of: "price", at: prices };
        return prices.map(rupees);
      },
    };
  }
  function rupees(price: number): string {
    return priceText(Math.round(price * 10 ** subject.decimals), subject.decimals);
  }
  const toChart = (minor: number): number => minor / 10 ** subject.decimals;
  const candleAt = (row: number): CandlestickData<Time> => ({
    time: (store.time[row]! / 1_000) as UTCTimestamp,
    open: toChart(store.open[row]!),
    high: toChart(store.high[row]!),
    low: toChart(store.low[row]!),
    close: toChart(store.close[row]!),
  });
  const volumeAt = (row: number): HistogramData<Time> => ({
    time: (store.time[row]! / 1_000) as UTCTimestamp,
    value: store.volume[row]!,
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
    rows: () => store.length,
  };
  const priceScale = () => chart.priceScale("right", 0);
  const lines = indicatorLines(
    chart,
    store,
    overlay,
    scale,
    {
      attach: (each) => candles.attachPrimitive(each),
      detach: (each) => candles.detachPrimitive(each),
      ruler: {
        yOf: (price) => candles.priceToCoordinate(price),
        straight: () => priceScale().options().mode !== PriceScaleMode.Logarithmic,
      },
      // The library recomputes a range when its mode is set.
      refit: () => {
        if (priceScale().options().autoScale) priceScale().applyOptions({ mode: priceScale().options().mode });
      },
    },
    () => subject.decimals,
    () => colours,
  );

  /** What percent and index count from: the close of the first bar in view, as the library has it. */
  const basePrice = (): number | null => {
    const range = chart.timeScale().getVisibleLogicalRange();
    const row = range === null ? -1 : Math.max(0, Math.floor(range.from));
    return row < 0 || row >= store.length ? null : toChart(store.close[row]!);
  };
  /** A price as the scale writes it: in the scale's own unit, so that a label and its neighbours can be compared. */
  const onScale = (minor: number): string => {
    const { mode } = priceScale().options();
    const base = mode === PriceScaleMode.Percentage || mode === PriceScaleMode.IndexedTo100 ? basePrice() : null;
    if (base === null || base === 0) return priceText(minor, subject.decimals);
    const share = toChart(minor) / base;
    return mode === PriceScaleMode.Percentage ? percentText((share - 1) * 100) : numberText(share * 100, 2);
  };
  const tickHeights = (): number[] => {
    const base = ticks.of === "percent" ? basePrice() : null;
    return ticks.at.map(
      (tick) =>
        (candles.priceToCoordinate(base === null ? tick : base * (1 + tick / 100)) ?? Number.NaN) +
        (boxes[0]?.top ?? 0),
    );
  };

  // Labels of the scale, in the order in which they may cover one another.
  const label = axisLabel(overlay, { belowId: "countdown", plate: true });
  const cross = axisLabel(overlay, { plate: true });
  cross.look("cross");
  /** Heights of the last price and of the crosshair's label, CSS px from the top left; null while there is none. */
  let lastY: number | null = null;
  let crossY: number | null = null;
  const lastLines = (): 1 | 2 => (last.below === "" ? 1 : 2);
  const shownLastY = (): number | null => (lastY === null ? null : besideCrosshair(lastY, lastLines(), crossY));
  const placeLast = (): void => {
    const y = shownLastY();
    label.place(y, axisWidth(), y === null ? [] : tickHeights());
  };
  /** The crosshair's label stays at its price; the last price's label moves. */
  const placeCross = (y: number | null, pane: number): void => {
    crossY = y;
    placeLast();
    cross.place(y, axisWidth(), pane === 0 ? ticksBeside(tickHeights(), shownLastY(), lastLines()) : []);
  };
  const axisWidth = (): number => Math.max(AXIS_WIDTH, chart.priceScale("right", 0).width());

  const intraday = (): boolean => timeframeOf(subject.timeframe).kind === "intraday";
  const breaks = () => sessionBreaks(store, scale, intraday, () => colours);
  const letters = watermark(
    () => (subject.simulated ? "SIMULATED" : ""),
    () => colours,
  );
  const priceLine = lastPriceLine(
    () => ({
      y: last.price === null ? null : candles.priceToCoordinate(toChart(last.price)),
      colour: last.stale ? colours.crosshair : last.rising ? colours.up : colours.down,
    }),
    (y) => {
      lastY = y === null ? null : y + (boxes[0]?.top ?? 0);
      placeLast();
      if (last.price !== null) label.write(onScale(last.price), last.below);
      hold();
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
    boxes.forEach((_, pane) => fitMargins(pane));
    priceLine.repaint();
    events.panes(boxes, axisWidth());
  }
  function fitMargins(pane: number): void {
    const { height } = boxes[pane] ?? { height: 0 };
    if (height === 0) return;
    const legend = legends[pane] ?? 0;
    const share = legend === 0 ? 0 : (legend + LEGEND_AIR) / height;
    if (pane > 0) return lines.keepClear(pane, share);
    const least = height < LOW_PANE ? LEAST_TOP : PRICE_TOP;
    const margins = {
      top: Math.min(MOST_TOP, Math.max(least, share)),
      bottom: volume === null ? PRICE_BOTTOM.none : PRICE_BOTTOM.volume,
    };
    const before = priceScale().options().scaleMargins;
    if (Math.abs(before.top - margins.top) > 0.002 || before.bottom !== margins.bottom)
      priceScale().applyOptions({ scaleMargins: margins });
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
    candles.applyOptions({
      upColor: colours.candleUp,
      downColor: colours.candleDown,
      wickUpColor: colours.candleUp,
      wickDownColor: colours.candleDown,
    });
    volume?.setData(all(volumeAt));
    lines.recolour();
  };
  recolourSeries();
  watchPanes();

  chart.timeScale().subscribeVisibleLogicalRangeChange(() => events.view());
  /** Puts the crosshair back on its bar and close: the library keeps it by pixels, and view and scale move beneath. */
  function hold(): void {
    if (held === null) return;
    const row = store.rowOf(held.time);
    const visible = scale.visibleRows();
    if (row === -1 || visible === null || row < visible.from || row > visible.to) return putAway();
    const [x, y] = [scale.xOf(row), candles.priceToCoordinate(toChart(store.close[row]!))];
    if (y === null || (x === held.x && y === held.y)) return;
    held = { time: held.time, x, y };
    chart.setCrosshairPosition(toChart(store.close[row]!), (store.time[row]! / 1_000) as UTCTimestamp, candles);
    cross.write(onScale(store.close[row]!), "");
    placeCross(y + (boxes[0]?.top ?? 0), 0);
  }
  function putAway(): void {
    held = null;
    chart.clearCrosshairPosition();
    placeCross(null, 0);
    events.crosshair(null);
  }
  chart.subscribeCrosshairMove((move) => {
    // Not the pointer, but the library reporting its new pixel positions.
    if (held !== null && move.sourceEvent === undefined && move.point !== undefined) return hold();
    held = null;
    events.crosshair(move.time === undefined || move.point === undefined ? null : Number(move.time) * 1_000);
    const pane = chart.panes()[move.paneIndex ?? -1];
    const series = pane?.getSeries()[0];
    const price =
      move.point === undefined || series === undefined
        ? null
        : (move.paneIndex === 0 ? candles : series).coordinateToPrice(move.point.y);
    if (price === null || move.point === undefined) return placeCross(null, 0);
    // An untradable price is of no use; the label shows the nearest tradable one.
    const tradable = Math.round((price * 10 ** subject.decimals) / subject.tickSize) * subject.tickSize;
    cross.write(move.paneIndex === 0 ? onScale(tradable) : (series?.priceFormatter().format(price) ?? ""), "");
    placeCross(move.point.y + (boxes[move.paneIndex ?? 0]?.top ?? 0), move.paneIndex ?? 0);
  });

  const paneAt = (y: number): number =>
    Math.max(
      0,
      boxes.findLastIndex(({ top }) => top <= y),
    );
  const seriesOf = (pane: number) => (pane === 0 ? [candles] : (chart.panes()[pane]?.getSeries() ?? []));

  /** The library scales by dragging only, and not at all where it counts in percent. */
  const zoomPrices = (pane: number, factor: number): void => {
    const owner = chart.priceScale("right", pane);
    const all = seriesOf(pane);
    const [first] = all;
    const height = boxes[pane]?.height ?? 0;
    if (first === undefined || height === 0) return;
    const { scaleMargins, invertScale, mode } = owner.options();
    const [top, bottom] = invertScale
      ? [scaleMargins.bottom, scaleMargins.top]
      : [scaleMargins.top, scaleMargins.bottom];
    // The library counts pixels from 0: the lowest of the scale is one above its margin.
    const [from, to] = [top * height, (1 - bottom) * height - 1];
    const more = ((to - from) / 2) * (factor - 1);
    const ends = [first.coordinateToPrice(from - more), first.coordinateToPrice(to + more)];
    if (ends[0] === null || ends[1] === null || !ends.every(Number.isFinite)) return;
    const [a, b] = [Number(ends[0]), Number(ends[1])];
    const priceRange = { minValue: Math.min(a, b), maxValue: Math.max(a, b) };
    if (priceRange.maxValue - priceRange.minValue < LEAST_RANGE * Math.abs(priceRange.maxValue)) return;
    // Asked for as the range the scale fits, so that the library turns it into its own units; then held.
    const before = all.map((series) => series.options().autoscaleInfoProvider);
    for (const series of all) series.applyOptions({ autoscaleInfoProvider: () => ({ priceRange }) });
    owner.applyOptions({ autoScale: true, mode });
    owner.getVisibleRange();
    owner.applyOptions({ autoScale: false });
    all.forEach((series, at) => series.applyOptions({ autoscaleInfoProvider: before[at] }));
    events.view();
  };
  const overScale = (x: number): boolean => x >= host.clientWidth - axisWidth();
  const onWheel = (event: WheelEvent): void => {
    const box = host.getBoundingClientRect();
    if (!overScale(event.clientX - box.left) || event.clientY - box.top > plotHeight()) return;
    event.preventDefault();
    event.stopPropagation();
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PX);
    zoomPrices(paneAt(event.clientY - box.top), Math.exp(Math.max(-3, Math.min(3, pixels / NOTCH)) * WHEEL_STEP));
  };
  const plotHeight = (): number => {
    const end = boxes.at(-1);
    return end === undefined ? 0 : end.top + end.height;
  };
  // The library says nothing when a drag or a double click on a scale has changed how it fits.
  const onScaleDone = (): void => {
    requestAnimationFrame(() => events.view());
  };
  host.addEventListener("wheel", onWheel, { capture: true, passive: false });
  host.addEventListener("pointerup", onScaleDone);
  host.addEventListener("dblclick", onScaleDone);

  return {
    chart,
    lines,
    scale,
    zoomPrices,
    keepClear(pane, legend) {
      if (legends[pane] === legend) return;
      legends[pane] = legend;
      fitMargins(pane);
    },
    spotAt(x, y) {
      const pane = paneAt(y);
      const area = y > plotHeight() ? "time" : overScale(x) ? "scale" : "plot";
      const price =
        area === "time" ? null : (seriesOf(pane)[0]?.coordinateToPrice(y - (boxes[pane]?.top ?? 0)) ?? null);
      const row = chart.timeScale().coordinateToLogical(x);
      const tradable =
        price === null ? 0 : Math.round((price * 10 ** subject.decimals) / subject.tickSize) * subject.tickSize;
      return {
        pane,
        area,
        time: area !== "plot" || row === null ? null : (store.time[Math.round(row)] ?? null),
        value:
          price === null
            ? null
            : pane === 0
              ? priceText(tradable, subject.decimals)
              : seriesOf(pane)[0]!.priceFormatter().format(price),
      };
    },
    update(time, older) {
      const row = store.rowOf(time);
      if (row === -1) return;
      candles.update(candleAt(row), older);
      volume?.update(volumeAt(row), older);
      lines.update(row, older);
    },
    rebuild() {
      // A chart at the newest bar keeps following it. A chart scrolled back stays at its bars, which the library
      // ensures.
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
      if (other) candles.applyOptions({ priceFormat: priceFormat() });
      chart
        .timeScale()
        .applyOptions({ timeVisible: intraday(), secondsVisible: timeframeOf(next.timeframe).lengthMs < 60_000 });
      if (next.hasVolume && volume === null) {
        volume = chart.addSeries(
          HistogramSeries,
          { priceScaleId: "volume", lastValueVisible: false, priceLineVisible: false, priceFormat: { type: "volume" } },
          0,
        );
        volume.setSeriesOrder(0);
        volume.priceScale().applyOptions({ scaleMargins: VOLUME_MARGINS });
      } else if (!next.hasVolume && volume !== null) {
        chart.removeSeries(volume);
        volume = null;
      }
      fitMargins(0);
    },
    lastPrice(next) {
      const moved = next.price !== last.price || next.rising !== last.rising || next.stale !== last.stale;
      last = next;
      label.write(next.price === null ? "" : onScale(next.price), next.below);
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
    applyScale: ({ mode, auto, inverted }) =>
      chart.priceScale("right", 0).applyOptions({ mode: modes[mode], autoScale: auto, invertScale: inverted }),
    autoScaled: () => chart.priceScale("right", 0).options().autoScale,
    lag: () => chart.timeScale().scrollPosition(),
    lagBy: (bars) => chart.timeScale().scrollToPosition(bars, false),
    follow(smooth) {
      chart
        .timeScale()
        .scrollToPosition(RIGHT_OFFSET, smooth && !matchMedia("(prefers-reduced-motion: reduce)").matches);
    },
    showRows: (from, to) => chart.timeScale().setVisibleLogicalRange({ from, to }),
    crosshairAt(row) {
      if (row === null || row < 0 || row >= store.length) return putAway();
      held = { time: store.time[row]!, x: null, y: null };
      hold();
    },
    heldAt: () =>
      held === null || held.x === null || held.y === null ? null : { x: held.x, y: held.y + (boxes[0]?.top ?? 0) },
    remove() {
      // A legend lets go of its room after its chart is gone: there is no pane left to fit.
      boxes = [];
      cancelAnimationFrame(measuring);
      observer.disconnect();
      host.removeEventListener("wheel", onWheel, { capture: true });
      host.removeEventListener("pointerup", onScaleDone);
      host.removeEventListener("dblclick", onScaleDone);
      label.remove();
      cross.remove();
      lines.remove();
      chart.remove();
    },
  };
};

const precisionOf = (name: AnyTimeframeName): "seconds" | "minutes" | "days" => {
  const { kind, lengthMs } = timeframeOf(name);
  return kind !== "intraday" ? "days" : lengthMs < 60_000 ? "seconds" : "minutes";
};
