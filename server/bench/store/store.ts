import pg from "pg";
import { fillStore } from "./fill";
import { isBuilt, Server, startExchange } from "./programs";
import { measureReads, type ReadRow } from "./read";
import { measureRedis, type RedisResult } from "./redis";
import { measureRestarts, type RestartResult, SYMBOL } from "./restart";
import { openStore, services, startBenchDatabase } from "./servers";
import { measureWrites, type WriteResult } from "./write";

export interface StoreResult {
  /** What it ran against. */
  database: string;
  write: WriteResult;
  redis: RedisResult | null;
  /** With a month stored. Null where the pages are not built. */
  server: { instruments: number; bars: number; reads: ReadRow[]; restart: RestartResult } | null;
  /** What was left out, and why. */
  skipped: string[];
}

interface Options {
  root: string;
  rounds: number;
  onProgress(doing: string): void;
}

/** Writing, reading, publishing and starting again, each beside the barest way of doing the same. Null without a database server. */
export const measureStore = async (options: Options): Promise<StoreResult | null> => {
  const { root, rounds, onProgress } = options;
  onProgress("starting a database server");
  const database = await startBenchDatabase(root);
  if (database === null) return null;
  const skipped: string[] = [];
  try {
    const written = await inDatabase("bench_writes", database.url, async (url) => {
      const store = await openStore(root, { ...database, url });
      try {
        return { title: store.describe().version, result: await measureWrites({ store, url, rounds, onProgress }) };
      } finally {
        await store.stop();
      }
    });
    const redis = await withRedis(options).catch((cause: unknown) => {
      skipped.push(`Redis: ${(cause as Error).message}`);
      return null;
    });
    if (!isBuilt(root)) skipped.push("reads and restarts of the running server: npm run build makes its pages first");
    const server = isBuilt(root) ? await withServer(options, database) : null;
    return { database: written.title, write: written.result, redis, server, skipped };
  } finally {
    await database.stop();
  }
};

/** A database of its own beside the one the server will have. */
const inDatabase = async <T>(name: string, url: string, work: (url: string) => Promise<T>): Promise<T> => {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  try {
    return await work(own.href);
  } finally {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    await admin.end();
  }
};

const withRedis = async ({ root, rounds, onProgress }: Options): Promise<RedisResult> => {
  const redis = await (await services(root)).startRedis();
  try {
    return await measureRedis({ url: redis.url, rounds, onProgress });
  } finally {
    await redis.stop();
  }
};

const withServer = async (
  { root, rounds, onProgress }: Options,
  database: NonNullable<Awaited<ReturnType<typeof startBenchDatabase>>>,
): Promise<StoreResult["server"]> => {
  const store = await openStore(root, database);
  await store.collectors.save(
    { name: "kite-1", feed: "kite", autoStart: true, mode: "full", subscriptions: ["*"] },
    {},
  );
  const exchange = await startExchange(root);
  const server = await Server.create(root, database, exchange);
  const client = new pg.Client({ connectionString: database.url });
  try {
    await client.connect();
    onProgress("the built server fetches its first history");
    server.launch();
    await server.settled();
    await server.end("SIGTERM");
    onProgress("storing a month of bars");
    const now = Date.now();
    const filled = await fillStore(client, now);
    const { rows } = await client.query<{ id: number; token: string }>(
      "SELECT i.id, a.token FROM instruments i JOIN instrument_aliases a ON a.instrument_id = i.id WHERE i.exchange || ':' || i.symbol = $1 ORDER BY a.valid_from DESC LIMIT 1",
      [SYMBOL],
    );
    const { id, token } = rows[0]!;
    server.launch();
    await server.settled();
    const restart = await measureRestarts({ server, exchange, token: Number(token), restarts: rounds, onProgress });
    await server.settled();
    return {
      ...filled,
      restart,
      reads: await measureReads({ client, store, server, instrumentId: id, now, rounds, onProgress }),
    };
  } finally {
    await server.end("SIGKILL");
    await exchange.stop();
    await client.end();
    await store.stop();
  }
};
