import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isBuilt } from "./testing/fault-programs";
import { FaultRig, faultSettings } from "./testing/fault-rig";
import { canMount, SmallDisk } from "./testing/fault-surroundings";

const settings = faultSettings(process.env);
const { seed } = settings;
const why = !isBuilt()
  ? " (skipped: the server is not built)"
  : !canMount()
    ? " (skipped: no disk of its own can be mounted here)"
    : "";

/**
 * What is being closed and written when it is killed: the watermark, a batch. Data held in memory because of a full
 * disk are lost with it.
 */
const OPEN_MS = 5_000;

describe.skipIf(why !== "")(`a server whose only disk is full, its database with it${why}`, () => {
  let disk: SmallDisk;
  let rig: FaultRig;

  beforeAll(async () => {
    disk = new SmallDisk(200);
    rig = await FaultRig.create({ ...settings, rate: 20, dataDir: disk.folder });
    await rig.launch();
    await rig.server.live();
    await rig.listens();
  }, 120_000);
  afterAll(async () => {
    await rig?.stop();
    disk?.remove();
  }, 60_000);

  const full = (): Promise<unknown> => rig.server.until("it says that bars cannot be stored", ({ failing }) => failing);
  const written = (): Promise<unknown> =>
    rig.server.until("it stores bars again", ({ failing, spooled, waiting }) => !failing && !spooled && waiting < 200);

  it("holds in memory what the disk does not take, and writes it when there is room", async () => {
    await wait(5_000);
    disk.keepFull();
    await full();
    await wait(10_000);
    disk.free();
    await written();
  }, 180_000);

  it("is killed on the full disk, and restarts there or says why not; with space it continues", async () => {
    disk.keepFull();
    await full();
    await rig.deaf(OPEN_MS);
    await rig.server.kill();
    await rig.launch();
    const started = await rig.server.live().then(
      () => true,
      () => false,
    );
    if (started) {
      await rig.listens();
      await wait(5_000);
    } else expect(rig.server.output()).toContain("the disk is full");
    disk.free();
    if (!started) {
      await rig.launch();
      await rig.server.live();
      await rig.listens();
    }
    await written();
  }, 180_000);

  it(`has every bar as the exchange has it (FAULT_SEED=${seed})`, async () => {
    await rig.healed();
    const { bars, differences, code } = await rig.compare();
    console.log(`${bars} bars compared, seed ${seed}`);
    expect(differences).toEqual([]);
    expect(code).toBe(0);
  }, 400_000);
});
