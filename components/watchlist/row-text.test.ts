import { describe, expect, test } from "vitest";
import type { QuoteRow } from "@/server/contract/live";
import { ageTexts, changeCell, isKept, moveOf, rowState } from "./row-text";

const now = Date.parse("2026-11-18T20:00:00+05:30");
const ticked: QuoteRow = {
  key: "NSE:INFY",
  symbol: "INFY",
  exchange: "NSE",
  name: "Infosys",
  price: 10_200,
  previousClose: 10_000,
  open: 10_000,
  high: 10_300,
  low: 9_900,
  volume: 1_200,
  time: now - 400,
  received: now - 400,
  decimals: 2,
  spark: [],
  live: true,
  simulated: false,
};
const kept: QuoteRow = {
  ...ticked,
  previousClose: 0,
  open: 0,
  high: 0,
  low: 0,
  volume: 0,
  time: Date.parse("2026-11-18T15:30:00+05:30"),
  received: 0,
};
const unknown: QuoteRow = { ...kept, price: null, time: 0 };

describe("a row before its first tick", () => {
  test("shows when its kept close is of, in place of a change", () => {
    expect([isKept(ticked), isKept(kept)]).toEqual([false, true]);
    expect(changeCell(ticked, now)).toBe("+2.00");
    expect(changeCell(kept, now)).toBe("15:30");
    expect(ageTexts(kept, now)).toEqual({
      quiet: false,
      mute: "",
      exchange: "NSE · 15:30",
      title: "Infosys · no tick yet, last close 15:30",
    });
  });
  test("shows the dash where nothing is kept, never a 0", () => {
    expect([changeCell(unknown, now), ageTexts(unknown, now).exchange, ageTexts(unknown, now).title]).toEqual([
      "–",
      "NSE · –",
      "Infosys · no price yet",
    ]);
  });
  test("does not flash when the tick comes", () => {
    expect([moveOf(ticked, kept), moveOf(ticked, null), moveOf({ ...ticked, price: 10_195 }, ticked)]).toEqual([
      0, 0, -1,
    ]);
  });
});

test("a row says the day's range only where the feed sends it", () => {
  expect(ageTexts(ticked, now).title).toBe("Infosys · last tick 0.4s ago · day 99.00 – 103.00 · volume 1,200");
  expect(ageTexts({ ...ticked, low: 0, high: 0, volume: 0, received: now - 12_000 }, now)).toEqual({
    quiet: true,
    mute: "",
    exchange: "NSE · 12s",
    title: "Infosys · last tick 12s ago",
  });
});

describe("a row of a market that is closed, or of an instrument that is mute", () => {
  const session = { kind: "regular", name: "", phase: "closed", open: 0, close: 0, until: null } as const;
  const frame = {
    markets: [{ exchange: "NSE", session, closedSince: Date.parse("2026-11-18T15:30:00+05:30") }],
    mute: [{ key: "NSE:INFY", since: now - 240_000, reason: "" }],
  };

  test("says closed and since when, and is not called quiet", () => {
    const state = rowState(ticked, frame, now);
    expect(state).toEqual({ muteSince: null, closed: "since 15:30" });
    expect(ageTexts({ ...ticked, received: now - 16_200_000 }, now, state)).toMatchObject({
      quiet: false,
      mute: "",
      exchange: "NSE · closed, 15:30",
      title: expect.stringContaining("Infosys · market closed since 15:30 · last tick 15:30 ago") as string,
    });
  });
  test("says mute with its age while its market is open", () => {
    const open = {
      ...frame,
      markets: [{ ...frame.markets[0]!, session: { ...session, phase: "continuous" as const }, closedSince: null }],
    };
    const state = rowState(ticked, open, now);
    expect(ageTexts({ ...ticked, received: now - 240_000 }, now, state)).toMatchObject({
      mute: "mute 4m",
      exchange: "NSE · mute 4m",
      title: expect.stringContaining("no tick for 4m while its feed delivers others") as string,
    });
    expect(rowState({ ...ticked, key: "NSE:TCS" }, open, now)).toEqual({ muteSince: null, closed: null });
    expect(rowState({ ...ticked, live: false }, open, now).muteSince).toBeNull();
  });
});
