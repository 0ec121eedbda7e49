import { useRef } from "react";

/**
 * Handlers for a dialog that no trigger opens (a key, a command, a menu): the library would give the focus to its trigger, and
 * without one to nothing, so that the next key went nowhere. It goes back to where it was.
 */
export const useFocusBack = () => {
  const before = useRef<Element | null>(null);
  return {
    remember: (): void => { before.current = document.activeElement; },
    giveBack: (event: Event): void => {
      event.preventDefault();
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus({ preventScroll: true });
    },
  };
};
