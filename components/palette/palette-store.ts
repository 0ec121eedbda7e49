/** Opens the palette from anywhere, and holds its commands besides finding instruments. */
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
  /** `list`: found under `@`. */
  group?: "list";
  run: () => void;
}

/** Shows an instrument without leaving the page; a page that has no chart registers none, and the palette navigates. */
export type PickInstrument = (key: string) => void;

/** Returns a command for the typed text (`45`), or null. */
export type ReadTyped = (typed: string) => Command | null;

export interface PaletteState {
  open: boolean;
  /** Initial text of the box. */
  text: string;
}

const store = once(() => ({
  state: createValue<PaletteState>({ open: false, text: "" }),
  commands: createValue<readonly Command[]>([]),
  readers: createValue<readonly ReadTyped[]>([]),
  picks: createValue<readonly PickInstrument[]>([]),
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

export const paletteReaders = (): Readable<readonly ReadTyped[]> => store().readers;

/** While a part of the screen is there that understands typed text as a command. */
export const registerReader = (read: ReadTyped): (() => void) => {
  const { readers } = store();
  readers.set([...readers.get(), read]);
  return () => readers.set(readers.get().filter((other) => other !== read));
};

/** While a chart is in view: chosen instruments go to it. */
export const registerPick = (pick: PickInstrument): (() => void) => {
  const { picks } = store();
  picks.set([...picks.get(), pick]);
  return () => picks.set(picks.get().filter((other) => other !== pick));
};

/** Receives a chosen instrument; undefined if nothing does. */
export const instrumentPick = (): PickInstrument | undefined => store().picks.get().at(-1);
