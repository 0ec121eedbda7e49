import { useSyncExternalStore } from "react";
import type { FeedFrame } from "@/server/contract/live";
import { live } from "./live";
import { createValue, once, type Readable } from "./store";

/** The lights: the newest `feed` frame of the server (on connection, on change and once a second), null before the first. */
export const feed: () => Readable<FeedFrame | null> = once(() => {
  const frame = createValue<FeedFrame | null>(null);
  live().on<FeedFrame>("feed", (next) => frame.set(next));
  return frame;
});

export const useFeed = (): FeedFrame | null =>
  useSyncExternalStore(
    (listener) => feed().subscribe(listener),
    () => feed().get(),
    () => null,
  );
