import { describe, expect, it } from "vitest";
import { feedOf, feeds } from ".";

describe("the registry of feeds", () => {
  it("finds a feed by its id, and names those there are when asked for another", () => {
    for (const feed of feeds) expect(feedOf(feed.id)).toBe(feed);
    expect(() => feedOf("upstox")).toThrow(
      expect.objectContaining({
        code: "not_found",
        details: { field: "feed", value: "upstox", accepted: "kite" },
      }) as Error,
    );
  });

  it("refuses a Kite login without a token, and fills in Zerodha's addresses", () => {
    const { login } = feedOf("kite");
    expect(login.safeParse({ apiKey: "key", accessToken: "" }).success).toBe(false);
    expect(login.safeParse({ apiKey: "key", accessToken: "token", root: "ftp://broker" }).success).toBe(false);
    expect(login.parse({ apiKey: "key", accessToken: "token" })).toEqual({
      apiKey: "key",
      accessToken: "token",
      root: "https://api.kite.trade",
      socket: "wss://ws.kite.trade",
    });
  });
});
