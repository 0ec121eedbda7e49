import type { MenuRow } from "@/components/ui/menu";
import { theme, type ThemeChoice, themeTitles, useTheme } from "@/components/theme/theme";

const choices: readonly ThemeChoice[] = ["system", "dark", "light", "contrast"];

/** The rows of the appearance menu in their current state. */
export const useThemeMenu = (): MenuRow[] => {
  const { choice, colourBlindSafe } = useTheme();
  return [
    { kind: "heading", label: "Theme" },
    ...choices.map((name): MenuRow => ({
      kind: "choice",
      label: themeTitles[name],
      checked: name === choice,
      onSelect: () => theme().choose(name),
    })),
    { kind: "line" },
    {
      kind: "check",
      label: "Colour-blind safe prices",
      checked: colourBlindSafe,
      onSelect: () => theme().setColourBlindSafe(!colourBlindSafe),
    },
    { kind: "line" },
    { label: "Next theme", shortcut: "Alt Shift T", onSelect: () => theme().cycle() },
  ];
};
