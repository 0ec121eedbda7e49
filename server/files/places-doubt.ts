/** Checks columns that were recognised by position only against their content. */
import { type DecimalMark, readDecimal } from "@/server/domain/basics/read-number";
import { TimeReader, type TimeRules } from "@/server/domain/time/read-time";
import { exampleColumns, type Role, tellsPlaces } from "./columns";
import { inDoubt } from "./doubt";
import type { Asked, Head, Layout } from "./first-rows";
import type { Table } from "./rows";

interface Figures {
  line: number;
  time: number;
  /** Open, high, low, close, price, volume, and the column after the volume. */
  figures: readonly [number, number, number, number, number, number, number];
  text: string;
  symbol: string;
}

const SPLIT = 10 ** 8;

/** Throws where rows speak against it, or where another reading fits them as well. */
export const placesDoubt = (
  head: Head,
  layout: Layout,
  times: TimeRules,
  decimal: DecimalMark,
  asked: Asked,
  table: Table,
): void => {
  if (tellsPlaces(asked.rules.wishes)) return;
  const { places, from } = layout;
  const reader = new TimeReader(times);
  const columns = [
    places.open,
    places.high,
    places.low,
    places.close,
    places.price,
    places.volume,
    places.volume === -1 ? -1 : places.volume + 1,
  ];
  const rows: Figures[] = head.rows
    .slice(from)
    .map((row, at) => ({
      line: head.lines[from + at]!,
      time:
        places.clock === -1
          ? reader.read(row[places.time[0]!] ?? "")
          : reader.readApart(row[places.time[0]!] ?? "", row[places.clock] ?? ""),
      figures: columns.map((place) =>
        place === -1 ? Number.NaN : readDecimal(row[place] ?? "", 8, decimal),
      ) as unknown as Figures["figures"],
      text: row.join(table.delimiter ?? ","),
      symbol: places.symbol.map((place) => row[place] ?? "").join(),
    }))
    .filter(({ time, figures }) => !Number.isNaN(time) && figures.some((figure) => !Number.isNaN(figure)))
    .sort((a, b) => a.time - b.time);
  if (rows.length === 0) return;
  const doubt: Doubt = (row, why, option) =>
    inDoubt({ file: asked.file, line: row.line, unit: table.unit, field: "columns", value: row.text, why, option });
  if (asked.kind === "bars") barDoubt(rows, layout, table, doubt);
  else if (places.volume !== -1) tickDoubt(rows, head.rows.slice(from), layout, table, doubt);
};

type Doubt = (row: Figures, why: string, option: string) => Error;

/**
 * How much better one reading must fit than another before it is believed: few rows may fit either way by chance. In a random
 * walk whose nights move as much as its days the right one fits 1.7 times as well.
 */
const clearly = (pairs: number): number => 1.2 + 3 / pairs;

const barDoubt = (rows: readonly Figures[], { places, notes, from }: Layout, table: Table, doubt: Doubt): void => {
  // Brokers' candle lists have a fixed order; only evidence against it counts.
  const known = table.format === "JSON document";
  const told = (swap: Partial<Record<Role, Role>> = {}): string => `--columns ${columnsText(places, swap)}`;
  const { pairs, asTaken, swapped, unequal } = fits(rows);
  const need = clearly(Math.max(1, pairs));
  const either = `${told({ open: "close", close: "open" })}, or ${told()} if it is correct,`;
  if (asTaken > swapped * need)
    throw doubt(
      rows[0]!,
      "open and close seem to be swapped: the first price does not follow the previous close",
      either,
    );
  if (!known && pairs > 0 && swapped < asTaken * need)
    throw doubt(rows[0]!, "the rows do not show which price is the open and which the close: both orders fit", either);
  if (!known && pairs === 0 && unequal)
    notes.push(`no header and too few rows to tell: columns are read as ${columnsText(places)}`);
  if (places.volume === -1) return;
  const volumes = rows.filter(({ figures }) => !Number.isNaN(figures[5]));
  const uneven = volumes.filter(({ figures }) => figures[5] % SPLIT !== 0);
  const prices = `--columns ${columnsText({ ...places, volume: -1 })}`;
  if (uneven.length * 2 > rows.length)
    throw doubt(
      uneven[0]!,
      "the column after the close is not a volume: it has decimals",
      `${prices} (and volume=NUMBER)`,
    );
  if (
    volumes.length >= 3 &&
    volumes.every(({ figures: [, high, low, , , volume] }) => low < high && volume >= low && volume <= high)
  ) {
    throw doubt(
      volumes[0]!,
      "the column after the close seems to be a price: it lies between low and high",
      `${prices} (and volume=NUMBER), or ${told()} if it is correct,`,
    );
  }
  const both = volumes.filter(({ figures }) => !Number.isNaN(figures[6]));
  if (both.every(({ figures }) => figures[6] === 0)) return;
  // A turnover is a volume times a price.
  const isValue = (value: number, of: number): boolean =>
    both.every(
      ({ figures }) =>
        figures[of] === 0 || within(figures[value]! / figures[of]!, figures[2] / SPLIT, figures[1] / SPLIT),
    );
  if (isValue(6, 5)) return;
  const [fifth, sixth] = [unrest(both, 5), unrest(both, 6)];
  const least = known ? fifth * clearly(Math.max(1, both.length - 1)) < sixth : fifth >= sixth * 1.5 && both.length > 1;
  if (known ? least : !least || isValue(5, 6)) {
    throw doubt(
      both[0] ?? rows[from]!,
      "the rows do not show which of the last two columns is the volume and which the open interest",
      `--columns ${columnsText({ ...places, volume: -1 })},-,volume, or ${told()} if it is correct,`,
    );
  }
};

