import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { median, ROLE } from "../child";
import { FIRST_PRICE } from "./broker";
import type { AppUse, Arrival, SendOrder, Sent } from "./wire";

export interface LatencyRow {
  who: "candela" | "relay";
  ticksPerSecond: number;
  /** Ticks actually sent per second; the sender must not be the bottleneck. */
  sentPerSecond: number;
  /** Milliseconds from the broker's send to the client's handler, for the newest tick in each frame that has one. */
  whole: Percentiles;
  /** The same without the time the 50 ms window of a chart held the frame back. */
  beyondWindow: Percentiles;
  framesPerSecond: number;
  /** Share of the frames the app numbered that arrived. */
  delivered: number;
  /** Share of one core that was used, all threads: feed, pipeline, database, sockets. */
  cpu: number;
  loopP99: number;
  rejected: number;
  rssMb: number;
}
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

export const INSTRUMENTS = 3_000;
export const CHARTS = 20;
/** A chart's room sends at most one frame in this time (server/web/hub.ts). */
const WINDOW_MS = 50;
const WARM_SECONDS = 3;

/** One of the two programs between broker and client, with a client of its own. */
interface Path {
  who: LatencyRow["who"];
  process: ChildProcess;
  client: ChildProcess;
  connection: number;
}

/**
 * Measures from the broker's socket frame to a Socket.io client, through the whole app and through a bare relay, taking
 * turns in one run, so the machine affects both equally. Medians over the rounds.
 */
