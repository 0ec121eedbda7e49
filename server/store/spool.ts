import { copyFile, mkdir, open, readdir, rm, truncate, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { AppError } from "@/server/domain/errors";
import type { Log } from "@/server/ports/observe";
import type { Spool } from "@/server/ports/spool";

/** A file is deleted as a whole when all of it has been stored. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Length and checksum before each record, four bytes each. */
const HEAD_BYTES = 8;
const EXTENSION = ".spool";
/** Shares of the limit at which a person is warned. */
const WARNINGS = [0.25, 0.5, 0.9];

interface Place { segment: number; offset: number; length: number }

const fileOf = (folder: string, segment: number): string => path.join(folder, `${String(segment).padStart(8, "0")}${EXTENSION}`);

/**
 * An append-only spool of one folder. A record that was cut short by a crash is dropped when the folder is opened again: its
 * `append` never resolved. A damaged file is put aside, never deleted, and what stood before the damage is kept.
 */
export const openSpool = async <T>(folder: string, options: { limitBytes: number; log: Log }): Promise<Spool<T>> => {
  const { limitBytes, log } = options;
  await mkdir(folder, { recursive: true });
  const places: Place[] = [];
  let bytes = 0;
  let writer: FileHandle | null = null;
  let reader: { segment: number; file: FileHandle } | null = null;
  let warned = 0;
  /** Appends one after the other. */
  let line: Promise<unknown> = Promise.resolve();

  const known = (await readdir(folder)).filter((name) => name.endsWith(EXTENSION)).map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
  for (const segment of known) {
    const { records, end, size, damaged } = await recordsIn(fileOf(folder, segment));
    for (const { offset, length } of records) places.push({ segment, offset, length });
    bytes += end;
    const file = fileOf(folder, segment);
    if (size === 0) await rm(file);
    if (end === size) continue;
    if (damaged) {
      await copyFile(file, `${file}.damaged`);
      log.error("the spool is damaged; what stands behind the damage cannot be read and is kept aside", { file: `${file}.damaged`, bytes: size - end });
    } else log.warn("a record of the spool was cut short by a crash and is dropped", { file, bytes: size - end });
    await truncate(file, end);
  }
  let segment = (known.at(-1) ?? 0) + 1;
  let offset = 0;

  /** Ends the file that is written to: what is appended next begins another. */
  const endFile = async (): Promise<void> => {
    if (writer === null) return;
    const ended = writer;
    writer = null;
    segment++;
    offset = 0;
    await ended.close();
  };

  const roll = async (): Promise<FileHandle> => {
    if (offset >= SEGMENT_BYTES) await endFile();
    return writer ??= await open(fileOf(folder, segment), "a");
  };

  /** A disk that is full has taken a part of the record: it goes again, or no later one stands where it is looked for. */
  const write = async (record: Buffer): Promise<void> => {
    const file = await roll();
    try {
      await file.appendFile(record);
      await file.sync();
    } catch (cause) {
      await file.truncate(offset).catch(endFile);
      throw cause;
    }
  };

  const warn = (): void => {
    const share = bytes / limitBytes;
    if (share < WARNINGS[0]!) warned = 0;
    const level = WARNINGS.filter((each) => share >= each).length;
    if (level > warned) log.warn("the spool fills: the store is away", { percent: Math.round(share * 100), bytes, limitBytes });
    warned = Math.max(warned, level);
  };

  const append = async (body: Buffer): Promise<void> => {
    if (bytes + HEAD_BYTES + body.length > limitBytes) throw new AppError("spool_full", `The spool ${folder} is full (${limitBytes} bytes); records wait in memory.`, { details: { bytes, limitBytes } });
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt32LE(body.length, 0);
    head.writeUInt32LE(crc32(body), 4);
    await write(Buffer.concat([head, body]));
    places.push({ segment, offset: offset + HEAD_BYTES, length: body.length });
    offset += HEAD_BYTES + body.length;
    bytes += HEAD_BYTES + body.length;
    warn();
  };

  const inTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const next = line.then(work);
    line = next.catch(() => undefined);
    return next;
  };

  const closeReader = async (): Promise<void> => { await reader?.file.close(); reader = null; };

  return {
    get records() { return places.length; },
    get bytes() { return bytes; },
    append: (record) => {
      const body = serialize(record); // now: its arrays may be used again in the next moment
      return inTurn(() => append(body));
    },
    first: () => inTurn(async () => {
      const place = places[0];
      if (place === undefined) return null;
      if (reader?.segment !== place.segment) { await closeReader(); reader = { segment: place.segment, file: await open(fileOf(folder, place.segment), "r") }; }
      const body = Buffer.alloc(place.length);
      await reader.file.read(body, 0, place.length, place.offset);
      return deserialize(body) as T;
    }),
    shift: () => inTurn(async () => {
      const place = places.shift();
      if (place === undefined) return;
      if (places[0]?.segment === place.segment) return;
      // The last of its file: the file goes, also the one that is written to.
      await closeReader();
      if (place.segment === segment) await endFile();
      const file = fileOf(folder, place.segment);
      await rm(file, { force: true }).catch((cause: unknown) => log.warn("a file of the spool could not be removed; its records come again at the next start", { file, cause: String(cause) }));
      bytes = places.length === 0 ? 0 : Math.max(0, bytes - place.offset - place.length);
      warn();
    }),
    close: () => inTurn(async () => { await closeReader(); await writer?.close(); writer = null; }),
  };
};

/** Whole records of a file, where the last of them ends, and whether what follows is more than a record that was cut short. */
const recordsIn = async (file: string): Promise<{ records: { offset: number; length: number }[]; end: number; size: number; damaged: boolean }> => {
  const handle = await open(file, "r");
  const records: { offset: number; length: number }[] = [];
  let end = 0;
  try {
    const { size } = await handle.stat();
    const head = Buffer.alloc(HEAD_BYTES);
    while (end + HEAD_BYTES <= size) {
      await handle.read(head, 0, HEAD_BYTES, end);
      const length = head.readUInt32LE(0);
      if (end + HEAD_BYTES + length > size) break;
      const body = Buffer.alloc(length);
      await handle.read(body, 0, length, end + HEAD_BYTES);
      if (crc32(body) !== head.readUInt32LE(4)) return { records, end, size, damaged: true };
      records.push({ offset: end + HEAD_BYTES, length });
      end += HEAD_BYTES + length;
    }
    return { records, end, size, damaged: false };
  } finally {
    await handle.close();
  }
};
