/** Reads a file's text in pieces: encoding, line ends, and detection of non-text files. */
import { createReadStream } from "node:fs";
import { badInput } from "@/server/domain/basics/errors";

/** Pieces of text that each hold whole lines; a piece without its last line end is taken as if it had one. */
export type TextPieces = Iterable<string> | AsyncIterable<string>;

/** A line longer than this is no line of a table; a JSON document of a broker may be one line. */
const MOST_OF_A_LINE = 64 * 1_048_576;
const READ_AT_ONCE = 262_144;

/** Files people mistake for a table, recognised by their first bytes. */
const KINDS: readonly (readonly [start: readonly number[], name: string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], "a zip archive or an Excel workbook: unpack it, or save the sheet as CSV"],
  [[0x1f, 0x8b], "packed with gzip: unpack it first"],
  [[0xd0, 0xcf, 0x11, 0xe0], "an old Excel workbook: save the sheet as CSV"],
  [[0x50, 0x41, 0x52, 0x31], "a Parquet file: use the source parquet:FILE"],
  [[0x25, 0x50, 0x44, 0x46], "a PDF"],
];

const encodingOf = (bytes: Uint8Array): string => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  // Without a byte order mark: digits and separators in UTF-16 have a NUL beside them.
  const seen = Math.min(bytes.length, 512);
  let even = 0;
  let odd = 0;
  for (let at = 0; at < seen; at++) {
    if (bytes[at] !== 0) continue;
    if (at % 2 === 0) even++;
    else odd++;
  }
  return odd > seen / 4 ? "utf-16le" : even > seen / 4 ? "utf-16be" : "utf-8";
};

/** Text of a file (`-`: standard input) in pieces of whole lines, ends as `\n`, without a byte order mark. Throws `bad_input` naming the file. */
export async function* readPieces(
  file: string,
  standardInput: NodeJS.ReadableStream = process.stdin,
): AsyncGenerator<string> {
  const input = (
    file === "-" ? standardInput : createReadStream(file, { highWaterMark: READ_AT_ONCE })
  ) as AsyncIterable<string | Uint8Array>;
  let decoder: TextDecoder | null = null;
  let rest = "";
  try {
    for await (const chunk of input) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      if (decoder === null) {
        const kind = KINDS.find(([start]) => start.every((byte, at) => bytes[at] === byte));
        if (kind !== undefined) throw badInput("file", file, `a text file (it is ${kind[1]})`);
        decoder = new TextDecoder(encodingOf(bytes));
      }
      let text = rest + decoder.decode(bytes, { stream: true });
      // A line end may be cut in two.
      const held = text.endsWith("\r") ? "\r" : "";
      if (held !== "") text = text.slice(0, -1);
      if (text.includes("\r")) text = text.replaceAll(/\r\n?/g, "\n");
      const end = text.lastIndexOf("\n") + 1;
      rest = text.slice(end) + held;
      if (rest.length > MOST_OF_A_LINE)
        throw badInput("file", file, `lines shorter than ${MOST_OF_A_LINE / 1_048_576} million characters`);
      if (end > 0) yield end === text.length ? text : text.slice(0, end);
    }
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "bad_input") throw cause;
    throw badInput("file", file, `a readable file (${(cause as Error).message})`);
  }
  rest = (rest + (decoder?.decode() ?? "")).replace(/\r$/, "");
  if (rest !== "") yield `${rest}\n`;
}

/** Lines of a file without their ends. */
export async function* readLines(
  file: string,
  standardInput: NodeJS.ReadableStream = process.stdin,
): AsyncGenerator<string> {
  for await (const piece of readPieces(file, standardInput)) yield* piece.slice(0, -1).split("\n");
}
