import { ChevronDown, ChevronUp, Eye, EyeOff, Settings, X, type LucideIcon } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { cx } from "@/components/ui/class-names";
import { changeText, compactText, countText, directionOf, priceText } from "@/components/format/numbers";
import { Icon } from "@/components/ui/icon";
import { Pill } from "@/components/ui/pill";
import { ReplayPill } from "@/components/shell/replay-pill";
import type { InstrumentView } from "@/server/contract/live";
import type { AnyTimeframeName } from "@/server/domain/time/timeframe";
import type { ChartController } from "./chart-controller";
import { FeedPill } from "./feed-pill";
import { type IndicatorView, isDrawn } from "./indicator-lines";
import { newestRead, readBar, readPoints } from "./legend-values";
import { LivePrice } from "./live-price";
import { plotText, plotToken } from "./plot-look";
import { timeframeLabel } from "./timeframe-entry";
import { put, tint, usePainted } from "./use-painted";

export interface IndicatorActions {
  hide(at: number): void;
  settings(at: number): void;
  remove(at: number): void;
}

const row = "flex w-fit max-w-full flex-wrap items-center gap-x-2 rounded-xs bg-bg/82 whitespace-nowrap";

/** Top of the price pane's legend, and of other panes' legends, CSS px below the top of the pane. */
const MAIN_TOP = 7;
const PANE_TOP = 6;

/** Keeps the curves of a pane below its legend, however many lines that has. */
const useClearance = (controller: ChartController, pane: number, top: number) => {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const legend = element.current;
    if (legend === null) return undefined;
    const observer = new ResizeObserver(() => controller.canvas.keepClear(pane, top + legend.offsetHeight));
    observer.observe(legend);
    return () => {
      observer.disconnect();
      controller.canvas.keepClear(pane, 0);
    };
  }, [controller, pane, top]);
  return element;
};

/** Rows over the price pane: name, live price and state; the bar under the crosshair; the overlays. */
export function MainLegend({
  controller,
  instrument,
  timeframe,
  indicators,
  actions,
  index,
  width,
}: {
  controller: ChartController;
  instrument: InstrumentView;
  timeframe: AnyTimeframeName;
  indicators: readonly (IndicatorView & { at: number })[];
  actions: IndicatorActions;
  index: number;
  width: string;
}) {
  const element = useClearance(controller, 0, MAIN_TOP);
  // Null: as the screen has room: all on a wide one, the first line on a phone.
  const [open, setOpen] = useState<boolean | null>(null);
  const several = indicators.length > 1 || indicators.some(({ plots }) => plots.length > 1);
  return (
    <div
      ref={element}
      data-testid={`legend-main-${index}`}
      style={{ maxWidth: width, top: MAIN_TOP }}
      className="pointer-events-none absolute left-2.5 z-(--z-overlay) flex flex-col items-start gap-[3px] text-12"
    >
      <div className={cx(row, "min-h-5 max-md:hidden")}>
        <span className="text-13">
          <b className="font-semibold">{instrument.symbol}</b>
          <span className="text-muted">
            {" "}
            · {timeframeLabel(timeframe)} · {instrument.exchange}
          </span>
        </span>
        <LivePrice controller={controller} />
        <FeedPill controller={controller} />
        {instrument.simulated && <Pill state="SIM" />}
        <ReplayPill />
      </div>
      <BarRow controller={controller} hasVolume={instrument.hasVolume} />
      {indicators.length > 0 && (
        <div className="flex max-w-full items-start gap-1">
          <div
            id={`legend-indicators-${index}`}
            className={cx(
              "flex min-w-0 flex-wrap gap-x-2",
              open === false ? "h-[18px] overflow-hidden" : open === null && "max-md:h-[18px] max-md:overflow-hidden",
            )}
          >
            {indicators.map((indicator) => (
              <IndicatorItem key={indicator.at} controller={controller} indicator={indicator} actions={actions} />
            ))}
          </div>
          {several && <Fold open={open} onFold={setOpen} controls={`legend-indicators-${index}`} />}
        </div>
      )}
    </div>
  );
}

/** Folds the indicators to one line and back. */
function Fold({ open, onFold, controls }: { open: boolean | null; onFold: (open: boolean) => void; controls: string }) {
  const button = (shown: boolean, className: string) => (
    <button
      type="button"
      aria-expanded={shown}
      aria-controls={controls}
      aria-label={shown ? "Collapse the legend" : "Expand the legend"}
      onClick={() => onFold(!shown)}
      className={cx(
        "pointer-events-auto inline-flex h-[18px] w-6 shrink-0 items-center justify-center rounded-xs bg-bg/82 text-muted hover:bg-selected hover:text-text",
        className,
      )}
    >
      <Icon of={shown ? ChevronUp : ChevronDown} size={14} />
    </button>
  );
  return open === null ? (
    <>
      {button(true, "max-md:hidden")}
      {button(false, "md:hidden")}
    </>
  ) : (
    button(open, "")
  );
}

