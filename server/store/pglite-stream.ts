import { Duplex } from "node:stream";
import type { Worker } from "node:worker_threads";

/** What the worker (`pglite-worker.mjs`) says. */
export type WorkerMessage =
  | { kind: "ready" }
  | { kind: "opened"; stream: number }
  | { kind: "data"; stream: number; bytes: Uint8Array }
  | { kind: "closed" };

const TERMINATE = 0x58;

const parameterStatus = (name: string, value: string): Buffer => {
  const body = Buffer.from(`${name}\0${value}\0`);
  const head = Buffer.alloc(5);
  head[0] = 0x53;
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
};

/** AuthenticationOk, ParameterStatus, BackendKeyData, ReadyForQuery: PGlite itself starts behind them. */
const greeting = (): Buffer =>
  Buffer.concat([
    Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]),
    parameterStatus("server_version", "18.0"),
    parameterStatus("client_encoding", "UTF8"),
    parameterStatus("standard_conforming_strings", "on"),
    parameterStatus("integer_datetimes", "on"),
    Buffer.from([0x4b, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1]),
    Buffer.from([0x5a, 0, 0, 0, 5, 0x49]),
  ]);

/**
 * The "socket" of node-postgres for the embedded database: protocol bytes go to the worker and come back. `worker`
 * returns the running worker and restarts it if it has died.
 */
export class PgliteStream extends Duplex {
  private readonly id: number;
  private readonly worker: () => Promise<Worker>;
  private connected: Worker | null = null;
  private greeted = false;

  constructor(id: number, worker: () => Promise<Worker>) {
    super();
    this.id = id;
    this.worker = worker;
  }

  connect(): this {
    this.worker().then(
      (worker) => {
        if (this.destroyed) return;
        this.connected = worker;
        worker.on("message", this.onMessage);
        worker.once("exit", this.onExit);
        worker.postMessage({ kind: "open", stream: this.id });
      },
      (error: Error) => this.destroy(error),
    );
    return this;
  }

  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  private readonly onMessage = (message: WorkerMessage): void => {
    if (message.kind === "opened" && message.stream === this.id) this.emit("connect");
    if (message.kind === "data" && message.stream === this.id) {
      this.push(Buffer.from(message.bytes.buffer, message.bytes.byteOffset, message.bytes.length));
    }
  };

  private readonly onExit = (): void => {
    this.destroy(new Error("Connection terminated: the embedded database stopped"));
  };

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (!this.greeted) {
      this.greeted = true;
      this.push(greeting());
    } else if (!(chunk.length === 5 && chunk[0] === TERMINATE)) {
      // the end of a client is not the end of PGlite
      const bytes = new Uint8Array(chunk);
      this.connected?.postMessage({ kind: "data", stream: this.id, bytes }, [bytes.buffer]);
    }
    done();
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map((part) => part.chunk)), "binary", done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.leave();
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.leave();
    done(error);
  }

  private leave(): void {
    this.connected?.off("message", this.onMessage);
    this.connected?.off("exit", this.onExit);
  }
}
