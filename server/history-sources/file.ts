import type { BarColumns } from "@/server/domain/bar";
import { within } from "@/server/domain/bar-rows";
import { type AppError, badInput } from "@/server/domain/errors";
import type { Instrument } from "@/server/domain/instrument";
import { type Calendar, DAY_MS, type HoursKey, istDay, istMidnight } from "@/server/domain/session";
import { timeframe as timeframeNamed, type TimeframeName } from "@/server/domain/timeframe";
import { readLines } from "@/server/feeds/lines";
import type { HistorySource } from "@/server/ports/history-source";
import { barRows, type FileBar } from "./bar-file";
import { checkSpacing, detectLabels, labelDays } from "./bar-labels";
import { placeBars } from "./bar-places";
import { parquetLines } from "./parquet";

export type FileKind = "csv" | "parquet";

export interface FileOrder {
  kind: FileKind;
  /** A path; `{symbol}` in it stands for the symbol: one file an instrument. */
  file: string;
  timeframe: TimeframeName;
  instruments: readonly Instrument[];
  /** Epoch ms; rows far outside are not kept. */
  from: number;
  to: number;
  calendar: Calendar;
  hours(instrument: Instrument): HoursKey;
}

/** What an instrument's rows are found by: `M&M` may be `MM` or `M_M` in a file. */
const squeeze = (symbol: string): string => symbol.replaceAll(/[^A-Za-z0-9]/g, "").toUpperCase();

/** So many lines that are no bars are told one by one. */
const TOLD = 5;

interface Contents {
  /** By squeezed symbol, "" where rows carry none. */
  bars: Map<string, FileBar[]>;
  malformed: number;
  firstMalformed: string[];
}

/**
 * A file of bars, CSV or Parquet, as a source of history: read once, its labels and spacing checked before anything is
 * answered. Throws `bad_input` for `source` on a file that cannot serve.
 */
export const fileSource = async (order: FileOrder): Promise<HistorySource> => {
  const { kind, file, timeframe, instruments } = order;
  const name = `${kind}:${file}`;
  const notes: string[] = [];
  const rows = new Map<number, BarColumns>();
  const missing = new Map<number, string>();
  const perInstrument = file.includes("{symbol}");
  const shared = perInstrument ? null : await readBars(order, file, instruments);
  if (shared !== null) notes.push(...malformedNotes(file, shared));
  for (const instrument of instruments) {
    const path = perInstrument ? file.replaceAll("{symbol}", instrument.symbol) : file;
    let contents = shared;
    if (contents === null) {
      try {
        contents = await readBars(order, path, [instrument]);
      } catch (cause) {
        // Of many files one may be missing: that instrument alone goes without.
        missing.set(instrument.id, (cause as Error).message);
        continue;
      }
      notes.push(...malformedNotes(path, contents));
    }
    const bars = barsOf(contents.bars, instrument, instruments.length === 1 || perInstrument);
    if (bars === null) {
      const has = [...contents.bars.keys()].slice(0, 5).map((each) => each || "rows without a symbol").join(", ");
      const why = has !== "" ? ` (it has ${has})` : contents.firstMalformed.length > 0 ? ` (${contents.firstMalformed[0]!})` : "";
      missing.set(instrument.id, `${path} has no rows of ${instrument.symbol}${why}`);
      continue;
    }
    rows.set(instrument.id, placed(order, path, instrument, bars, notes));
  }
  if (rows.size === 0) throw badInput("source", name, ["a file with bars of the instruments asked for", ...[...missing.values()].slice(0, 1)].join("; "));
  return {
    name, authority: "file", notes: [...new Set(notes)],
    limits: (asked) => (asked === timeframe ? { daysPerRequest: Number.POSITIVE_INFINITY, requestsPerSecond: Number.POSITIVE_INFINITY, concurrency: 1 } : null),
    lacks: ({ id }) => missing.get(id) ?? null,
    bars: ({ instrument, from, to }) => Promise.resolve(within(rows.get(instrument.id)!, from, to)),
  };
};

const readBars = async (order: FileOrder, path: string, instruments: readonly Instrument[]): Promise<Contents> => {
  const bySymbol = new Map(instruments.map((each) => [squeeze(each.symbol), each.decimals]));
  // A file of the one instrument asked for may call it by another name.
  const alone = instruments.length === 1 ? instruments[0]!.decimals : null;
  const contents: Contents = { bars: new Map(), malformed: 0, firstMalformed: [] };
  const lines = order.kind === "csv" ? linesOf(path) : parquetLines(path, "source");
  for await (const { line, symbol, bar } of barRows(lines, (text) => (text === undefined ? alone : bySymbol.get(squeeze(text)) ?? alone))) {
    if (typeof bar === "string") {
      contents.malformed++;
      if (contents.firstMalformed.length < TOLD) contents.firstMalformed.push(`${path}:${line}: ${bar}`);
      continue;
    }
    const key = symbol === undefined ? "" : squeeze(symbol);
    let bars = contents.bars.get(key);
    if (bars === undefined) contents.bars.set(key, bars = []);
    if (bar.label >= order.from - DAY_MS && bar.label <= order.to + DAY_MS) bars.push(bar);
  }
  return contents;
};

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* readLines(path);
  } catch (cause) {
    throw badInput("source", `csv:${path}`, (cause as AppError).details.accepted ?? "a file that can be read");
  }
}

const malformedNotes = (path: string, { malformed, firstMalformed }: Contents): string[] =>
  malformed > firstMalformed.length ? [...firstMalformed, `${path}: ${malformed} lines are no bars`] : firstMalformed;

const barsOf = (bars: ReadonlyMap<string, FileBar[]>, { symbol }: Instrument, alone: boolean): FileBar[] | null =>
  bars.get(squeeze(symbol)) ?? (alone && bars.size === 1 ? [...bars.values()][0]! : null);

/** Rows by the start of their bar; day bars by the date's midnight, as brokers label them. */
const placed = ({ timeframe: name, calendar, hours }: FileOrder, path: string, instrument: Instrument, bars: readonly FileBar[], notes: string[]): BarColumns => {
  const of = timeframeNamed(name);
  const key = hours(instrument);
  const days = labelDays(bars.map(({ label }) => label), calendar, key);
  checkSpacing(days, of, "timeframe");
  const labels = of.kind === "intraday" ? detectLabels(days, of) : { kind: "start" as const, because: "" };
  if (of.kind === "intraday") notes.push(`${path}: labels name the ${labels.kind} of a bar (${labels.because})`);
  const { bars: columns, left } = placeBars(bars, labels.kind, of, calendar, key);
  if (left.outside_session > 0) notes.push(`${path}: ${left.outside_session} rows lie outside trading sessions`);
  if (left.replaced_duplicate > 0) notes.push(`${path}: ${left.replaced_duplicate} bars stand there twice and differ; the last holds`);
  if (of.kind === "day") for (let row = 0; row < columns.length; row++) columns.time[row] = istMidnight(istDay(columns.time[row]!));
  return columns;
};
