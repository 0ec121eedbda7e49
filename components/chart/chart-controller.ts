import { trackCatchUp } from "@/components/client/catch-up";
import { feed as feedFrames } from "@/components/client/feed";
import { latency } from "@/components/client/latency";
import { live } from "@/components/client/live";
import { createValue, type Readable } from "@/components/client/store";
import { ageText, clockText, countdownText } from "@/components/format/times";
import { theme } from "@/components/theme/theme";
import type { InstrumentView, SessionView } from "@/server/contract/live";
import { timeframe as timeframeOf, type TimeframeName } from "@/server/domain/timeframe";
import { barEnd } from "./bar-end";
import { barRouter, type RouteStats, routeStats } from "./bar-router";
import { barsFeed, type BarsReader, type FeedPhase, type SnapshotHead } from "./bars-feed";
import { chartCanvas, type ChartCanvas, type PaneBox, type ScaleState } from "./chart-canvas";
import { sessionStarts } from "./chart-marks";
import { type ChosenIndicator, sameIndicators } from "./chosen-indicators";
import { feedLight, type FeedLight, sessionOf } from "./feed-light";
import { frameClock } from "./frame-clock";
import type { IndicatorView } from "./indicator-lines";
import { legendRow } from "./legend-values";
import { SeriesStore } from "./series-store";

/** What React draws around the chart; changes seldom, never with a tick. */
export interface ChartStatus {
  phase: FeedPhase;
  instrument: InstrumentView | null;
  timeframe: TimeframeName;
  indicators: readonly IndicatorView[];
  /** Pane of each indicator. */
  indicatorPanes: readonly number[];
  panes: readonly PaneBox[];
  axisWidth: number;
  historicalOnly: boolean;
  firstStored: number | null;
  empty: boolean;
  /** The newest bar is in view. */
  following: boolean;
  paging: boolean;
  /** The first stored bar is in view. */
  atStart: boolean;
  autoScaled: boolean;
}

/** What a tick changes: read it in `onPaint`, write it into the page. */
export interface Reading {
  store: SeriesStore;
  /** Row the legend shows, -1 when there is none. */
  row: number;
  decimals: number;
  /** Minor units; null before anything is known. */
  ltp: number | null;
  previousClose: number | null;
  light: FeedLight | null;
}

export interface ChartWish {
  key: string;
  timeframe: TimeframeName;
  indicators: readonly ChosenIndicator[];
}

/** `sessions`: the last n trading days; `days`: calendar days back from the newest bar; null: all that is loaded. */
export type ViewRange = { sessions: number } | { days: number } | null;

export interface ChartController {
  status: Readable<ChartStatus>;
  store: SeriesStore;
  canvas: ChartCanvas;
  stats: RouteStats;
  reading(): Reading;
  /** After each painting that changed a text, and once a second. */
  onPaint(handler: () => void): () => void;
  open(wish: ChartWish): void;
  applyScale(scale: ScaleState): void;
  /** Shows a span as soon as bars of that timeframe are there. */
  showRange(range: ViewRange, timeframe: TimeframeName): void;
  /** Brings the bar of an instant to the middle and reads it in the legend; fetches back to it where needed. */
  goTo(instant: number): void;
  toLatest(): void;
  /** Moves the crosshair by bars; from the newest when it is away. */
  stepCrosshair(bars: number): void;
  toEdge(edge: "first" | "latest"): void;
  zoom(factor: number): void;
  pan(bars: number): void;
  resetView(): void;
  retry(): void;
  remove(): void;
}

const DAY_MS = 86_400_000;
const PAGE_DEBOUNCE_MS = 50;
const NEAR_START = 100;

