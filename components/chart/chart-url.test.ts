import { describe, expect, it } from "vitest";
import { addressOf, readAddress } from "./chart-url";

const read = (url: string) => {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  return readAddress(pathname, searchParams);
};

describe("a chart's address", () => {
  it("names instrument, timeframe and instant", () => {
    expect(read("/chart/NSE/RELIANCE?tf=15m&at=1794978900000")).toEqual({
      key: "NSE:RELIANCE",
      timeframe: "15m",
      refused: null,
      at: 1_794_978_900_000,
    });
    expect(read("/chart/NSE/M%26M?tf=D")).toEqual({ key: "NSE:M&M", timeframe: "1d", refused: null, at: null });
  });
  it("comes back as it was written", () => {
    for (const key of ["NSE_INDEX:NIFTY 50", "NSE:M&M", "NFO:NIFTY26NOV24500CE"])
      expect(read(addressOf(key, "75m"))).toEqual({ key, timeframe: "75m", refused: null, at: null });
  });
  it("leaves open what it does not say, and survives nonsense", () => {
    expect(read("/chart/NSE/INFY?tf=soon&at=never")).toEqual({
      key: "NSE:INFY",
      timeframe: null,
      refused: "soon",
      at: null,
    });
    expect(read("/chart/NSE/INFY")).toEqual({ key: "NSE:INFY", timeframe: null, refused: null, at: null });
    expect(read("/status")).toBeNull();
    expect(readAddress("/chart/NSE/%E0%A4%A", new URLSearchParams())).toMatchObject({ key: "NSE:%E0%A4%A" });
  });
});
