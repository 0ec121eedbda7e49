import { ChevronDown } from "lucide-react";
import { Icon } from "@/components/ui/icon";
import { Menu, type MenuRow } from "@/components/ui/menu";
import { Segmented } from "@/components/ui/segmented";
import { type AnyTimeframe, anyTimeframe, type AnyTimeframeName, timeframes } from "@/server/domain/time/timeframe";
import { timeframeLabel, timeframeTitle } from "./timeframe-entry";

const chips: readonly AnyTimeframeName[] = ["1m", "5m", "15m", "1h", "1d"];
const phoneChips: readonly AnyTimeframeName[] = ["1m", "5m", "15m", "30m", "1h", "1d", "1W"];

const groups: readonly (readonly [title: string, member: (timeframe: AnyTimeframe) => boolean])[] = [
  ["Seconds", ({ lengthMs }) => lengthMs < 60_000],
  ["Minutes and hours", ({ kind, lengthMs }) => kind === "intraday" && lengthMs >= 60_000],
  ["Days and longer", ({ kind }) => kind !== "intraday"],
];

export interface TimeframeBarProps {
  value: AnyTimeframeName;
  onChange: (timeframe: AnyTimeframeName) => void;
  /** Opens the box in which any timeframe can be typed. */
  onType: () => void;
}

/** The listed timeframes and the one in use, and the way to any other. */
const allRows = ({ value, onChange, onType }: TimeframeBarProps): MenuRow[] => [
  { label: "Type any timeframe…", detail: "45m, 4h, 10s", shortcut: ",", onSelect: onType },
  ...groups.flatMap(([title, member]) => groupRows(title, member, value, onChange)),
];

const groupRows = (
  title: string,
  member: (timeframe: AnyTimeframe) => boolean,
  value: AnyTimeframeName,
  onChange: TimeframeBarProps["onChange"],
): MenuRow[] => [
  { kind: "line" },
  { kind: "heading", label: title },
  ...withChosen(value)
    .filter(member)
    .map((timeframe): MenuRow => ({
      kind: "choice",
      label: timeframeTitle(timeframe.name),
      detail: timeframeLabel(timeframe.name),
      checked: timeframe.name === value,
      onSelect: () => onChange(timeframe.name),
    })),
];

const withChosen = (value: AnyTimeframeName): readonly AnyTimeframe[] => {
  const chosen = anyTimeframe(value);
  return timeframes.some(({ name }) => name === value)
    ? timeframes
    : [...timeframes, chosen].sort((a, b) => a.lengthMs - b.lengthMs);
};

/** Chips of the usual timeframes and a menu of all. A timeframe without a chip is shown on the menu's button. */
export function TimeframeBar(props: TimeframeBarProps) {
  const { value, onChange } = props;
  const other = !chips.includes(value);
  return (
    <div className="flex items-center gap-0.5">
      <Segmented label="Timeframe" value={value} options={options(chips)} onChange={onChange} />
      <Menu
        label="All timeframes"
        items={allRows(props)}
        width={216}
        trigger={
          <button
            type="button"
            data-testid="tf-button"
            aria-label={`Timeframe ${timeframeTitle(value)}`}
            className={`inline-flex h-7 items-center gap-1 rounded-sm px-1.5 text-13 font-medium hover:bg-hover hover:text-text data-[state=open]:bg-selected data-[state=open]:text-text ${other ? "bg-selected font-semibold text-text" : "text-muted"}`}
          >
            <span className={other ? "" : "sr-only"}>{timeframeLabel(value)}</span>
            <Icon of={ChevronDown} />
          </button>
        }
      />
    </div>
  );
}

/** The chips of a phone, as wide as a thumb and scrolling sideways, and a menu of all beside them. */
export function PhoneTimeframes(props: TimeframeBarProps) {
  const { value, onChange } = props;
  return (
    <>
      <div className="min-w-0 flex-1 overflow-x-auto [scrollbar-width:none]">
        <Segmented
          label="Timeframe"
          size="touch"
          value={value}
          options={options(phoneChips.includes(value) ? phoneChips : [value, ...phoneChips])}
          onChange={onChange}
        />
      </div>
      <Menu
        label="All timeframes"
        items={allRows(props)}
        align="end"
        width={216}
        trigger={
          <button
            type="button"
            data-testid="tf-button-phone"
            aria-label="All timeframes"
            className="inline-flex h-11 w-9 shrink-0 items-center justify-center text-muted short:h-10"
          >
            <Icon of={ChevronDown} size={18} />
          </button>
        }
      />
    </>
  );
}

const options = (names: readonly AnyTimeframeName[]) =>
  names.map((name) => ({ value: name, label: timeframeLabel(name), title: timeframeTitle(name) }));
