// `node scripts/run.mjs NAME …arguments`: runs a bundled program, made ready first. Standard output is the program's alone.
import { requireNode } from "./node-version.mjs";

requireNode();
const [name, ...args] = process.argv.slice(2);
const { programs } = await import("./bundle.mjs");
const { endWithChildren, fail, StepError } = await import("./steps.mjs");
const { program } = await import("./prepare.mjs");
const { pathToFileURL } = await import("node:url");

if (process.env.NODE_ENV === undefined) process.env.NODE_ENV = "production";
const release = endWithChildren();
let file;
try {
  if (!Object.hasOwn(programs, name ?? "")) throw new StepError(`Name a program: ${Object.keys(programs).join(", ")}.`);
  file = await program(name, process.stderr);
} catch (error) {
  fail(error);
}
release();
process.argv = [process.argv[0], file, ...args];
await import(pathToFileURL(file).href);
