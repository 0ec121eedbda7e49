import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { isBuilt } from "./testing/fault-programs";
import { FaultRig, faultSettings, seeded } from "./testing/fault-rig";

const settings = faultSettings(process.env);
const unbuilt = isBuilt() ? "" : " (skipped: the server is not built; npm run build)";

describe.skipIf(unbuilt !== "")(`the built server, killed at random instants${unbuilt}`, () => {
  it(`has every bar as the exchange has it after ${settings.kills} times kill -9 (FAULT_SEED=${settings.seed})`, async () => {
    const rig = await FaultRig.create({ seed: settings.seed, speed: settings.speed });
    try {
      const random = seeded(settings.seed);
      for (let kill = 0; kill < settings.kills; kill++) {
        await rig.launch();
        // Every third one dies while it starts, every eighth just when a minute is being closed and written.
        if (kill % 3 === 0) await wait(50 + random() * 2_500);
        else {
          await rig.server.live();
          await rig.listens();
          if (kill % 8 === 1) await rig.exchange.until(Math.ceil(await rig.exchange.now() / 60_000) * 60_000 + 1_950 + random() * 700);
          else await wait(random() * 4_000);
        }
        await rig.deaf(4_000);
        await rig.server.kill();
      }
      await rig.launch();
      await rig.server.live();
      await rig.listens();
      await rig.healed();
      const { bars, differences, code } = await rig.compare();
      console.log(`${settings.kills} kills, ${rig.server.starts} starts, ${bars} bars compared, seed ${settings.seed}`);
      expect(differences).toEqual([]);
      expect(bars).toBeGreaterThan(10_000);
      expect(code).toBe(0);
    } finally {
      await rig.stop();
    }
  }, 900_000);
});
