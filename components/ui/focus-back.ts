import { useRef } from "react";

/**
 * Handlers for a dialog that no trigger opens (a key, a command, a menu): the library would give the focus to its trigger, and
 * without one to nothing, so that the next key went nowhere. It goes back to where it was.
 */
export const useFocusBack = () => {
  const before = useRef<Element | null>(null);
  return {
    /** The content has come: the field it marks with `data-autofocus` gets the focus. (`autoFocus` would take it before anyone could remember.) */
    opened: (event: Event): void => {
      before.current = document.activeElement;
      const marked = (event.target as Element).querySelector("[data-autofocus]");
      if (!(marked instanceof HTMLElement)) return;
      event.preventDefault();
      marked.focus();
    },
    giveBack: (event: Event): void => {
      event.preventDefault();
      if (before.current instanceof HTMLElement && before.current.isConnected)
        before.current.focus({ preventScroll: true });
    },
  };
};
