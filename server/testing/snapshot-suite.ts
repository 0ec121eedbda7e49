import { describe, expect, it } from "vitest";
import type { Store } from "@/server/ports/stores";

/** What every store promises of kept indicator states. */
export const snapshotSuite = (store: () => Store): void => {
  describe("snapshots", () => {
    const at = Date.UTC(2026, 10, 21, 4, 0, 0, 123);
    const save = (set: number, pieces: readonly string[] = [`head ${set}`, "one\ntwo"]): Promise<void> =>
      store().snapshots.save({ takenAt: at + set, version: 3, instances: set, pieces });

    it("keeps the last ten sets, newest first, and reads each as it was written", async () => {
      expect(await store().snapshots.list()).toEqual([]);
      for (let set = 1; set <= 13; set++) await save(set);
      const kept = await store().snapshots.list();
      expect(kept.map(({ takenAt, version, instances }) => [takenAt - at, version, instances])).toEqual(
        [13, 12, 11, 10, 9, 8, 7, 6, 5, 4].map((set) => [set, 3, set]),
      );
      expect(await store().snapshots.lines(kept[0]!.id)).toEqual(["head 13", "one", "two"]);
      expect(await store().snapshots.lines(kept[9]!.id)).toEqual(["head 4", "one", "two"]);
    });

    it("takes a set of megabytes without holding anybody up for long", async () => {
      const line = (row: number): string =>
        JSON.stringify([
          row,
          "1m",
          "SMA",
          "SMA:200,close",
          at,
          {
            ring: Array.from({ length: 200 }, (_, place) => 100_000 + ((row * 31 + place * 17) % 977)),
            count: row,
            sum: row * 3,
          },
        ]);
      const pieces = Array.from({ length: 60 }, (_, piece) =>
        Array.from({ length: 50 }, (_, row) => line(piece * 50 + row)).join("\n"),
      );
      let longest = 0;
      let last = performance.now();
      const timer = setInterval(() => {
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }, 1);
      await save(20, pieces);
      clearInterval(timer);
      const [newest] = await store().snapshots.list();
      const lines = await store().snapshots.lines(newest!.id);
      expect([lines.length, lines[2_999]]).toEqual([3_000, line(2_999)]);
      // A few milliseconds on a machine of its own; this one is shared.
      expect(longest).toBeLessThan(250);
    });

    it("answers nothing for a set that is not there", async () =>
      expect(await store().snapshots.lines(-1)).toEqual([]));
  });
};
