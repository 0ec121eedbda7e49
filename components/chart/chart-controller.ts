import { browserClock } from "@/components/client/browser-clock";
import { trackCatchUp } from "@/components/client/catch-up";
import { feed as feedFrames } from "@/components/client/feed";
import { latency } from "@/components/client/latency";
import { live } from "@/components/client/live";
import { createValue, type Readable } from "@/components/client/store";
import { theme } from "@/components/theme/theme";
import type { InstrumentView, SessionView } from "@/server/contract/live";
import type { AnyTimeframeName } from "@/server/domain/time/timeframe";
import { barRouter, type RouteStats, routeStats } from "./bar-router";
import { barsFeed, type BarsReader, type FeedPhase, type SnapshotHead } from "./bars-feed";
import { browserFrames } from "./browser-frames";
import { chartCanvas, type ChartCanvas, type PaneBox, type ScaleState } from "./chart-canvas";
import { type ChartNavigation, chartNavigation } from "./chart-navigation";
import { type ChosenIndicator, sameIndicators } from "./chosen-indicators";
import type { FeedLight } from "./feed-light";
import { frameClock } from "./frame-clock";
import type { IndicatorView } from "./indicator-lines";
import { legendRow } from "./legend-values";
import { paintLatency } from "./paint-latency";
import { PriceLine } from "./price-line";
import { SeriesStore } from "./series-store";
import { needsSessions } from "./sessions-only";

/** What React draws around the chart; changes seldom, never with a tick. */
export interface ChartStatus {
  phase: FeedPhase;
  instrument: InstrumentView | null;
  timeframe: AnyTimeframeName;
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
  /** Length of an ordinary trading day of the instrument; null while none is known. */
  dayMs: number | null;
}

/** What a tick changes: read it in `onPaint`, write it into the page. */
export interface Reading {
  store: SeriesStore;
  /** Row the legend shows, -1 when there is none. */
  row: number;
  /** The crosshair is on it. */
  pointed: boolean;
  decimals: number;
  /** Minor units; null before anything is known. */
  ltp: number | null;
  previousClose: number | null;
  light: FeedLight | null;
}

export interface ChartWish {
  key: string;
  timeframe: AnyTimeframeName;
  indicators: readonly ChosenIndicator[];
}

export interface ChartController extends ChartNavigation {
  status: Readable<ChartStatus>;
  store: SeriesStore;
  canvas: ChartCanvas;
  stats: RouteStats;
  reading(): Reading;
  /** After each painting that changed a text, and once a second. */
  onPaint(handler: () => void): () => void;
  open(wish: ChartWish): void;
  applyScale(scale: ScaleState): void;
  resetView(): void;
  retry(): void;
  remove(): void;
}

const PAGE_DEBOUNCE_MS = 50;
const NEAR_START = 100;

const dayOf = (session: SessionView | null): number | null =>
  session?.kind === "regular" ? session.close - session.open : null;

