import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";

/**
 * What a separate reader has seen committed. A bar once seen may get a later revision but never disappears, whatever is
 * killed: an acknowledged commit promises that.
 */
export class Witness {
  private readonly seen = new Map<string, number>();
  private readonly pool: pg.Pool;
  private timer: NodeJS.Timeout | undefined;
  private since = 0;
  private looking = false;

  constructor(databaseUrl: string) {
    this.pool = new pg.Pool({ connectionString: databaseUrl, max: 1, connectionTimeoutMillis: 1_000 });
    this.pool.on("error", () => {});
  }

  start(): void {
    this.timer = setInterval(() => {
      void this.look();
    }, 250);
  }

  private async rows(since: number): Promise<[string, number, number][]> {
    const { rows } = await this.pool.query<[string, number, number]>({
      text: "SELECT concat_ws(' ', instrument_id, timeframe, extract(epoch FROM ts)::bigint), rev, (extract(epoch FROM written_at) * 1000)::float8 FROM bars WHERE written_at >= to_timestamp($1::float8 / 1000)",
      values: [since],
      rowMode: "array",
    });
    return rows;
  }

  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      // A second again: a transaction is dated by its begin and seen at its end.
      for (const [key, rev, written] of await this.rows(this.since - 5_000)) {
        this.seen.set(key, Math.max(rev, this.seen.get(key) ?? 0));
        this.since = Math.max(this.since, written);
      }
    } catch {
      /* the database is away, as it should be */
    } finally {
      this.looking = false;
    }
  }

  /** Bars it has seen, and those that are missing or older than before. */
  async verdict(): Promise<{ seen: number; gone: string[] }> {
    clearInterval(this.timer);
    const now = new Map((await this.rows(0)).map(([key, rev]) => [key, rev]));
    const gone = [...this.seen]
      .filter(([key, rev]) => (now.get(key) ?? 0) < rev)
      .map(
        ([key, rev]) =>
          `instrument, timeframe, time ${key}: revision ${rev} was committed, ${now.get(key) ?? "nothing"} is there`,
      );
    return { seen: this.seen.size, gone };
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.pool.end();
  }
}

/**
 * Readers who continuously request the newest seconds of one instrument after another: bars arrive in order and without
 * duplicates.
 */
export class Readers {
  answers = 0;
  readonly faults: string[] = [];
  private readonly ended = new AbortController();
  private work: Promise<unknown> = Promise.resolve();
  constructor(
    private readonly port: () => number,
    private readonly keys: readonly string[],
  ) {}

  start(count: number): void {
    this.work = Promise.all(Array.from({ length: count }, (_, reader) => this.read(reader)));
  }

  private async read(reader: number): Promise<void> {
    for (let turn = reader; !this.ended.signal.aborted; turn++) {
      const key = this.keys[turn % this.keys.length]!;
      try {
        const answer = await fetch(
          `http://127.0.0.1:${this.port()}/api/v1/bars/${encodeURIComponent(key)}?timeframe=1s&limit=300`,
          { signal: AbortSignal.timeout(10_000) },
        );
        const { data } = (await answer.json()) as { data?: { time: number }[] };
        if (data !== undefined) {
          this.answers++;
          data.forEach(({ time }, row) => {
            if (row > 0 && time <= data[row - 1]!.time)
              this.faults.push(
                `${key}: ${new Date(time).toISOString()} after ${new Date(data[row - 1]!.time).toISOString()}`,
              );
          });
        }
      } catch {
        /* the server is away, or its database */
      }
      await wait(50);
    }
  }

  async stop(): Promise<void> {
    this.ended.abort();
    await this.work;
  }
}

/** Whether a small separate disk can be created here: on Linux, as root, unless a container forbids it. */
export const canMount = (): boolean => {
  try {
    new SmallDisk(1).remove();
    return true;
  } catch {
    return false;
  }
};

/** A disk that can be filled to the last byte. */
export class SmallDisk {
  readonly folder = mkdtempSync(path.join(tmpdir(), "candela-disk-"));
  private keeping: NodeJS.Timeout | undefined;
  constructor(megabytes: number) {
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", this.folder], { stdio: "ignore" });
    } catch (cause) {
      rmSync(this.folder, { recursive: true });
      throw cause;
    }
  }

  /** Leaves so many bytes free. */
  fill(leave: number): void {
    const { bavail, bsize } = statfsSync(this.folder);
    mkdirSync(path.join(this.folder, "filler"), { recursive: true });
    writeFileSync(path.join(this.folder, "filler/bytes"), Buffer.alloc(Math.max(0, bavail * bsize - leave)));
  }
  /** Fills the remaining space, and any that is freed, until `free`. */
  keepFull(): void {
    mkdirSync(path.join(this.folder, "filler"), { recursive: true });
    let part = 0;
    const take = (): void => {
      const { bavail, bsize } = statfsSync(this.folder);
      try {
        if (bavail > 0) writeFileSync(path.join(this.folder, `filler/part-${part++}`), Buffer.alloc(bavail * bsize));
      } catch {
        /* somebody else was faster: it is full */
      }
    };
    take();
    this.keeping = setInterval(take, 20);
  }

  free(): void {
    clearInterval(this.keeping);
    rmSync(path.join(this.folder, "filler"), { recursive: true, force: true });
  }

  remove(): void {
    clearInterval(this.keeping);
    execFileSync("umount", ["-l", this.folder]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
