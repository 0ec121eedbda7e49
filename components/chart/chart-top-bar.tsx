import { ChevronDown, SquareFunction } from "lucide-react";
import { openPalette } from "@/components/palette/palette-store";
import { Icon } from "@/components/ui/icon";
import { ReplayPill } from "@/components/shell/replay-pill";
import { Pill } from "@/components/ui/pill";
import type { InstrumentView } from "@/server/contract/live";
import type { TimeframeName } from "@/server/domain/timeframe";
import type { ChartController } from "./chart-controller";
import { FeedPill } from "./feed-pill";
import { LivePrice } from "./live-price";
import { PhoneTimeframes, TimeframeBar } from "./timeframe-bar";

export interface ChartTopBarProps {
  chartKey: string;
  /** null until it is known. */
  instrument: InstrumentView | null;
  controller: ChartController | null;
  timeframe: TimeframeName;
  onTimeframe: (timeframe: TimeframeName) => void;
  onIndicators: () => void;
}

const separator = <span aria-hidden className="mx-1.5 h-5 w-px shrink-0 bg-line" />;

/** Symbol, timeframes and indicators; a phone gets the price here too. */
export function ChartTopBar(props: ChartTopBarProps) {
  const { chartKey, timeframe, onTimeframe, onIndicators } = props;
  const colon = chartKey.indexOf(":");
  return (
    <>
      <div className="flex h-full min-w-0 flex-1 items-center pl-2 max-md:hidden">
        <button type="button" data-testid="symbol-button" aria-haspopup="dialog" title="Search (type a letter)" onClick={() => openPalette()} className="flex h-7 min-w-0 items-center gap-2 rounded-sm px-2 hover:bg-hover">
          <span className="truncate text-14 font-semibold">{chartKey.slice(colon + 1)}</span>
          <span className="text-12 text-muted">{chartKey.slice(0, colon)}</span>
          <Icon of={ChevronDown} className="text-muted" />
        </button>
        {separator}
        <TimeframeBar value={timeframe} onChange={onTimeframe} />
        {separator}
        <button type="button" data-testid="indicators-button" aria-haspopup="dialog" onClick={onIndicators} className="inline-flex h-7 items-center gap-2 rounded-sm px-2 text-13 text-text-2 hover:bg-hover hover:text-text">
          <Icon of={SquareFunction} className="text-muted" />Indicators
        </button>
      </div>
      <PhoneHeader {...props} symbol={chartKey.slice(colon + 1)} exchange={chartKey.slice(0, colon)} />
    </>
  );
}

function PhoneHeader({ instrument, controller, timeframe, onTimeframe, onIndicators, symbol, exchange }: ChartTopBarProps & { symbol: string; exchange: string }) {
  return (
    <div className="min-w-0 flex-1 pt-2 md:hidden">
      <div className="flex items-start justify-between px-4">
        <div className="min-w-0">
          <button type="button" data-testid="symbol-button-phone" aria-haspopup="dialog" onClick={() => openPalette()} className="flex h-8 max-w-full items-center gap-2">
            <span className="truncate text-16 font-semibold">{symbol}</span>
            <span className="text-12 text-muted">{exchange}</span>
            <Icon of={ChevronDown} className="text-muted" />
          </button>
          <div className="flex items-center gap-1.5">
            <FeedPill controller={controller} />
            {instrument?.simulated === true && <Pill state="SIM" />}
            <ReplayPill />
          </div>
        </div>
        <div className="text-right"><LivePrice controller={controller} large /></div>
      </div>
      <div className="mt-2 flex h-11 items-center gap-1 pr-2 pl-2">
        <PhoneTimeframes value={timeframe} onChange={onTimeframe} />
        <button type="button" aria-label="Indicators" aria-haspopup="dialog" onClick={onIndicators} className="inline-flex size-11 shrink-0 items-center justify-center text-muted"><Icon of={SquareFunction} size={18} /></button>
      </div>
    </div>
  );
}
