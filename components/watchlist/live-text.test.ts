import { expect, test } from "vitest";
import type { FeedState, FeedTruth } from "@/server/domain/ticks/collector";
import { type LiveRow, liveText } from "./live-text";

const feed = (state: FeedState, simulated = true): FeedTruth => ({ state, simulated }) as FeedTruth;
const row = (over: Partial<LiveRow> = {}): LiveRow => ({
  live: true,
  simulated: true,
  closed: null,
  mute: false,
  ...over,
});
const rows = Array.from({ length: 22 }, () => row());

test.each<[FeedState, string]>([
  ["LIVE", "22 of 22 live"],
  ["SLOW", "slow"],
  ["MUTE", "mute"],
  ["AUTH_EXPIRED", "login expired"],
  ["DOWN", "down"],
  ["RECONNECTING", "reconnecting"],
  ["CLOSED", "market closed"],
])("while the feed is %s a list says %s", (state, text) => expect(liveText(rows, 22, [feed(state)])).toBe(text));

test("unsubscribed rows are not live, and each row follows the feed of its kind", () => {
  expect(liveText([...rows.slice(1), row({ live: false })], 22, [feed("LIVE")])).toBe("21 of 22 live");
  expect(liveText([row({ simulated: false }), row()], 2, [feed("MUTE"), feed("LIVE", false)])).toBe("1 of 2 live");
  expect(liveText([], 22, [feed("LIVE")])).toBe("");
  expect(liveText([row({ live: false, simulated: false })], 1, [feed("MUTE")])).toBe("0 of 1 live");
});

test("a closed market is named with its close, and a mute row is not live", () => {
  const closed = row({ closed: "since 15:30" });
  expect(liveText([closed, closed], 2, [feed("LIVE")])).toBe("market closed since 15:30");
  expect(liveText([closed, row({ closed: "since 23:30" })], 2, [feed("CLOSED")])).toBe("market closed");
  expect(liveText([closed, closed], 2, [feed("AUTH_EXPIRED")])).toBe("login expired");
  expect(liveText([closed, row(), row({ mute: true })], 3, [feed("LIVE")])).toBe("1 of 3 live, 1 closed");
});
