import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { FeedState } from "@/server/domain/ticks/collector";
import { BrokerRig } from "@/server/testing/broker-rig";
import { startedStore } from "@/server/testing/store-open";

/** The line to the broker on its odd days, seen from a whole server. */
describe("the line to a broker", () => {
  let rig: BrokerRig;
  const reaches = (state: FeedState): Promise<void> =>
    vi.waitFor(() => expect(rig.truth().state).toBe(state), { timeout: 60_000, interval: 50 });
  const events = (): string[] => rig.container.status.snapshot().events.map(({ message }) => message);
  beforeAll(async () => {
    rig = await BrokerRig.create(["SIM:RELIANCE", "SIM:NIFTY 50"]);
    await rig.start();
    await reaches("LIVE");
  }, 120_000);
  afterAll(() => rig.stop());

  it("is SLOW while ticks come long after their stamps, and says by how much", async () => {
    await vi.waitFor(() => expect(rig.truth().lagMs).toBeLessThan(1_000), { timeout: 30_000, interval: 200 });
    const skew = rig.container.status.snapshot();
    expect(Math.abs(skew.clockSkewMs!)).toBeLessThan(2_000 + skew.clockSkewErrorMs!);
    await rig.fault({ kind: "lag", delayMs: 4_000 });
    await reaches("SLOW");
    expect(rig.truth().reason).toMatch(/^ticks arrive [34]\.\d s after their exchange time/);
    expect(rig.truth().lagMs).toBeGreaterThan(2_500);
    await rig.reset();
    await reaches("LIVE");
  });

  it("is given up when it is half open, and comes back", async () => {
    const before = rig.truth().reconnects;
    await rig.fault({ kind: "half_open" });
    await vi.waitFor(() => expect(rig.truth().state).not.toBe("LIVE"), { timeout: 15_000, interval: 50 });
    await expect.poll(() => rig.truth().reconnects, { timeout: 60_000 }).toBe(before + 1);
    await reaches("LIVE");
  });

  it("shows what the broker says in words, once, short and without secrets", async () => {
    await rig.fault({ kind: "text_error", ms: 500 });
    await vi.waitFor(
      () => expect(rig.truth().said?.text).toMatch(/^error: Too many subscriptions for token …\. Contact support\./),
      { timeout: 10_000 },
    );
    await rig.fault({ kind: "text_error", ms: 500 });
    await vi.waitFor(() => expect(rig.truth().said?.count).toBe(2), { timeout: 10_000 });
    expect(rig.truth().said!.text.length).toBeLessThanOrEqual(200);
    expect(events().filter((message) => message.startsWith("broker message")).length).toBe(1);
  });

  it("counts frames of nothing and bytes too many", async () => {
    await rig.fault({ kind: "short_frames", ratio: 1, ms: 1_500 });
    await vi.waitFor(
      () => {
        const { empty_frame, trailing_bytes, bad_frame } = rig.container.status.snapshot().rejects as Record<
          string,
          number
        >;
        expect([empty_frame! > 1, trailing_bytes! > 0, bad_frame! > 0]).toEqual([true, true, true]);
      },
      { timeout: 10_000 },
    );
    await reaches("LIVE");
  });

  it("is taken over in a data folder that was copied from another machine without its key", async () => {
    await rig.container.stop();
    const store = await startedStore(rig.dataDir);
    await store.leases.acquire(
      "collector kite-1",
      { instance: "elsewhere", host: "other-machine", pid: 1, started: "" },
      15_000,
    );
    await store.stop();
    for (const lock of ["candela.lock", "pglite.lock"])
      await writeFile(
        path.join(rig.dataDir, lock),
        JSON.stringify({ pid: process.pid, host: "other-machine", started: null }),
      );
    await rm(path.join(rig.dataDir, "secret.key"));
    await rig.start();
    await reaches("LIVE");
    expect(events()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/took over the login from process 1 on other-machine/),
        expect.stringMatching(/was stored with a different key.*the login from the environment/),
      ]),
    );
  });
});
