import type { Pool } from "pg";
import pg from "pg";
import type { PrismaClient } from "@/prisma/generated/client";
import { AppError } from "@/server/domain/errors";

/** One driver under both: the pool for reads in columns, Prisma for writes and the small tables. */
export interface Database {
  pool: Pool;
  prisma: PrismaClient;
}

const INT8 = 20;

/** int8 as number: every value we keep is below 2^53. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text") => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format))) as typeof pg.types.getTypeParser,
};

/** Rows as arrays, in the order of the columns. */
export const rowsOf = async <Row extends unknown[]>(pool: Pool, text: string, values: unknown[] = []): Promise<Row[]> =>
  (await pool.query<Row>({ text, values, rowMode: "array" })).rows;

/** Codes of node, PostgreSQL (class 08, shutdowns, too many connections) and Prisma that mean: nobody answers. */
const AWAY = /^(ECONN\w+|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|57P0[1-3]|53300|P1001|P1002|P1008|P1017|P2024)$/;
const AWAY_MESSAGE = /connection (terminated|ended|timeout)|timeout exceeded when trying to connect|can't reach database|server has closed the connection/i;

const isAway = (error: unknown): boolean => {
  for (let at = error; typeof at === "object" && at !== null; at = (at as { cause?: unknown }).cause) {
    const { code, message } = at as { code?: unknown; message?: unknown };
    if (typeof code === "string" && AWAY.test(code)) return true;
    if (typeof message === "string" && AWAY_MESSAGE.test(message)) return true;
  }
  return false;
};

/** Runs a query and says `store_unreachable` (retryable) when the database is away; other errors pass through. */
export const reaching = async <T>(query: () => Promise<T>): Promise<T> => {
  try {
    return await query();
  } catch (cause) {
    if (cause instanceof AppError || !isAway(cause)) throw cause;
    throw new AppError("store_unreachable", `The database does not answer: ${(cause as Error).message}`, { retryable: true, cause });
  }
};
