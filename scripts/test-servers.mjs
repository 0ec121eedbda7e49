import { StepError, step } from "./steps.mjs";
import { hasPostgres, startDatabase, startRedis } from "./services.mjs";
import { aptInstall, canInstall, findProgram } from "./system-packages.mjs";
import { buildTimescale, hasTimescale } from "./timescale.mjs";

// A test that needs what could not be had skips itself; why it could not be had is said here.
async function attempt(out, work) {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    out.write(`${error.output.trimEnd().split("\n").slice(-5).join("\n")}\n${error.message}\n`);
    return undefined;
  }
}

const install = (out, names) =>
  attempt(out, () =>
    step(out, `Installing Debian's ${names.join(", ")}`, `Installed Debian's ${names.join(", ")}`, () =>
      aptInstall(names),
    ),
  );

/** Debian's chromium, where it may be installed and none is there. */
export async function provideBrowser(out, findChromium) {
  if ((await findChromium()) === null && !process.env.CHROMIUM_PATH && canInstall()) await install(out, ["chromium"]);
}

async function provideServers(out) {
  if (!canInstall()) return;
  const missing = [
    ["redis-server", "redis-server"],
    ["mmdebstrap", hasTimescale() ? null : "mmdebstrap"],
  ]
    .filter(([command, name]) => name !== null && findProgram(command) === null)
    .map(([, name]) => name);
  if (missing.length > 0) await install(out, missing);
  if (!hasTimescale() && findProgram("mmdebstrap") !== null)
    await attempt(out, () =>
      step(out, "Unpacking TimescaleDB from Debian trixie", "Unpacked TimescaleDB from Debian trixie", buildTimescale),
    );
  if (!hasTimescale() && !hasPostgres()) await install(out, ["postgresql"]);
}

/** The real servers of the integration tests: { env, stop }. What cannot be had is said, and its variable left unset. */
export async function startServers(out) {
  await provideServers(out);
  const started = [];
  const env = {};
  const add = async (title, variable, start) => {
    const server = await attempt(out, () => step(out, `Starting ${title}`, `Started ${title}`, start));
    if (server !== undefined) {
      started.push(server);
      env[variable] = server.url;
    }
  };
  if (hasTimescale() || hasPostgres())
    await add(
      hasTimescale() ? "TimescaleDB" : "plain PostgreSQL (TimescaleDB is not installed)",
      "TEST_DATABASE_URL",
      startDatabase,
    );
  if (findProgram("redis-server") !== null) await add("Redis", "TEST_REDIS_URL", startRedis);
  return {
    env,
    stop: async () => {
      await Promise.all(started.splice(0).map((each) => each.stop()));
    },
  };
}
