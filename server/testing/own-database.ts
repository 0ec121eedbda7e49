/** Databases that a test makes for itself on the server it is given. */
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

/** PostgreSQL's code for a template that somebody is connected to: TimescaleDB's launcher looks into each database in turn. */
const OBJECT_IN_USE = "55006";
const ATTEMPTS = 40;

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
  for (let attempt = 1; ; attempt++) {
    try {
      await asAdmin(server, `CREATE DATABASE ${name}`);
      break;
    } catch (error) {
      if (!(error instanceof pg.DatabaseError) || error.code !== OBJECT_IN_USE || attempt === ATTEMPTS) throw error;
      await wait(250);
    }
  }
  made.push({ server, name });
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
};

/** Drops the databases made so far, whoever is connected to them. */
export const dropDatabases = async (): Promise<void> => {
  for (const { server, name } of made.splice(0)) await asAdmin(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
};
