import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { Redis } from "ioredis";
import { freePort } from "../../scripts/services.mjs";

/** Whether this machine has the program. */
export const hasRedisServer = (): boolean => spawnSync("redis-server", ["--version"]).status === 0;

/** A Redis of one test, which may be killed, frozen and started again on the same port. */
export class RedisServer {
  private child: ChildProcess | null = null;
  private constructor(readonly port: number) {}

  static async create(): Promise<RedisServer> {
    return new RedisServer(await freePort());
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(...more: string[]): Promise<void> {
    this.child = spawn(
      "redis-server",
      [
        "--port",
        String(this.port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--appendonly",
        "no",
        "--dir",
        tmpdir(),
        ...more,
      ],
      { stdio: ["ignore", "pipe", "ignore"] },
    );
    for await (const chunk of this.child.stdout!) if (String(chunk).includes("Ready to accept connections")) break;
  }

  async kill(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  /** Takes connections (the kernel does) and answers nothing. */
  freeze(): void {
    this.child?.kill("SIGSTOP");
  }
  thaw(): void {
    this.child?.kill("SIGCONT");
  }

  connect(): Redis {
    return new Redis(this.url, { retryStrategy: () => 20 }).on("error", () => {});
  }
}
