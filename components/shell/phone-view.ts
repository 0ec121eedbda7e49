import { useSyncExternalStore } from "react";

/** On a phone the dock is a view of its own, named by the URL's `#lists`, so that Back leaves it. */
export type PhoneView = "page" | "lists";

const read = (): PhoneView => (location.hash === "#lists" ? "lists" : "page");
const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener("hashchange", listener);
  window.addEventListener("popstate", listener);
  return () => {
    window.removeEventListener("hashchange", listener);
    window.removeEventListener("popstate", listener);
  };
};

export const usePhoneView = (): PhoneView => useSyncExternalStore(subscribe, read, () => "page");

/** Shows the page or the lists of the page one is on. */
export const showPhoneView = (view: PhoneView): void => {
  if (read() === view) return;
  if (view === "lists") location.hash = "lists";
  else {
    history.pushState(history.state, "", location.pathname + location.search);
    window.dispatchEvent(new PopStateEvent("popstate", { state: history.state }));
  }
};
