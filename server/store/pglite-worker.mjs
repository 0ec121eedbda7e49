// PGlite in its own thread. It has one session, so only one stream uses it at a time: `open` clears the previous one's
// state, `data` carries PostgreSQL protocol bytes. It is a plain script that runs as it is, bundled or not.
import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";

const { dataDir, template } = workerData;
/**
 * Memory for one session on files the system caches too. PostgreSQL's own 128 MB would be filled once and never given
 * back: memory of WebAssembly only grows.
 */
const memory = [
  "-c",
  "shared_buffers=16MB",
  "-c",
  "max_connections=4",
  "-c",
  "wal_buffers=1MB",
  "-c",
  "work_mem=4MB",
  "-c",
  "maintenance_work_mem=16MB",
];
const db = await PGlite.create({
  dataDir,
  startParams: [...PGlite.defaultStartParams, ...memory],
  ...(template === undefined ? {} : { loadDataDir: new Blob([await readFile(template)]) }),
});

let open = null;

const join = (parts) => {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
};

const handle = async (message) => {
  switch (message.kind) {
    case "open":
      // A client dropped in mid-transaction leaves it open; DISCARD ALL is refused inside one.
      await db.exec("ROLLBACK");
      await db.exec("DISCARD ALL");
      open = message.stream;
      parentPort.postMessage({ kind: "opened", stream: message.stream });
      return;
    case "data": {
      if (message.stream !== open) return; // its client is gone, and with it whoever would read the answer
      const parts = [];
      await db.execProtocolRawStream(message.bytes, { onRawData: (part) => parts.push(part.slice()) });
      const bytes = join(parts);
      parentPort.postMessage({ kind: "data", stream: message.stream, bytes }, [bytes.buffer]);
      return;
    }
    case "close":
      await db.exec("CHECKPOINT");
      await db.close();
      parentPort.postMessage({ kind: "closed" });
      parentPort.close();
  }
};

let chain = Promise.resolve();
parentPort.on("message", (message) => {
  // An SQL error is a protocol response. An exception here means the instance is broken, and ends the thread.
  chain = chain.then(() => handle(message));
});
parentPort.postMessage({ kind: "ready" });
