/** A whole server beside its simulated exchange, and its gap ledger as a program reads it over REST. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, vi } from "vitest";
import { GET as gaps } from "@/app/api/v1/gaps/route";
import { type Container, createContainer } from "@/server/container";
import type { RestGap } from "@/server/contract/answers";
import { timeframe } from "@/server/domain/time/timeframe";
import { publish } from "@/server/runtime";
import { wholeConfig } from "./whole-config";
import { historyOf } from "./whole-server";

export type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;
const dataDir = mkdtempSync(path.join(tmpdir(), "candela-gaps-"));
/** The server that runs; another one after each `start`. */
export let container: Container;
let exchange = "";

export const start = async (): Promise<void> => {
  container = await createContainer(wholeConfig(dataDir), (step) => {
    exchange = /http:\/\/127\.0\.0\.1:\d+/.exec(step)?.[0] ?? exchange;
  });
  publish(container);
  await container.start(new AbortController().signal);
  await vi.waitFor(() => expect(container.desk.truth()[0]?.state).toBe("LIVE"), { timeout: 60_000, interval: 50 });
};

export const ask = async <T>(handler: Handler, query = "", { id, body }: { id?: string; body?: unknown } = {}) => {
  const request = new Request(
    `http://localhost/api/v1${query}`,
    body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
  );
  const params: Record<string, string> = id === undefined ? {} : { id };
  const answer = await handler(request, { params: Promise.resolve(params) });
  const { data, error, meta } = (await answer.json()) as {
    data: T;
    meta: Record<string, unknown>;
    error?: { code: string; details: Record<string, unknown> };
  };
  return { status: answer.status, data, meta, error };
};
export const ledger = async (query = ""): Promise<RestGap[]> => (await ask<RestGap[]>(gaps, `/gaps${query}`)).data;
export const fault = (body: Record<string, unknown>): Promise<Response> =>
  fetch(`${exchange}/sim/fault`, { method: "POST", body: JSON.stringify(body) });
export const found = async (which: (gap: RestGap) => boolean, timeout = 60_000): Promise<RestGap> => {
  let gap: RestGap | undefined;
  await expect
    .poll(async () => (gap = (await ledger()).find(which)) !== undefined, { timeout, interval: 500 })
    .toBe(true);
  return gap!;
};
export const closed = async (id: number, timeout = 500_000): Promise<RestGap> => {
  await expect
    .poll(async () => (await ledger()).find((gap) => gap.id === id)?.state, { timeout, interval: 1_000 })
    .toMatch(/^(healed|no_trade)$/);
  return (await ledger()).find((gap) => gap.id === id)!;
};

/** Stored minutes of every instrument beside the exchange's: sentences about those that differ, are missing, too many or cut. */
export const differences = async (from: number): Promise<string[]> => {
  const { desk, instruments } = container;
  const said: string[] = [];
  for (const index of instruments.listedBy("kite")) {
    const { key, decimals } = desk.instrument(index);
    const { closed: ours } = await desk.bars({ instrument: index, timeframe: timeframe("1m"), from });
    const last = ours.length === 0 ? from : ours.time[ours.length - 1]!;
    const theirs = await historyOf(exchange, instruments.tokenOf("kite", index)!, from, last);
    for (let row = 0; row < ours.length; row++) {
      const time = ours.time[row]!;
      const mine = [
        ...[ours.open, ours.high, ours.low, ours.close].map((column) => column[row]! / 10 ** decimals),
        ours.volume[row]!,
      ].join();
      const wanted = theirs.get(time)?.slice(0, 5).join();
      if (wanted !== mine) said.push(`${key} ${new Date(time).toISOString()}: ours ${mine}, theirs ${wanted}`);
      if (ours.incomplete[row] === 1 && time < last) said.push(`${key} ${new Date(time).toISOString()}: has a hole`);
      theirs.delete(time);
    }
    for (const time of theirs.keys()) said.push(`${key} ${new Date(time).toISOString()}: missing`);
  }
  return said;
};

export const stop = async (): Promise<void> => {
  await container.stop();
  rmSync(dataDir, { recursive: true, force: true });
};
