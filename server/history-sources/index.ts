import { badInput } from "@/server/domain/basics/errors";
import { type FileOptions, optionsFromText } from "@/server/files/options";
import type { HistorySource } from "@/server/ports/history-source";
import { fileSource, type FileOrder } from "./file";

/** How a source is written: a broker's name, or `csv:FILE` and `parquet:FILE`, also with options: `csv[zone=UTC]:FILE`. */
export type SourceName =
  { kind: "broker"; name: string } | { kind: "csv" | "parquet"; file: string; options: FileOptions };

/** Throws `bad_input` for `source`; `brokers` are the names there are. */
export const parseSource = (text: string, brokers: readonly string[]): SourceName => {
  const match = /^(csv|parquet)(?:\[([^\]]*)\])?:(.+)$/s.exec(text);
  if (match !== null)
    return { kind: match[1] as "csv" | "parquet", file: match[3]!, options: optionsFromText(match[2] ?? "") };
  if (brokers.includes(text)) return { kind: "broker", name: text };
  throw badInput(
    "source",
    text,
    `${[...brokers, "csv:FILE", "parquet:FILE"].join(", ")} ({symbol} in FILE stands for the symbol)`,
  );
};

/** Opens the source of a request; `broker` returns the source of a broker's login. */
export const openSource = async (
  source: SourceName,
  order: Omit<FileOrder, "kind" | "file" | "options">,
  broker: (name: string) => HistorySource,
): Promise<HistorySource> =>
  source.kind === "broker"
    ? broker(source.name)
    : fileSource({ ...order, kind: source.kind, file: source.file, options: source.options });
