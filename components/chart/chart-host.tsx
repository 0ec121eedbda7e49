"use client";
import "./chart.css";
import { ArrowRightToLine } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useConnection } from "@/components/client/connection";
import { useFeed } from "@/components/client/feed";
import { createValue, useValue } from "@/components/client/store";
import { dateText } from "@/components/format/times";
import { Icon } from "@/components/ui/icon";
import { type ChartController, chartController, type ChartStatus, type ChartWish } from "./chart-controller";
import type { ScaleState } from "./chart-canvas";
import { PointMenu } from "@/components/ui/point-menu";
import { ChartError, ChartSkeleton, EmptyChart, FeedStrip } from "./chart-states";
import { type ChartMenuActions, chartMenuRows } from "./chart-menu";
import type { Spot } from "./chart-canvas";
import { sessionOf } from "./feed-light";
import { type IndicatorActions, MainLegend, PaneLegend } from "./legend";
import { exposeChart } from "./test-bridge";
import { timeframeTitle } from "./timeframe-entry";
import type { AnyTimeframeName } from "@/server/domain/time/timeframe";

export interface ChartHostProps {
  index: number;
  wish: ChartWish;
  scale: ScaleState;
  /** Instant to show at first, epoch ms. */
  at: number | null;
  actions: IndicatorActions;
  menu: ChartMenuActions;
  onController: (controller: ChartController | null) => void;
  onTimeframe: (timeframe: AnyTimeframeName) => void;
  onSearch: () => void;
}

const waiting = createValue<ChartStatus | null>(null);