export const measureLatency = async (options: {
  program: string;
  root: string;
  rates: readonly number[];
  seconds: number;
  rounds: number;
  onProgress(doing: string): void;
}): Promise<LatencyRow[]> => {
  const { program, root, rates, seconds, rounds, onProgress } = options;
  const dataDir = mkdtempSync(path.join(tmpdir(), "candela-bench-"));
  const children: ChildProcess[] = [];
  const start = (role: string, wishes: unknown, env: Record<string, string> = {}): ChildProcess => {
    const child = fork(program, [ROLE, role, JSON.stringify(wishes)], {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    children.push(child);
    return child;
  };
  const withClient = async (who: Path["who"], process: ChildProcess, connection: number): Promise<Path> => {
    const { port } = await answer<{ port: number }>(process);
    const client = start("client", { port, instruments: INSTRUMENTS, charts: CHARTS });
    await answer(client);
    return { who, process, client, connection };
  };
  try {
    onProgress(`starting a broker, the app, a relay and two clients: ${INSTRUMENTS} instruments, ${CHARTS} charts`);
    const broker = start("broker", INSTRUMENTS);
    const { port: brokerPort } = await answer<{ port: number }>(broker);
    let subscribed = answer(broker);
    const relay = await withClient("relay", start("relay", { brokerPort, instruments: INSTRUMENTS }), 0);
    await subscribed;
    subscribed = answer(broker);
    const app = start("app", root, {
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
    // The client asks for charts of instruments: they are known once the app has read the broker's list and subscribed.
    const port = answer<{ port: number }>(app);
    await subscribed;
    const { port: appPort } = await port;
    const client = start("client", { port: appPort, instruments: INSTRUMENTS, charts: CHARTS });
    await answer(client);
    const paths: Path[] = [relay, { who: "candela", process: app, client, connection: 1 }];

    const rows: LatencyRow[] = [];
    for (let round = 1; round <= rounds; round++) {
      for (const ticksPerSecond of rates) {
        for (const way of paths) {
          onProgress(`round ${round} of ${rounds}: ${ticksPerSecond} ticks a second through ${way.who}`);
          rows.push(await measure(broker, way, ticksPerSecond, seconds));
        }
      }
    }
    app.send("stop");
    await Promise.race([once(app, "exit"), pause(10_000)]);
    return rates.flatMap((rate) =>
      paths.map(({ who }) => medianRow(rows.filter((row) => row.who === who && row.ticksPerSecond === rate))),
    );
  } finally {
    for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true });
  }
};

const measure = async (
  broker: ChildProcess,
  way: Path,
  ticksPerSecond: number,
  seconds: number,
): Promise<LatencyRow> => {
  const send = (duration: number): Promise<Sent> =>
    ask<Sent>(broker, { connection: way.connection, ticksPerSecond, seconds: duration } satisfies SendOrder);
  await send(WARM_SECONDS);
  await pause(200);
  await ask<Arrival[]>(way.client, "take");
  const before = await ask<AppUse>(way.process, "use");
  const sent = await send(seconds);
  const after = await ask<AppUse>(way.process, "use");
  await pause(300);
  return rowOf(way.who, ticksPerSecond, sent, await ask<Arrival[]>(way.client, "take"), before, after);
};

/** The next message of a child; rejects when it ends instead. */
const answer = <Message>(child: ChildProcess): Promise<Message> =>
  new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`the bench's ${child.spawnargs[3]} ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as Message);
    });
  });

const ask = <Message>(child: ChildProcess, question: SendOrder | string): Promise<Message> => {
  const answered = answer<Message>(child);
  child.send(question);
  return answered;
};

const rowOf = (
  who: LatencyRow["who"],
  ticksPerSecond: number,
  sent: Sent,
  arrivals: readonly Arrival[],
  before: AppUse,
  after: AppUse,
): LatencyRow => {
  const whole: number[] = [];
  const beyond: number[] = [];
  const last = new Map<string, Arrival>();
  let numbered = 0;
  let arrived = 0;
  for (const arrival of arrivals) {
    const previous = last.get(arrival.room);
    last.set(arrival.room, arrival);
    if (previous === undefined) continue;
    numbered += arrival.seq - previous.seq;
    arrived++;
    const left = sent.times[arrival.price - FIRST_PRICE - sent.first];
    // A minute that closes sends a frame at once; a tick sent with an earlier frame is not late because of it.
    if (left === undefined || arrival.price === previous.price) continue;
    const latency = arrival.arrived - left;
    // How long the window held the frame after its newest tick was there.
    const held = Math.max(0, Math.min(arrival.emitted, previous.emitted + WINDOW_MS) - arrival.received);
    whole.push(latency);
    beyond.push(latency - held);
  }
  const sentSeconds = sent.tookMs / 1_000;
  return {
    who,
    ticksPerSecond,
    sentPerSecond: Math.round(sent.ticks / sentSeconds),
    whole: percentiles(whole),
    beyondWindow: percentiles(beyond),
    framesPerSecond: Math.round(arrived / sentSeconds),
    delivered: numbered === 0 ? 0 : arrived / numbered,
    cpu: (after.cpuMs - before.cpuMs) / (after.atMs - before.atMs),
    loopP99: after.loopP99,
    rejected: after.rejected - before.rejected,
    rssMb: after.rssMb,
  };
};

const percentiles = (values: number[]): Percentiles => {
  const sorted = values.sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
};

const medianRow = (rows: readonly LatencyRow[]): LatencyRow => {
  const of = (pick: (row: LatencyRow) => number): number => median(rows.map(pick));
  const points = (pick: (row: LatencyRow) => Percentiles): Percentiles => ({
    p50: of((row) => pick(row).p50),
    p95: of((row) => pick(row).p95),
    p99: of((row) => pick(row).p99),
  });
  return {
    ...rows[0]!,
    sentPerSecond: of((row) => row.sentPerSecond),
    whole: points((row) => row.whole),
    beyondWindow: points((row) => row.beyondWindow),
    framesPerSecond: of((row) => row.framesPerSecond),
    delivered: of((row) => row.delivered),
    cpu: of((row) => row.cpu),
    loopP99: of((row) => row.loopP99),
    rejected: of((row) => row.rejected),
    rssMb: of((row) => row.rssMb),
  };
};
