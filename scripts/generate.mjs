// Generates the Prisma client into prisma/generated when the schema is newer than it. `--force` generates anyway.
import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const client = path.join(root, "prisma/generated/client.ts");
const inputs = ["prisma/schema.prisma", "node_modules/prisma/package.json"].map((file) => path.join(root, file));

const upToDate = () => existsSync(client) && inputs.every((file) => statSync(file).mtimeMs <= statSync(client).mtimeMs);

/** Returns true if it generated the client, false if it was up to date. */
export async function generate({ force = false } = {}) {
  if (!force && upToDate()) return false;
  // The command looks for a schema engine although generating needs none, and would download it:
  // any existing file satisfies the check, so that this works without internet.
  const env = {
    ...process.env,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: "1",
    CHECKPOINT_DISABLE: "1",
  };
  const prisma = path.join(root, "node_modules/prisma/build/index.js");
  try {
    await promisify(execFile)(
      process.execPath,
      [prisma, "generate", "--no-hints", "--config", "prisma/prisma.config.ts"],
      { cwd: root, env },
    );
  } catch (error) {
    throw new Error(`prisma generate failed:\n${error.stdout ?? ""}${error.stderr ?? error.message}`, { cause: error });
  }
  return true;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const generated = await generate({ force: process.argv.includes("--force") });
  console.log(generated ? "Prisma client generated." : "Prisma client is up to date.");
}
