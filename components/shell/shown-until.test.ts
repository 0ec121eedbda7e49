import { expect, test } from "vitest";
import type { FeedFrame } from "@/server/contract/live";
import { shownUntil } from "./shown-until";

const frame = (...ticks: (number | null)[]): FeedFrame =>
  ({ feeds: ticks.map((lastTick) => ({ lastTick })), serverTime: 90_000 }) as FeedFrame;
const connection = { lastDataAt: 89_000, clockOffsetMs: 1_000 };

test("a page that has lost its server shows data until the newest tick, however late the last frame came", () => {
  expect(shownUntil(frame(40_000, null, 50_000), connection)).toBe(50_000);
  expect(shownUntil(frame(null), connection)).toBeNull();
  expect(shownUntil(null, connection)).toBe(90_000);
  expect(shownUntil(null, { ...connection, lastDataAt: null })).toBeNull();
});