/** One chart cell: its feed, its bars, its canvas, and its interface to the page. */
export const chartController = (host: HTMLElement, overlay: HTMLElement): ChartController => {
  const client = live();
  const store = new SeriesStore();
  const stats = routeStats();
  const handlers = new Set<() => void>();
  const status = createValue<ChartStatus>({
    phase: { kind: "loading" },
    instrument: null,
    timeframe: "5m",
    indicators: [],
    indicatorPanes: [],
    panes: [],
    axisWidth: 72,
    historicalOnly: false,
    firstStored: null,
    empty: false,
    following: true,
    paging: false,
    atStart: false,
    autoScaled: true,
    dayMs: null,
  });
  const change = (part: Partial<ChartStatus>): void => {
    const before = status.get();
    if (Object.entries(part).some(([name, value]) => before[name as keyof ChartStatus] !== value))
      status.set({ ...before, ...part });
  };

  let wish: ChartWish | null = null;
  let hovered: number | null = null;
  let pageTimer: ReturnType<typeof setTimeout> | undefined;
  let secondTimer: ReturnType<typeof setTimeout> | undefined;
  let painted = false;
  let removed = false;

  const canvas = chartCanvas(host, overlay, store, {
    crosshair(time) {
      if (time === hovered) return;
      hovered = time;
      clock.request(paintTexts);
    },
    view: () => watchEdges(),
    panes: (panes, axisWidth) => change({ panes, axisWidth, indicatorPanes: canvas.lines.panes() }),
  });
  const here = browserClock();
  const latencyOfPaint = paintLatency(here, (times) => latency().record(times));
  const clock = frameClock(() => canvas.prime(), latencyOfPaint.painted, here);
  const router = barRouter(canvas, browserFrames(clock), stats);
  const priceLine = new PriceLine(store);
  const newest = (): number => store.time[store.length - 1] ?? Number.NEGATIVE_INFINITY;

  function paintTexts(): void {
    const { instrument, timeframe, historicalOnly } = status.get();
    if (instrument !== null) {
      const [connection, frame, now] = [client.connection.get(), feedFrames().get(), client.now()];
      canvas.lastPrice(priceLine.judge({ instrument, timeframe, historicalOnly, connection, frame, now }));
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
    change({
      following: canvas.lag() > -1 && !feed.detached(),
      atStart: feed.atStart() && visible.from <= 0,
      firstStored: feed.atStart() ? store.time[0]! : status.get().firstStored,
      autoScaled: canvas.autoScaled(),
    });
    if (visible.from > NEAR_START || feed.atStart()) return;
    clearTimeout(pageTimer);
    pageTimer = setTimeout(() => {
      feed.wantOlder();
      change({ paging: feed.paging() });
    }, PAGE_DEBOUNCE_MS);
  }

  const place = (head: SnapshotHead, sameBars: boolean): void => {
    priceLine.snapshot(head);
    const chosen = wish?.indicators ?? [];
    const timeframe = wish?.timeframe ?? status.get().timeframe;
    const indicators = head.indicators.map((indicator, at): IndicatorView => ({
      id: indicator.id,
      label: indicator.label,
      params: indicator.params,
      pane: indicator.pane,
      guides: indicator.guides,
      plots: indicator.plots,
      colour: chosen[at]?.colour ?? at,
      hidden: chosen[at]?.hidden ?? false,
      idle: needsSessions(indicator.id, timeframe),
    }));
    canvas.show({
      timeframe,
      decimals: head.instrument.decimals,
      tickSize: head.instrument.tickSize,
      hasVolume: head.instrument.hasVolume,
      simulated: head.instrument.simulated,
    });
    canvas.lines.show(indicators);
    // Must run before the new bars are set: otherwise the crosshair would be on one of them, and the legend would read
    // it.
    if (!sameBars) navigation.clearCrosshair();
    router.rebuild(newest());
    if (!sameBars) {
      canvas.follow(false);
    }
    change({
      instrument: head.instrument,
      timeframe,
      indicators,
      indicatorPanes: canvas.lines.panes(),
      historicalOnly: head.historicalOnly,
      firstStored: head.firstStored,
      empty: store.length === 0,
      paging: false,
      dayMs: dayOf(head.session),
    });
    navigation.arrived();
    watchEdges();
    clock.request(paintTexts);
    if (!painted) {
      painted = true;
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          performance.mark("chart:first-paint");
          latencyOfPaint.shown();
        }),
      );
    } else if (!sameBars)
      requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("chart:switch-paint")));
  };

  const reader: BarsReader = {
    replaced: place,
    resumed(head, paths) {
      priceLine.snapshot(head);
      change({
        historicalOnly: head.historicalOnly,
        firstStored: head.firstStored,
        empty: store.length === 0,
        dayMs: dayOf(head.session),
      });
      for (const path of paths) stats[path]++;
      router.rebuild(newest());
      // A page asked for meanwhile was not fetched.
      watchEdges();
      clock.request(paintTexts);
    },
    paged(rows) {
      if (rows > 0) router.rebuild(newest());
      change({ paging: false });
      navigation.arrived();
      watchEdges();
    },
    evicted: () => router.rebuild(newest()),
    bar(path, time) {
      router.changed(path, time, newest);
      if (status.get().empty) change({ empty: false });
    },
    points: (time) => router.touched(time),
    frame(frame) {
      latencyOfPaint.arrived(frame, document.visibilityState === "visible");
      if (frame.ltp !== null) priceLine.ltp = { price: frame.ltp.price, received: frame.ltp.received };
      clock.request(paintTexts);
    },
    phase: (phase) => change({ phase }),
  };
  const feed = barsFeed(
    {
      request: <T>(event: string, payload?: unknown) =>
        event === "bars.subscribe"
          ? trackCatchUp(client.request<T>(event, payload))
          : client.request<T>(event, payload),
      on: client.on,
      onConnect: client.onConnect,
    },
    store,
    reader,
  );

  const navigation = chartNavigation({
    store,
    canvas,
    feed: () => feed,
    shown: () => (wish !== null && held(wish) ? status.get().timeframe : null),
    hovered: () => hovered,
    read(time) {
      hovered = time;
      clock.request(paintTexts);
    },
  });
  /** True if the store contains bars of the wanted chart. */
  function held({ key, timeframe }: ChartWish): boolean {
    const shown = status.get();
    return shown.instrument?.key === key && shown.timeframe === timeframe;
  }

  const onVisibility = (): void => {
    latencyOfPaint.forget();
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
  void document.fonts.ready.then(() => {
    if (!removed) canvas.recolour();
  });
  everySecond();

  return {
    ...navigation,
    status,
    store,
    canvas,
    stats,
    reading: () => ({
      store,
      row: legendRow(store, hovered),
      pointed: hovered !== null && store.rowOf(hovered) !== -1,
      decimals: status.get().instrument?.decimals ?? 2,
      ltp: priceLine.ltp?.price ?? null,
      previousClose: priceLine.previousClose,
      light: priceLine.light,
    }),
    onPaint(handler) {
      handlers.add(handler);
      return () => {
        handlers.delete(handler);
      };
    },
    open(next) {
      const before = wish;
      wish = next;
      if (before !== null && before.key !== next.key) navigation.forget();
      if (
        before !== null &&
        before.key === next.key &&
        before.timeframe === next.timeframe &&
        sameIndicators(before.indicators, next.indicators)
      ) {
        const indicators = status.get().indicators.map((view, at) => ({
          ...view,
          colour: next.indicators[at]?.colour ?? view.colour,
          hidden: next.indicators[at]?.hidden ?? false,
        }));
        canvas.lines.show(indicators);
        change({ indicators });
        return;
      }
      feed.open({
        key: next.key,
        timeframe: next.timeframe,
        indicators: next.indicators.map(({ id, params }) => ({ id, params })),
      });
    },
    applyScale(scale) {
      canvas.applyScale(scale);
      change({ autoScaled: scale.auto });
    },
    resetView() {
      canvas.chart.timeScale().resetTimeScale();
      canvas.chart.priceScale("right", 0).setAutoScale(true);
      change({ autoScaled: true });
      navigation.clearCrosshair();
      navigation.toLatest();
    },
    retry: () => feed.reload(),
    remove() {
      removed = true;
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
