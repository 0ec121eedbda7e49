import { expect, it } from "vitest";
import { createEvents } from "./events";

const change = { instrument: 7, from: 60_000, to: 120_000 };

it("calls every listener at once, in the order in which they began to listen", () => {
  const events = createEvents(() => {});
  const heard: string[] = [];
  events.on("barsChanged", ({ instrument }) => void heard.push(`first ${instrument}`));
  const end = events.on("barsChanged", () => void heard.push("second"));
  events.on("feedBack", () => void heard.push("another event"));
  events.emit("barsChanged", change);
  expect(heard).toEqual(["first 7", "second"]);
  end();
  events.emit("barsChanged", change);
  expect(heard).toEqual(["first 7", "second", "first 7"]);
});

it("lets a listener that throws stop neither the others nor the emitter, and reports it", async () => {
  const failures: string[] = [];
  const events = createEvents((name, cause) => failures.push(`${name}: ${(cause as Error).message}`));
  const heard: string[] = [];
  events.on("barsChanged", () => {
    throw new Error("at once");
  });
  events.on("barsChanged", () => Promise.reject(new Error("later")));
  events.on("barsChanged", () => void heard.push("last"));
  events.emit("barsChanged", change);
  expect(heard).toEqual(["last"]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(failures).toEqual(["barsChanged: at once", "barsChanged: later"]);
});

it("waits for all listeners where the emitter depends on their work, then tells it of the first failure", async () => {
  const events = createEvents(() => {});
  const done: string[] = [];
  events.on("historyAnswered", () => Promise.reject(new Error("the store is away")));
  events.on("historyAnswered", async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    done.push("slow");
  });
  const answered = { instrument: 1, timeframe: "1m", from: 0, to: 60_000, bars: {} as never } as const;
  await expect(events.emitAndWait("historyAnswered", answered)).rejects.toThrow("the store is away");
  expect(done).toEqual(["slow"]);
});
