import { setTimeout as pause } from "node:timers/promises";
import type { Exchange, Server } from "./programs";
import { median } from "../child";

/** From process start, after a kill -9, ms: medians of the restarts. */
export interface RestartResult {
  /** A reader sees a bar that forms, and that is the exchange's own when it has closed. */
  firstLiveMs: number;
  /** The first such bar has closed, two seconds after its second to allow for late ticks. */
  firstClosedMs: number;
  /** The running day is whole again: the minute of the kill is fetched from history when it has ended. */
  dayMs: number;
  slowestMs: number;
}

export const SYMBOL = "SIM:RELIANCE";
const LIMIT_MS = 120_000;

interface Bar {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  state: string;
  incomplete: boolean;
}

export const measureRestarts = async (options: {
  server: Server;
  exchange: Exchange;
  token: number;
  restarts: number;
  onProgress(doing: string): void;
}): Promise<RestartResult> => {
  const results: { live: number; closed: number; day: number }[] = [];
  for (let each = 1; each <= options.restarts; each++) {
    options.onProgress(`kill -9 and restart with a month stored, ${each} of ${options.restarts}`);
    results.push(await restart(options.server, options.exchange, options.token));
    await pause(5_000);
  }
  return {
    firstLiveMs: median(results.map(({ live }) => live)),
    firstClosedMs: median(results.map(({ closed }) => closed)),
    dayMs: median(results.map(({ day }) => day)),
    slowestMs: Math.max(...results.map(({ live }) => live)),
  };
};

const restart = async (
  server: Server,
  exchange: Exchange,
  token: number,
): Promise<{ live: number; closed: number; day: number }> => {
  const before = (await server.data<Bar>(`/api/v1/latest/${SYMBOL}?timeframe=1d`))!;
  await server.end("SIGKILL");
  await pause(1_000);
  const began = performance.now();
  const startedAt = Date.now();
  const since = (): number => performance.now() - began;
  server.launch();
  /** When each second was first seen to form. */
  const seen = new Map<number, number>();
  let first: { live: number; closed: number } | null = null;
  let day: number | null = null;
  while (since() < LIMIT_MS) {
    const forming = await server.data<Bar>(`/api/v1/latest/${SYMBOL}?timeframe=1s`);
    if (forming !== null && forming.time >= startedAt && !seen.has(forming.time)) seen.set(forming.time, since());
    if (first === null && seen.size > 0) {
      const closed =
        (await server.data<Bar[]>(`/api/v1/bars/${SYMBOL}?timeframe=1s&from=${startedAt}&limit=60`))?.filter(
          ({ state }) => state === "closed",
        ) ?? [];
      const theirs = new Map(
        (await exchange.seconds(token, startedAt - 1_000, Date.now())).map((second) => [second[0]!, second]),
      );
      const correct = closed.find((bar) => isEqual(bar, theirs.get(bar.time)));
      if (correct !== undefined) first = { live: seen.get(correct.time) ?? since(), closed: since() };
    }
    if (day === null && forming !== null) {
      const now = await server.data<Bar>(`/api/v1/latest/${SYMBOL}?timeframe=1d`);
      if (
        now !== null &&
        now.time === before.time &&
        now.open === before.open &&
        now.high >= before.high &&
        now.low <= before.low &&
        now.volume >= before.volume
      )
        day = since();
    }
    if (first !== null && day !== null) return { ...first, day };
    await pause(20);
  }
  throw new Error(
    `within ${LIMIT_MS / 1_000} s of a restart ${SYMBOL} had ${first === null ? "no second as the exchange has it" : "not the whole day"}`,
  );
};

const paise = (rupees: number): number => Math.round(rupees * 100);

const isEqual = (bar: Bar, theirs: number[] | undefined): boolean =>
  theirs !== undefined &&
  !bar.incomplete &&
  [paise(bar.open), paise(bar.high), paise(bar.low), paise(bar.close), bar.volume].every(
    (figure, at) => figure === theirs[at + 1],
  );
