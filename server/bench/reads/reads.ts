import { type ChildProcess, fork } from "node:child_process";
import { measureInChild, ROLE } from "../child";
import type { SendOrder } from "../latency/wire";
import type { Timing } from "../store/percentiles";
import { type Goal, table } from "../report";
import type { ReadsRow } from "./measure-reads";

const INSTRUMENTS = 250;
const TICKS_A_SECOND = 1_000;
/** Longer than the measurement: the broker ends with it. */
const SECONDS = 3_600;
/** Issue "The house made ready": 5,000 bars from memory. */
const MOST_MS = 1;

/** 5,000 bars of an instrument that is live, step by step on their way out, while a broker sends. */
export const measureReadsLive = async (options: {
  program: string;
  root: string;
  rounds: number;
  onProgress(doing: string): void;
}): Promise<ReadsRow[]> => {
  const { program, root, rounds, onProgress } = options;
  onProgress(`reading 5,000 bars of one of ${INSTRUMENTS} live instruments`);
  const broker = fork(program, [ROLE, "broker", JSON.stringify(INSTRUMENTS)], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  try {
    const { port } = await message<{ port: number }>(broker);
    const subscribed = message(broker);
    const measuring = measureInChild<ReadsRow[]>(program, "reads", { root, brokerPort: port, rounds });
    await Promise.race([subscribed, measuring]);
    broker.send({ connection: 0, ticksPerSecond: TICKS_A_SECOND, seconds: SECONDS } satisfies SendOrder);
    return await measuring;
  } finally {
    broker.kill("SIGKILL");
  }
};

const message = <Message>(child: ChildProcess): Promise<Message> =>
  new Promise((resolve, reject) => {
    child.once("message", (told) => resolve(told as Message));
    child.once("exit", (code) => reject(new Error(`the bench's broker ended with ${code}`)));
  });

const points = ({ p50, p95 }: Timing): string => [p50, p95].map((ms) => ms.toFixed(2)).join(" / ");

export const readsTable = (rows: readonly ReadsRow[]): string =>
  table([
    [
      "5,000 bars, embedded database, ms p50 / p95",
      "by query",
      "from memory",
      "pack",
      "JSON",
      "HTTP packed",
      "HTTP JSON",
    ],
    ...rows.map((row) => [
      `  ${row.timeframe} (${row.rows.toLocaleString("en-IN")})`,
      ...[row.store, row.service, row.pack, row.json, row.httpBinary, row.httpJson].map(points),
    ]),
  ]);

export const readsGoals = (rows: readonly ReadsRow[]): Goal[] =>
  rows.map(({ timeframe, service }) => ({
    what: `ms of 5,000 bars of ${timeframe} from memory, median`,
    measured: service.p50,
    accepted: `<= ${MOST_MS}`,
    met: service.p50 <= MOST_MS,
  }));
