/** The right dock, open or not and how wide: kept in the browser, and on `<html>` so that the first paint is right. */
import { useSyncExternalStore } from "react";
import { createValue, once, type Readable } from "@/components/client/store";
import { DOCK_KEY, DOCK_MAX, DOCK_MIN } from "./dock-script";

const DOCK_WIDTH = 328;

export interface Dock {
  open: boolean;
  /** CSS px. */
  width: number;
}

export interface DockStore extends Readable<Dock> {
  toggle(open?: boolean): void;
  /** Kept within 300 to 420. */
  resize(width: number): void;
}

const initial: Dock = { open: true, width: DOCK_WIDTH };
const within = (width: number): number => Math.round(Math.min(DOCK_MAX, Math.max(DOCK_MIN, width)));

/** What was kept, or the first look when it is missing or damaged. */
const parseDock = (text: string | null): Dock => {
  try {
    const kept = JSON.parse(text ?? "null") as Partial<Dock> | null;
    return { open: kept?.open !== false, width: typeof kept?.width === "number" ? within(kept.width) : DOCK_WIDTH };
  } catch {
    return initial;
  }
};

export const dock: () => DockStore = once(() => {
  const value = createValue<Dock>(parseDock(localStorage.getItem(DOCK_KEY)));
  const change = (next: Dock): void => {
    document.documentElement.style.setProperty("--dock-w", `${next.width}px`);
    document.documentElement.dataset.dock = next.open ? "open" : "closed";
    localStorage.setItem(DOCK_KEY, JSON.stringify(next));
    value.set(next);
  };
  return {
    get: value.get,
    subscribe: value.subscribe,
    toggle: (open = !value.get().open) => change({ ...value.get(), open }),
    resize: (width) => change({ ...value.get(), width: within(width) }),
  };
});

export const useDock = (): Dock =>
  useSyncExternalStore(
    (listener) => dock().subscribe(listener),
    () => dock().get(),
    () => initial,
  );
