import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { BarSums } from "./contender";
import { packetBytes, SyntheticMarket, type MarketSecond, type MarketShape } from "./market";

const run = promisify(execFile);

/** The C loop, compiled; `remove` deletes it. */
export interface Floor {
  compiler: string;
  measure(shape: MarketShape, warmUp: number, seconds: number): Promise<{ ns: number; sums: BarSums }>;
  remove(): void;
}

/** Compiles `peers/floor.c` with the machine's C compiler; null where there is none. Throws when it does not compile. */
export const compileFloor = async (root: string): Promise<Floor | null> => {
  const compiler = await firstThatRuns(["cc", "gcc", "clang"]);
  if (compiler === null) return null;
  const folder = mkdtempSync(path.join(tmpdir(), "candela-floor-"));
  const program = path.join(folder, "floor");
  await run(compiler.name, ["-O3", "-o", program, path.join(root, "server/bench/peers/floor.c")]);
  return {
    compiler: compiler.version,
    measure: (shape, warmUp, seconds) => measureFloor(program, shape, warmUp, seconds),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
};

const firstThatRuns = async (names: readonly string[]): Promise<{ name: string; version: string } | null> => {
  for (const name of names) {
    const answer = await run(name, ["--version"]).catch(() => null);
    if (answer !== null) return { name, version: answer.stdout.split("\n")[0]! };
  }
  return null;
};

const measureFloor = async (
  program: string,
  shape: MarketShape,
  warmUp: number,
  seconds: number,
): Promise<{ ns: number; sums: BarSums }> => {
  const child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
  });
  const ended = once(child, "close");
  const write = async (bytes: Uint8Array | string): Promise<void> => {
    if (!child.stdin.write(bytes)) await once(child.stdin, "drain");
  };

  const market = new SyntheticMarket(shape);
  await write(`${shape.instruments} ${packetBytes[shape.packet]}\n`);
  await write(new Uint8Array(Uint32Array.from(market.tokens).buffer));
  for (let second = 0; second < warmUp + seconds; second++) await write(message(market.next(), second < warmUp));
  child.stdin.end(new Uint8Array(4));
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the C loop ended with ${code}`);
  const { ns, bars, close, volume } = JSON.parse(text) as { ns: number; bars: number; close: number; volume: number };
  return { ns, sums: { "1s": { bars, close, volume } } };
};

/** One second in the layout `floor.c` reads. Each gets a new buffer, because the pipe keeps unwritten data. */
const message = ({ frames }: MarketSecond, untimed: boolean): Uint8Array => {
  const bytes = new Uint8Array(4 + frames.reduce((sum, frame) => sum + 12 + frame.bytes.length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, frames.length + (untimed ? 0x8000_0000 : 0), true);
  let at = 4;
  for (const frame of frames) {
    view.setFloat64(at, frame.receivedTime, true);
    view.setUint32(at + 8, frame.bytes.length, true);
    bytes.set(frame.bytes, at + 12);
    at += 12 + frame.bytes.length;
  }
  return bytes;
};
