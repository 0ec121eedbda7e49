import { describe, expect, it } from "vitest";
import { cashListings, futureListings } from "./listing";
import { dayOfDate, istDate } from "@/server/domain/time/session";

const cash = cashListings();
const on = (date: string) => futureListings(cash, dayOfDate(date));

describe("what the exchange lists", () => {
  it("has the fifty stocks, the indices and the near and next contracts", () => {
    expect(cash.filter((listing) => listing.segment === "SIM")).toHaveLength(50);
    expect(cash.filter((listing) => listing.segment === "INDICES").map((listing) => listing.symbol)).toContain(
      "INDIA VIX",
    );
    expect(on("2026-11-21").map((listing) => listing.symbol)).toEqual([
      "NIFTY26NOVFUT",
      "BANKNIFTY26NOVFUT",
      "RELIANCE26NOVFUT",
      "HDFCBANK26NOVFUT",
      "NIFTY26DECFUT",
      "BANKNIFTY26DECFUT",
      "RELIANCE26DECFUT",
      "HDFCBANK26DECFUT",
    ]);
  });

  it("lists more stocks where they are asked for, and leaves the others as they were", () => {
    const many = cashListings(400);
    expect(many).toHaveLength(cash.length + 350);
    expect(many.filter(({ symbol }) => cash.some((each) => each.symbol === symbol))).toEqual(cash);
    for (const of of ["id", "token", "symbol"] as const)
      expect(new Set(many.map((listing) => listing[of])).size, of).toBe(many.length);
    const own = many.filter(({ segment }) => segment !== "SIM-FUT").map(({ loadings }) => loadings.at(-1)!.stream.id);
    expect(new Set(own).size, "no two move alike").toBe(own.length);
    expect(Math.max(...own), "nor like a future's premium").toBeLessThan(1_000);
  });

  it("builds tokens as Kite does, unique, below 2^31 and above every real exchange token", () => {
    const listings = [...cash, ...on("2026-11-21"), ...on("2027-03-01")];
    expect(new Set(listings.map((listing) => listing.token)).size).toBe(
      new Set(listings.map((listing) => listing.symbol)).size,
    );
    for (const listing of listings) {
      expect(listing.token).toBeLessThan(2 ** 31);
      expect(listing.exchangeToken).toBeGreaterThan(4_000_000);
      expect(listing.token >> 8).toBe(listing.exchangeToken);
      expect(listing.token & 255).toBe({ SIM: 1, INDICES: 9, "SIM-FUT": 2 }[listing.segment]);
    }
  });

  it("expires contracts on the last Tuesday and rolls the day after", () => {
    expect(on("2026-11-24")[0]!.expiry).toBe("2026-11-24");
    expect(on("2026-11-25")[0]!.symbol).toBe("NIFTY26DECFUT");
    for (let month = 1; month <= 12; month++) {
      const expiry = on(`2026-${String(month).padStart(2, "0")}-01`)[0]!.lastDay;
      expect(new Date(`${istDate(expiry)}T00:00:00Z`).getUTCDay()).toBe(2);
      expect(istDate(expiry + 7).slice(0, 7)).not.toBe(istDate(expiry).slice(0, 7));
    }
  });

  it("keeps a contract's make-up the same over its life, so that its record does not change when it becomes near", () => {
    const far = on("2026-11-02").find((listing) => listing.symbol === "NIFTY26DECFUT");
    const near = on("2026-12-02").find((listing) => listing.symbol === "NIFTY26DECFUT");
    expect(near).toEqual(far);
  });
});
