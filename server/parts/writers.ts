/** What is written: bars, ticks and order books, each with a spool on disk for the time the store is away. */
import path from "node:path";
import { BarWriter, isBarRecord } from "@/server/pipeline/persist";
import { BookRecorder, isBookRecord } from "@/server/pipeline/record-books";
import { isTickRecord, TickRecorder } from "@/server/pipeline/record-ticks";
import type { SetAside } from "@/server/ports/spool";
import { openSpool } from "@/server/store/spool";
import { type Base, WRITE_MS } from "./base";
import type { Cores } from "./cores";
import type { Part } from "./lifecycle";
import type { Market } from "./market";

/** About 15 million bars of 500 bytes: three days of fifty instruments that trade every second. */
const SPOOL_LIMIT_BYTES = 8 * 1024 ** 3;
/** About a day of fifty instruments' order books. */
const BOOK_SPOOL_LIMIT_BYTES = 1024 ** 3;

export type Writers = ReturnType<typeof createWriters>;

export const createWriters = (base: Base, { table, feedNumbers }: Market, { normaliser }: Cores) => {
  const { config, wall, log, metrics, eventLog, store, barStore, dataDir } = base;
  const writer = new BarWriter(barStore, table, wall, log, metrics);
  const recorder = config.recordTicks ? new TickRecorder(store.ticks, table, wall, log, metrics) : null;
  const bookRecorder =
    config.depthSeconds === 0
      ? null
      : new BookRecorder({
          store: store.books,
          table,
          board: normaliser.board,
          everyMs: config.depthSeconds * 1_000,
          clock: wall,
          log,
          meter: metrics,
          feedAt: (collector) => feedNumbers.feedAt(collector),
        });

  const spoolOf = (name: string, limitBytes: number) => ({
    folder: path.join(dataDir, "spool", name),
    limitBytes,
    log,
    /** Part of what waited on disk cannot be stored: counted and shown, with the file it is kept in. */
    onAside({ file, bytes, reason }: SetAside): void {
      metrics.count(`${name}.setAside`);
      eventLog.add(
        "error",
        "spool",
        `${bytes} bytes of ${name} waiting on disk were damaged and moved to ${path.basename(path.dirname(file))}/${path.basename(file)}: ${reason}`,
      );
    },
  });
  let spoolEmptied: Promise<void> = Promise.resolve();
  // Only the owner of the data folder may touch its spool: these start after it.
  const lifecycle: Part[] = [
    {
      name: "bar writer",
      async start() {
        const { folder, ...options } = spoolOf("bars", SPOOL_LIMIT_BYTES);
        writer.start(await openSpool(folder, { ...options, accepts: isBarRecord }));
        if (writer.spooled > 0) spoolEmptied = writer.settled();
      },
      stop: () => writer.stop(),
      stopMs: WRITE_MS,
    },
    {
      name: "tick recorder",
      async start() {
        const { folder, ...options } = spoolOf("ticks", SPOOL_LIMIT_BYTES);
        recorder?.start(await openSpool(folder, { ...options, accepts: isTickRecord }));
      },
      stop: () => recorder?.stop(),
      stopMs: WRITE_MS,
    },
    {
      name: "book recorder",
      async start() {
        const { folder, ...options } = spoolOf("books", BOOK_SPOOL_LIMIT_BYTES);
        bookRecorder?.start(await openSpool(folder, { ...options, accepts: isBookRecord }));
      },
      stop: () => bookRecorder?.stop(),
      stopMs: WRITE_MS,
    },
  ];
  return {
    writer,
    recorder,
    bookRecorder,
    /** Resolves when what an earlier run left on disk is in the store. */
    spoolEmptied: () => spoolEmptied,
    lifecycle,
  };
};
