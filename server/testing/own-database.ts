/** Databases that a test makes for itself on the server it is given. */
import pg from "pg";

const made: { server: string; name: string }[] = [];

const asAdmin = async (server: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/** Makes an empty database; returns its address. `purpose`: letters for its name. */
export const ownDatabase = async (server: string, purpose: string): Promise<string> => {
  const name = `candela_${purpose}_${process.pid}_${made.length}`;
  await asAdmin(server, `CREATE DATABASE ${name}`);
  made.push({ server, name });
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
};

/** Drops the databases made so far, whoever is connected to them. */
export const dropDatabases = async (): Promise<void> => {
  for (const { server, name } of made.splice(0)) await asAdmin(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
};
