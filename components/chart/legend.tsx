import { Eye, EyeOff, Settings, X, type LucideIcon } from "lucide-react";
import { useRef } from "react";
import { cx } from "@/components/ui/class-names";
import { changeText, compactText, countText, directionOf, priceText } from "@/components/format/numbers";
import { Icon } from "@/components/ui/icon";
import { Pill } from "@/components/ui/pill";
import { ReplayPill } from "@/components/shell/replay-pill";
import type { InstrumentView } from "@/server/contract/live";
import type { TimeframeName } from "@/server/domain/timeframe";
import type { ChartController } from "./chart-controller";
import { FeedPill } from "./feed-pill";
import type { IndicatorView } from "./indicator-lines";
import { readBar, readPoints } from "./legend-values";
import { LivePrice } from "./live-price";
import { plotText, plotToken } from "./plot-look";
import { timeframeLabel } from "./timeframe-entry";
import { put, tint, usePainted } from "./use-painted";

export interface IndicatorActions {
  hide(at: number): void;
  settings(at: number): void;
  remove(at: number): void;
}

const row = "flex w-fit max-w-full items-center gap-x-2 rounded-xs bg-bg/82 whitespace-nowrap";

/** Rows over the price pane: name, live price and state; the bar under the crosshair; the overlays. */
export function MainLegend({ controller, instrument, timeframe, indicators, actions, index, width }: {
  controller: ChartController; instrument: InstrumentView; timeframe: TimeframeName;
  indicators: readonly (IndicatorView & { at: number })[]; actions: IndicatorActions; index: number; width: string;
}) {
  return (
    <div data-testid={`legend-main-${index}`} style={{ maxWidth: width }} className="pointer-events-none absolute top-[7px] left-2.5 z-(--z-overlay) flex flex-col items-start gap-[3px] text-12">
      <div className={cx(row, "h-5 max-md:hidden")}>
        <span className="text-13"><b className="font-semibold">{instrument.symbol}</b><span className="text-muted"> · {timeframeLabel(timeframe)} · {instrument.exchange}</span></span>
        <LivePrice controller={controller} />
        <FeedPill controller={controller} />
        {instrument.simulated && <Pill state="SIM" />}
        <ReplayPill />
      </div>
      <BarRow controller={controller} hasVolume={instrument.hasVolume} />
      {indicators.length > 0 && (
        <div className="flex max-w-full flex-wrap gap-x-2">
          {indicators.map((indicator) => <IndicatorItem key={indicator.at} controller={controller} indicator={indicator} actions={actions} />)}
        </div>
      )}
    </div>
  );
}

function BarRow({ controller, hasVolume }: { controller: ChartController; hasVolume: boolean }) {
  const cells = { open: useRef<HTMLSpanElement>(null), high: useRef<HTMLSpanElement>(null), low: useRef<HTMLSpanElement>(null), close: useRef<HTMLSpanElement>(null) };
  const change = useRef<HTMLSpanElement>(null);
  const volume = useRef<HTMLSpanElement>(null);
  const line = useRef<HTMLDivElement>(null);
  usePainted(controller, ({ store, row: at, decimals }) => {
    const bar = readBar(store, at);
    if (line.current !== null) line.current.dataset.time = bar === null ? "" : String(bar.time);
    for (const name of ["open", "high", "low", "close"] as const) put(cells[name].current, priceText(bar?.[name], decimals));
    put(change.current, bar === null || bar.before === null ? "" : changeText(bar.close, bar.before, decimals));
    tint(change.current, directionOf(bar?.close, bar?.before));
    put(volume.current, compactText(bar?.volume));
    if (volume.current !== null && bar !== null) volume.current.title = countText(bar.volume);
  });
  return (
    <div ref={line} data-testid="legend-bar" className={cx(row, "h-[18px] gap-x-2.5")}>
      {(["open", "high", "low", "close"] as const).map((name) => (
        <span key={name} className="text-muted">{name[0]!.toUpperCase()} <span ref={cells[name]} data-value={name} className="text-text" /></span>
      ))}
      <span ref={change} data-value="change" className="max-md:hidden" />
      {hasVolume && <span className="text-muted max-md:hidden">Vol <span ref={volume} data-value="volume" className="text-text" /></span>}
    </div>
  );
}

/** One indicator with its values under the crosshair; buttons on hover or focus, all of them also in the dialog. */
export function IndicatorItem({ controller, indicator, actions }: { controller: ChartController; indicator: IndicatorView & { at: number }; actions: IndicatorActions }) {
  const values = useRef<HTMLSpanElement>(null);
  const several = indicator.plots.length > 1;
  usePainted(controller, ({ store, row: at, decimals }) => {
    const points = readPoints(store, indicator.at, at);
    indicator.plots.forEach(({ unit }, plot) => put((values.current?.children[plot] ?? null) as HTMLElement | null, plotText(points[plot] ?? null, unit, decimals)));
  });
  return (
    <div data-testid={`ind-${indicator.at}`} data-hidden={indicator.hidden} className={cx(row, "group pointer-events-auto h-[18px] gap-x-1.5 pr-1", indicator.hidden && "opacity-60")}>
      <span aria-hidden className="h-0.5 w-2.5 shrink-0 rounded-xs" style={{ background: `var(--c-series-${indicator.colour + 1})` }} />
      <span className="text-muted">{indicator.label} <span ref={values} data-value="points" className="inline-flex gap-x-1.5 text-text">
        {indicator.plots.map((plot, at) => <span key={plot.id} title={several ? plot.title : undefined} data-plot={plot.id} style={several ? { color: `var(--c-${plotToken(indicator, at)})` } : undefined} />)}
      </span></span>
      <span className="ml-1 hidden items-center gap-0.5 group-focus-within:flex group-hover:flex max-md:hidden!">
        <RowButton icon={indicator.hidden ? EyeOff : Eye} label={indicator.hidden ? `Show ${indicator.label}` : `Hide ${indicator.label}`} run={() => actions.hide(indicator.at)} />
        <RowButton icon={Settings} label={`Settings of ${indicator.label}`} run={() => actions.settings(indicator.at)} />
        <RowButton icon={X} label={`Remove ${indicator.label}`} run={() => actions.remove(indicator.at)} />
      </span>
    </div>
  );
}

function RowButton({ icon, label, run }: { icon: LucideIcon; label: string; run: () => void }) {
  return (
    <button type="button" aria-label={label} title={label} onClick={run} className="inline-flex size-[18px] items-center justify-center rounded-xs text-muted hover:bg-selected hover:text-text">
      <Icon of={icon} size={13} />
    </button>
  );
}
