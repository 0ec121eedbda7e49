import { valuesOf } from "@/server/testing/indicator-values";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { dropDatabases, ownDatabase } from "@/server/testing/own-database";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";
import { randomBelow } from "@/server/testing/indicator-bars";
import { parseIndicatorList } from "./configs";

const project = path.resolve(import.meta.dirname, "../../..");
const COUNT = 900;
const children: ChildProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

interface Said {
  of?: string;
  time?: number;
  values?: (number | null)[];
  resumed?: number;
  first?: number;
  done?: boolean;
}

/** Starts `indicator-runner.ts`; returns its output until it is killed after that many values, or done. */
const run = async (folder: string, databaseUrl: string | undefined, killAfter: number): Promise<Said[]> => {
  const child = spawn(
    process.execPath,
    [
      "--import",
      "tsx",
      "server/testing/indicator-runner.ts",
      folder,
      String(COUNT),
      ...(databaseUrl === undefined ? [] : [databaseUrl]),
    ],
    { cwd: project, stdio: ["ignore", "pipe", "inherit"] },
  );
  children.push(child);
  const closed = once(child, "close");
  const said: Said[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    try {
      said.push(JSON.parse(line) as Said);
    } catch {
      break;
    } // the line it was killed in
    if (said.length === killAfter) child.kill("SIGKILL");
  }
  await closed;
  return said;
};

/**
 * Killed three times, at any time, then run to the end: the final values are those of an uninterrupted run over the
 * stored bars.
 */
const survives = async (seed: number, databaseUrl?: string): Promise<void> => {
  const random = randomBelow(seed);
  const folder = await temporaryFolder();
  folders.push(folder);
  const starts: { resumed: number; first: number }[] = [];
  let last: Said[] = [];
  for (const killAfter of [900, 700 + random(300), 600 + random(300), Number.POSITIVE_INFINITY]) {
    last = await run(folder, databaseUrl, killAfter);
    const start = last.find(({ resumed }) => resumed !== undefined)!;
    starts.push({ resumed: start.resumed!, first: start.first! });
  }
  expect(last.at(-1)).toEqual({ done: true });
  expect(starts[0]).toEqual({ resumed: 0, first: 0 });
  for (const { resumed, first } of starts.slice(1)) {
    expect(resumed).toBe(5);
    expect(first).toBeGreaterThan(50);
  }

  const store = await startedStore(folder, databaseUrl === undefined ? {} : { databaseUrl });
  const bars = await store.bars.read({ instrumentId: 1, timeframe: "1m", from: 0, to: Number.POSITIVE_INFINITY });
  const sets = await store.snapshots.list();
  await store.stop();
  expect(bars.length).toBe(COUNT);
  expect(sets).toHaveLength(10);
  expect(bars.rev.filter((rev) => rev > 1).length, "bars that got a late part").toBeGreaterThan(30);
  const told = new Map<string, Map<number, (number | null)[]>>();
  for (const { of, time, values } of last)
    if (of !== undefined) told.set(of, (told.get(of) ?? new Map<number, (number | null)[]>()).set(time!, values!));
  const since = bars.time[starts.at(-1)!.first]!;
  for (const id of ["EMA:20", "RSI:14", "BB:20:2", "SUPERTREND", "VWAP"]) {
    const resolved = parseIndicatorList("", id)[0]!.resolved;
    const plots = valuesOf(resolved, bars);
    const heard = told.get(resolved.definition.id)!;
    for (let row = 0; row < bars.length; row++) {
      if (bars.time[row]! < since) continue;
      plots.forEach((plot, place) => {
        const value = heard.get(bars.time[row]!)![place];
        if (Number.isNaN(plot[row]!)) expect(value).toBeNull();
        else expect(value, `${id} at bar ${row}`).toBeCloseTo(plot[row]!, 6);
      });
    }
  }
};

describe("indicators of a process that is killed", () => {
  it("go on as if nothing had been, on the embedded database", () => survives(5), 240_000);

  const serverUrl = process.env["TEST_DATABASE_URL"];
  it.skipIf(serverUrl === undefined)(
    "go on as if nothing had been, on a server",
    async () => {
      try {
        await survives(17, await ownDatabase(serverUrl!, "indicators"));
      } finally {
        await dropDatabases();
      }
    },
    240_000,
  );
});
