import type { Pool } from "pg";
import pg from "pg";
import type { PrismaClient } from "@/prisma/generated/client";
import { AppError } from "@/server/domain/basics/errors";

/** One driver under both: the pool for reads in columns, Prisma for writes and the small tables. */
export interface Database {
  pool: Pool;
  prisma: PrismaClient;
}

const INT8 = 20;

/** int8 as number: every value we keep is below 2^53. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text") =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};

/** Rows as arrays, in the order of the columns. */
export const rowsOf = async <Row extends unknown[]>(pool: Pool, text: string, values: unknown[] = []): Promise<Row[]> =>
  (await pool.query<Row>({ text, values, rowMode: "array" })).rows;

/** Codes of Node, PostgreSQL (class 08, shutdowns, too many connections) and Prisma for an unreachable database. */
const AWAY =
  /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|57P0[1-3]|53300|P1001|P1002|P1008|P1017|P2024)$/;
const AWAY_MESSAGE =
  /connection (terminated|ended|timeout)|timeout exceeded when trying to connect|can't reach database|server has closed the connection/i;

const isAway = (error: unknown): boolean => {
  for (let at = error; typeof at === "object" && at !== null; at = (at as { cause?: unknown }).cause) {
    const { code, message } = at as { code?: unknown; message?: unknown };
    if (typeof code === "string" && AWAY.test(code)) return true;
    if (typeof message === "string" && AWAY_MESSAGE.test(message)) return true;
  }
  return false;
};

/** PostgreSQL's classes 22 and 23: the data are invalid and will be again. A full disk (53100) is not among them. */
const REFUSAL = /^2[23][0-9A-Z]{3}$/;

/** Prisma keeps PostgreSQL's code in `meta` and in its message. */
const isRefusal = (error: unknown): boolean => {
  for (let at = error; typeof at === "object" && at !== null; at = (at as { cause?: unknown }).cause) {
    const { code, message, meta } = at as { code?: unknown; message?: unknown; meta?: { code?: unknown } };
    if ([code, meta?.code].some((each) => typeof each === "string" && REFUSAL.test(each))) return true;
    if (typeof message === "string" && /Code: `2[23][0-9A-Z]{3}`/.test(message)) return true;
  }
  return false;
};

/** True when a row of the same key was there already. */
export const isDuplicate = (error: unknown): boolean => {
  for (let at = error; typeof at === "object" && at !== null; at = (at as { cause?: unknown }).cause) {
    const { code, message } = at as { code?: unknown; message?: unknown };
    if (code === "23505" || (typeof message === "string" && message.includes("Code: `23505`"))) return true;
  }
  return false;
};

/** The database's message. Prisma puts our call in front of it, over several lines. */
const saidBy = (cause: unknown): string =>
  (cause as Error).message
    .split("\n")
    .findLast((line) => line.trim() !== "")
    ?.trim() ?? String(cause);

/** Runs a query and says `store_unreachable` (retryable) when the database is away, `store_refused` when a value is; other errors pass through. */
export const reaching = async <T>(query: () => Promise<T>): Promise<T> => {
  try {
    return await query();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    if (isRefusal(cause))
      throw new AppError("store_refused", `The database rejected a value: ${saidBy(cause)}`, { cause });
    if (!isAway(cause)) throw cause;
    throw new AppError("store_unreachable", `The database does not respond: ${saidBy(cause)}`, {
      retryable: true,
      cause,
    });
  }
};
