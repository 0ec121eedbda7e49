import { appendFile, type FileHandle, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Log } from "@/server/ports/observe";
import type { Spool } from "@/server/ports/spool";
import { openSpool } from "./spool";

const said: string[] = [];
const log: Log = { info: () => {}, warn: (text) => { said.push(text); }, error: (text) => { said.push(text); }, with: () => log };

describe("the spool", () => {
  let folder: string;
  beforeEach(async () => { said.length = 0; folder = await mkdtemp(path.join(tmpdir(), "candela-spool-")); });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const spool = (limitBytes = 1e7): Promise<Spool<unknown>> => openSpool(folder, { limitBytes, log });
  const all = async (one: Spool<unknown>): Promise<unknown[]> => {
    const records: unknown[] = [];
    for (let record = await one.first(); record !== null; record = await one.first()) { records.push(record); await one.shift(); }
    return records;
  };

  it("gives back what was appended, in order, typed arrays included, over any number of restarts", async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.record({ rows: fc.array(fc.integer(), { maxLength: 20 }), reopen: fc.boolean(), take: fc.boolean() }), { maxLength: 12 }), async (steps) => {
      let one = await spool();
      const expected: Float64Array[] = [];
      const got: unknown[] = [];
      for (const { rows, reopen, take } of steps) {
        expected.push(Float64Array.from(rows));
        await one.append(Float64Array.from(rows));
        if (reopen) {
          await one.close();
          one = await spool();
          // A record that was taken before may come again.
          if (one.records > expected.length - got.length) got.splice(expected.length - one.records);
        }
        if (take) { got.push(await one.first()); await one.shift(); }
      }
      expect([...got, ...(await all(one))]).toEqual(expected);
      expect(await readdir(folder)).toEqual([]);
      await one.close();
    }), { numRuns: 60 });
  });

  it("drops the record a crash has cut short, and keeps those before it", async () => {
    const one = await spool();
    await one.append("first");
    await one.append("second");
    await one.close();
    const file = path.join(folder, (await readdir(folder))[0]!);
    await truncate(file, (await readFile(file)).length - 3);
    const again = await spool();
    expect([await all(again), said]).toEqual([["first"], [expect.stringContaining("cut short")]]);
    await again.close();
  });

  it("puts a damaged file aside and keeps what stands before the damage", async () => {
    const one = await spool();
    for (const text of ["first", "second", "third"]) await one.append(text);
    await one.close();
    const file = path.join(folder, (await readdir(folder))[0]!);
    const bytes = await readFile(file);
    bytes[bytes.indexOf("second") + 2]! ^= 1;
    await writeFile(file, bytes);
    await appendFile(file, "");
    const again = await spool();
    expect([await all(again), said]).toEqual([["first"], [expect.stringContaining("damaged")]]);
    expect(await readdir(folder)).toEqual([expect.stringContaining(".damaged")]);
    await again.close();
  });

  it("gives back exactly what was taken when the disk takes a part of a record, or takes it and cannot keep it", async () => {
    const probe = await open(path.join(folder, "probe"), "w");
    const handle = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    await rm(path.join(folder, "probe"));
    const { appendFile: append } = handle;
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const faults = {
      none: () => {},
      // What fits is written: a record of which a share of the bytes stands there.
      partly: (share: number) => { vi.spyOn(handle, "appendFile").mockImplementationOnce(async function partly(this: FileHandle, bytes) { await append.call(this, (bytes as Buffer).subarray(0, Math.floor(share * (bytes as Buffer).length))); throw full; }); },
      unsynced: () => { vi.spyOn(handle, "sync").mockRejectedValueOnce(full); },
      stuck: (share: number) => { faults.partly(share); vi.spyOn(handle, "truncate").mockRejectedValueOnce(full); },
    };
    let run = 0;
    const step = fc.record({ fault: fc.constantFrom(...Object.keys(faults) as (keyof typeof faults)[]), share: fc.double({ min: 0, max: 0.99, noNaN: true }), size: fc.nat(300), take: fc.boolean(), reopen: fc.boolean() });
    try {
      await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        const own = path.join(folder, String(++run));
        let one = await openSpool<string>(own, { limitBytes: 1e7, log });
        const waiting: string[] = [];
        for (const [turn, { fault, share, size, take, reopen }] of steps.entries()) {
          const record = `${turn} ${"x".repeat(size)}`;
          faults[fault](share);
          const taken = await one.append(record).then(() => true, () => false);
          expect(taken).toBe(fault === "none");
          if (taken) waiting.push(record);
          vi.restoreAllMocks();
          if (take && waiting.length > 0) { expect(await one.first()).toBe(waiting.shift()); await one.shift(); }
          if (!reopen) continue;
          await one.close();
          one = await openSpool<string>(own, { limitBytes: 1e7, log });
          // Of a file that is not yet read to its end all comes again, and nothing else.
          const found = await all(one);
          expect(found.slice(found.length - waiting.length)).toEqual(waiting);
          waiting.length = 0;
        }
        expect(await all(one)).toEqual(waiting);
        await one.close();
      }), { numRuns: 200 });
    } finally { vi.restoreAllMocks(); }
  });

  it("refuses what is beyond its limit, and warns long before", async () => {
    const one = await spool(1_000);
    await expect((async () => { for (let turn = 0; turn < 100; turn++) await one.append("x".repeat(50)); })()).rejects.toMatchObject({ code: "spool_full" });
    expect(one.bytes).toBeLessThanOrEqual(1_000);
    expect(said).toHaveLength(3);
    await one.close();
  });
});
