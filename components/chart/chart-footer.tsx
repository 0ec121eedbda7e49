import { Segmented } from "@/components/ui/segmented";
import type { AnyTimeframeName } from "@/server/domain/time/timeframe";
import type { ScaleState } from "./chart-canvas";
import type { ViewRange } from "./chart-navigation";

export type RangeName = "1D" | "5D" | "1M" | "3M" | "6M" | "1Y" | "All";

/** What a range shows and with which bars: fine enough to read, few enough to fit. */
export const ranges: Record<RangeName, { timeframe: AnyTimeframeName; range: ViewRange; title: string }> = {
  "1D": { timeframe: "1m", range: { sessions: 1 }, title: "The last trading day in 1-minute bars" },
  "5D": { timeframe: "5m", range: { sessions: 5 }, title: "Five trading days in 5-minute bars" },
  "1M": { timeframe: "1d", range: { days: 30 }, title: "One month in daily bars" },
  "3M": { timeframe: "1d", range: { days: 91 }, title: "Three months in daily bars" },
  "6M": { timeframe: "1d", range: { days: 182 }, title: "Six months in daily bars" },
  "1Y": { timeframe: "1d", range: { days: 365 }, title: "One year in daily bars" },
  All: { timeframe: "1W", range: null, title: "All stored history in weekly bars" },
};
const names = Object.keys(ranges) as RangeName[];

/** Below the chart: spans at the left, the price scale at the right. */
export function ChartFooter({
  range,
  onRange,
  scale,
  autoScaled,
  onScale,
}: {
  range: RangeName | null;
  onRange: (name: RangeName) => void;
  scale: ScaleState;
  autoScaled: boolean;
  onScale: (scale: ScaleState) => void;
}) {
  const mode = (name: ScaleState["mode"]): void =>
    onScale({ ...scale, mode: scale.mode === name ? "normal" : name, auto: autoScaled });
  return (
    <div className="flex min-w-0 flex-1 items-center justify-between">
      <Segmented
        label="Range"
        size="sm"
        value={range}
        options={names.map((name) => ({ value: name, label: name, title: ranges[name].title }))}
        onChange={onRange}
      />
      <div role="group" aria-label="Price scale" className="flex items-center gap-0.5">
        <span className="px-1.5 text-12 text-muted" title="Times are Indian Standard Time">
          IST
        </span>
        <Toggle
          label="%"
          title="Percent scale"
          shortcut="Alt P"
          on={scale.mode === "percent"}
          run={() => mode("percent")}
        />
        <Toggle
          label="log"
          title="Logarithmic scale"
          shortcut="Alt L"
          on={scale.mode === "log"}
          run={() => mode("log")}
        />
        <Toggle
          label="auto"
          title="Fit prices in view"
          on={autoScaled}
          run={() => onScale({ ...scale, auto: !autoScaled })}
        />
      </div>
    </div>
  );
}

function Toggle({
  label,
  title,
  shortcut,
  on,
  run,
}: {
  label: string;
  title: string;
  shortcut?: string;
  on: boolean;
  run: () => void;
}) {
  return (
    <button
      type="button"
      aria-pressed={on}
      title={shortcut === undefined ? title : `${title} (${shortcut})`}
      onClick={run}
      className={`inline-flex h-5 items-center rounded-sm px-1.5 text-12 font-medium ${on ? "bg-selected font-semibold text-text" : "text-muted hover:bg-hover hover:text-text"}`}
    >
      {label}
    </button>
  );
}
