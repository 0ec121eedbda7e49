import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { StepError, runOrFail } from "./steps.mjs";
import { findProgram } from "./system-packages.mjs";
import { hasTimescale, timescaleServer } from "./timescale.mjs";

/** A free loopback port. */
export const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

// On Linux the server ends with us even if we are killed; elsewhere stop() has to be reached.
function dieWithUs([command, args]) {
  const setpriv = process.platform === "linux" ? findProgram("setpriv") : null;
  return setpriv === null ? [command, args] : [setpriv, ["--pdeathsig", "INT", command, ...args]];
}

/** Starts a server and resolves with its stop() once its output says it is ready. */
async function startServer([command, args], ready, title) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], cwd: "/" });
  let output = "";
  const ended = new Promise((resolve) => {
    child.once("close", resolve);
    child.once("error", (error) => {
      output += error.message;
      resolve();
    });
  });
  const isReady = new Promise((resolve) => {
    const read = (chunk) => {
      output = (output + chunk).slice(-20_000);
      if (ready.test(output)) resolve(true);
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
  });
  const stop = async (signal = "SIGINT") => {
    child.kill(signal);
    await ended;
  };
  const started = await Promise.race([isReady, ended.then(() => false), wait(60_000, false, { ref: false })]);
  if (!started) {
    await stop();
    throw new StepError(`${title} did not start.`, output);
  }
  return stop;
}

const answersPing = (port) =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write("PING\r\n"));
    socket
      .once("data", (data) => {
        socket.destroy();
        resolve(String(data).startsWith("+PONG"));
      })
      .once("error", () => resolve(false));
  });

/** A Redis of our own on a free port, keeping nothing on disk: { url, title, stop }. */
export async function startRedis() {
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), "candela-redis-"));
  const args = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    folder,
    "--save",
    "",
    "--appendonly",
    "no",
    "--daemonize",
    "no",
  ];
  const end = await startServer(
    dieWithUs([findProgram("redis-server"), args]),
    /Ready to accept connections/,
    "redis-server",
  );
  const stop = async () => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  };
  if (!(await answersPing(port))) {
    await stop();
    throw new StepError("redis-server started but does not respond.");
  }
  return { url: `redis://127.0.0.1:${port}`, title: "Redis", stop };
}

// Debian keeps PostgreSQL's programs outside the PATH, one folder a version: the newest is taken.
function postgresFolder() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions
    .map((each) => path.join(debian, each, "bin"))
    .find((each) => existsSync(path.join(each, "postgres")));
  const onPath = findProgram("postgres");
  return found ?? (onPath !== null && findProgram("initdb") !== null ? path.dirname(onPath) : null);
}

/** Whether this machine has a PostgreSQL that can be started here. */
export const hasPostgres = () => postgresFolder() !== null && (process.getuid?.() !== 0 || postgresUser() !== null);

/** Whether `startDatabase` finds a server to start. */
export const hasDatabase = () => hasTimescale() || hasPostgres();

// PostgreSQL refuses to run as root; Debian's package creates a user for it.
function postgresUser() {
  try {
    const id = (flag) => Number(execFileSync("id", [flag, "postgres"], { stdio: ["ignore", "pipe", "ignore"] }));
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return null;
  }
}

function plainServer() {
  const bin = postgresFolder();
  const folder = mkdtempSync(path.join(tmpdir(), "candela-postgres-"));
  const user = process.getuid?.() === 0 ? postgresUser() : null;
  if (user !== null) chownSync(folder, user.uid, user.gid);
  const as = user === null ? [] : ["--reuid", String(user.uid), "--regid", String(user.gid), "--clear-groups"];
  return {
    command: (name, args) =>
      user === null
        ? dieWithUs([path.join(bin, name), args])
        : [findProgram("setpriv"), [...as, "--pdeathsig", "INT", path.join(bin, name), ...args]],
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
    title: "plain PostgreSQL",
    preload: "",
  };
}

/**
 * Our own database server on a free port: TimescaleDB if its root has been built, otherwise the machine's PostgreSQL: {
 * url, title, stop }, and for tests of an outage { halt, resume }. `more`: additional settings.
 */
export async function startDatabase(more = {}) {
  const server = hasTimescale() ? await timescaleServer() : plainServer();
  const files = `${server.folder}/data`;
  const port = await freePort();
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: server.folder,
    shared_preload_libraries: server.preload,
    dynamic_shared_memory_type: "mmap",
    timezone: "UTC",
    // Several test files at once, each with a database or two; TimescaleDB keeps a worker for each database.
    max_connections: 100,
    max_worker_processes: 32,
    fsync: "off",
    full_page_writes: "off",
    synchronous_commit: "off", // the files are thrown away
    ...(server.preload === "timescaledb" ? { "timescaledb.telemetry_level": "off" } : {}),
    ...more,
  };
  try {
    await runOrFail(
      ...server.command("initdb", [
        "-D",
        files,
        "-U",
        "postgres",
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-locale",
        "--no-sync",
      ]),
      "The test database could not be created.",
      { cwd: "/" },
    );
    const args = ["-D", files, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
    const launch = () => startServer(server.command("postgres", args), /ready to accept connections/, server.title);
    let end = await launch();
    return {
      url: `postgres://postgres@127.0.0.1:${port}/postgres`,
      title: server.title,
      halt: (signal) => end(signal),
      resume: async () => {
        end = await launch();
      },
      stop: async () => {
        await end();
        server.remove();
      },
    };
  } catch (error) {
    server.remove();
    throw error;
  }
}
