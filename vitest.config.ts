import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { seedFastCheck } from "./scripts/seed-fast-check.mjs";
import { aloneFiles, longFiles, workers } from "./scripts/test-times.mjs";

const alias = { "@": fileURLToPath(new URL(".", import.meta.url)) };

const secondsOf = ({ moduleId }: TestSpecification): number =>
  longFiles.find(({ file }) => moduleId.endsWith(`/${file}`))?.seconds ?? 0;

/** The longest files first: one that began last would keep one worker busy while the others have ended. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => secondsOf(b) - secondsOf(a));
  }
}

const plugins = [seedFastCheck];
const setupFiles = ["server/testing/seeded-math.ts"];
const resolve = { alias };
const limits = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  resolve,
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        plugins,
        resolve,
        test: {
          name: "unit",
          setupFiles,
          include: ["{server,components,scripts}/**/*.test.{ts,tsx}"],
          exclude: ["**/*.int.test.ts"],
          testTimeout: 30_000,
          maxWorkers: workers.unit,
        },
      },
      // Real servers, child processes and files. Each file has a folder, a database and a Redis prefix of its own, and most
      // of its time is waiting.
      {
        plugins,
        resolve,
        test: {
          name: "integration",
          setupFiles,
          include: ["server/**/*.int.test.ts"],
          exclude: [...aloneFiles],
          maxWorkers: workers.integration,
          ...limits,
        },
      },
      // What measures time or work with a narrow limit: one file after another, with nothing beside it.
      {
        plugins,
        resolve,
        test: { name: "alone", setupFiles, include: [...aloneFiles], fileParallelism: false, ...limits },
      },
    ],
  },
});
