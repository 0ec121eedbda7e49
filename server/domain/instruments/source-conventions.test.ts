import { describe, expect, it } from "vitest";
import { classOf, conventionOf, isClosingRow, settledFrom, volumeVerdict } from "./source-conventions";
import { dayOfDate } from "@/server/domain/time/session";

const at = (ist: string): number => Date.parse(`${ist}+05:30`);
const day = dayOfDate("2026-08-12");
const earlier = dayOfDate("2026-07-31");

describe("how brokers print auctions", () => {
  it.each([
    ["kite", "stock", day, "auction", "left_out", "none"],
    ["kite", "index", day, "auction", "left_out", "in_last_bar"],
    ["kite", "index", earlier, "auction", "left_out", "none"],
    ["kite", "derivative", day, "first_trade", "unknown", "none"],
    ["upstox", "stock", day, "auction", "included", "row"],
    ["upstox", "stock", earlier, "auction", "included", "none"],
    ["angel", "stock", day, "auction", "left_out", "row"],
    ["fivepaisa", "stock", day, "first_trade", "own_row", "row"],
    ["yahoo", "stock", day, "first_trade", "left_out", "none"],
    ["breeze", "stock", day, "unknown", "unknown", "unknown"],
  ] as const)("%s, %s", (source, of, date, firstOpen, preOpenVolume, closingAuction) => {
    expect(conventionOf(source, of, date)).toMatchObject({ firstOpen, preOpenVolume, closingAuction });
  });

  it("labels closing rows from 15:15 on, since the auction exists", () => {
    const upstox = conventionOf("upstox", "stock", day);
    expect(
      [at("2026-08-12T15:14:59"), at("2026-08-12T15:15:00"), at("2026-08-12T15:29:00"), at("2026-08-12T15:30:00")].map(
        (label) => isClosingRow(upstox, label),
      ),
    ).toEqual([false, true, true, false]);
    expect(isClosingRow(conventionOf("upstox", "stock", earlier), at("2026-07-31T15:29:00"))).toBe(false);
    expect(isClosingRow(conventionOf("kite", "stock", day), at("2026-08-12T15:29:00"))).toBe(false);
  });

  it("has the closing auction from its first day on, and not on the trading day before", () => {
    expect(
      ["2026-07-31", "2026-08-02", "2026-08-03"].map(
        (date) => conventionOf("upstox", "stock", dayOfDate(date)).closingAuction,
      ),
    ).toEqual(["none", "none", "row"]);
  });

  it("knows stocks, indices and the rest apart", () => {
    expect(
      (["equity", "index", "futures", "options", "currency"] as const).map((segment) => classOf({ segment })),
    ).toEqual(["stock", "index", "derivative", "derivative", "derivative"]);
  });

  it("takes Kite's day bar for settled the next morning, and another's at once", () => {
    expect(settledFrom(conventionOf("kite", "stock", day), day)).toBe(at("2026-08-13T06:00:00"));
    expect(settledFrom(conventionOf("upstox", "stock", day), day)).toBe(0);
  });

  /** ANGELONE and BDL as Kite served them: sum of 24 candles of 15 minutes, volume of the day bar. */
  it.each([
    [4_036_116, 4_076_186, "normal"],
    [6_546_891, 6_599_125, "normal"],
    [4_389_662, 4_505_655, "normal"],
    [499_747, 505_756, "normal"],
    [1_221_495, 1_279_928, "normal"],
    [2_008_859, 2_008_859, "normal"],
    [640_176, 640_176, "normal"],
    // The least of 115 stock-days, what no broker has, and one twentieth of a percent of noise.
    [800, 1_000, "normal"],
    [1_001, 1_000, "normal"],
    [803, 1_000, "normal"],
    [799, 1_000, "too_little"],
    [1_002, 1_000, "too_much"],
    [10_005, 10_000, "normal"],
    [5, 0, null],
  ] as const)("calls %d intraday beside %d of the day %s", (intraday, whole, verdict) => {
    expect(volumeVerdict(intraday, whole)).toBe(verdict);
  });
});
