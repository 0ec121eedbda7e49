import { useSyncExternalStore } from "react";
import { type Connection, live } from "./live";

const connecting: Connection = { status: "connecting", since: 0, lastDataAt: null, clockOffsetMs: 0 };

/** True while the server is there, in a component: wakes it when that changes, and not each second. */
export const useOnline = (): boolean =>
  useSyncExternalStore(
    (listener) => live().connection.subscribe(listener),
    () => live().connection.get().status === "live",
    () => false,
  );

/** The connection's state, in a component. */
export const useConnection = (): Connection =>
  useSyncExternalStore(
    (listener) => live().connection.subscribe(listener),
    () => live().connection.get(),
    () => connecting,
  );
