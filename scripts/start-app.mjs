import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { help, unknownOption } from "./options.mjs";
import { prepare, program } from "./prepare.mjs";
import { StepError, endWithChildren, fail, root } from "./steps.mjs";

/**
 * glibc's memory settings, which are read when a process starts: few arenas, and freed memory goes back to the system.
 * The server uses a quarter less with them. Null if they do not apply, or are set already.
 */
function memorySettings() {
  if (
    process.platform !== "linux" ||
    Object.keys(process.env).some((name) => name.startsWith("MALLOC_") || name === "LD_PRELOAD")
  )
    return null;
  return { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_MMAP_THRESHOLD_: "131072" };
}

/**
 * Restarts the server with more environment variables: as the same process if Node can do that, otherwise as a child
 * that ends with it.
 */
function begin(file, args, more) {
  const env = { ...process.env, ...more };
  const given = [...process.execArgv, file, ...args];
  if (typeof process.execve === "function") {
    // It says of itself that it is experimental, on the user's screen.
    process.removeAllListeners("warning");
    process.execve(process.execPath, [process.execPath, ...given], env);
  }
  const child = spawn(process.execPath, given, { env, stdio: ["inherit", "inherit", "inherit", "ipc"] });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal === "SIGHUP" ? "SIGTERM" : signal));
  child.once("exit", (code) => process.exit(code ?? 1));
}

/** Makes everything ready, then becomes the server. */
export async function start(args) {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(help());
    return;
  }
  process.env.NODE_ENV = "production";
  process.chdir(root);
  const release = endWithChildren();
  let main;
  try {
    const unknown = unknownOption(args);
    if (unknown !== null) throw new StepError(`Unknown option ${unknown}; npm start -- --help lists all options.`);
    requireFiles();
    await prepare(["packages", "client", "pages", "server"]);
    main = await program("main");
  } catch (error) {
    fail(error);
  }
  release();
  const settings = memorySettings();
  if (settings !== null) return begin(main, args, settings);
  process.argv = [process.argv[0], main, ...args];
  await import(pathToFileURL(main).href);
}

/** With fewer, the server's own modules cannot be loaded; the server checks again itself (server/file-limit.ts). */
const FEWEST_FILES = 256;

function requireFiles() {
  let limits;
  try {
    limits = readFileSync("/proc/self/limits", "utf8");
  } catch {
    return;
  } // not on this system
  const allowed = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  if (allowed < FEWEST_FILES)
    throw new StepError(
      `This process may open only ${allowed} files at once, and Candela needs ${FEWEST_FILES} or more: run "ulimit -n 4096" and start again.`,
    );
}
