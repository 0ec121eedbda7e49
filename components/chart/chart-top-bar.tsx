import { ChevronDown, Ellipsis, SquareFunction } from "lucide-react";
import { openPalette } from "@/components/palette/palette-store";
import { Icon } from "@/components/ui/icon";
import { ReplayPill } from "@/components/shell/replay-pill";
import { Menu, type MenuRow } from "@/components/ui/menu";
import { Pill } from "@/components/ui/pill";
import type { InstrumentView } from "@/server/contract/live";
import type { AnyTimeframeName } from "@/server/domain/time/timeframe";
import type { ChartController } from "./chart-controller";
import { FeedPill } from "./feed-pill";
import { LivePrice } from "./live-price";
import { PhoneTimeframes, TimeframeBar } from "./timeframe-bar";

export interface ChartTopBarProps {
  chartKey: string;
  /** null until it is known. */
  instrument: InstrumentView | null;
  controller: ChartController | null;
  timeframe: AnyTimeframeName;
  onTimeframe: (timeframe: AnyTimeframeName) => void;
  /** Opens the box in which any timeframe can be typed. */
  onTypeTimeframe: () => void;
  onIndicators: () => void;
  /** The chart's own menu, for where there is no right click. */
  menu: readonly MenuRow[];
}

/** More letters than this get a smaller type: a name is never cut. */
const LONG_NAME = 12;

const separator = <span aria-hidden className="mx-1.5 h-5 w-px shrink-0 bg-line" />;

/** Symbol, timeframes and indicators; a phone gets the price here too. */
export function ChartTopBar(props: ChartTopBarProps) {
  const { chartKey, timeframe, onTimeframe, onTypeTimeframe, onIndicators } = props;
  const colon = chartKey.indexOf(":");
  return (
    <>
      <div className="flex h-full min-w-0 flex-1 items-center pl-2 max-md:hidden">
        <button
          type="button"
          data-testid="symbol-button"
          aria-haspopup="dialog"
          title={`${chartKey}: search (type a letter)`}
          onClick={() => openPalette()}
          className="flex h-7 min-w-0 items-center gap-2 rounded-sm px-2 hover:bg-hover"
        >
          <span className="truncate text-14 font-semibold">{chartKey.slice(colon + 1)}</span>
          <span className="text-12 text-muted">{chartKey.slice(0, colon)}</span>
          <Icon of={ChevronDown} className="text-muted" />
        </button>
        {separator}
        <TimeframeBar value={timeframe} onChange={onTimeframe} onType={onTypeTimeframe} />
        {separator}
        <button
          type="button"
          data-testid="indicators-button"
          aria-haspopup="dialog"
          onClick={onIndicators}
          className="inline-flex h-7 items-center gap-2 rounded-sm px-2 text-13 text-text-2 hover:bg-hover hover:text-text"
        >
          <Icon of={SquareFunction} className="text-muted" />
          <span className="max-lg:sr-only">Indicators</span>
        </button>
      </div>
      <PhoneHeader {...props} symbol={chartKey.slice(colon + 1)} exchange={chartKey.slice(0, colon)} />
    </>
  );
}

function PhoneHeader({
  instrument,
  controller,
  timeframe,
  onTimeframe,
  onTypeTimeframe,
  onIndicators,
  menu,
  symbol,
  exchange,
}: ChartTopBarProps & { symbol: string; exchange: string }) {
  const long = symbol.length > LONG_NAME;
  return (
    <div className="min-w-0 flex-1 pt-2 short:flex short:h-10 short:items-center short:gap-2 short:pt-0 short:pl-2 md:hidden">
      <div className="flex items-start justify-between gap-2 px-4 short:shrink-0 short:items-center short:gap-3 short:px-0">
        <div className="min-w-0 short:flex short:items-center short:gap-2">
          <button
            type="button"
            data-testid="symbol-button-phone"
            aria-haspopup="dialog"
            onClick={() => openPalette()}
            className="flex min-h-8 max-w-full items-center gap-2 text-left"
          >
            <span
              className={`font-semibold wrap-anywhere short:whitespace-nowrap ${long ? "text-14 short:text-13" : "text-16"}`}
            >
              {symbol}
            </span>
            {!long && <span className="text-12 text-muted">{exchange}</span>}
            <Icon of={ChevronDown} className="shrink-0 text-muted" />
          </button>
          <div className="flex items-center gap-1.5">
            {long && <span className="text-12 text-muted">{exchange}</span>}
            <FeedPill controller={controller} />
            {instrument?.simulated === true && <Pill state="SIM" />}
            <ReplayPill />
          </div>
        </div>
        <div className="shrink-0 text-right short:flex short:items-baseline short:gap-2">
          <LivePrice controller={controller} size={long ? "medium" : "large"} />
        </div>
      </div>
      <div className="mt-2 flex h-11 items-center gap-1 pr-2 pl-2 short:mt-0 short:h-10 short:min-w-0 short:flex-1 short:pr-1 short:pl-0">
        <PhoneTimeframes value={timeframe} onChange={onTimeframe} onType={onTypeTimeframe} />
        <button
          type="button"
          aria-label="Indicators"
          aria-haspopup="dialog"
          onClick={onIndicators}
          className="inline-flex size-11 shrink-0 items-center justify-center text-muted short:h-10"
        >
          <Icon of={SquareFunction} size={18} />
        </button>
        <Menu
          label="Chart"
          items={menu}
          align="end"
          width={232}
          trigger={
            <button
              type="button"
              data-testid="chart-menu-phone"
              aria-label="More chart options"
              className="inline-flex size-11 shrink-0 items-center justify-center text-muted short:h-10"
            >
              <Icon of={Ellipsis} size={18} />
            </button>
          }
        />
      </div>
    </div>
  );
}
