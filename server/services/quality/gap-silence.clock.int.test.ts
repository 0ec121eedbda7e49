import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GET as gaps } from "@/app/api/v1/gaps/route";
import { ask, closed, container, differences, fault, found, ledger, start, stop } from "@/server/testing/gap-server";

describe("silences of a running server", () => {
  let began = 0;
  beforeAll(async () => {
    await start();
    began = Math.floor(container.clock.now() / 60_000) * 60_000;
  }, 120_000);
  afterAll(stop);

  it("notes an instrument that falls silent while its feed goes on, a feed that goes mute and a line that is lost; all heal", async () => {
    // An instrument is silent by its own pace, which must be known first.
    await expect
      .poll(
        async () =>
          ((await ask(gaps, "/gaps?instrument=SIM:RELIANCE")).meta["feed"] as { expectedPerMinute: number | null })
            .expectedPerMinute,
        { timeout: 90_000, interval: 1_000 },
      )
      .not.toBeNull();
    await fault({ kind: "mute", symbols: ["RELIANCE"], ms: 50_000 });
    const one = await found((gap) => gap.cause === "silence" && gap.instrument === "SIM:RELIANCE");
    expect(one).toMatchObject({ to: null, state: "open", collector: "sim-1" });
    expect(one.note).toMatch(/no tick for \d+ s, usually every .* while its feed delivers others/);
    const truth = (await ask(gaps, "/gaps?instrument=SIM:RELIANCE")).meta["feed"];
    expect(truth).toMatchObject({
      collector: "sim-1",
      state: "MUTE",
      reason: expect.stringMatching(/^no tick for \d+ s, usually every .* while its feed delivers others$/) as string,
      expectedPerMinute: expect.any(Number) as number,
    });
    expect(container.desk.truth()[0]!.state).toBe("LIVE");
    await expect
      .poll(async () => (await ledger()).find(({ id }) => id === one.id)?.to, { timeout: 60_000 })
      .not.toBeNull();

    await fault({ kind: "mute", ms: 9_000 });
    const mute = await found((gap) => gap.cause === "silence" && gap.instrument === null);
    expect(mute).toMatchObject({ collector: "sim-1", to: null, state: "open" });
    await expect
      .poll(async () => (await ledger()).find(({ id }) => id === mute.id)?.to, { timeout: 60_000 })
      .not.toBeNull();
    expect((await ledger()).find(({ id }) => id === mute.id)!.durationMs).toBeGreaterThan(7_000);

    await fault({ kind: "disconnect", ms: 3_000 });
    const lost = await found((gap) => gap.cause === "disconnect");
    for (const { id } of [one, mute, lost]) {
      const { missing, filled, remaining, state } = await closed(id);
      expect({ state, remaining }).toEqual({ state: "healed", remaining: 0 });
      expect(filled).toBeGreaterThan(0);
      expect(filled).toBeLessThanOrEqual(missing!);
    }
    await expect
      .poll(async () => (await ledger("?state=open,healing")).length, { timeout: 300_000, interval: 2_000 })
      .toBe(0);
    expect(await differences(began - 5 * 60_000)).toEqual([]);
    // Filling all those gaps changed nothing the feed had delivered completely: its ticks, traded value and hash.
    const { id } = container.desk.instrument(container.desk.resolve("SIM:TCS"));
    const whole = (
      await container.store.bars.readWhole({ instrumentId: id, timeframe: "1m", from: began, to: Infinity })
    ).filter(({ state }) => state === "closed");
    expect(whole.length).toBeGreaterThan(0);
    for (const bar of whole)
      expect([bar.rev, bar.incomplete, bar.ticks > 0, bar.value > 0, bar.passport!.hash > 0]).toEqual([
        1,
        false,
        true,
        true,
        true,
      ]);
  }, 1_000_000);
});
