import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LeaseHolder, LeaseStore } from "@/server/ports/leases";
import type { Store } from "@/server/ports/stores";

const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
const holder = (instance: string): LeaseHolder => ({ instance, host: "desk", pid: 4_000, started: "boot 77" });
const LONG_MS = 60_000;

/** What every store promises of leases. */
export const leaseSuite = (name: string, open: () => Promise<Store>): void => {
  describe(`leases of ${name}`, () => {
    let store: Store;
    let leases: LeaseStore;
    beforeAll(async () => {
      store = await open();
      ({ leases } = store);
    });
    afterAll(() => store.stop());

    it("gives a free one, says whose it is and for how long", async () => {
      const { holder: whose, remainingMs, since } = await leases.acquire("free", holder("a"), LONG_MS);
      expect(whose).toEqual(holder("a"));
      expect(remainingMs).toBeGreaterThan(LONG_MS - 5_000);
      expect(remainingMs).toBeLessThanOrEqual(LONG_MS);
      expect(Math.abs(since - Date.now())).toBeLessThan(60_000);
    });

    it("gives one that is held to nobody else, and again to its holder", async () => {
      const first = await leases.acquire("held", holder("a"), LONG_MS);
      expect((await leases.acquire("held", holder("b"), LONG_MS)).holder.instance).toBe("a");
      const again = await leases.acquire("held", holder("a"), LONG_MS);
      expect([again.holder.instance, again.since]).toEqual(["a", first.since]);
      expect((await leases.acquire("another", holder("b"), LONG_MS)).holder.instance).toBe("b");
    });

    it("gives one to the next when its time is over", async () => {
      await leases.acquire("short", holder("a"), 30);
      await wait(60);
      expect((await leases.acquire("short", holder("b"), LONG_MS)).holder.instance).toBe("b");
      expect(await leases.renew("short", "a", LONG_MS)).toBe(false);
    });

    it("is free where it lasts longer than any is given: a clock that was ahead wrote it, or a copy brought it along", async () => {
      await leases.acquire("copied", holder("a"), 86_400_000);
      expect((await leases.acquire("copied", holder("b"), LONG_MS)).holder.instance).toBe("b");
    });

    it("is held on by renewing, also late as long as nobody has come", async () => {
      await leases.acquire("renewed", holder("a"), 30);
      await wait(60);
      expect(await leases.renew("renewed", "a", LONG_MS)).toBe(true);
      expect((await leases.acquire("renewed", holder("b"), LONG_MS)).holder.instance).toBe("a");
    });

    it("is taken from a holder known to be dead, and only from that one", async () => {
      await leases.acquire("widowed", holder("a"), LONG_MS);
      expect((await leases.acquire("widowed", holder("b"), LONG_MS, "z")).holder.instance).toBe("a");
      expect((await leases.acquire("widowed", holder("b"), LONG_MS, "a")).holder.instance).toBe("b");
      // Another one had found the same dead holder.
      expect((await leases.acquire("widowed", holder("c"), LONG_MS, "a")).holder.instance).toBe("b");
    });

    it("is freed by its holder only", async () => {
      await leases.acquire("freed", holder("a"), LONG_MS);
      await leases.release("freed", "b");
      expect((await leases.acquire("freed", holder("b"), LONG_MS)).holder.instance).toBe("a");
      await leases.release("freed", "a");
      expect((await leases.acquire("freed", holder("b"), LONG_MS)).holder.instance).toBe("b");
    });

    it("goes to exactly one of many who ask at once", async () => {
      const asked = await Promise.all(
        Array.from({ length: 12 }, (_, each) => leases.acquire("wanted", holder(`i${each}`), LONG_MS)),
      );
      const winners = new Set(asked.map((each) => each.holder.instance));
      expect(winners.size).toBe(1);
    });
  });
};
