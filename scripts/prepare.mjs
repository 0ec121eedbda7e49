import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { clearStamp, fingerprint, readStamp, writeStamp } from "./fingerprint.mjs";
import { withLock } from "./lock.mjs";
import { StepError, inProject, root, runOrFail, step } from "./steps.mjs";

const installed = inProject("node_modules/.candela-lock");

const matches = (list, value) => list === undefined || list.includes(value);

// A package of programs for one system (esbuild's, Next's compiler): needed where it fits, absent elsewhere.
const madeForThisMachine = ({ os, cpu, libc }) =>
  os !== undefined && libc === undefined && matches(os, process.platform) && matches(cpu, process.arch);

/** npm's record of installed packages matches our lock file; otherwise somebody ran `npm install` by hand. */
function npmHasInstalled() {
  const note = inProject("node_modules/.package-lock.json");
  if (!existsSync(note)) return false;
  const unpacked = JSON.parse(readFileSync(note, "utf8")).packages;
  const wanted = JSON.parse(readFileSync(inProject("package-lock.json"), "utf8")).packages;
  return Object.entries(wanted).every(([name, want]) => {
    if (name === "") return true;
    const there = unpacked[name];
    if (there === undefined) return (want.optional || want.devOptional) && !madeForThisMachine(want);
    return there.version === want.version && there.integrity === want.integrity;
  });
}

// npm that runs us is the npm to run; a bare `node scripts/start.mjs` takes the one on the PATH.
function npm(...args) {
  const cli = process.env.npm_execpath;
  if (cli !== undefined && path.basename(cli) === "npm-cli.js") return [process.execPath, [cli, ...args]];
  return process.platform === "win32" ? ["cmd.exe", ["/c", "npm", ...args]] : ["npm", args];
}

// Install scripts are not run: esbuild's program comes as an optional package, and Prisma's would download an unused
// engine.
const ci = ["ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];

const packages = {
  isFresh(print) {
    if (readStamp(installed) === print) return true;
    if (!npmHasInstalled()) return false;
    writeStamp(installed, print);
    return true;
  },
  inputs: ["package-lock.json"],
  doing: "Installing packages",
  done: "Installed packages",
  async make() {
    clearStamp(installed);
    await runOrFail(
      ...npm(...ci),
      "The packages could not be installed: is the npm registry reachable, and is there free disk space?",
    );
  },
  stamp: installed,
};

const client = {
  isFresh: (print) => existsSync(inProject("prisma/generated/client.ts")) && readStamp(client.stamp) === print,
  inputs: ["prisma/schema.prisma", "package-lock.json"],
  doing: "Generating the database client",
  done: "Generated the database client",
  async make() {
    const { generate } = await import("./generate.mjs");
    await generate({ force: true }).catch((error) => {
      throw new StepError("The database client could not be generated.", error.message);
    });
  },
  stamp: inProject(".build/stamps/client"),
};

// An empty embedded database, made once while the pages are built: every first start copies it instead of making its own.
async function template() {
  mkdirSync(inProject(".build"), { recursive: true });
  await runOrFail(
    process.execPath,
    [inProject("server/store/pglite-template.mjs"), inProject(".build/pglite-template.tar")],
    "The empty database could not be created.",
  );
}

const pages = {
  isFresh: (print) => existsSync(inProject(".next/BUILD_ID")) && readStamp(pages.stamp) === print,
  inputs: [
    "app",
    "components",
    "public",
    "server/contract",
    "server/domain",
    "server/indicators",
    "server/runtime.ts",
    "next.config.mjs",
    "scripts/compress.mjs",
    ".postcssrc.json",
    "tsconfig.json",
    "package-lock.json",
  ],
  doing: "Building the pages",
  done: "Built the pages",
  async make() {
    const env = { ...process.env, NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" };
    await Promise.all([
      runOrFail(
        process.execPath,
        [inProject("node_modules/next/dist/bin/next"), "build"],
        "The pages could not be built.",
        { env },
      ),
      template(),
    ]);
    const { compress } = await import("./compress.mjs");
    await Promise.all([compress(inProject(".next/static")), compress(inProject(".next/server/app"))]);
  },
  stamp: inProject(".build/stamps/pages"),
};

const server = {
  isFresh: (print) => existsSync(inProject(".build/main.js")) && readStamp(server.stamp) === print,
  inputs: ["server", "prisma/schema.prisma", "scripts/bundle.mjs", "tsconfig.json", "package-lock.json"],
  doing: "Building the server",
  done: "Built the server",
  async make() {
    const { bundle } = await import("./bundle.mjs");
    await bundle().catch((error) => {
      throw new StepError("The server could not be built.", error.message);
    });
  },
  stamp: inProject(".build/stamps/server"),
};

/** What can be made ready, in the order in which each needs the one before. */
export const parts = { packages, client, pages, server };

/**
 * Builds the named parts that are not ready; a second start builds nothing. Holds a lock, so that two commands started
 * together build once. Lines go to `out`.
 */
export async function prepare(names, out = process.stdout) {
  const stale = (name) => !parts[name].isFresh(fingerprint(parts[name].inputs));
  if (!names.some(stale)) return;
  const waiting = (pid) => out.write(`… Waiting for another Candela command (process ${pid}) that is building\n`);
  await withLock(inProject(".build/lock"), waiting, async () => {
    for (const name of names.filter(stale)) {
      const { inputs, doing, done, make, stamp } = parts[name];
      const print = fingerprint(inputs);
      clearStamp(stamp);
      await step(out, doing, done, make);
      writeStamp(stamp, print);
    }
  });
}

/** The bundled program's file, made ready first. */
export async function program(name, out) {
  await prepare(["packages", "client", "server"], out);
  const file = inProject(".build", `${name}.js`);
  if (!existsSync(file)) throw new StepError(`There is no program "${name}" in ${root}.`);
  return file;
}
