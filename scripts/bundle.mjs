import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { inProject, root } from "./steps.mjs";

/** The programs of the server side: what `.build/NAME.js` is made from. */
export const programs = {
  main: "server/main.ts",
  candela: "server/cli/main.ts",
  exchange: "server/exchange/main.ts",
  bench: "server/bench/main.ts",
};

/** Files a program opens at run time from beside itself. */
const beside = ["server/store/pglite-worker.mjs"];

/** Bundles every program into `.build/`, packages left outside; returns the names that were made. */
export async function bundle() {
  const { build } = await import("esbuild");
  const names = Object.keys(programs).filter((name) => existsSync(inProject(programs[name])));
  await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => ({ in: inProject(programs[name]), out: name })),
    outdir: inProject(".build"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    packages: "external",
    alias: { "@": root },
    sourcemap: true,
    sourcesContent: false,
    logLevel: "silent",
  });
  mkdirSync(inProject(".build"), { recursive: true });
  for (const file of beside.filter((each) => existsSync(inProject(each))))
    copyFileSync(inProject(file), inProject(".build", file.split("/").at(-1)));
  return names;
}
