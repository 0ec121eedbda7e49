/** Opening the palette from anywhere, and what it can do besides finding instruments. */
import type { LucideIcon } from "lucide-react";
import { createValue, once, type Readable } from "@/components/client/store";

export interface Command {
  /** Unique; the same id replaces the row. */
  id: string;
  title: string;
  /** Further words it is found by. */
  words?: string;
  shortcut?: string;
  icon?: LucideIcon;
  run: () => void;
}

export interface PaletteState {
  open: boolean;
  /** What stands in the box when it opens. */
  text: string;
}

const store = once(() => ({
  state: createValue<PaletteState>({ open: false, text: "" }),
  commands: createValue<readonly Command[]>([]),
}));

export const paletteState = (): Readable<PaletteState> => store().state;

/** Opens it, with a first letter kept where one was typed. */
export const openPalette = (initialText = ""): void => store().state.set({ open: true, text: initialText });
export const closePalette = (): void => store().state.set({ open: false, text: "" });

export const paletteCommands = (): Readable<readonly Command[]> => store().commands;

/** Adds commands while a part of the screen is there; the returned function takes them away. */
export const registerCommands = (commands: readonly Command[]): (() => void) => {
  const { commands: value } = store();
  const ids = new Set(commands.map((command) => command.id));
  value.set([...value.get().filter((command) => !ids.has(command.id)), ...commands]);
  return () => value.set(value.get().filter((command) => !commands.includes(command)));
};
