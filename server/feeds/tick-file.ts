/** Recorded ticks of one instrument from files in whatever layout: rows of `server/files`, checked as ticks. */
import { isNothing, readDecimal, readWhole } from "@/server/domain/basics/read-number";
import type { MalformedLine } from "@/server/files/doubt";
import type { FileOptions } from "@/server/files/options";
import { type OpenTable, openText, type Row } from "@/server/files/read-table";
import type { TextPieces } from "@/server/files/text";
import type { AskedInstrument } from "@/server/files/whose";
import { VolumeWatch } from "./tick-volumes";

/** Rows in file order, in columns that are reused: read them before asking for the next. */
export interface TickRows {
  length: number;
  /** Epoch ms. */
  time: Float64Array;
  /** Minor units. */
  price: Float64Array;
  /** Volume of the day so far; -1 when the line has none. */
  volume: Float64Array;
  /** Lines among these that are no ticks. */
  malformed: MalformedLine[];
}

export interface TickFileOrder {
  decimals: number;
  fileName: string;
  instrument?: AskedInstrument;
  options?: FileOptions;
}

export const openTickFile = (text: TextPieces, { fileName, instrument, options }: TickFileOrder): Promise<OpenTable> =>
  openText(text, {
    kind: "ticks",
    file: fileName,
    ...(instrument === undefined ? {} : { instruments: [instrument] }),
    ...(options === undefined ? {} : { options }),
  });

const ROWS = 4_096;

/** Invalid rows are returned in `malformed`. An ambiguous file throws `bad_input`, or is reported to `onDoubt` once. */
export async function* readTicks(
  table: OpenTable,
  decimals: number,
  onDoubt = (doubt: Error): void => {
    throw doubt;
  },
): AsyncGenerator<TickRows> {
  const watch = new VolumeWatch(table, onDoubt);
  const rows: TickRows = {
    length: 0,
    time: new Float64Array(ROWS),
    price: new Float64Array(ROWS),
    volume: new Float64Array(ROWS),
    malformed: [],
  };
  const { places, decimal } = table.seen;
  const { price: priceAt, volume: volumeAt } = places;
  let found = 0;
  const row = ({ fields, time, line }: Row): string | null => {
    const price = readDecimal(fields[priceAt] ?? "", decimals, decimal);
    if (Number.isNaN(price))
      return fields[priceAt] === undefined ? "price is missing" : `price "${fields[priceAt]}" is not a number`;
    const text = volumeAt === -1 ? "" : (fields[volumeAt] ?? "");
    const volume = text === "" || isNothing(text) ? -1 : readWhole(text, decimal);
    if (Number.isNaN(volume)) return `volume "${text}" is not a whole number`;
    const at = rows.length++;
    if (at === rows.time.length) grow(rows);
    rows.time[at] = time;
    rows.price[at] = price;
    rows.volume[at] = volume;
    watch.saw(time, volume, line);
    return null;
  };
  for await (const malformed of table.read(row)) {
    watch.check();
    rows.malformed = malformed;
    found += rows.length + malformed.length;
    if (rows.length > 0 || malformed.length > 0) yield rows;
    rows.length = 0;
  }
  table.checkFound(found);
}

/** A piece of text holds more rows than the columns do. */
const grow = (rows: TickRows): void => {
  for (const name of ["time", "price", "volume"] as const) {
    const wider = new Float64Array(rows[name].length * 2);
    wider.set(rows[name]);
    rows[name] = wider;
  }
};

export async function* parseTickFile(text: TextPieces, order: TickFileOrder): AsyncGenerator<TickRows> {
  yield* readTicks(await openTickFile(text, order), order.decimals);
}
