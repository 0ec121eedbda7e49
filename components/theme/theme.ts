/** The look of the page: three themes, and price colours that colour-blind people can distinguish. */
import { useSyncExternalStore } from "react";
import { createValue, once, type Readable } from "@/components/client/store";
import { CVD_KEY, THEME_KEY } from "./theme-script";

export type ThemeName = "dark" | "light" | "contrast";
export type ThemeChoice = ThemeName | "system";

export interface Theme {
  /** What the person chose; `system` follows the machine. */
  choice: ThemeChoice;
  /** What is shown. */
  name: ThemeName;
  colourBlindSafe: boolean;
}

export interface ThemeStore extends Readable<Theme> {
  choose(choice: ThemeChoice): void;
  setColourBlindSafe(on: boolean): void;
  /** Dark, light, high contrast, and round again. */
  cycle(): void;
}

export const themeTitles: Record<ThemeChoice, string> = {
  system: "Follow the system",
  dark: "Dark",
  light: "Light",
  contrast: "High contrast",
};

const initial: Theme = { choice: "system", name: "dark", colourBlindSafe: false };
const isTheme = (text: string | null): text is ThemeName => text === "dark" || text === "light" || text === "contrast";

/** The theme a choice means on a machine with these preferences. */
const resolveTheme = (choice: ThemeChoice, prefers: { contrast: boolean; light: boolean }): ThemeName =>
  choice !== "system" ? choice : prefers.contrast ? "contrast" : prefers.light ? "light" : "dark";

const themeStore = (): ThemeStore => {
  const contrast = matchMedia("(prefers-contrast: more)");
  const light = matchMedia("(prefers-color-scheme: light)");
  const read = (): Theme => {
    const stored = localStorage.getItem(THEME_KEY);
    const choice: ThemeChoice = isTheme(stored) ? stored : "system";
    return {
      choice,
      name: resolveTheme(choice, { contrast: contrast.matches, light: light.matches }),
      colourBlindSafe: localStorage.getItem(CVD_KEY) === "safe",
    };
  };
  const value = createValue<Theme>(read());
  const refresh = (): void => {
    const theme = read();
    const root = document.documentElement;
    root.dataset.theme = theme.name;
    if (theme.colourBlindSafe) root.dataset.cvd = "safe";
    else delete root.dataset.cvd;
    value.set(theme);
  };
  const remember = (key: string, text: string | null): void => {
    if (text === null) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
    refresh();
  };
  contrast.addEventListener("change", refresh);
  light.addEventListener("change", refresh);
  window.addEventListener("storage", refresh);
  return {
    get: value.get,
    subscribe: value.subscribe,
    choose: (choice) => remember(THEME_KEY, choice === "system" ? null : choice),
    setColourBlindSafe: (on) => remember(CVD_KEY, on ? "safe" : null),
    cycle() {
      const order: ThemeName[] = ["dark", "light", "contrast"];
      remember(THEME_KEY, order[(order.indexOf(value.get().name) + 1) % order.length]!);
    },
  };
};

/** The tab's theme. Subscribe to repaint a canvas: the tokens on `<html>` have changed by the time listeners run. */
export const theme: () => ThemeStore = once(themeStore);

export const useTheme = (): Theme =>
  useSyncExternalStore(
    (listener) => theme().subscribe(listener),
    () => theme().get(),
    () => initial,
  );
