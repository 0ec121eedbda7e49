import fc from "fast-check";
import { expect, it } from "vitest";
import { seeded, testSeed } from "./run-size";

it("Math.random gives the numbers of the run's seed", () => {
  const expected = seeded(testSeed);
  expect([Math.random(), Math.random(), Math.random()]).toEqual([expected(), expected(), expected()]);
});

it("fast-check starts from the seed of the run", () => {
  expect(fc.readConfigureGlobal()).toMatchObject({ seed: testSeed });
  expect(fc.sample(fc.nat(), 5)).toEqual(fc.sample(fc.nat(), 5));
});
