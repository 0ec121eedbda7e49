import {
  appendFile,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { storedBooks } from "@/server/domain/ticks/order-book";
import { storedTicks } from "@/server/domain/ticks/stored-ticks";
import { silentLog } from "@/server/observe/log";
import { type BarRecord, isBarRecord } from "@/server/pipeline/persist";
import { isBookRecord } from "@/server/pipeline/record-books";
import { isTickRecord, type TickRecord } from "@/server/pipeline/record-ticks";
import type { Log } from "@/server/ports/observe";
import type { BookRun } from "@/server/ports/order-books";
import type { SetAside, Spool } from "@/server/ports/spool";
import { storedBar } from "@/server/testing/store-suite-rows";
import { openSpool, recordsIn } from "./spool";

const said: string[] = [];
const log: Log = {
  info: () => {},
  warn: (text) => {
    said.push(text);
  },
  error: (text) => {
    said.push(text);
  },
  with: () => log,
};

describe("the spool", () => {
  let folder: string;
  beforeEach(async () => {
    said.length = 0;
    folder = await mkdtemp(path.join(tmpdir(), "candela-spool-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const spool = (limitBytes = 1e7): Promise<Spool<unknown>> => openSpool(folder, { limitBytes, log });
  const all = async (one: Spool<unknown>): Promise<unknown[]> => {
    const records: unknown[] = [];
    for (let record = await one.first(); record !== null; record = await one.first()) {
      records.push(record);
      await one.shift();
    }
    return records;
  };

  it("gives back what was appended, in order, typed arrays included, over any number of restarts", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ rows: fc.array(fc.integer(), { maxLength: 20 }), reopen: fc.boolean(), take: fc.boolean() }),
          { maxLength: 12 },
        ),
        async (steps) => {
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
            if (take) {
              got.push(await one.first());
              await one.shift();
            }
          }
          expect([...got, ...(await all(one))]).toEqual(expected);
          expect(await readdir(folder)).toEqual([]);
          await one.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it("sets the record a crash has cut short aside, and keeps those before it", async () => {
    const one = await spool();
    await one.append("first");
    await one.append("second");
    await one.close();
    const file = path.join(folder, (await readdir(folder))[0]!);
    const whole = await readFile(file);
    await truncate(file, whole.length - 3);
    const again = await spool();
    expect([await all(again), said, await readdir(folder)]).toEqual([
      ["first"],
      [expect.stringContaining("truncated")],
      ["00000001.spool.damaged"],
    ]);
    expect(whole.includes(await readFile(path.join(folder, "00000001.spool.damaged")))).toBe(true);
    await again.close();
  });

  it("leaves alone what it has not written, and says so", async () => {
    const one = await spool();
    await one.append("first");
    await one.close();
    const sound = await readFile(await fileIn());
    for (const name of ["backup.spool", "00000001 (1).spool", "1.spool"])
      await writeFile(path.join(folder, name), sound);
    await mkdir(path.join(folder, "00000009.spool"));
    const before = (await readdir(folder)).filter((name) => name !== "00000001.spool");
    const again = await spool();
    expect([again.records, said]).toEqual([1, [expect.stringContaining("other files")]]);
    for (let turn = 0; turn < 10; turn++) await again.append(turn);
    expect(await all(again)).toEqual(["first", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await again.close();
    expect(await readdir(folder)).toEqual(before);
  });

  it("deletes nothing it cannot read: a file of junk, a last record with more than one fault, a cut before the last file", async () => {
    const kept = async (name: string, bytes: Buffer): Promise<void> => {
      expect((await readFile(path.join(folder, `${name}.damaged`))).equals(bytes)).toBe(true);
      await rm(path.join(folder, `${name}.damaged`));
    };
    const record = async (text: string): Promise<Buffer> => {
      const one = await spool();
      await one.append(text);
      await one.close();
      const bytes = await readFile(await fileIn());
      await rm(await fileIn());
      return bytes;
    };
    const [first, second] = [await record("first"), await record("second")];
    const junk = Buffer.alloc(500, "junk ");
    await writeFile(path.join(folder, "00000004.spool"), junk);
    const asides: SetAside[] = [];
    const open = (): Promise<Spool<unknown>> =>
      openSpool(folder, { limitBytes: 1e7, log, onAside: (part) => asides.push(part) });
    expect([(await open()).records, asides.length]).toEqual([0, 1]);
    await kept("00000004.spool", junk);
    const faulty = Buffer.from(second);
    faulty[1]! ^= 1;
    faulty[12]! ^= 1;
    await writeFile(path.join(folder, "00000004.spool"), Buffer.concat([first, faulty]));
    expect(await all(await open())).toEqual(["first"]);
    await kept("00000004.spool", faulty);
    await writeFile(path.join(folder, "00000004.spool"), second.subarray(0, -2));
    await writeFile(path.join(folder, "00000005.spool"), first);
    asides.length = 0;
    expect([await all(await open()), asides.length]).toEqual([["first"], 1]);
    await kept("00000004.spool", second.subarray(0, -2));
  });

  it("keeps a file it cannot mend, whatever of it has been read", async () => {
    const one = await spool();
    for (const text of ["first", "second"]) await one.append(text);
    await one.close();
    await change((bytes) => {
      bytes[bytes.indexOf("second") + 2]! ^= 1;
    });
    const bytes = await readFile(await fileIn());
    await mkdir(path.join(folder, "00000001.spool.damaged"));
    const again = await spool();
    expect(await all(again)).toEqual(["first"]);
    await again.close();
    expect((await readFile(await fileIn())).equals(bytes)).toBe(true);
  });

  const fileIn = async (): Promise<string> =>
    path.join(
      folder,
      (await readdir(folder)).find((name) => name.endsWith(".spool"))!,
    );
  const change = async (by: (bytes: Buffer) => Buffer | void): Promise<void> => {
    const file = await fileIn();
    const bytes = await readFile(file);
    await writeFile(file, by(bytes) ?? bytes);
  };

  it("sets a damaged part aside and keeps what stands before and behind it", async () => {
    const one = await spool();
    for (const text of ["first", "second", "third"]) await one.append(text);
    await one.close();
    await change((bytes) => {
      bytes[bytes.indexOf("second") + 2]! ^= 1;
    });
    const asides: SetAside[] = [];
    const again = await openSpool(folder, { limitBytes: 1e7, log, onAside: (part) => asides.push(part) });
    expect([await all(again), said]).toEqual([["first", "third"], [expect.stringContaining("set aside")]]);
    expect(await readdir(folder)).toEqual([expect.stringContaining(".damaged")]);
    expect(asides).toMatchObject([
      { file: path.join(folder, "00000001.spool.damaged"), reason: expect.stringMatching(/damaged/) as unknown },
    ]);
    expect((await readFile(asides[0]!.file)).length).toBe(asides[0]!.bytes);
    await again.close();
  });

  it("does not tell of the same damage again at the next start", async () => {
    const one = await spool();
    for (const text of ["first", "second", "third"]) await one.append(text);
    await one.close();
    await change((bytes) => {
      bytes[bytes.indexOf("first") + 2]! ^= 1;
    });
    await (await spool()).close();
    said.length = 0;
    const again = await spool();
    expect([again.records, said, await all(again)]).toEqual([2, [], ["second", "third"]]);
    await again.close();
  });

  it("passes over a record that is damaged, or whose file is removed, while it runs", async () => {
    const one = await spool();
    for (const text of ["first", "second", "third"]) await one.append(text);
    await change((bytes) => {
      bytes[bytes.indexOf("second") + 2]! ^= 1;
    });
    expect(await one.first()).toBe("first");
    await one.shift();
    expect(await one.first()).toBe("third");
    await one.close();
    const again = await spool();
    await rm(await fileIn());
    expect([await again.first(), again.records]).toEqual([null, 0]);
    await again.append("later");
    expect(await all(again)).toEqual(["later"]);
    await again.close();
  });

  it("sets aside what has another shape, or is of another version, and goes on with the rest", async () => {
    const asides: SetAside[] = [];
    const isText = (record: unknown): record is string => typeof record === "string";
    const one = await openSpool<unknown>(folder, { limitBytes: 1e7, log });
    for (const record of ["first", { of: "another version" }, "second"]) await one.append(record);
    await one.close();
    // A format of v8 that this version of Node does not read, with a checksum that is right.
    const strange = Buffer.from([0xff, 0x3f, 1, 2, 3]);
    const head = Buffer.alloc(8);
    head.writeUInt32LE(strange.length, 0);
    head.writeUInt32LE(crc32(strange), 4);
    await appendFile(await fileIn(), Buffer.concat([head, strange]));
    const again = await openSpool<string>(folder, {
      limitBytes: 1e7,
      log,
      accepts: isText,
      onAside: (part) => asides.push(part),
    });
    await again.append("third");
    expect(await all(again)).toEqual(["first", "second", "third"]);
    expect(asides.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("not a valid record"),
      expect.stringContaining("cannot be read"),
    ]);
    await again.close();
  });

  // Every bit of a small spool in turn: at most its own record is lost, and none after it; a flipped length loses
  // nothing.
  const block = (rows: number): TickRecord => {
    const ticks = storedTicks(rows);
    ticks.length = rows;
    ticks.time.fill(1.7e12);
    return { runs: [{ instrumentId: 7, first: 0, end: rows }], ticks };
  };
  const bars = (count: number): BarRecord => ({
    how: "merge",
    bars: Array.from({ length: count }, (_, at) => storedBar(7, at)),
  });
  const books = (rows: number): BookRun[] => {
    const held = storedBooks(rows);
    held.length = rows;
    held.figures.fill(255);
    return [{ instrumentId: 7, books: held }];
  };
  it.each<[string, (record: unknown) => record is unknown, unknown[]]>([
    ["bars", isBarRecord as never, [bars(1), bars(2), bars(1)]],
    ["ticks", isTickRecord as never, [block(1), block(2), block(1)]],
    ["books", isBookRecord as never, [books(1), books(1)]],
  ])("of %s loses at most the record in which a bit is flipped", async (_, accepts, records) => {
    const one = await spool();
    const ends: number[] = [];
    for (const record of records) {
      expect(accepts(record)).toBe(true);
      await one.append(record);
      ends.push(one.bytes);
    }
    await one.close();
    const file = await fileIn();
    const sound = await readFile(file);
    const held = records.map((record) => deserialize(serialize(record)) as unknown);
    const lost = (bit: number): { hit: number; isLength: boolean } => {
      const hit = ends.findIndex((end) => bit >> 3 < end);
      return { hit, isLength: (bit >> 3) - (ends[hit - 1] ?? 0) < 4 };
    };
    const flipped = (bit: number): Buffer => {
      const bytes = Buffer.from(sound);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      return bytes;
    };
    for (let bit = 0; bit < sound.length * 8; bit++) {
      const { hit, isLength } = lost(bit);
      const whole = ends
        .map((end, at) => ({ offset: (ends[at - 1] ?? 0) + 8, length: end - (ends[at - 1] ?? 0) - 8 }))
        .filter((__, at) => isLength || at !== hit);
      if (!isDeepStrictEqual(recordsIn(flipped(bit)).records, whole)) throw new Error(`bit ${bit} of record ${hit}`);
    }
    // The same through the files, a bit in 97: a start, what is set aside, and what is read.
    for (let bit = 0; bit < sound.length * 8; bit += 97) {
      let told = 0;
      await writeFile(file, flipped(bit));
      const again = await openSpool<unknown>(folder, {
        limitBytes: 1e7,
        log: silentLog(),
        accepts,
        onAside: () => {
          told++;
        },
      });
      const { hit, isLength } = lost(bit);
      const got = await all(again);
      await again.close();
      if (!isDeepStrictEqual(got, isLength ? held : held.filter((__, at) => at !== hit)))
        throw new Error(`bit ${bit} of record ${hit}: ${got.length} records`);
      expect(told).toBe(isLength ? 0 : 1);
      await rm(`${file}.damaged`, { force: true });
    }
  });

  it("finds its records again behind any damage: bytes changed, cut out or put in", async () => {
    const damage = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      cut: fc.nat(40),
      put: fc.uint8Array({ maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 60 }), { minLength: 2, maxLength: 8 }),
        damage,
        async (texts, { at, cut, put }) => {
          const one = await spool();
          const ends: number[] = [];
          for (const text of texts) {
            await one.append(text);
            ends.push(one.bytes);
          }
          await one.close();
          let from = 0;
          let to = 0;
          await change((bytes) => {
            from = Math.floor(at * bytes.length);
            to = Math.min(bytes.length, from + cut);
            return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(to)]);
          });
          const again = await spool();
          const got = await all(again);
          await again.close();
          const whole = texts.filter((_, place) => ends[place]! <= from || (ends[place - 1] ?? 0) >= to);
          // What the damage did not touch is there, in order; a record it touched may be.
          let found = 0;
          for (const record of got) if (record === whole[found]) found++;
          expect([found, got.length <= texts.length]).toEqual([whole.length, true]);
          for (const name of await readdir(folder)) await rm(path.join(folder, name));
        },
      ),
      { numRuns: 150 },
    );
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
      // What fits is written: a part of the record's bytes.
      partly: (share: number) => {
        vi.spyOn(handle, "appendFile").mockImplementationOnce(async function partly(this: FileHandle, bytes) {
          await append.call(this, (bytes as Buffer).subarray(0, Math.floor(share * (bytes as Buffer).length)));
          throw full;
        });
      },
      unsynced: () => {
        vi.spyOn(handle, "sync").mockRejectedValueOnce(full);
      },
      stuck: (share: number) => {
        faults.partly(share);
        vi.spyOn(handle, "truncate").mockRejectedValueOnce(full);
      },
    };
    let run = 0;
    const step = fc.record({
      fault: fc.constantFrom(...(Object.keys(faults) as (keyof typeof faults)[])),
      share: fc.double({ min: 0, max: 0.99, noNaN: true }),
      size: fc.nat(300),
      take: fc.boolean(),
      reopen: fc.boolean(),
    });
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
          const own = path.join(folder, String(++run));
          let one = await openSpool<string>(own, { limitBytes: 1e7, log });
          const waiting: string[] = [];
          for (const [turn, { fault, share, size, take, reopen }] of steps.entries()) {
            const record = `${turn} ${"x".repeat(size)}`;
            faults[fault](share);
            const taken = await one.append(record).then(
              () => true,
              () => false,
            );
            expect(taken).toBe(fault === "none");
            if (taken) waiting.push(record);
            vi.restoreAllMocks();
            if (take && waiting.length > 0) {
              expect(await one.first()).toBe(waiting.shift());
              await one.shift();
            }
            if (!reopen) continue;
            await one.close();
            one = await openSpool<string>(own, { limitBytes: 1e7, log });
            // From a file that is not yet read to its end everything comes again, and nothing else.
            const found = await all(one);
            expect(found.slice(found.length - waiting.length)).toEqual(waiting);
            waiting.length = 0;
          }
          expect(await all(one)).toEqual(waiting);
          await one.close();
        }),
        { numRuns: 200 },
      );
    } finally {
      vi.restoreAllMocks();
    }
  });

  it("counts the bytes that wait: a file that was read to its end takes all of its own with it, and no others", async () => {
    const one = await spool();
    for (const text of ["first", "second", "third"]) await one.append(text);
    await one.close();
    const again = await spool();
    const before = again.bytes;
    await again.append("fourth");
    const fourth = again.bytes - before;
    for (let turn = 0; turn < 3; turn++) await again.shift();
    expect([again.bytes, (await readFile(await fileIn())).length]).toEqual([fourth, fourth]);
    expect([await all(again), again.bytes]).toEqual([["fourth"], 0]);
    await again.close();
  });

  it("keeps a record as it was when it was given, though its arrays are used again in the next moment", async () => {
    const one = await spool();
    const record = Float64Array.of(1, 2);
    const done = one.append(record);
    record.fill(9);
    await done;
    expect(await all(one)).toEqual([Float64Array.of(1, 2)]);
    await one.close();
  });

  it("is full at its limit to the byte, and warns again when it fills anew", async () => {
    const bytes = serialize("x".repeat(80)).length + 8;
    const one = await spool(bytes * 2);
    const put = (): Promise<void> => one.append("x".repeat(80));
    await put();
    await put();
    expect([one.bytes, said.length]).toEqual([bytes * 2, 2]);
    await expect(put()).rejects.toMatchObject({ code: "spool_full" });
    await all(one);
    await put();
    expect(said).toHaveLength(3);
    await one.close();
    await rm(await fileIn());
    const short = await spool(bytes - 1);
    await expect(short.append("x".repeat(80))).rejects.toMatchObject({ code: "spool_full" });
    await short.close();
  });

  it("refuses what is beyond its limit, and warns long before", async () => {
    const one = await spool(1_000);
    await expect(
      (async () => {
        for (let turn = 0; turn < 100; turn++) await one.append("x".repeat(50));
      })(),
    ).rejects.toMatchObject({ code: "spool_full" });
    expect(one.bytes).toBeLessThanOrEqual(1_000);
    expect(said).toHaveLength(3);
    await one.close();
  });
});
