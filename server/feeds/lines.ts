import { createReadStream } from "node:fs";
import { badInput } from "@/server/domain/errors";

/** Lines of a file, or of standard input for `-`, without their ends; a BOM is dropped. Throws `bad_input` naming a file it cannot read. */
export async function* readLines(file: string, standardInput: NodeJS.ReadableStream = process.stdin): AsyncGenerator<string> {
  const input: AsyncIterable<string | Buffer> = file === "-" ? standardInput.setEncoding("utf8") : createReadStream(file, "utf8");
  let rest = "";
  let first = true;
  try {
    for await (const chunk of input) {
      rest += first ? String(chunk).replace(/^\uFEFF/, "") : String(chunk);
      first = false;
      const lines = rest.split("\n");
      rest = lines.pop()!;
      for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
    }
  } catch (cause) {
    throw badInput("file", file, `a file that can be read (${(cause as Error).message})`);
  }
  if (rest !== "") yield rest.endsWith("\r") ? rest.slice(0, -1) : rest;
}

/** A field of a table without the spaces and the quotation marks that some programs put around it. */
export const fieldText = (field: string): string => {
  const text = field.trim();
  return text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).trim() : text;
};
