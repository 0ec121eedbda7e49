import { expect, test } from "vitest";
import type { FeedState, FeedTruth } from "@/server/domain/collector";
import { liveText } from "./live-text";

const feed = (state: FeedState, simulated = true): FeedTruth => ({ state, simulated } as FeedTruth);
const rows = Array.from({ length: 22 }, () => ({ live: true, simulated: true }));

test.each<[FeedState, string]>([
  ["LIVE", "22 of 22 live"], ["SLOW", "slow"], ["MUTE", "mute"], ["AUTH_EXPIRED", "login expired"], ["DOWN", "down"], ["RECONNECTING", "reconnecting"], ["CLOSED", "market closed"],
])("while the feed is %s a list says %s", (state, text) => expect(liveText(rows, 22, [feed(state)])).toBe(text));

test("rows that nobody subscribes are not live, and each row goes by the feed of its kind", () => {
  expect(liveText([...rows.slice(1), { live: false, simulated: true }], 22, [feed("LIVE")])).toBe("21 of 22 live");
  expect(liveText([{ live: true, simulated: false }, { live: true, simulated: true }], 2, [feed("MUTE"), feed("LIVE", false)])).toBe("1 of 2 live");
  expect(liveText([], 22, [feed("LIVE")])).toBe("");
  expect(liveText([{ live: false, simulated: false }], 1, [feed("MUTE")])).toBe("0 of 1 live");
});
