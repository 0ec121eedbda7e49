// Makes an empty PGlite database as one file. Copying it makes a first start take a second instead of initialising one.
// Run by the build: `node server/store/pglite-template.mjs FILE`.
import { mkdir, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { PGlite } from "@electric-sql/pglite";

/** Writes the template to `file`, whole or not at all: about 3 s and 5 MB. */
export async function buildTemplate(file) {
  const db = await PGlite.create("memory://");
  const dump = await db.dumpDataDir("gzip");
  await db.close();
  await mkdir(path.dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}`;
  await writeFile(partial, Buffer.from(await dump.arrayBuffer()));
  await rename(partial, file);
}

if (process.argv[2] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  await buildTemplate(process.argv[2]);
