/** `candela decode kite`: what is in a broker's frames, one JSON line per packet and nothing else on standard output. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { badInput } from "@/server/domain/basics/errors";
import { toDecimalText } from "@/server/domain/basics/price";
import { segmentOfCode } from "@/server/domain/instruments/segments";
import { type KitePacket, packetAt, packetsOf, wireDecimals } from "@/server/feeds/kite/wire";
import { readLines } from "@/server/files/text";
import { refusedExit } from "./file-options";

export const decodeCommand = (program: Command): void => {
  program
    .command("decode")
    .description("show what is in a broker's binary frames")
    .command("kite")
    .description("frames of Zerodha Kite's socket; without an option, one frame in hex a line on standard input")
    .option("--hex <hex>", "one frame in hex")
    .option("--json", "one JSON object a packet: what it prints anyway")
    .option("--file <file>", "one frame as bytes, frames in hex one a line, or one packet in base64")
    .option("--lenient", "frames that cannot be decoded do not make the command fail")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 something was skipped or there was no frame (--lenient: 0 where something was decoded), 2 bad input.",
    )
    .action(async ({ hex, file, lenient = false }: { hex?: string; file?: string; lenient?: boolean }) => {
      if (hex !== undefined && file !== undefined) throw badInput("--file", file, "either --hex or --file");
      const frames =
        file !== undefined
          ? framesOfFile(await readFileOf(file))
          : framesOfLines(hex === undefined ? readLines("-") : [hex]);
      let number = 0;
      let skipped = 0;
      for await (const frame of frames) {
        for (const line of describeFrame(frame, number)) {
          if ("skipped" in line) skipped++;
          if (!process.stdout.write(`${JSON.stringify(line)}\n`))
            await new Promise((drained) => process.stdout.once("drain", drained));
        }
        number++;
      }
      process.exitCode = refusedExit(number - skipped, skipped, lenient);
    });
};

/** A frame's bytes, or why a piece of input is none. */
export type FrameInput = Uint8Array | { skipped: string };

/** Frames in hex, one a line; blank lines do not count. */
export async function* framesOfLines(lines: Iterable<string> | AsyncIterable<string>): AsyncGenerator<FrameInput> {
  let number = 0;
  for await (const line of lines) {
    number++;
    if (line.trim() !== "") yield fromHex(line) ?? { skipped: `line ${number} is not hex` };
  }
}

/** Frames of a file: text of hex lines or of one base64 piece, else one frame as it went over the socket. */
export function* framesOfFile(bytes: Uint8Array): Generator<FrameInput> {
  const text = Buffer.from(bytes).toString("latin1");
  if (!/^[\t\n\r\x20-\x7e]*$/.test(text)) return yield frameOrPacket(bytes);
  const lines = text.split(/\r?\n/);
  if (!lines.some((line) => line.trim() !== "" && fromHex(line) !== null)) {
    const joined = text.replaceAll(/\s/g, "");
    const decoded = Buffer.from(joined, "base64");
    const frame = frameOrPacket(decoded);
    if (decoded.toString("base64") === joined && packetsOf(frame).broken === null && frame.length > 2)
      return yield frame;
  }
  for (const [at, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const decoded = fromHex(line);
    yield decoded === null ? { skipped: `line ${at + 1} is not hex` } : frameOrPacket(decoded);
  }
}

const fromHex = (line: string): Uint8Array | null => {
  const hex = line.trim();
  return hex.length > 0 && hex.length % 2 === 0 && /^[0-9a-f]+$/i.test(hex) ? Buffer.from(hex, "hex") : null;
};

const PACKET_LENGTHS = [8, 28, 32, 44, 184];

/**
 * Published samples are often one packet without the frame around it. Such bytes have a packet's length, a known segment
 * in the token's last byte, and do not begin as a frame would: a count, then a packet's length.
 */
const frameOrPacket = (bytes: Uint8Array): Uint8Array => {
  if (!PACKET_LENGTHS.includes(bytes.length) || packetsOf(bytes).broken === null) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const segment = view.getUint8(3);
  if (segmentOfCode(segment) === null || PACKET_LENGTHS.includes(view.getUint16(2))) return bytes;
  return Buffer.concat([Uint8Array.of(0, 1, 0, bytes.length), bytes]);
};

/** The lines of one frame: its packets in order, what was skipped and why. A heartbeat (one byte) has none. */
export function* describeFrame(input: FrameInput, frame: number): Generator<Record<string, unknown>> {
  if ("skipped" in input) return yield { frame, skipped: input.skipped };
  const { packets, broken } = packetsOf(input);
  for (const { offset, length } of packets) {
    const packet = packetAt(input, offset);
    yield packet === null
      ? { frame, skipped: `unknown packet length ${length}` }
      : { frame, ...describePacket(packet) };
  }
  if (broken !== null) yield { frame, skipped: broken };
}

/** A price as exact decimals of the wire's scale, without zeros that its segment does not print. */
const wirePrice = (token: number, wire: number): string => {
  const printed = segmentOfCode(token & 0xff)?.printed ?? 2;
  let decimals = wireDecimals(token);
  let digits = wire;
  for (; decimals > printed && digits % 10 === 0; decimals--) digits /= 10;
  return toDecimalText(digits, decimals);
};

/** Prices as exact decimals of the segment's own scale; a field the packet does not carry is undefined and so not printed. */
const describePacket = (packet: KitePacket): Record<string, unknown> => {
  const price = (wire: number | undefined): string | undefined =>
    wire === undefined ? undefined : wirePrice(packet.token, wire);
  const side = (levels: readonly { price: number; quantity: number; orders: number }[]) =>
    levels.map(({ price: wire, quantity, orders }) => ({ price: price(wire), quantity, orders }));
  return {
    token: packet.token,
    mode: packet.mode,
    lastPrice: price(packet.lastPrice),
    lastQuantity: packet.lastQuantity,
    averagePrice: price(packet.averagePrice),
    volume: packet.volume,
    buyQuantity: packet.buyQuantity,
    sellQuantity: packet.sellQuantity,
    open: price(packet.open),
    high: price(packet.high),
    low: price(packet.low),
    close: price(packet.close),
    lastTradeTime: packet.lastTradeTime,
    exchangeTime: packet.exchangeTime,
    openInterest: packet.openInterest,
    depth: packet.depth && { buy: side(packet.depth.buy), sell: side(packet.depth.sell) },
  };
};

const readFileOf = async (file: string): Promise<Uint8Array> => {
  try {
    return await readFile(file);
  } catch (cause) {
    throw badInput("--file", file, `a file that can be read (${(cause as Error).message})`);
  }
};
