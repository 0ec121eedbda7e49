import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const alias = { "@": fileURLToPath(new URL(".", import.meta.url)) };

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        resolve: { alias },
        test: {
          name: "unit",
          include: ["{server,components,scripts}/**/*.test.{ts,tsx}"],
          exclude: ["**/*.int.test.ts"],
          testTimeout: 30_000,
        },
      },
      // Real servers, child processes and files: one at a time, so that two cores measure one thing.
      {
        resolve: { alias },
        test: {
          name: "integration",
          include: ["server/**/*.int.test.ts"],
          exclude: ["**/*.clock.int.test.ts"],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      // Whole servers that wait for minutes to end and for a broker's pace: they hardly compute, and wait beside one another (`scripts/test.mjs`).
      {
        resolve: { alias },
        test: { name: "clock", include: ["server/**/*.clock.int.test.ts"], testTimeout: 120_000, hookTimeout: 120_000 },
      },
    ],
  },
});
