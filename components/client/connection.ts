import { useSyncExternalStore } from "react";
import { type Connection, live } from "./live";

const connecting: Connection = { status: "connecting", since: 0, lastDataAt: null, clockOffsetMs: 0 };

/** The connection's state, in a component. */
export const useConnection = (): Connection =>
  useSyncExternalStore((listener) => live().connection.subscribe(listener), () => live().connection.get(), () => connecting);
