import { readdir, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { barStates } from "@/server/domain/bars/bar";
import { timeframes } from "@/server/domain/time/timeframe";
import { migrationsDir, temporaryFolder } from "@/server/testing/store-open";

/** What schema.prisma and the database both state. Columns as `name type`, with `?` where null is allowed. */
interface Table {
  columns: string[];
  primaryKey: string[];
  uniques: string[][];
  indexes: string[][];
}

const TYPES: Record<string, string> = {
  Int: "integer",
  "Int SmallInt": "smallint",
  BigInt: "bigint",
  String: "text",
  Boolean: "boolean",
  Float: "double precision",
  Json: "jsonb",
  Bytes: "bytea",
  "DateTime Date": "date",
  "DateTime Timestamptz(3)": "timestamp(3) with time zone",
};

const firstGroup = (text: string, attribute: RegExp): string | undefined => attribute.exec(text)?.[1];

/** Reads the subset of Prisma's language that schema.prisma uses; throws on a type it does not know. */
const tablesOf = (schema: string): Map<string, Table> => {
  const tables = new Map<string, Table>();
  const models = [...schema.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)].map((match) => ({
    name: match[1]!,
    lines: match[2]!.split("\n").map((line) => line.trim()),
  }));
  const modelNames = new Set(models.map((model) => model.name));
  for (const { name, lines } of models) {
    const columnOf = new Map<string, string>();
    const table: Table = { columns: [], primaryKey: [], uniques: [], indexes: [] };
    for (const line of lines) {
      const field = /^(\w+)\s+(\w+)(\[\])?(\?)?/.exec(line);
      if (field === null || modelNames.has(field[2]!)) continue;
      const column = firstGroup(line, /@map\("([^"]+)"\)/) ?? field[1]!;
      const native = firstGroup(line, /@db\.(\w+(?:\(\d+\))?)/);
      const type = TYPES[native === undefined ? field[2]! : `${field[2]} ${native}`];
      if (type === undefined) throw new Error(`no PostgreSQL type known for: ${line}`);
      columnOf.set(field[1]!, column);
      // Prisma leaves the columns of lists nullable.
      table.columns.push(
        `${column} ${type}${field[3] === undefined ? "" : "[]"}${field[3] === undefined && field[4] === undefined ? "" : "?"}`,
      );
      if (/@id\b/.test(line)) table.primaryKey = [column];
      if (/@unique\b/.test(line)) table.uniques.push([column]);
    }
    for (const line of lines) {
      const list = /^@@(id|unique|index)\(\[([^\]]+)\]\)/.exec(line);
      if (list === null) continue;
      const columns = list[2]!.split(",").map((each) => columnOf.get(each.trim())!);
      if (list[1] === "id") table.primaryKey = columns;
      else table[list[1] === "unique" ? "uniques" : "indexes"].push(columns);
    }
    table.columns.sort();
    tables.set(firstGroup(lines.join("\n"), /@@map\("([^"]+)"\)/) ?? name, table);
  }
  return tables;
};

const tablesIn = async (database: PGlite): Promise<Map<string, Table>> => {
  const tables = new Map<string, Table>();
  const columns = await database.query<{ table: string; column: string }>(`
    SELECT c.relname AS table, a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attnotnull THEN '' ELSE '?' END AS column
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY 1, 2`);
  for (const { table, column } of columns.rows) {
    if (!tables.has(table)) tables.set(table, { columns: [], primaryKey: [], uniques: [], indexes: [] });
    tables.get(table)!.columns.push(column);
  }
  for (const table of tables.values()) table.columns.sort();
  const keys = await database.query<{ table: string; primary: boolean; unique: boolean; columns: string[] }>(`
    SELECT c.relname AS table, i.indisprimary AS primary, i.indisunique AS unique,
      (SELECT array_agg(a.attname::text ORDER BY k.position) FROM unnest(i.indkey) WITH ORDINALITY AS k (number, position)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number) AS columns
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace ORDER BY i.indexrelid::regclass::text`);
  for (const { table, primary, unique, columns } of keys.rows) {
    const found = tables.get(table)!;
    if (primary) found.primaryKey = columns;
    else (unique ? found.uniques : found.indexes).push(columns);
  }
  return tables;
};

describe("schema.prisma and the migrations", () => {
  let folder: string;
  let database: PGlite;
  beforeAll(async () => {
    folder = await temporaryFolder();
    database = await PGlite.create(path.join(folder, "pglite"));
    for (const name of (await readdir(migrationsDir)).filter((each) => /^\d/.test(each)).sort()) {
      await database.exec(await readFile(path.join(migrationsDir, name, "migration.sql"), "utf8"));
    }
  });
  afterAll(async () => {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("describe the same tables, columns, types and keys", async () => {
    const schema = await readFile(path.join(migrationsDir, "../schema.prisma"), "utf8");
    expect(Object.fromEntries(await tablesIn(database))).toEqual(Object.fromEntries(tablesOf(schema)));
  });

  it("name every timeframe and bar state in the view as the domain numbers them", async () => {
    const { rows } = await database.query<{ definition: string }>(
      "SELECT pg_get_viewdef('bars_in_rupees'::regclass) AS definition",
    );
    const lists = [...rows[0]!.definition.matchAll(/ARRAY\[([^\]]+)\]/g)].map((match) =>
      [...match[1]!.matchAll(/'([^']+)'/g)].map((each) => each[1]),
    );
    expect(lists).toEqual([timeframes.map((each) => each.name), [...barStates]]);
  });
});
