import { describe, expect, it } from "vitest";
import { Gate } from "./gate";

const settled = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe("a gate", () => {
  it("lets so many in at once, the others in their order, and refuses who would wait behind too many", async () => {
    const gate = new Gate(2, 3);
    const began: number[] = [];
    const ends: (() => void)[] = [];
    const work = (number: number) => (): Promise<number> =>
      new Promise((resolve) => {
        began.push(number);
        ends[number] = () => resolve(number);
      });
    const done = [0, 1, 2, 3, 4].map((number) => gate.run(work(number)));
    await settled();
    expect([began, gate.busy, gate.waiting]).toEqual([[0, 1], 2, 3]);
    await expect(gate.run(work(5))).rejects.toMatchObject({ code: "overloaded", details: { retryAfterMs: 1_000 } });
    ends[1]!();
    await settled();
    expect(began).toEqual([0, 1, 2]);
    ends[0]!();
    ends[2]!();
    await settled();
    ends[3]!();
    ends[4]!();
    expect(await Promise.all(done)).toEqual([0, 1, 2, 3, 4]);
    expect([gate.busy, gate.waiting]).toEqual([0, 0]);
  });

  it("starts nothing for a client that left while waiting, and continues after a failure", async () => {
    const gate = new Gate(1, 9);
    let fail = (): void => {};
    const first = gate.run(
      () =>
        new Promise<never>((_, reject) => {
          fail = () => reject(new Error("broken"));
        }),
    );
    first.catch(() => undefined);
    const gone = new AbortController();
    let begun = false;
    const waiting = gate.run(() => {
      begun = true;
    }, gone.signal);
    const next = gate.run(() => "next");
    gone.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    fail();
    await expect(first).rejects.toThrow("broken");
    expect(await next).toBe("next");
    await expect(
      gate.run(() => {
        begun = true;
      }, gone.signal),
    ).rejects.toThrow("gone");
    expect([begun, gate.busy, gate.waiting]).toEqual([false, 0, 0]);
  });
});
