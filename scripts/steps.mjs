import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The project's own folder, wherever the command was typed. */
export const root = path.resolve(fileURLToPath(new URL("..", import.meta.url)));

/** Absolute path inside the project. */
export const inProject = (...parts) => path.join(root, ...parts);

/** A failure a person can fix: one sentence, and the output of the failed program. */
export class StepError extends Error {
  constructor(sentence, output = "") {
    super(sentence);
    this.name = "StepError";
    this.output = output;
  }
}

/** Runs `work` and prints one line for it, with its seconds; on a terminal the line is shown while the work runs. */
export async function step(out, label, done, work) {
  const from = Date.now();
  if (out.isTTY) out.write(`… ${label}`);
  const wipe = out.isTTY ? "\r\x1b[2K" : "";
  try {
    const result = await work();
    out.write(`${wipe}✓ ${done} (${((Date.now() - from) / 1000).toFixed(1)} s)\n`);
    return result;
  } catch (error) {
    out.write(`${wipe}✗ ${label}\n`);
    throw error;
  }
}

/** Ends the process for a failed command: the captured output first, the sentence last, where eyes are. */
export function fail(error) {
  if (error instanceof StepError) {
    if (error.output.trim() !== "") process.stderr.write(`${error.output.trimEnd()}\n\n`);
    process.stderr.write(`${error.message}\n`);
  } else {
    process.stderr.write(`${error?.stack ?? error}\n`);
  }
  process.exit(1);
}

const running = new Set();
let ending = false;
const ownGroup = process.platform !== "win32";

// Each program gets its own process group, so that its children end with it.
function signalGroup(child, signal) {
  try {
    if (ownGroup) process.kill(-child.pid, signal);
    else child.kill(signal);
  } catch {
    /* it has just ended */
  }
}

const closed = (child) =>
  new Promise((resolve) => {
    child.once("close", resolve);
  });

async function endChildren(signal) {
  const children = [...running];
  const late = setTimeout(() => {
    for (const child of children) signalGroup(child, "SIGKILL");
  }, 10_000);
  await Promise.all(
    children.map((child) => {
      signalGroup(child, signal);
      return closed(child);
    }),
  );
  clearTimeout(late);
}

/** On Ctrl-C or SIGTERM, ends every program started by `run`, then `beforeExit`, then this process. Returns how to take that back. */
export function endWithChildren(beforeExit = async () => {}) {
  const stop = async (signal) => {
    await endChildren("SIGINT");
    await beforeExit();
    process.exit(signal === "SIGINT" ? 130 : 143);
  };
  const end = (signal) => {
    if (ending) return;
    ending = true;
    void stop(signal);
  };
  process.on("SIGINT", end);
  process.on("SIGTERM", end);
  return () => {
    process.off("SIGINT", end);
    process.off("SIGTERM", end);
  };
}

/** Runs a program to its end and resolves with its exit code and output; `echo` shows the output as it arrives. */
export function run(command, args, { cwd = root, env = process.env, echo } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], detached: ownGroup });
    running.add(child);
    let output = "";
    const take = (chunk) => {
      if (echo) echo.write(chunk);
      else output += chunk;
    };
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (cause) => {
      running.delete(child);
      reject(new StepError(`Cannot run ${command}: ${cause.message}.`));
    });
    child.on("close", (code) => {
      running.delete(child);
      // Ended by Ctrl-C: whoever waits for it has nothing left to say.
      if (!ending) resolve({ code: code ?? 1, output });
    });
  });
}

/** As `run`, and a program that ends badly is a StepError with this sentence. */
export async function runOrFail(command, args, sentence, options) {
  const { code, output } = await run(command, args, options);
  if (code !== 0) throw new StepError(sentence, output);
  return output;
}
