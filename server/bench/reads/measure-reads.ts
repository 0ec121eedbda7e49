import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadConfig } from "@/server/config";
import { createContainer } from "@/server/container";
import { packBars } from "@/server/contract/wire";
import { storedBarsOf } from "@/server/domain/bars/stored-bars";
import { type AnyTimeframe, anyTimeframe } from "@/server/domain/time/timeframe";
import type { StoredBar } from "@/server/ports/stores";
import { type Timing, timing } from "../store/percentiles";
import { symbolOf } from "../latency/broker";

export interface ReadsJob {
  root: string;
  brokerPort: number;
  rounds: number;
}

/** Milliseconds of the same bars, ever further out. */
export interface ReadsRow {
  timeframe: string;
  rows: number;
  /** The stored rows that the answer is made of, by query. */
  store: Timing;
  /** What every reader in the process gets: stored, queued and forming bars, folded and printed. */
  service: Timing;
  /** As charts get them. */
  pack: Timing;
  /** REST's answer made in the process, then over HTTP: packed, and as JSON. */
  json: Timing;
  httpBinary: Timing;
  httpJson: Timing;
}

const LIMIT = 5_000;
const READS = 60;
const DAY_MS = 86_400_000;
/** Rows of one write. */
const PIECE = 2_000;
const TIMEFRAMES = ["1m", "5m", "15m", "1h"] as const;

/** Minutes of 20 days and quarters of an hour of 220 around the clock: `SIM` never closes. */
const history = (instrumentId: number, now: number): StoredBar[] => {
  const bars: StoredBar[] = [];
  for (const [timeframe, lengthMs, days] of [
    ["1m", 60_000, 20],
    ["15m", 900_000, 220],
  ] as const) {
    const last = Math.floor(now / lengthMs) * lengthMs - lengthMs;
    for (let at = days * (DAY_MS / lengthMs); at >= 0; at--) {
      const price = 150_000 + (at % 997);
      bars.push({
        instrumentId,
        timeframe,
        time: last - at * lengthMs,
        open: price,
        high: price + 50,
        low: price - 50,
        close: price + 7,
        volume: 1_000 + (at % 7_919),
        value: (1_000 + (at % 7_919)) * price,
        ticks: 60,
        openInterest: -1,
        rev: 1,
        state: "closed",
        incomplete: false,
      });
    }
  }
  return bars;
};

/** The app with the embedded database and a broker that sends, without pages; one instrument has a long history. */
export const measureReads = async ({ root, brokerPort, rounds }: ReadsJob): Promise<ReadsRow[]> => {
  const dataDir = mkdtempSync(path.join(tmpdir(), "candela-bench-"));
  Object.assign(process.env, {
    NODE_ENV: "production",
    PORT: "0",
    DATA_DIR: dataDir,
    DATABASE_URL: "",
    REDIS_URL: "",
    FEED: "kite",
    LOG_LEVEL: "error",
    KITE_API_KEY: "bench",
    KITE_ACCESS_TOKEN: "bench",
    KITE_ROOT: `http://127.0.0.1:${brokerPort}`,
    KITE_SOCKET: `ws://127.0.0.1:${brokerPort}`,
  });
  const container = await createContainer(loadConfig(root, [], false), () => {});
  const server = createServer((request, response) => {
    if (!container.readDoor(request, response)) response.writeHead(404).end();
  });
  try {
    await new Promise<void>((listening) => {
      server.listen(0, "127.0.0.1", listening);
    });
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await container.start(new AbortController().signal);
    const key = `SIM:${symbolOf(0)}`;
    const { desk, store } = container;
    const instrument = desk.resolve(key);
    const { id } = desk.instrument(instrument);
    await desk.warm(instrument);
    const bars = history(id, Date.now());
    for (let from = 0; from < bars.length; from += PIECE)
      await store.bars.writeRows(storedBarsOf(bars.slice(from, from + PIECE)), "replace");

    const rows: ReadsRow[] = [];
    for (const name of TIMEFRAMES) {
      const timeframe: AnyTimeframe = anyTimeframe(name);
      const read = () => desk.bars({ instrument, timeframe, limit: LIMIT });
      const route = (format: string): string => `/api/v1/bars/${key}?timeframe=${name}&limit=${LIMIT}&format=${format}`;
      const stored = {
        instrumentId: id,
        timeframe: timeframe.from,
        from: 0,
        to: 8.64e15,
        limit: LIMIT * (timeframe.stored ? 1 : timeframe.lengthMs / anyTimeframe(timeframe.from).lengthMs),
      };
      const works = {
        store: () => store.bars.read(stored),
        service: read,
        pack: null,
        json: () => container.answerRead(`http://localhost${route("rows")}`),
        httpBinary: async () => (await fetch(address + route("binary"))).arrayBuffer(),
        httpJson: async () => (await fetch(address + route("rows"))).arrayBuffer(),
      };
      const { closed } = await read();
      const ms: Record<keyof typeof works, number[]> = {
        store: [],
        service: [],
        pack: [],
        json: [],
        httpBinary: [],
        httpJson: [],
      };
      for (let each = 0; each < READS * rounds; each++) {
        for (const [what, work] of Object.entries(works) as [keyof typeof works, (() => Promise<unknown>) | null][]) {
          const began = performance.now();
          if (work === null) packBars(closed);
          else await work();
          ms[what].push(performance.now() - began);
        }
        // The frames of the broker go first.
        await new Promise((turn) => {
          setTimeout(turn, 1);
        });
      }
      rows.push({
        timeframe: name,
        rows: closed.length,
        ...(Object.fromEntries(Object.entries(ms).map(([what, each]) => [what, timing(each)])) as Record<
          keyof typeof works,
          Timing
        >),
      });
    }
    return rows;
  } finally {
    server.close();
    server.closeAllConnections();
    await container.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};
