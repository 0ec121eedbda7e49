import { describe, expect, it } from "vitest";
import { compressed, linesOf } from "./snapshots";

describe("a kept set", () => {
  it("is read line by line, however it was cut into pieces", async () => {
    expect(await linesOf(await compressed(["head", "one\ntwo", "three"]))).toEqual(["head", "one", "two", "three"]);
  });
  it("that lost or changed a byte anywhere is not read at all", async () => {
    const whole = await compressed(["head", Array.from({ length: 200 }, (_, row) => `[${row},"1m"]`).join("\n")]);
    for (let at = 10; at < whole.length; at += 7) {
      const broken = Buffer.from(whole);
      broken[at] = broken[at]! ^ 0x10;
      await expect(linesOf(broken)).rejects.toThrow();
      await expect(linesOf(whole.subarray(0, at))).rejects.toThrow();
    }
  });
});
