import { z } from "zod";
import { describe, expect, it } from "vitest";
import { brokerOf } from "@/server/config";
import type { FeedDefinition } from "@/server/ports/feed";
import { feeds } from ".";

const other = {
  id: "other",
  title: "Other Broker",
  login: z.object({ client: z.string().regex(/^[A-Z]\d+$/, "a letter and digits"), pin: z.string() }),
  loginFields: [
    { field: "client", title: "Client", env: "OTHER_CLIENT", value: "ID", standard: "none", means: "client id" },
    { field: "pin", title: "PIN", env: "OTHER_PIN", value: "PIN", standard: "none", means: "PIN" },
  ],
} as unknown as FeedDefinition;
const among = [...feeds, other];
const kite = { KITE_API_KEY: "key", KITE_ACCESS_TOKEN: "token" };

describe("the broker of a configuration", () => {
  it("is the one that is named, else the one whose keys are set, else none", () => {
    expect(brokerOf("", {}, among)).toBeNull();
    expect(brokerOf("simulated", kite, among)).toBeNull();
    expect(brokerOf("", { KITE_ROOT: "https://broker" }, among)).toBeNull();
    expect(brokerOf("", { ...kite, KITE_ROOT: "https://broker" }, among)).toEqual({
      kind: "broker",
      feed: "kite",
      login: { apiKey: "key", accessToken: "token", root: "https://broker" },
    });
    const both = { ...kite, OTHER_CLIENT: "A1", OTHER_PIN: "1234" };
    expect(brokerOf("other", both, among)).toEqual({
      kind: "broker",
      feed: "other",
      login: { client: "A1", pin: "1234" },
    });
    expect(() => brokerOf("", both, among)).toThrow(
      expect.objectContaining({ details: { field: "FEED", accepted: "kite or other" } }) as Error,
    );
  });

  it.each([
    [
      "kite",
      {},
      "KITE_API_KEY",
      "KITE_API_KEY is missing: a Zerodha Kite login needs KITE_API_KEY and KITE_ACCESS_TOKEN",
    ],
    ["", { KITE_API_KEY: "key" }, "KITE_ACCESS_TOKEN", "KITE_ACCESS_TOKEN is missing"],
    ["", { KITE_ACCESS_TOKEN: "token" }, "KITE_API_KEY", "KITE_API_KEY is missing"],
    ["other", { OTHER_PIN: "1" }, "OTHER_CLIENT", "OTHER_CLIENT is missing: a Other Broker login"],
    ["", { ...kite, KITE_SOCKET: "http://broker" }, "KITE_SOCKET", "KITE_SOCKET: its value is not accepted"],
    ["simulated", { KITE_ROOT: "nowhere" }, "KITE_ROOT", "KITE_ROOT: its value is not accepted"],
    ["other", { OTHER_CLIENT: "secret", OTHER_PIN: "1" }, "OTHER_CLIENT", "use a letter and digits"],
  ])("of FEED=%s with %j names %s", (named, given, field, message) => {
    const refused = (): unknown => brokerOf(named, given, among);
    expect(refused).toThrow(expect.objectContaining({ code: "bad_input" }) as Error);
    expect(refused).toThrow(message);
    try {
      refused();
    } catch (cause) {
      expect((cause as { details: unknown }).details).toMatchObject({ field });
      expect(JSON.stringify(cause) + String(cause)).not.toMatch(/secret|nowhere/);
    }
  });
});
