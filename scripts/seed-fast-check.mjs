import { fileURLToPath } from "node:url";

const seeded = fileURLToPath(new URL("../server/testing/seeded-fast-check.ts", import.meta.url));

/** A Vite plugin: fast-check starts from the seed of the run, whoever imports it. */
export const seedFastCheck = {
  name: "seed-fast-check",
  enforce: "pre",
  resolveId: (source, importer) => (source === "fast-check" && importer !== seeded ? seeded : undefined),
};