/** The cell of one chart. Its canvas is made once and outlives every change of symbol, timeframe, indicators and theme. */
export function ChartHost({
  index,
  wish,
  scale,
  at,
  actions,
  menu,
  onController,
  onTimeframe,
  onSearch,
}: ChartHostProps) {
  const host = useRef<HTMLDivElement>(null);
  const overlay = useRef<HTMLDivElement>(null);
  const [controller, setController] = useState<ChartController | null>(null);
  const status = useValue<ChartStatus | null>(controller?.status ?? waiting, null);
  const [spot, setSpot] = useState<Spot | null>(null);
  const offline = useConnection().status === "offline";
  const frame = useFeed();

  useEffect(() => {
    if (host.current === null || overlay.current === null) return undefined;
    const made = chartController(host.current, overlay.current);
    const hide = exposeChart(index, made);
    setController(made);
    onController(made);
    return () => {
      hide();
      onController(null);
      setController(null);
      made.remove();
    };
  }, [index, onController]);
  useEffect(() => {
    controller?.open(wish);
  }, [controller, wish]);
  useEffect(() => {
    controller?.applyScale(scale);
  }, [controller, scale]);
  useEffect(() => {
    if (at !== null) controller?.goTo(at);
  }, [controller, at]);

  const symbol = wish.key.slice(wish.key.indexOf(":") + 1);
  const instrument = status?.instrument ?? null;
  const shown = instrument !== null && status !== null && instrument.key === wish.key;
  const ready = shown && status.timeframe === wish.timeframe;
  const failed = status?.phase.kind === "failed" && !ready ? status.phase : null;
  const veil = !shown ? "hide" : !ready ? "dim" : offline ? "offline" : "none";
  const indicators = (status?.indicators ?? []).map((view, position) => ({ ...view, at: position }));
  const own = (pane: number) => indicators.filter((view) => (status?.indicatorPanes[view.at] ?? 0) === pane);
  const plotWidth = `calc(100% - ${(status?.axisWidth ?? 72) + 20}px)`;
  const session = instrument === null ? null : sessionOf(frame, instrument, null);

  const openMenu = ({ x, y }: { x: number; y: number }): void => {
    const box = host.current?.getBoundingClientRect();
    if (box === undefined || !ready) return setSpot(null);
    const at = { x: x - box.left, y: y - box.top };
    const held = controller?.canvas.heldAt() ?? null;
    // An event has whole pixels only; the crosshair is at the close itself.
    const exact = held !== null && Math.abs(held.x - at.x) <= 1 && Math.abs(held.y - at.y) <= 1 ? held : at;
    setSpot(controller?.canvas.spotAt(exact.x, exact.y) ?? null);
  };
  const keyPoint = (): { x: number; y: number } | null => {
    const box = host.current?.getBoundingClientRect();
    const at = controller?.canvas.heldAt() ?? null;
    return box === undefined || at === null ? null : { x: box.left + at.x, y: box.top + at.y };
  };
  const rows = chartMenuRows({
    spot,
    scale,
    autoScaled: status?.autoScaled ?? true,
    indicators: spot === null ? [] : own(spot.pane),
    actions: menu,
  });

  return (
    <div className="flex min-h-0 flex-1 flex-col">
      {instrument !== null && !offline && <FeedStrip instrument={instrument} open={session?.phase === "continuous"} />}
      <PointMenu label="Chart" items={rows} onOpen={openMenu} keyPoint={keyPoint}>
        <div className="relative min-h-0 flex-1 overflow-hidden" data-chart-area>
          {shown && instrument.simulated && (
            <div aria-hidden className="pointer-events-none absolute inset-x-0 top-0 z-(--z-overlay) h-0.5 bg-sim" />
          )}
          {status?.paging === true && <div className="chart-progress" role="status" aria-label="Loading older bars" />}
          <div
            className="absolute inset-0"
            role="application"
            tabIndex={0}
            aria-label={`${symbol} ${timeframeTitle(wish.timeframe)} chart. Arrow keys read bar by bar.`}
            data-testid={`chart-${index}`}
            data-key={instrument?.key}
            data-timeframe={status?.timeframe}
            data-phase={status?.phase.kind ?? "loading"}
          >
            <div ref={host} className="chart-host" data-veil={veil} />
            <div ref={overlay} className={veil === "hide" ? "invisible" : ""} />
          </div>
          {shown && controller !== null && (
            <>
              <MainLegend
                controller={controller}
                instrument={instrument}
                timeframe={status.timeframe}
                indicators={own(0)}
                actions={actions}
                index={index}
                width={plotWidth}
              />
              {status.panes.map(
                (box, pane) =>
                  pane > 0 &&
                  own(pane).length > 0 && (
                    <PaneLegend
                      key={pane}
                      testId={`legend-pane-${index}-${pane}`}
                      pane={pane}
                      top={box.top}
                      width={plotWidth}
                      controller={controller}
                      indicators={own(pane)}
                      actions={actions}
                    />
                  ),
              )}
              {status.atStart && status.firstStored !== null && (
                <p
                  className="pointer-events-none absolute left-2.5 z-(--z-overlay) rounded-xs bg-bg/82 text-12 text-muted"
                  style={{ top: (status.panes[0]?.height ?? 0) - 26 }}
                  data-testid="first-stored"
                >
                  First stored bar {dateText(status.firstStored)}
                </p>
              )}
              {!status.following && (
                <button
                  type="button"
                  data-testid="latest-button"
                  onClick={() => controller.toLatest()}
                  style={{ right: status.axisWidth + 12, top: (status.panes[0]?.height ?? 0) - 38 }}
                  className="absolute z-(--z-overlay) inline-flex h-7 items-center gap-1.5 rounded-sm border border-line-strong bg-panel px-2.5 text-12 font-medium text-text hover:border-control"
                >
                  <Icon of={ArrowRightToLine} size={14} />
                  latest
                </button>
              )}
            </>
          )}
          {failed !== null ? (
            <ChartError phase={failed} symbol={wish.key} onRetry={() => controller?.retry()} onSearch={onSearch} />
          ) : !ready ? (
            shown ? null : (
              <ChartSkeleton key={wish.key} />
            )
          ) : status.empty ? (
            <EmptyChart
              instrument={instrument}
              timeframe={wish.timeframe}
              firstStored={status.firstStored}
              onTimeframe={onTimeframe}
            />
          ) : null}
        </div>
      </PointMenu>
    </div>
  );
}
