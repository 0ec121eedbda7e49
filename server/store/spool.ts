import type { Dirent } from "node:fs";
import { appendFile, mkdir, open, readdir, readFile, rename, rm, truncate, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { deserialize, serialize } from "node:v8";
import { crc32 } from "node:zlib";
import { AppError } from "@/server/domain/basics/errors";
import type { Log } from "@/server/ports/observe";
import type { SetAside, Spool } from "@/server/ports/spool";

/** A file is deleted as a whole when all of its records are stored. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Length and checksum before each record, four bytes each. */
const HEAD_BYTES = 8;
const EXTENSION = ".spool";
const OWN_NAME = /^\d{8}\.spool$/;
/** Shares of the limit at which a person is warned. */
const WARNINGS = [0.25, 0.5, 0.9];
/** Number of foreign files that are named. */
const MOST_NAMES = 5;

interface Place {
  segment: number;
  offset: number;
  length: number;
  crc: number;
}

export interface SpoolOptions<T> {
  limitBytes: number;
  log: Log;
  /** Checks whether a record has the shape its reader expects; another version's may not. */
  accepts?(record: unknown): record is T;
  /** Called for every part that is set aside. */
  onAside?(part: SetAside): void;
}

const fileOf = (folder: string, segment: number): string =>
  path.join(folder, `${String(segment).padStart(8, "0")}${EXTENSION}`);
const asideOf = (file: string): string => `${file}.damaged`;

/**
 * An append-only spool in one folder. A record truncated by a crash is removed when the folder is opened again; its
 * `append` never resolved. Like every damaged part it is set aside, never deleted, and the records before and after it
 * are kept.
 */
export const openSpool = async <T>(folder: string, options: SpoolOptions<T>): Promise<Spool<T>> => {
  const { limitBytes, log } = options;
  await mkdir(folder, { recursive: true });
  const places: Place[] = [];
  /** Files with more content than was readable; they stay. */
  const unmended = new Set<number>();
  let bytes = 0;
  let writer: FileHandle | null = null;
  let reader: { segment: number; file: FileHandle } | null = null;
  let warned = 0;
  /** Appends one after the other. */
  let line: Promise<unknown> = Promise.resolve();

  /** Into the file beside, before it leaves its own; a disk that is full keeps it where it is. */
  const keepAside = async (file: string, part: Buffer, reason: string, isCut = false): Promise<void> => {
    const aside = asideOf(file);
    await appendFile(aside, part);
    // Its append was never confirmed, so nothing is lost.
    if (isCut) {
      log.warn("a spool record truncated by a crash was set aside", { file: aside, bytes: part.length });
      return;
    }
    log.error("a damaged part of the spool was set aside; the rest continues", {
      file: aside,
      bytes: part.length,
      reason,
    });
    options.onAside?.({ file: aside, bytes: part.length, reason });
  };

  const held = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => name.endsWith(EXTENSION));
  const isOwn = (each: Dirent): boolean => OWN_NAME.test(each.name) && each.isFile();
  const strangers = held.filter((each) => !isOwn(each)).map(({ name }) => name);
  if (strangers.length > 0)
    log.warn("the spool folder contains other files; they are left alone", {
      folder,
      names: strangers.slice(0, MOST_NAMES),
      count: strangers.length,
    });
  const known = held
    .filter(isOwn)
    .map(({ name }) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
  for (const segment of known) {
    const file = fileOf(folder, segment);
    const content = await readFile(file);
    if (content.length === 0) {
      await rm(file);
      continue;
    }
    const found = recordsIn(content);
    // Only the file that was written to last can end in the middle of a record.
    const isCut = found.cut > 0 && segment === known.at(-1);
    if (found.cut > 0 && !isCut) found.damaged.push({ from: content.length - found.cut, to: content.length });
    let at = 0;
    let own = found.records.map(({ offset, length }): Place => ({
      segment,
      offset,
      length,
      crc: crc32(content.subarray(offset, offset + length)),
    }));
    const together = own.map((place): Place => {
      at += HEAD_BYTES + place.length;
      return { ...place, offset: at - place.length };
    });
    if (found.mended || found.damaged.length > 0 || isCut) {
      try {
        for (const { from, to } of found.damaged)
          await keepAside(file, content.subarray(from, to), `bytes ${from} to ${to} are damaged`);
        if (isCut) await keepAside(file, content.subarray(content.length - found.cut), "", true);
        if (found.mended || found.damaged.length > 0)
          await replaceFile(
            file,
            Buffer.concat(
              found.records.flatMap(({ offset, length }) => [
                headOf(content.subarray(offset, offset + length)),
                content.subarray(offset, offset + length),
              ]),
            ),
          );
        else await truncate(file, content.length - found.cut);
        own = together;
      } catch (cause) {
        // The disk is full: complete records are read in place, and the rest is examined at the next start.
        unmended.add(segment);
        log.error("could not repair a damaged spool file; it is left as it is", { file, cause: String(cause) });
      }
    }
    if (own.length === 0 && !unmended.has(segment)) await rm(file, { force: true });
    places.push(...own);
    bytes += at;
  }
  let segment =
    Math.max(0, ...held.filter(({ name }) => OWN_NAME.test(name)).map(({ name }) => Number.parseInt(name, 10))) + 1;
  let offset = 0;

  /** Ends the current file; the next record starts another. */
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
    return (writer ??= await open(fileOf(folder, segment), "a"));
  };

  /**
   * A full disk has written part of the record. It is removed, or later records would not be where they are expected.
   */
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
    if (level > warned)
      log.warn("the spool is filling up: the database is unavailable", {
        percent: Math.round(share * 100),
        bytes,
        limitBytes,
      });
    warned = Math.max(warned, level);
  };

  const append = async (body: Buffer): Promise<void> => {
    if (bytes + HEAD_BYTES + body.length > limitBytes)
      throw new AppError("spool_full", `The spool ${folder} is full (${limitBytes} bytes); records wait in memory.`, {
        details: { bytes, limitBytes },
      });
    const head = headOf(body);
    await write(Buffer.concat([head, body]));
    places.push({ segment, offset: offset + HEAD_BYTES, length: body.length, crc: head.readUInt32LE(4) });
    offset += HEAD_BYTES + body.length;
    bytes += HEAD_BYTES + body.length;
    warn();
  };

  const inTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const next = line.then(work);
    line = next.catch(() => undefined);
    return next;
  };

  const closeReader = async (): Promise<void> => {
    await reader?.file.close();
    reader = null;
  };

  const bodyOf = async (place: Place): Promise<Buffer> => {
    if (reader?.segment !== place.segment) {
      await closeReader();
      reader = { segment: place.segment, file: await open(fileOf(folder, place.segment), "r") };
    }
    const body = Buffer.alloc(place.length);
    const { bytesRead } = await reader.file.read(body, 0, place.length, place.offset);
    return body.subarray(0, bytesRead);
  };

  const shift = async (): Promise<void> => {
    const place = places.shift();
    if (place === undefined) return;
    if (places[0]?.segment === place.segment) return;
    // The last record of its file: the file is deleted, even the current one.
    await closeReader();
    if (place.segment === segment) await endFile();
    const file = fileOf(folder, place.segment);
    if (!unmended.has(place.segment))
      await rm(file, { force: true }).catch((cause: unknown) =>
        log.warn("could not remove a spool file; its records are replayed at the next start", {
          file,
          cause: String(cause),
        }),
      );
    bytes = places.length === 0 ? 0 : Math.max(0, bytes - place.offset - place.length);
    warn();
  };

  const setAside = async (reason: string): Promise<void> => {
    const place = places[0];
    if (place === undefined) return;
    const body = await bodyOf(place).catch(absent);
    await keepAside(
      fileOf(folder, place.segment),
      body === null ? Buffer.alloc(0) : Buffer.concat([headOf(body), body]),
      reason,
    );
    await shift();
  };

  /** The record, or why it is none. */
  const recordOf = async (place: Place): Promise<{ record: T } | { reason: string }> => {
    const body = await bodyOf(place).catch(absent);
    if (body === null) return { reason: "its file is missing" };
    if (body.length !== place.length || crc32(body) !== place.crc)
      return { reason: "it was damaged after it was written" };
    try {
      const record: unknown = deserialize(body);
      if (options.accepts?.(record) === false) return { reason: "it is not a valid record" };
      return { record: record as T };
    } catch (cause) {
      return { reason: `it cannot be read: ${(cause as Error).message}` };
    }
  };

  return {
    get records() {
      return places.length;
    },
    get bytes() {
      return bytes;
    },
    append: (record) => {
      const body = serialize(record); // now: its arrays may be used again in the next moment
      return inTurn(() => append(body));
    },
    first: () =>
      inTurn(async () => {
        for (let place = places[0]; place !== undefined; place = places[0]) {
          const found = await recordOf(place);
          if ("record" in found) return found.record;
          await setAside(found.reason);
        }
        return null;
      }),
    shift: () => inTurn(shift),
    close: () =>
      inTurn(async () => {
        await closeReader();
        await writer?.close();
        writer = null;
      }),
  };
};

