import { describe, expect, it } from "vitest";
import type { FeedFrame, InstrumentView, SessionView } from "@/server/contract/live";
import type { FeedTruth } from "@/server/domain/ticks/collector";
import { feedLight, feedOf, type LightFacts, priceNote } from "./feed-light";

const now = Date.parse("2026-11-18T13:15:29+05:30");
const truth = (over: Partial<FeedTruth>): FeedTruth => ({
  collector: "kite-1",
  feed: "kite",
  state: "LIVE",
  simulated: false,
  daily: [],
  reason: "",
  since: now,
  lastTick: now - 400,
  ticksLastMinute: 60,
  expectedPerMinute: 60,
  ticksPerSecond: 1,
  subscribed: 50,
  missing: { count: 0, names: [] },
  lagMs: null,
  said: null,
  reconnects: 0,
  nextAttempt: null,
  attempt: 0,
  ...over,
});
const instrument: InstrumentView = {
  key: "NSE:INFY",
  exchange: "NSE",
  symbol: "INFY",
  name: "",
  segment: "equity",
  decimals: 2,
  tickSize: 5,
  lotSize: 1,
  expiry: null,
  hasVolume: true,
  simulated: false,
  live: true,
};
const open: SessionView = {
  kind: "regular",
  name: "Regular",
  phase: "continuous",
  open: now - 1,
  close: now + 1,
  until: now + 1,
};
const frame = (feeds: FeedTruth[]): FeedFrame => ({
  feeds,
  ticksPerSecond: 1,
  serverTime: now,
  clockRate: 1,
  replay: false,
  markets: [],
  mute: [],
  job: null,
  simulated: false,
});
const facts = (over: Partial<LightFacts>): LightFacts => ({
  instrument,
  historicalOnly: false,
  session: open,
  lastTick: now - 400,
  now,
  frame: frame([truth({})]),
  connection: { status: "live", since: 0, lastDataAt: now, clockOffsetMs: 0 },
  ...over,
});
const said = (over: Partial<LightFacts>): string => {
  const light = feedLight(facts(over));
  return `${light.state} ${light.detail}${light.stale ? " stale" : ""}`;
};

