import type { Workspace } from "@/server/contract/rest";

/** One indicator a person put on the chart. */
export interface ChosenIndicator {
  id: string;
  params: Record<string, number | string>;
  /** Position in the series colours, counted from 0; kept for as long as the indicator is there. */
  colour: number;
  hidden: boolean;
}

/** Shown on the first run. */
export const firstIndicators: readonly ChosenIndicator[] = [
  { id: "EMA", params: { period: 20 }, colour: 0, hidden: false },
  { id: "VWAP", params: {}, colour: 1, hidden: false },
  { id: "RSI", params: { period: 14 }, colour: 3, hidden: false },
];

/** Overlays begin with blue and bone, panes of their own with violet: they never look like one another. */
const preferred = { price: [0, 1, 2, 4, 5, 3], own: [3, 4, 5, 2, 0, 1] };

/** Returns an unused colour; if all are in use, the least used one. */
export const freeColour = (chosen: readonly ChosenIndicator[], pane: "price" | "own"): number => {
  const uses = (colour: number): number => chosen.filter((indicator) => indicator.colour === colour).length;
  return [...preferred[pane]].sort((a, b) => uses(a) - uses(b))[0]!;
};

/** True when the same values are wanted in the same order: looks may differ. */
export const sameIndicators = (a: readonly ChosenIndicator[], b: readonly ChosenIndicator[]): boolean =>
  a.length === b.length &&
  a.every(
    (indicator, at) => indicator.id === b[at]!.id && JSON.stringify(indicator.params) === JSON.stringify(b[at]!.params),
  );

/** What a saved workspace names. One saved through the API may carry no colour: it gets a free one. */
export const fromWorkspace = (saved: Workspace["indicators"]): ChosenIndicator[] =>
  saved.reduce<ChosenIndicator[]>(
    (chosen, { id, params, colour, hidden }) => [
      ...chosen,
      { id, params, colour: colour ?? freeColour(chosen, id === "RSI" ? "own" : "price"), hidden: hidden ?? false },
    ],
    [],
  );