/** Somebody removed the file; any other error with it is retried. */
const absent = (cause: NodeJS.ErrnoException): null => {
  if (cause.code !== "ENOENT") throw cause;
  return null;
};

const headOf = (body: Buffer): Buffer => {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(body.length, 0);
  head.writeUInt32LE(crc32(body), 4);
  return head;
};

/** All of the new content or all of the old, whenever the machine stops. */
const replaceFile = async (file: string, content: Buffer): Promise<void> => {
  const next = `${file}.mended`;
  const handle = await open(next, "w");
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(next, file);
};

interface Found {
  records: { offset: number; length: number }[];
  /** Stretches that are no record. */
  damaged: { from: number; to: number }[];
  /** Bytes at the end that are the beginning of a record: a crash has cut it short. */
  cut: number;
  /** A length was wrong, and its record is whole all the same. */
  mended: boolean;
}

/** What `serialize` writes first: a mark and the version of its format. */
const MARK = 0xff;
const MOST_VERSION = 0x3f;

/** Length of the body of a complete record at an offset; -1 if there is none. */
const wholeAt = (content: Buffer, at: number): number => {
  const body = at + HEAD_BYTES;
  if (body + 2 > content.length) return -1;
  const length = content.readUInt32LE(at);
  if (length < 2 || body + length > content.length || content[body] !== MARK || content[body + 1]! > MOST_VERSION)
    return -1;
  return crc32(content.subarray(body, body + length)) === content.readUInt32LE(at + 4) ? length : -1;
};

/**
 * The records of a file. After damage, the next complete record is searched byte by byte. What lies between is the
 * damage, unless only a record's length is wrong, which its checksum shows.
 */
export const recordsIn = (content: Buffer): Found => {
  const found: Found = { records: [], damaged: [], cut: 0, mended: false };
  const size = content.length;
  for (let at = 0; at < size;) {
    const length = wholeAt(content, at);
    if (length >= 0) {
      found.records.push({ offset: at + HEAD_BYTES, length });
      at += HEAD_BYTES + length;
      continue;
    }
    let next = at + 1;
    while (next < size && wholeAt(content, next) < 0) next++;
    const body = at + HEAD_BYTES;
    const declared = body <= size ? content.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (body < next && crc32(content.subarray(body, next)) === content.readUInt32LE(at + 4)) {
      found.records.push({ offset: body, length: next - body });
      found.mended = true;
    } else if (next === size && declared > size - body && (body >= size || content[body] === MARK))
      found.cut = size - at;
    else found.damaged.push({ from: at, to: next });
    at = next;
  }
  return found;
};
