import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { io } from "socket.io-client";
import type { BarsFrame, BarsSnapshot, BarsSubscribe, LiveError } from "@/server/contract/live";
import { median } from "../child";
import { type Goal, table } from "../report";
import { isBuilt, Server, startExchange } from "../store/programs";
import { openStore } from "../store/servers";
import { SYMBOL } from "../store/restart";

/** Milliseconds from the start of the process after a kill -9: medians of the restarts. */
export interface EmbeddedRestart {
  /** The port answers. */
  connectedMs: number;
  /** The chart has its history. */
  subscribedMs: number;
  /** The first frame with a tick that this process received. */
  firstFrameMs: number;
  slowestMs: number;
}

const GOAL_MS = 2_500;
const LIMIT_MS = 60_000;
/** The first history is waited for so long: afterwards it goes on behind the restarts, as it would for a user. */
const SETTLE_MS = 60_000;

/** Kills the built server with the embedded database and the simulated exchange, and starts it again. Null where it is not built. */
export const measureEmbeddedRestart = async (options: {
  root: string;
  restarts: number;
  onProgress(doing: string): void;
}): Promise<EmbeddedRestart | null> => {
  const { root, restarts, onProgress } = options;
  if (!isBuilt(root)) return null;
  const dataDir = mkdtempSync(path.join(tmpdir(), "candela-bench-"));
  const database = { url: "", dataDir, stop: () => Promise.resolve() };
  const store = await openStore(root, database);
  await store.collectors.save(
    { name: "kite-1", feed: "kite", autoStart: true, mode: "full", subscriptions: ["*"] },
    {},
  );
  await store.stop();
  const exchange = await startExchange(root);
  const server = await Server.create(root, database, exchange);
  try {
    onProgress("the built server fetches its first history into the embedded database");
    server.launch();
    await Promise.race([server.settled(), pause(SETTLE_MS)]);
    const results: [number, number, number][] = [];
    for (let each = 1; each <= restarts; each++) {
      onProgress(`kill -9 and restart, ${each} of ${restarts}`);
      await server.end("SIGKILL");
      await pause(1_000);
      results.push(await firstFrame(server));
      await pause(5_000);
    }
    const [connectedMs, subscribedMs, firstFrameMs] = [0, 1, 2].map((at) =>
      median(results.map((each) => each[at]!)),
    ) as [number, number, number];
    return { connectedMs, subscribedMs, firstFrameMs, slowestMs: Math.max(...results.map((each) => each[2])) };
  } finally {
    await server.end("SIGKILL");
    await exchange.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
};

const firstFrame = async (server: Server): Promise<[number, number, number]> => {
  const began = performance.now();
  const startedAt = Date.now();
  const since = (): number => performance.now() - began;
  server.launch();
  const socket = io(server.address, {
    transports: ["websocket"],
    reconnectionDelay: 25,
    reconnectionDelayMax: 25,
    randomizationFactor: 0,
  });
  try {
    await new Promise<void>((connected) => {
      socket.once("connect", connected);
    });
    const connected = since();
    const frame = new Promise<number>((came) => {
      socket.on("bars", ({ ltp }: BarsFrame) => {
        if (ltp !== null && ltp.received >= startedAt) came(since());
      });
    });
    const wish: BarsSubscribe = { key: SYMBOL, timeframe: "1m", bars: 300 };
    let answer: BarsSnapshot | LiveError = (await socket.emitWithAck("bars.subscribe", wish)) as
      BarsSnapshot | LiveError;
    while ("error" in answer && since() < LIMIT_MS) {
      await pause(25);
      answer = (await socket.emitWithAck("bars.subscribe", wish)) as BarsSnapshot | LiveError;
    }
    const subscribed = since();
    const first = await Promise.race([frame, pause(LIMIT_MS, Number.NaN)]);
    if (Number.isNaN(first)) throw new Error(`no live bar within ${LIMIT_MS / 1_000} s of a restart`);
    return [connected, subscribed, first];
  } finally {
    socket.disconnect();
  }
};

export const restartTable = ({ connectedMs, subscribedMs, firstFrameMs, slowestMs }: EmbeddedRestart): string =>
  table([
    ["kill -9 with the embedded database, from the start of the process", "seconds"],
    ...(
      [
        ["  the port answers", connectedMs],
        ["  a chart has its history", subscribedMs],
        ["  first live bar at a Socket.io client", firstFrameMs],
        ["  the slowest of them", slowestMs],
      ] as const
    ).map(([what, ms]) => [what, (ms / 1_000).toFixed(2)]),
  ]);

export const restartGoals = ({ firstFrameMs }: EmbeddedRestart): Goal[] => [
  {
    what: "ms from kill -9 to the first live bar, embedded database",
    measured: firstFrameMs,
    accepted: `<= ${GOAL_MS}`,
    met: firstFrameMs <= GOAL_MS,
  },
];
