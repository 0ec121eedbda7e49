import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { inProject, root } from "./steps.mjs";

const shipped = (name) => !/\.(test|spec)\.tsx?$/.test(name) && !name.startsWith(".");

function* filesUnder(file) {
  const entry = statSync(file, { throwIfNoEntry: false });
  if (entry === undefined) return;
  if (!entry.isDirectory()) {
    yield file;
    return;
  }
  for (const name of readdirSync(file).filter(shipped).sort()) yield* filesUnder(path.join(file, name));
}

/** One hash over the contents of files and folders (tests left out): a checkout or a copy with new dates builds nothing again. */
export function fingerprint(paths) {
  const hash = createHash("sha256").update(
    `${process.platform} ${process.arch} ${process.versions.node.split(".")[0]}\n`,
  );
  for (const each of paths) {
    for (const file of filesUnder(inProject(each)))
      hash.update(`${path.relative(root, file)}\n`).update(readFileSync(file));
  }
  return hash.digest("hex");
}

/** The fingerprint in a stamp file of what was last built, or null. */
export const readStamp = (file) => (existsSync(file) ? readFileSync(file, "utf8").trim() : null);

export function writeStamp(file, value) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${value}\n`);
}

/** A stamp goes before its work begins, so that an interrupted build is never taken for a finished one. */
export const clearStamp = (file) => rmSync(file, { force: true });
