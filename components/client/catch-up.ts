/** What is being fetched after a reconnection; the shell shows "Catching up 38 s" until all of it has arrived. */
import { live } from "./live";
import { createValue, once, type Readable } from "./store";

export interface CatchUp {
  /** How long the server was away, ms; null when there is nothing to catch up with. */
  awayMs: number | null;
  pending: number;
}

const nothing: CatchUp = { awayMs: null, pending: 0 };

const tracker = once(() => {
  const value = createValue<CatchUp>(nothing);
  let lostAt: number | null = null;
  live().connection.subscribe(() => {
    const { status, since } = live().connection.get();
    if (status === "offline") lostAt ??= since;
    else if (status === "live" && lostAt !== null) {
      value.set({ awayMs: Date.now() - lostAt, pending: value.get().pending });
      lostAt = null;
    }
  });
  return value;
});

export const catchUp = (): Readable<CatchUp> => tracker();

/** Marks a request as part of bringing the screen up to date. Returns the same promise. */
export const trackCatchUp = <T>(request: Promise<T>): Promise<T> => {
  const value = tracker();
  value.set({ ...value.get(), pending: value.get().pending + 1 });
  const settle = (): void => {
    const pending = value.get().pending - 1;
    value.set({ awayMs: pending === 0 ? null : value.get().awayMs, pending });
  };
  request.then(settle, settle);
  return request;
};
