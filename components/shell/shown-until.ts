import type { Connection } from "@/components/client/live";
import type { FeedFrame } from "@/server/contract/live";

/**
 * The newest tick the page can show once the server is gone, epoch ms of the server: the last frame may have come long
 * after it. Null when no feed had brought one; before any frame of the lights, the time of the last frame at all.
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
