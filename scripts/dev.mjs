// `npm run dev`: the server from its sources; a change under server/ restarts it, one under app/ or components/ reloads the page.
import { requireNode } from "./node-version.mjs";

requireNode();
const { spawn } = await import("node:child_process");
const { prepare } = await import("./prepare.mjs");
const { endWithChildren, fail, inProject, root } = await import("./steps.mjs");

const release = endWithChildren();
// The simulated exchange runs from its bundle in development too: it is a program of its own.
await prepare(["packages", "client", "server"]).catch(fail);
release();

const watcher = spawn(
  process.execPath,
  [
    inProject("node_modules/tsx/dist/cli.mjs"),
    "watch",
    "--clear-screen=false",
    "server/main.ts",
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    env: { ...process.env, NODE_ENV: "development", NEXT_TELEMETRY_DISABLED: "1" },
    stdio: "inherit",
  },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => watcher.kill(signal));
watcher.on("close", (code) => process.exit(code ?? 0));
