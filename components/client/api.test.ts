import { afterEach, describe, expect, it, vi } from "vitest";
import { fetchWatchlists, searchInstruments } from "./api";

const hit = {
  key: "NSE:INFY",
  exchange: "NSE",
  symbol: "INFY",
  name: "Infosys",
  segment: "equity",
  expiry: null,
  lotSize: 1,
  live: true,
  simulated: false,
  lastPrice: 1_500.5,
  changePercent: null,
};
const answers = (body: unknown, status = 200): void =>
  void vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(body), { status })));
const success = (data: unknown, meta: Record<string, unknown>) => ({ status: "success", data, meta });

describe("a REST answer in the browser", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is taken as the contract has it; fields of a newer server are passed over", async () => {
    answers(success([{ ...hit, isin: "INE009A01021" }], { requestId: "1", count: 1, total: 42 }));
    expect(await searchInstruments("infy")).toEqual({ hits: [hit], searched: 42 });
  });

  it("is refused in words, naming the place, where it is not what the contract says", async () => {
    answers(success([hit, { ...hit, lastPrice: "1500.50" }], { count: 2, total: 42 }));
    await expect(searchInstruments("infy")).rejects.toMatchObject({
      code: "internal",
      message: expect.stringMatching(
        /answer to \/instruments\?q=infy.* \(data\[1\]\.lastPrice: .*Reload the page/,
      ) as string,
    });
    answers(success([], {}));
    await expect(searchInstruments("infy")).rejects.toThrow("meta.count");
  });

  it("with an error keeps its code, its words and the number of the request", async () => {
    answers({ status: "error", error: { code: "rate_limited", message: "Too many", requestId: "7" } }, 429);
    await expect(fetchWatchlists()).rejects.toMatchObject({
      code: "rate_limited",
      message: "Too many",
      details: { requestId: "7" },
    });
    answers("<html>", 502);
    await expect(fetchWatchlists()).rejects.toMatchObject({ code: "internal", details: { status: 502 } });
  });
});
