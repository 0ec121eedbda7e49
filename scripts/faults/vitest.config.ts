import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { seedFastCheck } from "../seed-fast-check.mjs";

/** The tests a planted fault has to survive: those of its own folder, without the long random suites, which would run once a fault. */
export default defineConfig({
  plugins: [seedFastCheck],
  resolve: { alias: { "@": fileURLToPath(new URL("../..", import.meta.url)) } },
  test: {
    include: [`${process.env["FAULTS_FOLDER"]}/**/*.test.{ts,tsx}`],
    exclude: ["**/*.int.test.ts", "**/*.property.test.ts"],
    testTimeout: 30_000,
  },
});
