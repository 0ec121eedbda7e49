import { timeIn, type Zone } from "@/server/contract/read-queries";
import { type BarColumns, type BarPassport, barStates } from "@/server/domain/bars/bar";
import type { BarsReading } from "@/server/ports/market-reads";
import { Turns } from "@/server/domain/basics/turns";
import { ascii, JsonBytes } from "./json-bytes";
import { passportView } from "./read-passport";

/** Digits a VWAP has more than a price. */
const MORE_DIGITS = 100;
const vwapMinor = (value: number, volume: number): number =>
  volume > 0 && value > 0 ? Math.round((value / volume) * MORE_DIGITS) : Number.NaN;

/** Traded value over volume in rupees; null where the value is not known. */
export const vwapOf = (value: number, volume: number, decimals: number): number | null => {
  const minor = vwapMinor(value, volume);
  return Number.isNaN(minor) ? null : minor / (10 ** decimals * MORE_DIGITS);
};

const FILLED = ascii('"filled"');
const states = barStates.map((name) => ascii(JSON.stringify(name)));

/** Rows, and values of a column, written between two looks at who waits. */
const PIECE = 500;
const COLUMN_PIECE = 5_000;

/** How the fields of a bar are written, in their order. */
const fields = (
  { bars, filled, passports }: BarsReading,
  decimals: number,
  zone: Zone,
): [string, (json: JsonBytes, row: number) => void][] => {
  const scale = 10 ** decimals;
  const price =
    (column: Float64Array) =>
    (json: JsonBytes, row: number): void =>
      json.decimal(column[row]!, scale);
  return [
    [
      "time",
      (json, row) => (zone === undefined ? json.int(bars.time[row]!) : json.text(`"${timeIn(zone, bars.time[row]!)}"`)),
    ],
    ["open", price(bars.open)],
    ["high", price(bars.high)],
    ["low", price(bars.low)],
    ["close", price(bars.close)],
    ["volume", (json, row) => json.int(bars.volume[row]!)],
    ["vwap", (json, row) => json.decimal(vwapMinor(bars.value[row]!, bars.volume[row]!), scale * MORE_DIGITS)],
    ["openInterest", (json, row) => json.int(bars.openInterest[row]! < 0 ? Number.NaN : bars.openInterest[row]!)],
    ["ticks", (json, row) => json.int(bars.ticks[row]!)],
    ["state", (json, row) => json.raw(filled?.[row] === 1 ? FILLED : states[bars.state[row]!]!)],
    ["rev", (json, row) => json.int(bars.rev[row]!)],
    ["incomplete", (json, row) => json.bool(bars.incomplete[row] === 1)],
    ...(passports === null
      ? []
      : [
          ["passport", (json, row) => json.text(JSON.stringify(told(passports.get(bars.time[row]!), zone)))] as [
            string,
            (json: JsonBytes, row: number) => void,
          ],
        ]),
  ];
};

const told = (passport: BarPassport | undefined, zone: Zone) =>
  passport === undefined ? null : passportView(passport, (instant) => timeIn(zone, instant));

/** A list of `RestBar`. */
export const writeRows = async (
  json: JsonBytes,
  reading: BarsReading,
  decimals: number,
  zone: Zone,
  turns: Turns,
): Promise<void> => {
  const written = fields(reading, decimals, zone).map(([name, write], place) => ({
    before: ascii(`${place === 0 ? "{" : ","}"${name}":`),
    write,
  }));
  const [open, end, comma] = [ascii("["), ascii("}"), ascii(",")];
  json.raw(open);
  for (let row = 0; row < reading.bars.length; row++) {
    if (row > 0) json.raw(comma);
    if (row % PIECE === PIECE - 1) await turns.take(2 * PIECE);
    for (const { before, write } of written) {
      json.raw(before);
      write(json, row);
    }
    json.raw(end);
  }
  json.text("]");
};

/** The same as one list a field. */
export const writeColumns = async (
  json: JsonBytes,
  reading: BarsReading,
  decimals: number,
  zone: Zone,
  turns: Turns,
): Promise<void> => {
  const comma = ascii(",");
  for (const [place, [name, write]] of fields(reading, decimals, zone).entries()) {
    json.text(`${place === 0 ? "{" : ","}"${name}":[`);
    for (let row = 0; row < reading.bars.length; row++) {
      if (row > 0) json.raw(comma);
      if (row % COLUMN_PIECE === COLUMN_PIECE - 1) await turns.take(2 * PIECE);
      write(json, row);
    }
    json.text("]");
  }
  json.text("}");
};

/** A few rows as objects. */
export const barViews = async (bars: BarColumns, decimals: number, zone: Zone): Promise<unknown[]> => {
  const json = new JsonBytes();
  await writeRows(
    json,
    { bars, filled: null, passports: null, expected: null, received: 0, incomplete: 0, truncated: false, notice: null },
    decimals,
    zone,
    new Turns(() => Promise.resolve()),
  );
  return JSON.parse(new TextDecoder().decode(json.done())) as unknown[];
};
