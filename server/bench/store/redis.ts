import { createConnection, type Socket } from "node:net";
import { once } from "node:events";
import { systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import { RedisLatest } from "@/server/latest/redis";
import { BAR_SECONDS, barText, names, STREAM_LENGTH } from "@/server/latest/wire";
import type { LatestBar } from "@/server/ports/latest";
import { quietest, type Timing, timing, took } from "./percentiles";
import { secondBars } from "./rows";

/** 3,000 closes: latest value, stream entry and message of each, until Redis has answered for all. */
export interface RedisResult {
  ours: Timing;
  floor: Timing;
}

const FLUSHES = 40;

const closes = (time: number): LatestBar[] =>
  secondBars(time).map((bar, at): LatestBar => ({
    ...bar,
    event: "close",
    newest: true,
    key: `NSE:S${at}`,
    timeframe: "1s",
    decimals: 2,
    end: time + 1_000,
  }));

export const measureRedis = async (options: {
  url: string;
  rounds: number;
  onProgress(doing: string): void;
}): Promise<RedisResult> => {
  const metrics = new Metrics();
  const latest = new RedisLatest({
    redisUrl: options.url,
    prefix: "ours:",
    clock: systemClock(),
    log: silentLog(),
    meter: metrics,
  });
  await latest.start(new AbortController().signal);
  const { hostname, port } = new URL(options.url);
  const socket = createConnection(Number(port), hostname).setNoDelay(true);
  await once(socket, "connect");
  let time = Math.ceil(Date.now() / 1_000) * 1_000;

  /** Its own count of bars that Redis has answered for. */
  const published = async (rows: LatestBar[]): Promise<void> => {
    const wanted = (metrics.counters.get("latest.bars") ?? 0) + rows.length;
    await new Promise<void>((resolve) => {
      metrics.count = (name, by = 1) => {
        metrics.counters.set(name, (metrics.counters.get(name) ?? 0) + by);
        if (metrics.counters.get("latest.bars")! >= wanted) resolve();
      };
      latest.publishBars(rows);
    });
  };
  const measured: { ours: Timing[]; floor: Timing[] } = { ours: [], floor: [] };
  for (let round = 0; round <= options.rounds; round++) {
    options.onProgress(round === 0 ? "warming Redis up" : `publishing to Redis, round ${round} of ${options.rounds}`);
    const ours: number[] = [];
    const floor: number[] = [];
    for (let flush = 0; flush < FLUSHES; flush++) {
      const rows = closes((time += 1_000));
      ours.push(await took(() => published(rows)));
      floor.push(await took(() => sendByHand(socket, rows)));
    }
    if (round > 0) {
      measured.ours.push(timing(ours));
      measured.floor.push(timing(floor));
    }
  }
  socket.destroy();
  await latest.stop();
  return { ours: quietest(measured.ours), floor: quietest(measured.floor) };
};

const by = names("floor:");
const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const command = (...parts: string[]): string => `*${parts.length}\r\n${parts.map(bulk).join("")}`;
/** +OK, $15 and its text, :0 */
const LINES_A_BAR = 4;

/** The floor: Redis' protocol by hand, one write for all, the answers counted and not read. */
const sendByHand = async (socket: Socket, rows: readonly LatestBar[]): Promise<void> => {
  const answered = new Promise<void>((resolve) => {
    let lines = 0;
    const count = (chunk: Buffer): void => {
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines++;
      if (lines < rows.length * LINES_A_BAR) return;
      socket.off("data", count);
      resolve();
    };
    socket.on("data", count);
  });
  socket.write(
    rows
      .map((row) => {
        const text = barText(row);
        return (
          command("XADD", by.barStream("1s", row.key), "MAXLEN", "~", String(STREAM_LENGTH), "*", "bar", text) +
          command("SET", by.bar("1s", row.key), text, "EX", String(BAR_SECONDS)) +
          command("PUBLISH", by.barChannel("1s", row.key), text)
        );
      })
      .join(""),
  );
  await answered;
};
