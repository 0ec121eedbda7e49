/** Bars of files in whatever layout: rows of `server/files`, checked as bars. */
import { isNothing, readDecimal, readWhole } from "@/server/domain/basics/read-number";
import type { MalformedLine } from "@/server/files/doubt";
import type { FileOptions } from "@/server/files/options";
import { type OpenTable, openText, type Row } from "@/server/files/read-table";
import type { TextPieces } from "@/server/files/text";
import type { AskedInstrument } from "@/server/files/whose";

export interface FileBar {
  /** Epoch ms as labelled: the bar's start or end. */
  label: number;
  /** Minor units. */
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** Line in its file, counted from 1. */
  line: number;
}

export interface BarFile {
  /** In file order. */
  bars: FileBar[];
  malformed: MalformedLine[];
  table: OpenTable;
}

/** Reads the bars of an open table, in the file's order. `take` answers why it refuses one. */
export async function* readBars(
  table: OpenTable,
  decimalsOf: (whose: number) => number,
  take: (bar: FileBar, whose: number) => void,
): AsyncGenerator<MalformedLine[]> {
  const { places, decimal } = table.seen;
  const { open: openAt, high: highAt, low: lowAt, close: closeAt, volume: volumeAt } = places;
  const row = ({ fields, line, whose, time }: Row): string | null => {
    const decimals = decimalsOf(whose);
    const open = readDecimal(fields[openAt] ?? "", decimals, decimal);
    const high = readDecimal(fields[highAt] ?? "", decimals, decimal);
    const low = readDecimal(fields[lowAt] ?? "", decimals, decimal);
    const close = readDecimal(fields[closeAt] ?? "", decimals, decimal);
    const volume = volumeAt === -1 ? 0 : volumeOf(fields[volumeAt], decimal);
    if (open > 0 && high >= open && high >= close && low <= open && low <= close && low > 0 && volume >= 0) {
      take({ label: time, open, high, low, close, volume, line }, whose);
      return null;
    }
    for (const [name, at, price] of [
      ["open", openAt, open],
      ["high", highAt, high],
      ["low", lowAt, low],
      ["close", closeAt, close],
    ] as const) {
      const text = fields[at];
      if (text === undefined) return `${name} is missing`;
      if (Number.isNaN(price))
        return isNothing(text)
          ? `${name} "${text.trim()}" is empty; the row has no price`
          : `${name} "${text}" is not a number`;
      if (price <= 0) return `${name} ${text} is not a price`;
    }
    if (!(volume >= 0)) {
      const text = fields[volumeAt] ?? "";
      if (isNothing(text)) return `volume "${text.trim()}" is empty; use 0, or --columns volume=none`;
      return `volume "${text}" is not a whole number${/^\s*[\d.,]+\s*(?:k|m|b|l|cr|lakhs?|crores?)\s*$/i.test(text) ? " (it is rounded)" : ""}; --columns volume=none reads the prices only`;
    }
    return `open, high, low, close ${[openAt, highAt, lowAt, closeAt].map((at) => fields[at]).join(", ")} contradict each other`;
  };
  // An index may lack volume.
  const volumeOf = (text: string | undefined, mark: typeof decimal): number => {
    if (text === undefined) return volumeless ? 0 : Number.NaN;
    const volume = readWhole(text, mark);
    return Number.isNaN(volume) && volumeless && isNothing(text) ? 0 : volume;
  };
  const volumeless = table.isVolumeless;
  yield* table.read(row);
}

/**
 * The bars of a file of one instrument. Invalid rows are returned in `malformed`; an ambiguous file throws `bad_input`.
 */
export const parseBarFile = async (
  text: TextPieces,
  options: { decimals: number; fileName: string; instrument?: AskedInstrument; options?: FileOptions },
): Promise<BarFile> => {
  const table = await openText(text, {
    kind: "bars",
    file: options.fileName,
    ...(options.instrument === undefined ? {} : { instruments: [options.instrument] }),
    ...(options.options === undefined ? {} : { options: options.options }),
  });
  const file: BarFile = { bars: [], malformed: [], table };
  for await (const malformed of readBars(
    table,
    () => options.decimals,
    (bar) => {
      file.bars.push(bar);
    },
  ))
    for (const line of malformed) file.malformed.push(line);
  table.checkFound(file.bars.length + file.malformed.length);
  return file;
};
