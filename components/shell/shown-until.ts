import type { Connection } from "@/components/client/live";
import type { FeedFrame } from "@/server/contract/live";

/**
 * The newest tick the page can show after a disconnect, epoch ms of the server; the last frame may have arrived long
 * after it. Null if no feed has sent one; before the first feed frame, the time of the last frame of any kind.
 */
export const shownUntil = (
  frame: FeedFrame | null,
  { lastDataAt, clockOffsetMs }: Pick<Connection, "lastDataAt" | "clockOffsetMs">,
): number | null => {
  if (frame === null) return lastDataAt === null ? null : lastDataAt + clockOffsetMs;
  return frame.feeds.reduce<number | null>(
    (newest, { lastTick }) => (lastTick !== null && (newest === null || lastTick > newest) ? lastTick : newest),
    null,
  );
};
