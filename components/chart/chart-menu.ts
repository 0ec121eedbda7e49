import {
  ArrowRightToLine,
  Copy,
  EyeOff,
  Eye,
  Link2,
  RotateCcw,
  Search,
  Settings,
  SquareFunction,
  X,
} from "lucide-react";
import type { MenuRow } from "@/components/ui/menu";
import type { ScaleState, Spot } from "./chart-canvas";

/** Actions of a chart's menu; each is also available elsewhere on the page. */
export interface ChartMenuActions {
  copy(text: string): void;
  /** Copies the address of this chart at an instant. */
  copyLink(time: number | null): void;
  reset(): void;
  toLatest(): void;
  scale(next: ScaleState): void;
  indicators(): void;
  search(): void;
  hide(at: number): void;
  settings(at: number): void;
  remove(at: number): void;
}

/** An indicator in the pane in which the menu was opened. */
export interface MenuIndicator {
  at: number;
  label: string;
  hidden: boolean;
}

export interface ChartMenuFacts {
  /** Null: not of a point, but of the chart as a whole. */
  spot: Spot | null;
  scale: ScaleState;
  autoScaled: boolean;
  indicators: readonly MenuIndicator[];
  actions: ChartMenuActions;
}

const modes: readonly (readonly [mode: ScaleState["mode"], label: string, shortcut?: string])[] = [
  ["normal", "Regular"],
  ["log", "Logarithmic", "Alt L"],
  ["percent", "Percent", "Alt P"],
  ["indexed", "Indexed to 100"],
];

const line: MenuRow = { kind: "line" };

/** Scale mode of the price pane. */
const scaleRows = ({
  scale,
  autoScaled,
  actions,
}: Pick<ChartMenuFacts, "scale" | "autoScaled" | "actions">): MenuRow[] => [
  { kind: "heading", label: "Price scale" },
  {
    kind: "check",
    label: "Fit prices in view",
    checked: autoScaled,
    onSelect: () => actions.scale({ ...scale, auto: !autoScaled }),
  },
  {
    kind: "check",
    label: "Invert the scale",
    checked: scale.inverted,
    shortcut: "Alt I",
    onSelect: () => actions.scale({ ...scale, auto: autoScaled, inverted: !scale.inverted }),
  },
  ...modes.map(([mode, label, shortcut]): MenuRow => ({
    kind: "choice",
    label,
    checked: scale.mode === mode,
    ...(shortcut === undefined ? {} : { shortcut }),
    onSelect: () => actions.scale({ ...scale, auto: autoScaled, mode }),
  })),
];

const indicatorRows = (indicators: readonly MenuIndicator[], actions: ChartMenuActions): MenuRow[] =>
  indicators.flatMap(({ at, label, hidden }): MenuRow[] => [
    { kind: "heading", label },
    { label: "Settings…", icon: Settings, onSelect: () => actions.settings(at) },
    { label: hidden ? "Show" : "Hide", icon: hidden ? Eye : EyeOff, onSelect: () => actions.hide(at) },
    { label: "Remove", icon: X, onSelect: () => actions.remove(at) },
  ]);

/** The rows of a chart's own menu, for the point it was opened at. */
export const chartMenuRows = ({ spot, scale, autoScaled, indicators, actions }: ChartMenuFacts): MenuRow[] => {
  const value = spot?.value ?? null;
  const copies: MenuRow[] =
    value === null
      ? []
      : [
          {
            label: spot?.pane === 0 ? "Copy price" : "Copy value",
            detail: value,
            icon: Copy,
            onSelect: () => actions.copy(value),
          },
        ];
  if (spot !== null && spot.pane > 0 && spot.area !== "time")
    return [
      ...copies,
      ...indicatorRows(indicators, actions),
      line,
      { label: "Indicators…", icon: SquareFunction, onSelect: actions.indicators },
    ];
  if (spot?.area === "scale")
    return [...copies, ...(copies.length === 0 ? [] : [line]), ...scaleRows({ scale, autoScaled, actions })];
  return [
    { label: "Reset the view", icon: RotateCcw, shortcut: "Alt R", onSelect: actions.reset },
    { label: "Go to the latest bar", icon: ArrowRightToLine, shortcut: "End", onSelect: actions.toLatest },
    line,
    ...copies,
    {
      label: spot?.time == null ? "Copy link to this chart" : "Copy link to this bar",
      icon: Link2,
      onSelect: () => actions.copyLink(spot?.time ?? null),
    },
    line,
    { label: "Indicators…", icon: SquareFunction, onSelect: actions.indicators },
    { label: "Search symbol…", icon: Search, shortcut: "Ctrl K", onSelect: actions.search },
    line,
    ...scaleRows({ scale, autoScaled, actions }),
  ];
};
