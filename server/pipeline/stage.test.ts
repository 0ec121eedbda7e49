import { expect, it } from "vitest";
import type { Bus } from "@/server/ports/bus";
import type { Clock } from "@/server/ports/clock";
import { run } from "./index";
import { step } from "./stage";

it("a stage counts rows: a heartbeat is none", () => {
  let read: (message: never) => void = () => {};
  const bus = {
    publish() {},
    subscribe: (_: string, reader: (message: never) => void) => {
      read = reader;
      return () => {};
    },
  } as unknown as Bus;
  const counted: number[] = [];
  const leave = run(
    [step("normalise", "raw", { on() {} }, "ticks")],
    bus,
    { every: () => () => {} } as unknown as Clock,
    (_, rows) => counted.push(rows),
  );
  for (const message of [{ kind: "heartbeat" }, { kind: "silent" }, { kind: "ticks", length: 3 }])
    read(message as never);
  leave();
  expect(counted).toEqual([0, 0, 3]);
});
