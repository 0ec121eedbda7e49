import fc from "fast-check";
import { expect, it } from "vitest";
import { testSeed } from "./run-size";

it("fast-check starts from the seed of the run", () => {
  expect(fc.readConfigureGlobal()).toMatchObject({ seed: testSeed });
  expect(fc.sample(fc.nat(), 5)).toEqual(fc.sample(fc.nat(), 5));
});
