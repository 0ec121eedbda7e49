import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { withLock } from "./lock.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "candela-lock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// The largest process id a system gives is far below this.
const nobody = 2 ** 30;

describe("the build lock", () => {
  it("lets one work at a time, and tells the other once that it is waiting", async () => {
    const file = path.join(folder, "two");
    let inside = 0;
    let most = 0;
    let waits = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      await turn();
      inside -= 1;
    };
    await Promise.all(
      [1, 2, 3].map(() =>
        withLock(
          file,
          () => {
            waits += 1;
          },
          work,
        ),
      ),
    );
    expect({ most, waits }).toEqual({ most: 1, waits: 2 });
  });

  it("is taken over from a process that is gone", async () => {
    const file = path.join(folder, "dead");
    writeFileSync(file, String(nobody));
    expect(
      await withLock(
        file,
        () => {
          throw new Error("must not wait");
        },
        async () => "done",
      ),
    ).toBe("done");
  });

  it("is released when the work fails", async () => {
    const file = path.join(folder, "failed");
    await expect(
      withLock(
        file,
        () => {},
        async () => {
          throw new Error("no room");
        },
      ),
    ).rejects.toThrow("no room");
    expect(existsSync(file)).toBe(false);
  });
});
