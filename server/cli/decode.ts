/** `candela decode <broker>`: what is in a broker's frames, one JSON line per packet and nothing else on standard output. */
import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { badInput } from "@/server/domain/basics/errors";
import { feeds } from "@/server/feeds";
import { readLines } from "@/server/files/text";
import type { FrameReader } from "@/server/ports/feed";
import { refusedExit } from "./file-options";

export const decodeCommand = (program: Command): void => {
  const decode = program.command("decode").description("decode a broker's binary frames");
  for (const { id, frames } of feeds) if (frames !== undefined) brokerCommand(decode, id, frames);
};

const brokerCommand = (decode: Command, broker: string, reader: FrameReader): void => {
  decode
    .command(broker)
    .description(`${reader.about}; without an option, one frame in hex a line on standard input`)
    .option("--hex <hex>", "one frame in hex")
    .option("--json", "print one JSON object per packet (the default)")
    .option("--file <file>", "a raw frame, hex frames one per line, or one base64 packet")
    .option("--lenient", "do not fail on frames that cannot be decoded")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 something was skipped or there was no frame (with --lenient, 0 if anything was decoded), 2 bad input.",
    )
    .action(async ({ hex, file, lenient = false }: { hex?: string; file?: string; lenient?: boolean }) => {
      if (hex !== undefined && file !== undefined) throw badInput("--file", file, "either --hex or --file");
      const frames =
        file !== undefined
          ? framesOfFile(await readFileOf(file), reader)
          : framesOfLines(hex === undefined ? readLines("-") : [hex]);
      let number = 0;
      let skipped = 0;
      for await (const frame of frames) {
        for (const line of describeFrame(frame, number, reader)) {
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

/** Frames in a file: hex lines or one base64 text, otherwise one raw frame. */
export function* framesOfFile(bytes: Uint8Array, reader: FrameReader): Generator<FrameInput> {
  const text = Buffer.from(bytes).toString("latin1");
  if (!/^[\t\n\r\x20-\x7e]*$/.test(text)) return yield reader.framed(bytes);
  const lines = text.split(/\r?\n/);
  if (!lines.some((line) => line.trim() !== "" && fromHex(line) !== null)) {
    const joined = text.replaceAll(/\s/g, "");
    const decoded = Buffer.from(joined, "base64");
    const frame = reader.framed(decoded);
    if (decoded.toString("base64") === joined && reader.isWhole(frame)) return yield frame;
  }
  for (const [at, line] of lines.entries()) {
    if (line.trim() === "") continue;
    const decoded = fromHex(line);
    yield decoded === null ? { skipped: `line ${at + 1} is not hex` } : reader.framed(decoded);
  }
}

const fromHex = (line: string): Uint8Array | null => {
  const hex = line.trim();
  return hex.length > 0 && hex.length % 2 === 0 && /^[0-9a-f]+$/i.test(hex) ? Buffer.from(hex, "hex") : null;
};

/** The lines of one frame: its packets in order, what was skipped and why. */
export function* describeFrame(
  input: FrameInput,
  frame: number,
  reader: FrameReader,
): Generator<Record<string, unknown>> {
  if ("skipped" in input) return yield { frame, skipped: input.skipped };
  for (const line of reader.describe(input)) yield { frame, ...line };
}

const readFileOf = async (file: string): Promise<Uint8Array> => {
  try {
    return await readFile(file);
  } catch (cause) {
    throw badInput("--file", file, `a readable file (${(cause as Error).message})`);
  }
};
