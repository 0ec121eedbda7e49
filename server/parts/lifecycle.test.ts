import { describe, expect, it } from "vitest";
import type { Log } from "@/server/ports/observe";
import { createLifecycle, type Part } from "./lifecycle";

const never = new AbortController().signal;

const rig = (parts: readonly Part[]) => {
  const done: string[] = [];
  const errors: unknown[] = [];
  const log = { error: (_: string, fields: unknown) => errors.push(fields) } as unknown as Log;
  const watched = parts.map(({ name, start, stop, ...more }) => ({
    name,
    ...more,
    start: async (signal: AbortSignal) => {
      done.push(`start ${name}`);
      await start?.(signal);
    },
    stop: async () => {
      done.push(`stop ${name}`);
      await stop?.();
    },
  }));
  return { lifecycle: createLifecycle(watched, log), done, errors };
};

describe("a lifecycle", () => {
  it("stops in the reverse of the order in which it started, once", async () => {
    const { lifecycle, done } = rig([{ name: "a" }, { name: "b" }, { name: "c" }]);
    expect(lifecycle.names).toEqual(["a", "b", "c"]);
    await lifecycle.start(never);
    await Promise.all([lifecycle.stop(), lifecycle.stop()]);
    expect(done).toEqual(["start a", "start b", "start c", "stop c", "stop b", "stop a"]);
  });

  it("waits for a part before it goes on, in both directions", async () => {
    const order: string[] = [];
    const slow = async (text: string): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(text);
    };
    const { lifecycle } = rig([
      { name: "a", start: () => slow("a is up"), stop: () => void order.push("a is down") },
      { name: "b", start: () => void order.push("b is up"), stop: () => slow("b is down") },
    ]);
    await lifecycle.start(never);
    await lifecycle.stop();
    expect(order).toEqual(["a is up", "b is up", "b is down", "a is down"]);
  });

  it("stops what has begun, in reverse, when a part does not start, and nothing that has not", async () => {
    const fails: Part = { name: "b", start: () => Promise.reject(new Error("no disk")) };
    const { lifecycle, done } = rig([{ name: "a" }, fails, { name: "c" }]);
    await expect(lifecycle.start(never)).rejects.toThrow("no disk");
    await lifecycle.stop();
    expect(done).toEqual(["start a", "start b", "stop b", "stop a"]);
  });

  it("breaks off between two parts when it is told to stop meanwhile", async () => {
    const asked = new AbortController();
    const { lifecycle, done } = rig([{ name: "a", start: () => asked.abort(new Error("SIGTERM")) }, { name: "b" }]);
    await expect(lifecycle.start(asked.signal)).rejects.toThrow("SIGTERM");
    expect(done).toEqual(["start a", "stop a"]);
  });

  it("begins no part any more once stop has been called during the start", async () => {
    const { lifecycle, done } = rig([{ name: "a", start: () => void lifecycle.stop() }, { name: "b" }]);
    await expect(lifecycle.start(never)).rejects.toThrow("the server stops");
    expect(done).toEqual(["start a", "stop a"]);
  });

  it("lets a stop that throws, at once or later, not keep the others from stopping", async () => {
    const { lifecycle, done, errors } = rig([
      { name: "a" },
      { name: "b", stop: () => Promise.reject(new Error("away")) },
      {
        name: "c",
        stop: () => {
          throw new Error("broken");
        },
      },
    ]);
    await lifecycle.start(never);
    await lifecycle.stop();
    expect(done.slice(3)).toEqual(["stop c", "stop b", "stop a"]);
    expect(errors).toEqual([
      { part: "c", cause: "Error: broken" },
      { part: "b", cause: "Error: away" },
    ]);
  });

  it("waits for a stop no longer than its bound", async () => {
    const { lifecycle, done, errors } = rig([
      { name: "a" },
      { name: "b", stopMs: 10, stop: () => new Promise<void>(() => {}) },
    ]);
    await lifecycle.start(never);
    await lifecycle.stop();
    expect(done.slice(2)).toEqual(["stop b", "stop a"]);
    expect(errors).toEqual([{ part: "b", cause: "Error: not stopped within 10 ms" }]);
  });
});
