import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { isRunning } from "./lock.mjs";
import { findProgram } from "./system-packages.mjs";
import { runOrFail } from "./steps.mjs";

// Debian trixie carries TimescaleDB (Apache edition) for PostgreSQL 17; older Debians have none, so it lives in a folder of its own.
const release = "trixie";
const packages = ["postgresql-17", "postgresql-17-timescaledb"];

const cacheFolder = () =>
  process.env.CANDELA_CACHE ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "candela");

/** The folder that holds a whole small Debian with TimescaleDB in it. */
export const timescaleRoot = () => path.join(cacheFolder(), "timescaledb");

const mark = (folder) => path.join(folder, ".candela-complete");
const recipe = `${release} ${packages.join(" ")}`;

/** A root made by this recipe and made to its end. */
export const hasTimescale = () =>
  existsSync(mark(timescaleRoot())) && readFileSync(mark(timescaleRoot()), "utf8") === recipe;

// A folder named after the process that makes or uses it is nobody's once that process is gone.
function removeAbandoned(folder, prefix) {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((each) => each.startsWith(prefix))) {
    if (!isRunning(Number(name.slice(prefix.length))))
      rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}

/** Builds the root: about 30 s and 460 MB, once. Needs root and mmdebstrap. Rejects with a StepError. */
export async function buildTimescale() {
  const partial = "timescaledb.partial-";
  mkdirSync(cacheFolder(), { recursive: true });
  removeAbandoned(cacheFolder(), partial);
  const folder = path.join(cacheFolder(), `${partial}${process.pid}`);
  const without = ["doc", "man", "locale"].map((each) => `--dpkgopt=path-exclude=/usr/share/${each}/*`);
  await runOrFail(
    findProgram("mmdebstrap"),
    [
      "--variant=minbase",
      `--include=${packages.join(",")}`,
      '--aptopt=Acquire::Languages "none"',
      '--aptopt=Acquire::Retries "3"',
      ...without,
      release,
      folder,
    ],
    "TimescaleDB could not be unpacked from Debian.",
  );
  writeFileSync(mark(folder), recipe);
  rmSync(timescaleRoot(), { recursive: true, force: true });
  renameSync(folder, timescaleRoot());
}

/** How to run TimescaleDB's programs: the commands, and a new folder for one server's files as seen from both sides. */
export async function timescaleServer() {
  const top = timescaleRoot();
  removeAbandoned(path.join(top, "srv"), "candela-");
  const inside = `/srv/candela-${process.pid}`;
  const outside = path.join(top, inside);
  mkdirSync(outside, { recursive: true });
  const chroot = findProgram("chroot");
  await runOrFail(
    chroot,
    [top, "chown", "postgres:postgres", inside],
    "The folder for TimescaleDB's files could not be made.",
  );
  // A bare /dev (no mknod allowed here) lacks what initdb writes its noise to.
  if (!existsSync(path.join(top, "dev/null"))) writeFileSync(path.join(top, "dev/null"), "", { mode: 0o666 });
  const asPostgres = [
    top,
    "setpriv",
    "--reuid",
    "postgres",
    "--regid",
    "postgres",
    "--clear-groups",
    "--pdeathsig",
    "INT",
  ];
  return {
    command: (name, args) => [chroot, [...asPostgres, `/usr/lib/postgresql/17/bin/${name}`, ...args]],
    folder: inside,
    remove: () => rmSync(outside, { recursive: true, force: true }),
    title: "TimescaleDB from Debian trixie",
    preload: "timescaledb",
  };
}
