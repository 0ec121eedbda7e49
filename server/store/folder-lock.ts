import { mkdir, readFile, realpath, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { AppError } from "@/server/domain/basics/errors";
import { isRunning, startOf } from "./leases-process";

interface Owner {
  pid: number;
  /**
   * The owner's machine. A copied folder contains another machine's lock, whose process numbers mean nothing here.
   * Absent in older locks.
   */
  host?: string;
  /** When that process started, in the system's format; distinguishes it from a later process with the same number. */
  started: string | null;
  /** The folder it locks, by its path and its number on its disk: a copy is another by both. Absent in older locks. */
  path?: string;
  inode?: string;
}

type Place = Required<Pick<Owner, "path" | "inode">>;

const placeOf = async (folder: string): Promise<Place> => {
  const { dev, ino } = await stat(folder, { bigint: true });
  return { path: await realpath(folder), inode: `${dev}:${ino}` };
};
/** One folder may be mounted at two paths, and some disks renumber it, so neither alone proves anything. */
const isOf = (owner: Owner, { path, inode }: Place): boolean =>
  owner.path === undefined || owner.path === path || owner.inode === inode;

/** Its owner needs milliseconds. */
const GUARD_STALE_MS = 1_500;
const GUARD_WAIT_MS = 10_000;

const ownerIn = async (file: string): Promise<Owner | null> => {
  try {
    const owner = JSON.parse(await readFile(file, "utf8")) as Owner;
    return Number.isInteger(owner.pid) ? owner : null;
  } catch {
    return null; // gone, or cut short by a crash
  }
};

const create = async (file: string, place: Place): Promise<boolean> => {
  try {
    await writeFile(
      file,
      JSON.stringify({ pid: process.pid, host: hostname(), started: startOf(process.pid), ...place }),
      { flag: "wx" },
    );
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    // A full disk: a partly written file says nothing about its owner.
    await rm(file, { force: true });
    throw error;
  }
};

/** Runs alone among processes: two that find the same dead owner must not both take over. */
const guarded = async <T>(guard: string, now: number, work: () => Promise<T>): Promise<T> => {
  const began = performance.now();
  while (!(await makes(guard))) {
    const passed = performance.now() - began;
    if (passed > GUARD_WAIT_MS)
      throw new AppError("locked", `Another process is opening ${guard.replace(/\.lock\.guard$/, "")}; try again.`, {
        retryable: true,
      });
    // Left by a process that was killed in these few milliseconds.
    const left = await stat(guard).catch(() => null);
    if (left !== null && now + passed - left.mtimeMs > GUARD_STALE_MS) await rmdir(guard).catch(() => undefined);
    await wait(20);
  }
  try {
    return await work();
  } finally {
    await rmdir(guard).catch(() => undefined);
  }
};

const makes = (folder: string): Promise<boolean> =>
  mkdir(folder).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "EEXIST") return false;
      throw error;
    },
  );

/**
 * Locks a data folder for this process, also if the previous owner is dead; returns the release function. Rejects with
 * `locked` while another living process (or another store of this one) holds it.
 */
export const lockFolder = async (folder: string, file: string, now: number): Promise<() => Promise<void>> => {
  await mkdir(folder, { recursive: true });
  const place = await placeOf(folder);
  const taken = await guarded(`${file}.guard`, now, async () => {
    const owner = await ownerIn(file);
    if (
      owner !== null &&
      isOf(owner, place) &&
      (owner.host ?? hostname()) === hostname() &&
      isRunning(owner.pid, owner.started)
    ) {
      throw new AppError(
        "locked",
        `Data folder ${folder} is in use by process ${owner.pid}; stop that process, or choose another folder with --data DIR.`,
        { details: { pid: owner.pid, folder } },
      );
    }
    await rm(file, { force: true });
    return create(file, place);
  });
  if (!taken)
    throw new AppError("locked", `Data folder ${folder} was locked by another process; try again.`, {
      retryable: true,
    });
  return async () => {
    await rm(file, { force: true });
  };
};