/** One chart cell: its feed, its bars, its canvas, and what the page around it may ask. */
export const chartController = (host: HTMLElement, overlay: HTMLElement): ChartController => {
  const client = live();
  const store = new SeriesStore();
  const stats = routeStats();
  const handlers = new Set<() => void>();
  const status = createValue<ChartStatus>({
    phase: { kind: "loading" }, instrument: null, timeframe: "5m", indicators: [], indicatorPanes: [], panes: [], axisWidth: 72,
    historicalOnly: false, firstStored: null, empty: false, following: true, paging: false, atStart: false, autoScaled: true,
  });
  const change = (part: Partial<ChartStatus>): void => {
    const before = status.get();
    if (Object.entries(part).some(([name, value]) => before[name as keyof ChartStatus] !== value)) status.set({ ...before, ...part });
  };

  let wish: ChartWish | null = null;
  let session: SessionView | null = null;
  let ltp: { price: number; received: number } | null = null;
  let previousClose: number | null = null;
  let hovered: number | null = null;
  let light: FeedLight | null = null;
  let range: { value: ViewRange; timeframe: TimeframeName } | null = null;
  let goal: number | null = null;
  let pageTimer: ReturnType<typeof setTimeout> | undefined;
  let secondTimer: ReturnType<typeof setTimeout> | undefined;
  /** Arrival (page clock) and receive stamp of the oldest frame not yet painted. */
  let unpainted: { arrived: number; received: number } | null = null;
  let painted = false;

  const canvas = chartCanvas(host, overlay, store, {
    crosshair(time) {
      if (time === hovered) return;
      hovered = time;
      clock.request(paintTexts);
    },
    view: () => watchEdges(),
    panes: (panes, axisWidth) => change({ panes, axisWidth, indicatorPanes: canvas.lines.panes() }),
  });
  const clock = frameClock(() => canvas.prime(), () => {
    if (unpainted === null) return;
    latency().record(unpainted.received, client.now(), performance.now() - unpainted.arrived);
    unpainted = null;
  });
  const router = barRouter(canvas, {
    frame: (run) => clock.request(run),
    idle(run) {
      const handle = typeof requestIdleCallback === "function" ? requestIdleCallback(run, { timeout: 500 }) : Number(setTimeout(run, 50));
      return () => { if (typeof cancelIdleCallback === "function") cancelIdleCallback(handle); else clearTimeout(handle); };
    },
  }, stats);
  const newest = (): number => store.time[store.length - 1] ?? Number.NEGATIVE_INFINITY;

  function paintTexts(): void {
    const { instrument, timeframe, historicalOnly } = status.get();
    if (instrument !== null) {
      const now = client.now();
      const frame = feedFrames().get();
      const present = sessionOf(frame, instrument, session);
      const connection = client.connection.get();
      light = feedLight({ instrument, historicalOnly, session: present, lastTick: ltp?.received ?? null, connection, frame, now });
      const end = historicalOnly ? null : barEnd(present, timeframeOf(timeframe), now);
      const last = store.length - 1;
      const below = light.stale
        ? light.state === "OFFLINE" ? (connection.lastDataAt === null ? "" : clockText(connection.lastDataAt + connection.clockOffsetMs)) : ltp === null ? "" : `${ageText(ltp.received, now)} ago`
        : end === null ? "" : countdownText(end - now);
      canvas.lastPrice({ price: ltp?.price ?? (last < 0 ? null : store.close[last]!), rising: last < 0 || store.close[last]! >= store.open[last]!, stale: light.stale, below });
    }
    for (const handler of handlers) handler();
  }

  function everySecond(): void {
    secondTimer = setTimeout(everySecond, 1_000 - (client.now() % 1_000) + 5);
    if (document.visibilityState === "visible") paintTexts();
  }

  function watchEdges(): void {
    const visible = canvas.scale.visibleRows();
    if (visible === null) return;
    change({ following: canvas.lag() > -1 && !feed.detached(), atStart: feed.atStart() && visible.from <= 0, firstStored: feed.atStart() ? store.time[0]! : status.get().firstStored, autoScaled: canvas.autoScaled() });
    if (visible.from > NEAR_START || feed.atStart()) return;
    clearTimeout(pageTimer);
    pageTimer = setTimeout(() => {
      feed.wantOlder();
      change({ paging: feed.paging() });
    }, PAGE_DEBOUNCE_MS);
  }

  const place = (head: SnapshotHead, sameBars: boolean): void => {
    session = head.session;
    previousClose = head.quote === null || head.quote.previousClose === 0 ? null : head.quote.previousClose;
    ltp = head.quote === null ? null : { price: head.quote.price, received: head.quote.received };
    const chosen = wish?.indicators ?? [];
    const indicators = head.indicators.map((indicator, at): IndicatorView => ({
      id: indicator.id, label: indicator.label, params: indicator.params, pane: indicator.pane, guides: indicator.guides, plots: indicator.plots,
      colour: chosen[at]?.colour ?? at, hidden: chosen[at]?.hidden ?? false,
    }));
    const timeframe = wish?.timeframe ?? status.get().timeframe;
    canvas.show({ timeframe, decimals: head.instrument.decimals, tickSize: head.instrument.tickSize, hasVolume: head.instrument.hasVolume, simulated: head.instrument.simulated });
    canvas.lines.show(indicators);
    router.rebuild(newest());
    if (!sameBars) {
      hovered = null;
      canvas.follow(false);
    }
    change({
      instrument: head.instrument, timeframe, indicators, indicatorPanes: canvas.lines.panes(), historicalOnly: head.historicalOnly,
      firstStored: head.firstStored, empty: store.length === 0, paging: false,
    });
    if (range?.timeframe === timeframe) applyRange();
    else if (!sameBars) range = null;
    if (goal !== null) approach();
    watchEdges();
    clock.request(paintTexts);
    if (!painted) {
      painted = true;
      requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("chart:first-paint")));
    } else if (!sameBars) requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("chart:switch-paint")));
  };

  const reader: BarsReader = {
    replaced: place,
    resumed(head, paths) {
      session = head.session;
      if (head.quote !== null) ltp = { price: head.quote.price, received: head.quote.received };
      change({ historicalOnly: head.historicalOnly, firstStored: head.firstStored, empty: store.length === 0 });
      for (const path of paths) stats[path]++;
      router.rebuild(newest());
      clock.request(paintTexts);
    },
    prepended() {
      router.rebuild(newest());
      change({ paging: feed.paging() });
      if (goal !== null) approach();
      watchEdges();
    },
    bar(path, time) {
      router.changed(path, time, newest);
      if (status.get().empty) change({ empty: false });
    },
    points: (time) => router.touched(time),
    frame(frame) {
      unpainted ??= { arrived: performance.now(), received: frame.stamps.received };
      ltp = { price: frame.ltp.price, received: frame.ltp.received };
      clock.request(paintTexts);
    },
    phase: (phase) => change({ phase }),
  };
  const feed = barsFeed({
    request: <T,>(event: string, payload?: unknown) => (event === "bars.subscribe" ? trackCatchUp(client.request<T>(event, payload)) : client.request<T>(event, payload)),
    on: client.on, onConnect: client.onConnect,
  }, store, reader);

  function applyRange(): void {
    const wanted = range?.value ?? null;
    range = null;
    if (store.length === 0) return;
    const starts = sessionStarts(store, 0, store.length - 1);
    const from = wanted === null ? 0 : "days" in wanted ? store.rowFrom(newest() - wanted.days * DAY_MS) : [0, ...starts].at(-wanted.sessions) ?? 0;
    canvas.showRows(from - 0.5, store.length + 4);
  }

  function approach(): void {
    const instant = goal;
    if (instant === null || store.length === 0) return;
    if (store.time[0]! > instant && !feed.atStart() && !feed.detached()) return feed.wantOlder();
    goal = null;
    const row = Math.max(0, store.rowFrom(instant + 1) - 1);
    const half = Math.max(20, ((canvas.scale.visibleRows()?.to ?? 0) - (canvas.scale.visibleRows()?.from ?? 0)) / 2);
    canvas.showRows(row - half, row + half);
    readWhenShown(store.time[row]!);
  }

  /** The library keeps its crosshair by pixels: it is set once the new range has been painted. */
  function readWhenShown(time: number): void {
    requestAnimationFrame(() => requestAnimationFrame(() => readAt(store.rowOf(time))));
  }

  function readAt(row: number): void {
    canvas.crosshairAt(row);
    hovered = store.time[row] ?? null;
    clock.request(paintTexts);
  }

  const onVisibility = (): void => {
    if (document.visibilityState === "hidden") feed.pause();
    else feed.resume();
  };
  document.addEventListener("visibilitychange", onVisibility);
  const endings = [
    theme().subscribe(() => canvas.recolour()),
    // Once a second and only words: not worth a frame of the canvas.
    feedFrames().subscribe(paintTexts),
    client.connection.subscribe(paintTexts),
    () => document.removeEventListener("visibilitychange", onVisibility),
  ];
  // The canvas measures its letters before the page's font is there, and again when it is.
  void document.fonts.ready.then(() => canvas.recolour());
  everySecond();

  return {
    status, store, canvas, stats,
    reading: () => ({ store, row: legendRow(store, hovered), decimals: status.get().instrument?.decimals ?? 2, ltp: ltp?.price ?? null, previousClose, light }),
    onPaint(handler) {
      handlers.add(handler);
      return () => { handlers.delete(handler); };
    },
    open(next) {
      const before = wish;
      wish = next;
      if (before !== null && before.key === next.key && before.timeframe === next.timeframe && sameIndicators(before.indicators, next.indicators)) {
        const indicators = status.get().indicators.map((view, at) => ({ ...view, colour: next.indicators[at]?.colour ?? view.colour, hidden: next.indicators[at]?.hidden ?? false }));
        canvas.lines.show(indicators);
        change({ indicators });
        return;
      }
      feed.open({ key: next.key, timeframe: next.timeframe, indicators: next.indicators.map(({ id, params }) => ({ id, params })) });
    },
    applyScale(scale) {
      canvas.applyScale(scale);
      change({ autoScaled: scale.auto });
    },
    showRange(value, timeframe) {
      range = { value, timeframe };
      if (status.get().phase.kind !== "loading" && status.get().timeframe === timeframe) applyRange();
    },
    goTo(instant) {
      goal = instant;
      if (status.get().phase.kind === "live") approach();
    },
    toLatest() {
      if (feed.detached()) feed.reload();
      canvas.follow(true);
    },
    stepCrosshair(bars) {
      const from = hovered === null ? store.length - 1 - Math.sign(bars) : store.rowOf(hovered);
      const row = Math.min(store.length - 1, Math.max(0, from + bars));
      if (store.length === 0) return;
      const visible = canvas.scale.visibleRows();
      if (visible === null || (row >= visible.from && row <= visible.to)) return readAt(row);
      canvas.showRows(row - (visible.to - visible.from) / 2, row + (visible.to - visible.from) / 2);
      hovered = store.time[row]!;
      readWhenShown(hovered);
    },
    toEdge(edge) {
      if (edge === "latest") return this.toLatest();
      const visible = canvas.scale.visibleRows();
      if (visible !== null) canvas.showRows(-1, visible.to - visible.from);
    },
    zoom(factor) {
      const timeScale = canvas.chart.timeScale();
      timeScale.applyOptions({ barSpacing: Math.min(60, Math.max(0.5, timeScale.options().barSpacing * factor)) });
    },
    pan: (bars) => canvas.lagBy(canvas.lag() + bars),
    resetView() {
      canvas.chart.timeScale().resetTimeScale();
      canvas.chart.priceScale("right", 0).setAutoScale(true);
      change({ autoScaled: true });
      this.toLatest();
    },
    retry: () => feed.reload(),
    remove() {
      clearTimeout(pageTimer);
      clearTimeout(secondTimer);
      for (const end of endings) end();
      feed.close();
      router.stop();
      clock.stop();
      canvas.remove();
      handlers.clear();
    },
  };
};
