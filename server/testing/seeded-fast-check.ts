/** fast-check with the seed of the run. vitest.config.ts puts this file in its place in every test. */
import fc from "fast-check";
import { testSeed } from "./run-size";

fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: testSeed });

export * from "fast-check";
// fast-check is imported by its default export.
// oxlint-disable-next-line import/no-default-export
export { default } from "fast-check";
