import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isBuilt } from "./testing/fault-programs";
import { FaultRig, faultSettings } from "./testing/fault-rig";
import { seeded } from "./testing/run-size";

const settings = faultSettings(process.env);
const unbuilt = isBuilt() ? "" : " (skipped: the server is not built; npm run build)";

/** A minute is closed and written this long after its end: the watermark, plus the timer's and the writer's delay. */
const CLOSING_MS = 1_950;
/** A minute's end nearer than this is waited for. */
const NEAR_MS = 12_000;

describe.skipIf(unbuilt !== "")(`the built server, killed at random instants${unbuilt}`, () => {
  it(`has every bar as the exchange has it after ${settings.kills} times kill -9 (FAULT_SEED=${settings.seed})`, async () => {
    // Midnight falls among the kills, however many there are.
    const rig = await FaultRig.create({ ...settings, beforeMidnightMs: Math.min(100_000, settings.kills * 2_500) });
    try {
      const random = seeded(settings.seed);
      const started = { live: [] as number[], bar: [] as number[] };
      let closing = 0;
      for (let kill = 0; kill < settings.kills; kill++) {
        const [began, from] = [Date.now(), await rig.exchange.now()];
        await rig.launch();
        // Every third one is killed while it starts, and every one near a minute's end exactly when that minute is
        // closed and written.
        if (kill % 3 === 0) await wait(50 + random() * 2_500);
        else {
          await rig.server.live();
          started.live.push(Date.now() - began);
          await rig.listens();
          if (kill % 6 === 1) {
            await rig.server.wholeBar("SIM:NIFTY 50", from);
            started.bar.push(Date.now() - began);
          }
          const now = await rig.exchange.now();
          const end = Math.ceil(now / 60_000) * 60_000;
          if (end - now < NEAR_MS) {
            await rig.exchange.until(end + CLOSING_MS + random() * 700);
            closing++;
          } else await wait(random() * 4_000);
        }
        await rig.deaf(4_000);
        await rig.server.kill();
      }
      await rig.launch();
      await rig.server.live();
      await rig.listens();
      await rig.healed();
      const commit = await rig.server.measured("close_to_commit", 0.95);
      const { bars, differences, code } = await rig.compare();
      console.log(
        `${settings.kills} kills, ${closing} of them while a minute was closed, ${rig.server.starts} starts, ${bars} bars compared, seed ${settings.seed}; ` +
          `start to LIVE ${spread(started.live)}, to the first whole bar ${spread(started.bar)}; closed to committed ${Math.round(commit)} ms at p95`,
      );
      expect(differences).toEqual([]);
      expect(bars).toBeGreaterThan(10_000);
      expect(code).toBe(0);
    } finally {
      await rig.stop();
    }
  }, 900_000);
});

const spread = (values: readonly number[]): string => {
  const sorted = values.toSorted((a, b) => a - b);
  return `${sorted[Math.floor(sorted.length / 2)]} ms (${sorted[0]} to ${sorted.at(-1)})`;
};
