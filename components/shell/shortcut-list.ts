/** Every key there is, as the list under `?` shows it. A key that is added is added here: the tests press each. */
export interface ShortcutRow {
  keys: readonly string[];
  does: string;
  /**
   * What the browser reports for the key: `code` and modifiers, or the typed character. Absent for keys of a focused
   * part.
   */
  press?: { code?: string; key?: string; alt?: boolean; control?: boolean; shift?: boolean };
}
export interface ShortcutGroup {
  title: string;
  rows: readonly ShortcutRow[];
}

export const chartShortcuts: ShortcutGroup = {
  title: "Chart",
  rows: [
    { keys: ["A – Z"], does: "Search an instrument", press: { key: "r" } },
    { keys: ["0 – 9", ","], does: "Type a timeframe: 45, 4h, 10s, D", press: { key: "4" } },
    { keys: ["←", "→"], does: "Crosshair bar by bar", press: { code: "ArrowLeft", key: "ArrowLeft" } },
    {
      keys: ["Shift ←", "Shift →"],
      does: "Crosshair ten bars",
      press: { code: "ArrowLeft", key: "ArrowLeft", shift: true },
    },
    { keys: ["Esc"], does: "Hide the crosshair", press: { code: "Escape", key: "Escape" } },
    {
      keys: ["Ctrl ←", "Ctrl →"],
      does: "Scroll bar by bar",
      press: { code: "ArrowLeft", key: "ArrowLeft", control: true },
    },
    { keys: ["+", "−"], does: "Zoom", press: { key: "+" } },
    { keys: ["Home", "End"], does: "First bar, newest bar", press: { code: "End", key: "End" } },
    { keys: ["Alt R"], does: "Reset the view", press: { code: "KeyR", key: "r", alt: true } },
    { keys: ["Alt L"], does: "Logarithmic scale", press: { code: "KeyL", key: "l", alt: true } },
    { keys: ["Alt P"], does: "Percent scale", press: { code: "KeyP", key: "p", alt: true } },
    { keys: ["Alt I"], does: "Invert the scale", press: { code: "KeyI", key: "i", alt: true } },
  ],
};

export const shortcutGroups: readonly ShortcutGroup[] = [
  {
    title: "Everywhere",
    rows: [
      { keys: ["Ctrl K", "/"], does: "Search instruments and commands", press: { code: "KeyK", control: true } },
      { keys: ["?"], does: "Show keyboard shortcuts", press: { key: "?" } },
      { keys: ["]"], does: "Watchlist on or off", press: { code: "BracketRight" } },
      { keys: ["Alt Shift T"], does: "Next theme", press: { code: "KeyT", alt: true, shift: true } },
    ],
  },
  chartShortcuts,
  {
    title: "Watchlist",
    rows: [
      { keys: ["↑", "↓"], does: "Move row by row; the chart follows" },
      { keys: ["Home", "End"], does: "First row, last row" },
      { keys: ["Enter"], does: "Show the row's chart" },
    ],
  },
];