/** The indicators of a pane of their own. */
export function PaneLegend({
  testId,
  pane,
  top,
  width,
  controller,
  indicators,
  actions,
}: {
  testId: string;
  pane: number;
  top: number;
  width: string;
  controller: ChartController;
  indicators: readonly (IndicatorView & { at: number })[];
  actions: IndicatorActions;
}) {
  const element = useClearance(controller, pane, PANE_TOP);
  return (
    <div
      ref={element}
      data-testid={testId}
      style={{ top: top + PANE_TOP, maxWidth: width }}
      className="pointer-events-none absolute left-2.5 z-(--z-overlay) text-12"
    >
      {indicators.map((indicator) => (
        <IndicatorItem key={indicator.at} controller={controller} indicator={indicator} actions={actions} />
      ))}
    </div>
  );
}

function BarRow({ controller, hasVolume }: { controller: ChartController; hasVolume: boolean }) {
  const cells = {
    open: useRef<HTMLSpanElement>(null),
    high: useRef<HTMLSpanElement>(null),
    low: useRef<HTMLSpanElement>(null),
    close: useRef<HTMLSpanElement>(null),
  };
  const change = useRef<HTMLSpanElement>(null);
  const volume = useRef<HTMLSpanElement>(null);
  const line = useRef<HTMLDivElement>(null);
  usePainted(controller, ({ store, row: at, decimals }) => {
    const bar = readBar(store, at);
    if (line.current !== null) line.current.dataset.time = bar === null ? "" : String(bar.time);
    for (const name of ["open", "high", "low", "close"] as const)
      put(cells[name].current, priceText(bar?.[name], decimals));
    put(change.current, bar === null || bar.before === null ? "" : changeText(bar.close, bar.before, decimals));
    tint(change.current, directionOf(bar?.close, bar?.before));
    put(volume.current, compactText(bar?.volume));
    if (volume.current !== null && bar !== null) volume.current.title = countText(bar.volume);
  });
  return (
    <div ref={line} data-testid="legend-bar" className={cx(row, "min-h-[18px] gap-x-2.5")}>
      {(["open", "high", "low", "close"] as const).map((name) => (
        <span key={name} className="text-muted">
          {name[0]!.toUpperCase()} <span ref={cells[name]} data-value={name} className="text-text" />
        </span>
      ))}
      <span ref={change} data-value="change" className="max-md:hidden" />
      {hasVolume && (
        <span className="text-muted max-md:hidden">
          Vol <span ref={volume} data-value="volume" className="text-text" />
        </span>
      )}
    </div>
  );
}

/**
 * One indicator with its values under the crosshair. Its buttons appear on hover or focus; all of them are also in the
 * dialog.
 */
function IndicatorItem({
  controller,
  indicator,
  actions,
}: {
  controller: ChartController;
  indicator: IndicatorView & { at: number };
  actions: IndicatorActions;
}) {
  const values = useRef<HTMLSpanElement>(null);
  const several = indicator.plots.length > 1;
  usePainted(controller, ({ store, row: at, pointed, decimals }) => {
    const points = readPoints(store, indicator.at, pointed ? at : newestRead(store, indicator.at));
    for (const cell of values.current?.querySelectorAll<HTMLElement>("[data-plot]") ?? []) {
      const plot = indicator.plots.findIndex(({ id }) => id === cell.dataset.plot);
      put(cell, plotText(points[plot] ?? null, indicator.plots[plot]?.unit ?? "value", decimals));
    }
  });
  return (
    <div
      data-testid={`ind-${indicator.at}`}
      data-hidden={indicator.hidden}
      className={cx(row, "group pointer-events-auto min-h-[18px] gap-x-1.5 pr-1", !isDrawn(indicator) && "opacity-60")}
    >
      <span
        aria-hidden
        className="h-0.5 w-2.5 shrink-0 rounded-xs"
        style={{ background: `var(--c-series-${indicator.colour + 1})` }}
      />
      <span className="text-muted">{indicator.label}</span>
      {indicator.idle && <span className="text-muted">only on timeframes below one day</span>}
      <span ref={values} data-value="points" className={indicator.idle ? "hidden" : "contents text-text"}>
        {indicator.plots.map((plot, at) =>
          several ? (
            <span key={plot.id} data-value={plot.id} className="inline-flex gap-x-1">
              <span className="text-muted">{plot.title}</span>{" "}
              <span data-plot={plot.id} style={{ color: `var(--c-${plotToken(indicator, at)})` }} />
            </span>
          ) : (
            <span key={plot.id} data-plot={plot.id} className="text-text" />
          ),
        )}
      </span>
      <span className="ml-1 hidden items-center gap-0.5 group-focus-within:flex group-hover:flex max-md:hidden!">
        <RowButton
          icon={indicator.hidden ? EyeOff : Eye}
          label={indicator.hidden ? `Show ${indicator.label}` : `Hide ${indicator.label}`}
          run={() => actions.hide(indicator.at)}
        />
        <RowButton
          icon={Settings}
          label={`Settings of ${indicator.label}`}
          run={() => actions.settings(indicator.at)}
        />
        <RowButton icon={X} label={`Remove ${indicator.label}`} run={() => actions.remove(indicator.at)} />
      </span>
    </div>
  );
}

function RowButton({ icon, label, run }: { icon: LucideIcon; label: string; run: () => void }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      onClick={run}
      className="inline-flex size-[18px] items-center justify-center rounded-xs text-muted hover:bg-selected hover:text-text"
    >
      <Icon of={icon} size={13} />
    </button>
  );
}
