import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { POST as login } from "@/app/api/v1/collectors/[name]/login/route";
import type { FeedState } from "@/server/domain/ticks/collector";
import { DEMO_CREDENTIALS } from "@/server/exchange/exchange";
import { BrokerRig } from "@/server/testing/broker-rig";

const { apiKey, apiSecret, accessToken } = DEMO_CREDENTIALS;

/** A morning: the token dies, another one is handed over while the server runs, and the server is started again. */
describe("a login whose token has died", () => {
  let rig: BrokerRig;
  beforeAll(async () => {
    rig = await BrokerRig.create(["SIM:RELIANCE", "SIM:NIFTY 50"]);
    await rig.start();
    await reaches("LIVE");
  }, 120_000);
  afterAll(() => rig.stop());

  const reaches = (state: FeedState): Promise<void> =>
    vi.waitFor(() => expect(rig.truth().state).toBe(state), { timeout: 60_000, interval: 50 });
  const hand = async (body: unknown, name = "kite-1") => {
    const answer = await login(
      new Request(`http://localhost/api/v1/collectors/${name}/login`, { method: "POST", body: JSON.stringify(body) }),
      { params: Promise.resolve({ name }) },
    );
    const text = await answer.text();
    return {
      ...(JSON.parse(text) as { data?: unknown; error?: { code: string; message: string } }),
      status: answer.status,
      text,
    };
  };
  /** What the broker hands out at the next login. */
  const freshToken = async (): Promise<string> => {
    const checksum = createHash("sha256").update(`${apiKey}demo${apiSecret}`).digest("hex");
    const answer = await fetch(`${rig.url}/session/token`, {
      method: "POST",
      body: new URLSearchParams({ api_key: apiKey, request_token: "demo", checksum }),
    });
    return ((await answer.json()) as { data: { access_token: string } }).data.access_token;
  };
  const dies = async (token: string): Promise<void> => {
    await fetch(`${rig.url}/session/token?api_key=${apiKey}&access_token=${token}`, { method: "DELETE" });
    await rig.fault({ kind: "disconnect" });
  };
  let fresh = "";

  it("says so, and refuses what is no token or a token the broker refuses", async () => {
    await dies(accessToken);
    await reaches("AUTH_EXPIRED");
    expect(await hand({ accessToken: "too short" })).toMatchObject({
      status: 400,
      error: { code: "bad_input", message: expect.stringContaining("accessToken") as unknown },
    });
    expect(await hand({})).toMatchObject({ status: 400, error: { code: "bad_input" } });
    expect(await hand({ accessToken: "a-good-token" }, "nobody")).toMatchObject({
      status: 404,
      error: { code: "not_found" },
    });
    const refused = await hand({ accessToken: "not-the-brokers-token" });
    expect(refused).toMatchObject({ error: { code: "login_expired" } });
    expect(refused.text).not.toContain("not-the-brokers-token");
    expect(rig.truth().state).toBe("AUTH_EXPIRED");
  });

  it("goes live with the new one, heals what it missed, and shows the token nowhere", async () => {
    fresh = await freshToken();
    const taken = await hand({ accessToken: fresh });
    expect(taken).toMatchObject({ status: 200, data: { collector: "kite-1", checked: true } });
    expect(taken.text).not.toContain(fresh);
    await reaches("LIVE");
    const active = async () => (await rig.container.store.gaps.list({})).filter(({ cause }) => cause === "disconnect");
    await expect
      .poll(async () => (await active()).map(({ to, state }) => [to !== null, state]), {
        timeout: 100_000,
        interval: 500,
      })
      .toEqual([[true, expect.stringMatching(/^(healed|no_trade)$/)]]);
    expect(JSON.stringify(rig.container.status.snapshot())).not.toContain(fresh);
    const files = readdirSync(rig.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const entry of files)
      expect(readFileSync(path.join(entry.parentPath, entry.name)).includes(fresh), entry.name).toBe(false);
  });

  it("is used by the next start, whose environment still has the old one; a new one in the environment goes before it", async () => {
    await rig.container.stop();
    await rig.start(accessToken);
    await reaches("LIVE");
    await rig.container.stop();
    await dies(fresh);
    fresh = await freshToken();
    await rig.start(fresh);
    await reaches("LIVE");
  });

  it("is not needed while a line is live: the next line uses it", async () => {
    const before = rig.truth().reconnects;
    const next = await freshToken();
    expect((await hand({ accessToken: next })).status).toBe(200);
    await dies(fresh);
    await expect.poll(() => rig.truth().reconnects, { timeout: 60_000 }).toBeGreaterThan(before);
    await reaches("LIVE");
  });
});
