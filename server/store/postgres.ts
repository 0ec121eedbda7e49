import pg from "pg";
import { AppError, badInput } from "@/server/domain/basics/errors";
import type { Log } from "@/server/ports/observe";
import type { Backend } from "./backend";
import { types } from "./database";

const CONNECT_TIMEOUT_MS = 10_000;
const CONNECTIONS = 10;

/** `host:port/name`: what may be shown of a DATABASE_URL. */
const locationOf = (url: URL): string => `${url.hostname || "localhost"}:${url.port || "5432"}${url.pathname}`;

const reasonOf = (error: unknown): string => {
  const { code, message } = error as { code?: string; message?: string };
  switch (code) {
    case "ECONNREFUSED":
      return "nothing listens there";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host name is unknown";
    case "28P01":
    case "28000":
      return "it rejected the user or password";
    case "3D000":
      return "it has no database with that name; create it first";
    case "57P03":
      return "it is still starting";
    case "53300":
      return "it has no free connection";
    default:
      return message !== undefined && /timeout/i.test(message)
        ? `no response within ${CONNECT_TIMEOUT_MS / 1000} seconds`
        : message || code || "unknown error";
  }
};

const parse = (databaseUrl: string): URL => {
  try {
    const url = new URL(databaseUrl);
    if (url.protocol === "postgres:" || url.protocol === "postgresql:") return url;
  } catch {
    // Falls through: the message must not repeat the password that a broken URL may hold.
  }
  throw badInput("DATABASE_URL", "(hidden)", "postgresql://user:password@host:5432/database");
};

/** A pool to PostgreSQL or TimescaleDB, proved to answer; rejects with `store_unreachable` and one sentence why. */
export const openPostgres = async (options: { databaseUrl: string; log: Log }): Promise<Backend> => {
  const location = locationOf(parse(options.databaseUrl));
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types,
    application_name: "candela",
    keepAlive: true,
  });
  pool.on("error", (error) => options.log.warn("The database dropped a connection", { error: error.message }));
  try {
    const { rows } = await pool.query<{ server_version: string }>("SHOW server_version");
    return {
      pool,
      description: { kind: "postgres", version: `PostgreSQL ${rows[0]!.server_version.split(" ")[0]}`, location },
      stop: () => pool.end(),
    };
  } catch (cause) {
    await pool.end();
    throw new AppError(
      "store_unreachable",
      `The database at ${location} cannot be reached: ${reasonOf(cause)} (DATABASE_URL).`,
      { retryable: true, cause },
    );
  }
};

/** With TimescaleDB installed, adds its version and edition. Called after migrating, which installs it. */
export const withTimescale = async (backend: Backend): Promise<Backend> => {
  const { rows } = await backend.pool.query<{ version: string; license: string | null }>(
    "SELECT extversion AS version, current_setting('timescaledb.license', true) AS license FROM pg_extension WHERE extname = 'timescaledb'",
  );
  const found = rows[0];
  if (found === undefined) return backend;
  const version = `TimescaleDB ${found.version} (${found.license ?? "unknown edition"}), ${backend.description.version}`;
  return { ...backend, description: { ...backend.description, kind: "timescale", version } };
};
