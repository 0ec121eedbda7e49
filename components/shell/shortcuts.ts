import { useEffect, useRef } from "react";

/** Keys by `event.code` (a Mac's Alt+H is another `key`), modifiers exactly as given. */
export interface Shortcut {
  code: string;
  /** Ctrl, or Cmd on a Mac. */
  control?: boolean;
  alt?: boolean;
  shift?: boolean;
  /** Also active while typing in a field. */
  always?: boolean;
}

/** True when the key goes into a field the person is typing in. */
export const isTyping = (event: KeyboardEvent): boolean => {
  const target = event.target;
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.closest("input, textarea, select, [role='textbox']") !== null)
  );
};

const matches = (shortcut: Shortcut, event: KeyboardEvent): boolean =>
  event.code === shortcut.code &&
  (event.ctrlKey || event.metaKey) === (shortcut.control ?? false) &&
  event.altKey === (shortcut.alt ?? false) &&
  event.shiftKey === (shortcut.shift ?? false) &&
  ((shortcut.always ?? false) || !isTyping(event));

/** Runs on the key wherever the focus is, and keeps the browser from acting on it. */
export const useShortcut = (shortcut: Shortcut, run: () => void): void => {
  const latest = useRef({ shortcut, run });
  useEffect(() => {
    latest.current = { shortcut, run };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || !matches(latest.current.shortcut, event)) return;
      event.preventDefault();
      latest.current.run();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
};
