import { expect, it } from "vitest";
import { counted } from "./counted";

it("counts as one writes it", () => {
  expect([0, 1, 2, 123_456].map((count) => counted(count, "instrument"))).toEqual([
    "0 instruments",
    "1 instrument",
    "2 instruments",
    "1,23,456 instruments",
  ]);
});
