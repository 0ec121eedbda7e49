import type pg from "pg";
import type { Store } from "@/server/ports/stores";
import type { Server } from "./programs";
import { quietest, type Timing, timing, took } from "./percentiles";
import { SYMBOL } from "./restart";

export interface ReadRow {
  what: "300 bars" | "5,000 bars" | "a year of hours";
  rows: number;
  /** The driver alone: the stored rows of a span that is known, cells as the text they come as. */
  floor: Timing;
  /** Columns out of the store. */
  store: Timing;
  /** Over HTTP, packed as charts get them, and as JSON. */
  binary: Timing;
  json: Timing;
}

const READS = 60;
const MINUTE = 4;
const QUARTER = 9;
const YEAR_MS = 365 * 86_400_000;

const FLOOR = `SELECT ts, open, high, low, close, volume, value, ticks, open_interest, rev, state, incomplete FROM bars
  WHERE instrument_id = $1 AND timeframe = $2 AND ts >= to_timestamp($3::float8 / 1000) AND ts < to_timestamp($4::float8 / 1000) ORDER BY ts DESC LIMIT $5`;
const asText: pg.CustomTypesConfig = {
  getTypeParser: (() => (text: string) => text) as unknown as pg.CustomTypesConfig["getTypeParser"],
};

/**
 * The same bars in four ways, in turns; the quietest round counts. The server collects meanwhile. Finished weeks are in
 * reading order: the server does that a minute after its start, which the bench does not wait for.
 */
export const measureReads = async (options: {
  client: pg.Client;
  store: Store;
  server: Server;
  instrumentId: number;
  now: number;
  rounds: number;
  onProgress(doing: string): void;
}): Promise<ReadRow[]> => {
  const { client, store, server, instrumentId, now, rounds, onProgress } = options;
  // The end of the last week that is over: the running one is never settled.
  const newest = await client.query<{ ms: string }>(
    "SELECT (date_part('epoch', max(range_start)) * 1000)::bigint AS ms FROM timescaledb_information.chunks WHERE hypertable_name = 'bars'",
  );
  const to = Math.min(Number(newest.rows[0]!.ms), Math.floor(now / 86_400_000) * 86_400_000);
  const year = { from: to - YEAR_MS, to };
  const bare = (timeframe: number, from: number, limit: number) => () =>
    client.query({ text: FLOOR, values: [instrumentId, timeframe, from, to, limit], rowMode: "array", types: asText });
  const route = (query: string, format: string): string => `/api/v1/bars/${SYMBOL}?${query}&to=${to}&format=${format}`;
  const cases: {
    what: ReadRow["what"];
    query: string;
    bare: () => Promise<{ rows: unknown[] }>;
    read: () => Promise<unknown>;
  }[] = [
    ...(
      [
        [300, "300 bars"],
        [5_000, "5,000 bars"],
      ] as const
    ).map(([limit, what]) => ({
      what,
      query: `timeframe=1m&limit=${limit}`,
      bare: bare(MINUTE, to - limit * 60_000, limit),
      read: () => store.bars.read({ instrumentId, timeframe: "1m", from: 0, to, limit }),
    })),
    {
      what: "a year of hours",
      query: `timeframe=1h&from=${year.from}&limit=50000`,
      bare: bare(QUARTER, year.from, 1e6),
      read: () => store.bars.read({ instrumentId, timeframe: "15m", ...year }),
    },
  ];
  const results: ReadRow[] = [];
  onProgress("putting the weeks that are over in order");
  await store.upkeep.settleBars({ pruned: 0, finished: to }, new AbortController().signal);
  for (const { what, query, bare: floor, read } of cases) {
    const measured: Record<"floor" | "store" | "binary" | "json", Timing[]> = {
      floor: [],
      store: [],
      binary: [],
      json: [],
    };
    const { rows } = await floor();
    for (let round = 0; round <= rounds; round++) {
      onProgress(round === 0 ? `reading ${what}` : `reading ${what}, round ${round} of ${rounds}`);
      const ms: Record<keyof typeof measured, number[]> = { floor: [], store: [], binary: [], json: [] };
      for (let each = 0; each < READS; each++) {
        ms.floor.push(await took(floor));
        ms.store.push(await took(read));
        ms.binary.push(await took(() => answered(server, route(query, "binary"))));
        ms.json.push(await took(() => answered(server, route(query, "rows"))));
      }
      if (round > 0)
        for (const name of Object.keys(measured) as (keyof typeof measured)[]) measured[name].push(timing(ms[name]));
    }
    results.push({
      what,
      rows: rows.length,
      floor: quietest(measured.floor),
      store: quietest(measured.store),
      binary: quietest(measured.binary),
      json: quietest(measured.json),
    });
  }
  return results;
};

const answered = async (server: Server, route: string): Promise<void> => {
  if ((await server.get(route)) === null) throw new Error(`no answer to ${route}`);
};
