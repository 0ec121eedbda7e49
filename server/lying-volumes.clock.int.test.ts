import { afterEach, describe, expect, it } from "vitest";
import { timeframe } from "@/server/domain/time/timeframe";
import { cleanUp, configured, differences, folder, historyOf, start } from "@/server/testing/whole-server";

afterEach(cleanUp);

describe("the server as a whole", () => {
  it("keeps day volumes that lie out of every bar, counts them on /status, and heals what they touched", async () => {
    const { container, exchange } = await start(configured(folder()));
    const from = Math.ceil(container.clock.now() / 60_000) * 60_000;
    await fetch(`${exchange}/sim/fault`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kind: "volume_back", symbols: ["RELIANCE"], ratio: 0.3, ms: 90_000 }),
    });
    await expect
      .poll(() => container.clock.now(), { timeout: 200_000, interval: 1_000 })
      .toBeGreaterThan(from + 125_000);
    expect(container.rejects()["volume_back"]).toBeGreaterThan(5);
    expect((container.status.snapshot() as { rejects: Record<string, number> }).rejects["volume_back"]).toBe(
      container.rejects()["volume_back"],
    );
    const { closed } = await container.desk.bars({
      instrument: container.desk.resolve("SIM:RELIANCE"),
      timeframe: timeframe("1m"),
      from,
    });
    const theirs = await historyOf(
      exchange,
      container.instruments.tokenOf("kite", container.desk.resolve("SIM:RELIANCE"))!,
      from,
      container.clock.now(),
    );
    // None of them contains the day.
    for (let row = 0; row < closed.length; row++)
      expect(closed.volume[row]!, `minute ${row}`).toBeLessThan(theirs.get(closed.time[row]!)![4]! * 2);
    await expect
      .poll(() => differences(container, exchange, "SIM:RELIANCE", from), { timeout: 300_000, interval: 5_000 })
      .toEqual([]);
  }, 900_000);
});
