import { describe, expect, it } from "vitest";
import { type FeedEvidence, judge } from "./feed-truth";

const now = 1_700_000_000_000;
const live: FeedEvidence = {
  now,
  phase: "live",
  expired: false,
  ended: null,
  reason: "",
  openSince: now - 3_600_000,
  nextOpen: null,
  connectedAt: now - 60_000,
  lastTick: now - 400,
  interval: 200,
  lagMs: Number.NaN,
  subscribed: 50,
  missing: { count: 0, names: [] },
};

describe("a feed's light", () => {
  it.each<[string, Partial<FeedEvidence>, string, RegExp]>([
    ["is LIVE while ticks come, and says how old the last one is", {}, "LIVE", /last tick 0\.4 s ago/],
    [
      "is MUTE when the socket is up, the market open and nothing comes",
      { lastTick: now - 5_100 },
      "MUTE",
      /no tick for 5\.1 s/,
    ],
    ["is SLOW before it is mute", { lastTick: now - 3_500 }, "SLOW", /last tick 3\.5 s ago, usually every 0\.2 s/],
    [
      "is SLOW when ticks arrive long after the exchange's stamp",
      { lagMs: 4_000 },
      "SLOW",
      /4\.0 s after their exchange time/,
    ],
    ["is patient with a feed that is seldom heard", { interval: 20_000, lastTick: now - 55_000 }, "LIVE", /55 s ago/],
    [
      "is never MUTE while every exchange is closed",
      { openSince: null, lastTick: now - 3_600_000 },
      "CLOSED",
      /none of its exchanges/,
    ],
    [
      "is not MUTE for the quiet before the open",
      { openSince: now - 1_000, lastTick: now - 400_000 },
      "LIVE",
      /last tick 400 s ago/,
    ],
    [
      "is MUTE when a connection brings nothing at all",
      { lastTick: null, connectedAt: now - 6_000 },
      "MUTE",
      /no tick for 6\.0 s/,
    ],
    [
      "is STARTING just after it connected",
      { lastTick: null, connectedAt: now - 1_000 },
      "STARTING",
      /waiting for the first tick/,
    ],
    [
      "is STOPPED when a recording has been played, though its last tick is fresh by a clock that stands",
      { ended: "the recording a.csv has ended" },
      "STOPPED",
      /a\.csv has ended/,
    ],
    ["says why it reconnects", { phase: "reconnecting", reason: "code 1006" }, "RECONNECTING", /1006/],
    [
      "is AUTH_EXPIRED whatever the socket does",
      { phase: "failed", expired: true, reason: "token refused" },
      "AUTH_EXPIRED",
      /token refused/,
    ],
    ["is DOWN when trying again cannot help", { phase: "failed", reason: "no such key" }, "DOWN", /no such key/],
    [
      "says what the broker does not list",
      { missing: { count: 4, names: ["NSE:A", "NSE:B", "NSE:C", "NSE:D"] } },
      "LIVE",
      /0\.4 s ago; not in the broker's list: NSE:A, NSE:B, NSE:C and 1 more$/,
    ],
    [
      "names three without counting more",
      { missing: { count: 3, names: ["NSE:A", "NSE:B", "NSE:C"] } },
      "LIVE",
      /NSE:A, NSE:B, NSE:C$/,
    ],
    [
      "is DOWN when nothing it subscribes is listed",
      { subscribed: 0, missing: { count: 1, names: ["NSE:A"] } },
      "DOWN",
      /lists none of the subscribed instruments.*NSE:A/,
    ],
    ["is STOPPED when nobody started it", { phase: "idle" }, "STOPPED", /not started/],
  ])("%s", (_, evidence, state, reason) => {
    const told = judge({ ...live, ...evidence });
    expect(told.state).toBe(state);
    expect(told.reason).toMatch(reason);
  });
});
