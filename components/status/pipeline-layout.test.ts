import { expect, test } from "vitest";
import type { StageView } from "@/server/contract/live";
import { layoutPipeline, wireWeight } from "./pipeline-layout";

const stage = (name: string, from: string | null, to: string | null): StageView => ({
  name,
  from,
  to,
  rate: 100,
  p50: 0,
  p95: 0,
  queue: null,
  detail: "",
});
const stages = [
  stage("collect", null, "raw"),
  stage("normalise", "raw", "ticks"),
  stage("resample", "ticks", "bars"),
  stage("indicate", "bars", "points"),
  stage("persist", "bars", null),
  stage("broadcast", "points", null),
];
const layout = layoutPipeline(
  stages,
  [{ id: "feed sim-1", rate: 100 }],
  [{ id: "store", behind: "persist", rate: 1 }],
  1_400,
);

test("wires follow the topics: a sink that reads bars hangs on what writes bars", () => {
  expect(layout.wires.map((wire) => `${wire.from}>${wire.to}`)).toEqual([
    "feed sim-1>collect",
    "collect>normalise",
    "normalise>resample",
    "resample>indicate",
    "resample>persist",
    "indicate>broadcast",
    "persist>store",
  ]);
});
test("no two boxes overlap and all lie inside", () => {
  const boxes = [...layout.boxes.values()];
  for (const box of boxes) {
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(1_400);
    expect(box.y).toBeGreaterThanOrEqual(0);
    expect(box.y + box.height).toBeLessThanOrEqual(layout.height);
    for (const other of boxes)
      if (other !== box)
        expect(
          box.x + box.width <= other.x ||
            other.x + other.width <= box.x ||
            box.y + box.height <= other.y ||
            other.y + other.height <= box.y,
        ).toBe(true);
  }
});
test("a line grows with what flows through it, and stops growing", () => {
  expect(wireWeight(0)).toBe(1);
  expect(wireWeight(1_000)).toBeGreaterThan(wireWeight(100));
  expect(wireWeight(1e9)).toBe(4);
});