const within = (price: number, low: number, high: number): boolean => price >= low * 0.9 && price <= high * 1.1;

/**
 * No price moves further between two bars under the exchanges' limits; a larger move is not between neighbours, or is a
 * split.
 */
const FURTHEST = 1.2;

/**
 * A bar opens near the previous close: how far opens are from it, and how far they would be with open and close
 * swapped.
 */
const fits = (rows: readonly Figures[]): { pairs: number; asTaken: number; swapped: number; unequal: boolean } => {
  const before = new Map<string, Figures>();
  const sum = { pairs: 0, asTaken: 0, swapped: 0, unequal: false };
  const traded = rows.some(({ figures }) => figures[5] > 0);
  for (const row of rows) {
    const {
      figures: [open, , , close, , volume],
      symbol,
    } = row;
    // Prices of a pre-open at which nothing traded follow nothing.
    if (!(open > 0 && close > 0) || (traded && volume === 0)) continue;
    sum.unequal ||= open !== close;
    const last = before.get(symbol);
    before.set(symbol, row);
    // If both open at their close, nothing can be decided, and nothing needs to be.
    if (last === undefined || (open === close && last.figures[0] === last.figures[3])) continue;
    const prices = [open, close, last.figures[0], last.figures[3]];
    if (Math.max(...prices) > Math.min(...prices) * FURTHEST) continue;
    sum.asTaken += Math.abs(open - last.figures[3]);
    sum.swapped += Math.abs(close - last.figures[0]);
    sum.pairs++;
  }
  return sum;
};

/** How much a column changes from row to row, as a fraction: little for open interest, much for volume. */
const unrest = (rows: readonly Figures[], column: 5 | 6): number => {
  let change = 0;
  let size = 0;
  for (let at = 0; at < rows.length; at++) {
    size += rows[at]!.figures[column];
    if (at > 0) change += Math.abs(rows[at]!.figures[column] - rows[at - 1]!.figures[column]);
  }
  return size === 0 ? 0 : change / size;
};

/** The roles in the file's order, as `--columns` takes them. */
const columnsText = (places: Layout["places"], swap: Partial<Record<Role, Role>> = {}): string => {
  const roles: [number, Role][] = (["clock", "open", "high", "low", "close", "price", "volume"] as const).map(
    (role) => [places[role], swap[role] ?? role],
  );
  for (const role of ["time", "symbol"] as const) roles.push([places[role][0] ?? -1, role]);
  const text: string[] = [];
  for (const [at, role] of roles) if (at !== -1) text[at] = role;
  return Array.from(text, (role) => role ?? "-").join(",");
};

const tickDoubt = (
  rows: readonly Figures[],
  texts: readonly (readonly string[])[],
  { places }: Layout,
  table: Table,
  doubt: Doubt,
): void => {
  // `7,80` with commas between columns is a price as much as a price and a volume.
  const written = texts
    .map((row) => [row[places.price] ?? "", row[places.volume] ?? ""].map((text) => text.trim()) as [string, string])
    .filter(([price]) => price !== "");
  const isShort =
    (written.length >= 8 && written.every(([, volume]) => /^\d{1,2}$/.test(volume))) ||
    written.some(([, volume]) => /^0\d$/.test(volume));
  if (table.delimiter === "," && isShort && written.every(([price]) => /^\d+$/.test(price))) {
    throw doubt(
      rows[0]!,
      "the second comma may be a decimal mark: no price has decimals, and no volume more than two digits",
      "--columns time,price,volume, if they are price and volume, or quote the prices,",
    );
  }
  const decimals = rows.find(({ figures }) => !Number.isNaN(figures[5]) && figures[5] % SPLIT !== 0);
  const frozen = rows.every(({ figures }) => figures[4] === rows[0]!.figures[4] && figures[4] % SPLIT === 0);
  if (
    (decimals !== undefined && frozen && rows.length > 1) ||
    (decimals !== undefined && rows.filter(({ figures }) => figures[5] % SPLIT !== 0).length * 2 > rows.length)
  ) {
    throw doubt(
      decimals,
      "the column after the price is not a volume: it has decimals",
      `${exampleColumns.ticks} (in file order, - skips a column)`,
    );
  }
  if (
    rows.length >= 3 &&
    frozen &&
    rows[0]!.figures[4] >= 10_000 * SPLIT &&
    rows.every(({ figures }) => figures[5] < figures[4])
  ) {
    throw doubt(
      rows[0]!,
      "the second column never changes: it seems to be an instrument token",
      "--columns time,-,price, or --columns time,price,volume if it is the price,",
    );
  }
  let back = 0;
  let forth = 0;
  for (let at = 1; at < rows.length; at++) {
    if (rows[at]!.figures[5] < rows[at - 1]!.figures[5]) back++;
    if (rows[at]!.figures[4] < rows[at - 1]!.figures[4]) forth++;
  }
  if (rows.length >= 10 && back * 5 > rows.length && forth === 0)
    throw doubt(
      rows[0]!,
      "price and volume seem to be swapped: a day's volume never falls",
      "--columns time,volume,price, or --columns time,price,volume if it is correct,",
    );
};
