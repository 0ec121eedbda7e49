import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { AppError } from "@/server/domain/basics/errors";
import type { FeedDefinition } from "@/server/ports/feed";
import type { CollectorStore } from "@/server/ports/stores";
import { Logins } from "./logins";

const row = { id: 1, name: "sim-1", feed: "kite", mode: "full" as const, autoStart: true, subscriptions: ["*"] };
const demo = { apiKey: "candela-demo", accessToken: "candela-demo-token", root: "http://127.0.0.1:1" };

const rig = () => {
  const renew = vi.fn();
  const save = vi.fn(() => Promise.resolve(row));
  const check = ({ accessToken }: { accessToken: string }): Promise<void> =>
    accessToken === demo.accessToken ? Promise.resolve() : Promise.reject(new AppError("login_expired", "refused"));
  const loginFields = [{ field: "accessToken", daily: true }];
  const feed = {
    id: "kite",
    login: z.object({ accessToken: z.string() }),
    loginFields,
    check,
  } as unknown as FeedDefinition;
  const logins = new Logins({
    store: { list: () => Promise.resolve([row]), save } as unknown as CollectorStore,
    feedOf: () => feed,
    renew,
    fingerprint: (secret) => `hash of ${secret}`,
    log: { debug() {}, info() {}, warn() {}, error() {} } as never,
  });
  return { logins, renew, save };
};

describe("the simulated collector", () => {
  it("takes a token like any other, and refuses one its exchange refuses", async () => {
    const { logins, renew } = rig();
    await expect(logins.handOver("sim-1", { accessToken: demo.accessToken })).rejects.toMatchObject({
      code: "not_found",
    });
    logins.configure("sim-1", demo);
    await expect(logins.handOver("sim-1", { accessToken: "another-token" })).rejects.toMatchObject({
      code: "login_expired",
    });
    expect(renew).not.toHaveBeenCalled();
    expect(await logins.handOver("sim-1", { accessToken: demo.accessToken })).toEqual({
      collector: "sim-1",
      checked: true,
    });
    expect(renew).toHaveBeenCalledWith("sim-1", expect.objectContaining(demo));
  });
});
