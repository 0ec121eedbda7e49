import { describe, expect, it } from "vitest";
import { dayOfDate } from "@/server/domain/time/session";
import type { Segment } from "@/server/domain/instruments/instrument";
import { brokerConvention } from "./broker-convention";

const INDEX = 0;
const STOCK = 1;
const day = dayOfDate("2026-09-21");
const brief = (options: {
  feed?: string;
  lists?: readonly string[];
  segment?: Segment;
  on?: string;
  recorded?: string;
}): string => {
  const { firstOpen, preOpenVolume, closingAuction } = brokerConvention({
    feedOf: () => options.feed,
    isListed: (broker) => options.lists?.includes(broker) ?? false,
    instrument: () => ({ segment: options.segment ?? "equity" }),
    recorded: options.recorded,
  })(STOCK, options.on === undefined ? day : dayOfDate(options.on));
  return `${firstOpen}, ${preOpenVolume}, ${closingAuction}`;
};
const KITE = "auction, left_out, none";
const UPSTOX = "auction, included, row";
const NOBODY = "unknown, unknown, unknown";

describe("the broker whose candles bars are printed like", () => {
  it("is the one whose list has the instrument until a collector has brought a tick of it", () => {
    expect([brief({ lists: ["kite"] }), brief({ lists: ["upstox"] }), brief({ lists: ["angel"] })]).toEqual([
      KITE,
      UPSTOX,
      "auction, left_out, row",
    ]);
    // Of several lists, the table's first.
    expect(brief({ lists: ["upstox", "kite"] })).toBe(KITE);
  });

  it("is the one that brings the ticks from then on, whoever lists it too", () => {
    expect([brief({ feed: "upstox", lists: ["kite", "upstox"] }), brief({ feed: "kite", lists: ["upstox"] })]).toEqual([
      UPSTOX,
      KITE,
    ]);
  });

  it("is nobody where no list has it, and where the broker that brings it is in no table", () => {
    expect([brief({}), brief({ lists: ["someone"] }), brief({ feed: "someone", lists: ["kite"] })]).toEqual([
      NOBODY,
      NOBODY,
      NOBODY,
    ]);
  });

  it("is Kite for a recording, where nobody says otherwise", () => {
    expect([brief({ feed: "replay" }), brief({ feed: "replay", recorded: "upstox" })]).toEqual([KITE, UPSTOX]);
  });

  it("is asked of each instrument, by its kind and the day", () => {
    expect([
      brief({ feed: "kite", segment: "index" }),
      brief({ feed: "kite", segment: "index", on: "2026-07-31" }),
      brief({ feed: "kite", segment: "futures" }),
    ]).toEqual(["auction, left_out, in_last_bar", "auction, left_out, none", "first_trade, unknown, none"]);
    const of = brokerConvention({
      feedOf: (instrument) => (instrument === INDEX ? "kite" : "upstox"),
      isListed: () => true,
      instrument: (instrument) => ({ segment: instrument === INDEX ? "index" : "equity" }),
    });
    expect([of(INDEX, day).closingAuction, of(STOCK, day).closingAuction]).toEqual(["in_last_bar", "row"]);
  });
});