describe("the light beside the name", () => {
  it("shows the age of a live price", () => expect(said({})).toBe("LIVE 0.4s"));
  it("lets a quiet symbol of a healthy feed be quiet, without alarm", () =>
    expect(said({ lastTick: now - 190_000 })).toBe("LIVE last trade 3m ago"));
  it("says of a symbol that fell quiet what the list says of it, from the same moment on", () => {
    expect([said({ lastTick: now - 9_900 }), said({ lastTick: now - 14_000 })]).toEqual([
      "LIVE 9.9s",
      "LIVE last trade 14s ago",
    ]);
  });
  it("says of an instrument that is mute by itself that it is, and since when", () => {
    const mute = [{ key: "NSE:INFY", since: now - 340_000, reason: "no tick for 340 s, usually every 0.8 s" }];
    const light = feedLight(facts({ lastTick: now - 340_000, frame: { ...frame([truth({})]), mute } }));
    expect(light).toMatchObject({
      state: "MUTE",
      detail: "no tick for 5m",
      stale: true,
      mute: "no tick for 340 s, usually every 0.8 s",
    });
    expect(
      said({ lastTick: now - 340_000, frame: { ...frame([truth({})]), mute: [{ ...mute[0]!, key: "NSE:TCS" }] } }),
    ).toBe("LIVE last trade 5m ago");
    // A feed that is away is the cause of everything.
    expect(said({ frame: { ...frame([truth({ state: "RECONNECTING", attempt: 1 })]), mute } })).toBe(
      "RECONNECTING try 1 stale",
    );
  });
  it("says since when a market is closed", () => {
    const friday = Date.parse("2026-11-20T15:30:00+05:30");
    const monday = Date.parse("2026-11-23T09:15:00+05:30");
    const shut: SessionView = { ...open, phase: "closed", until: monday };
    const at = (instant: number): string =>
      said({
        now: instant,
        session: shut,
        frame: {
          ...frame([truth({ state: "CLOSED" })]),
          markets: [{ exchange: "NSE", session: shut, closedSince: friday }],
        } as FeedFrame,
        connection: { status: "live", since: 0, lastDataAt: instant, clockOffsetMs: 0 },
      });
    expect(at(friday + 3_600_000)).toBe("CLOSED since 15:30 · opens Mon 09:15, in 2d 16h");
    expect(at(friday + 30 * 3_600_000)).toBe("CLOSED since Fri 15:30 · opens Mon 09:15, in 1d 11h");
  });
  it("greys the price when the feed is mute", () =>
    expect(said({ frame: frame([truth({ state: "MUTE", lastTick: now - 16_000 })]) })).toBe("MUTE 16s stale"));
  it("shows how late a slow feed is, not the age of its last late packet", () => {
    expect(said({ lastTick: now, frame: frame([truth({ state: "SLOW", lastTick: now, lagMs: 4_000 })]) })).toBe(
      "SLOW 4.0s",
    );
    expect(said({ frame: frame([truth({ state: "SLOW", lastTick: now - 6_000, lagMs: 300 })]) })).toBe("SLOW 6.0s");
  });
  it("counts down to the next try", () =>
    expect(said({ frame: frame([truth({ state: "RECONNECTING", attempt: 3, nextAttempt: now + 3_600 })]) })).toBe(
      "RECONNECTING try 3 in 4s stale",
    ));
  it("never says mute while the calendar says closed", () => {
    const monday = Date.parse("2026-11-23T09:15:00+05:30");
    expect(
      said({ session: { ...open, phase: "closed", until: monday }, frame: frame([truth({ state: "MUTE" })]) }),
    ).toBe("CLOSED opens Mon 09:15, in 4d 20h");
  });
  it("says until when there are data once the server is gone: to the last tick, however late a frame came", () => {
    const gone = { status: "offline" as const, since: 0, lastDataAt: now - 5_000, clockOffsetMs: 0 };
    expect(said({ lastTick: now - 39_000, connection: gone })).toBe("OFFLINE 13:14:50 stale");
    expect(said({ lastTick: null, connection: gone })).toBe("OFFLINE  stale");
    expect(said({ lastTick: now - 86_400_000, connection: gone })).toBe("OFFLINE 17 Nov 13:15 stale");
  });
  it("believes silence more than a socket that calls itself connected", () =>
    expect(said({ connection: { status: "live", since: 0, lastDataAt: now - 5_001, clockOffsetMs: 0 } })).toBe(
      "OFFLINE 13:15:28 stale",
    ));
  it("pretends nothing for an instrument no collector has", () =>
    expect(said({ historicalOnly: true })).toBe("HISTORY "));
  it("never takes a simulated feed for an exchange's", () => {
    expect(feedOf([truth({ simulated: true })], false)).toBeNull();
    expect(feedOf([truth({ state: "DOWN" }), truth({ state: "LIVE", collector: "b" })], false)?.collector).toBe("b");
  });
});

describe("the note below the last price", () => {
  const note = (state: FeedTruth["state"], over: Partial<Parameters<typeof priceNote>[0]> = {}): string =>
    priceNote({
      light: feedLight(facts({ frame: frame([truth({ state })]) })),
      lastTick: now - 12_000,
      lastBar: now - 65_000,
      end: now + 90_000,
      now,
      ...over,
    });
  it("counts down while the price is live", () =>
    expect([note("LIVE"), note("LIVE", { end: null })]).toEqual(["01:30", ""]));
  it("shows the age of an old price, even one without a tick in this run", () => {
    expect(note("AUTH_EXPIRED")).toBe("12s ago");
    expect(note("AUTH_EXPIRED", { lastTick: null })).toBe("1m ago");
    expect(note("AUTH_EXPIRED", { lastTick: null, lastBar: Date.parse("2026-11-17T15:30:00+05:30") })).toBe("17 Nov");
    expect(note("AUTH_EXPIRED", { lastTick: null, lastBar: null })).toBe("");
  });
});
