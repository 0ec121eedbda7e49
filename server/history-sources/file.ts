import { stat } from "node:fs/promises";
import { type BarColumns, columnsOf } from "@/server/domain/bars/bar";
import { merge, within } from "@/server/domain/bars/bar-rows";
import { type AppError, badInput } from "@/server/domain/basics/errors";
import type { Instrument } from "@/server/domain/instruments/instrument";
import { type Calendar, DAY_MS, type HoursKey, istDay, istMidnight } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import { classOf, conventionOf } from "@/server/domain/instruments/source-conventions";
import { type AnyTimeframe, timeframe as timeframeNamed, type TimeframeName } from "@/server/domain/time/timeframe";
import { checkClocks } from "@/server/files/clock-check";
import { inDoubt, type MalformedLine, placeText } from "@/server/files/doubt";
import type { FileOptions } from "@/server/files/options";
import { type OpenTable, openRows, openText, refusedRows } from "@/server/files/read-table";
import { readPieces } from "@/server/files/text";
import type { HistorySource } from "@/server/ports/history-source";
import { type FileBar, readBars } from "./bar-file";
import { checkWeekdays, pastBars } from "./bar-dates";
import { checkGrid } from "./bar-grid";
import { checkSpacing, detectLabels, doubledDate, type LabelDay, labelDays, type LabelKind } from "./bar-labels";
import { closingRows } from "./bar-auctions";
import { placeBars } from "./bar-places";
import { checkDays, checkRepeats } from "./bar-repeats";
import { checkVolumes } from "./bar-volumes";
import { openParquet } from "./parquet";

export type FileKind = "csv" | "parquet";

export interface FileOrder {
  kind: FileKind;
  /** A path; `{symbol}` in it is replaced by the symbol: one file per instrument. */
  file: string;
  /** File options given by a person. */
  options?: FileOptions;
  timeframe: TimeframeName;
  instruments: readonly Instrument[];
  /** Epoch ms; rows far outside are not kept. */
  from: number;
  to: number;
  /** Epoch ms: later times in a file are suspicious. */
  now: number;
  calendar: Calendar;
  hours(instrument: Instrument): HoursKey;
  /** Ends the reading. */
  signal?: AbortSignal | undefined;
}

/** Number of invalid rows reported one by one. */
const TOLD = 5;

interface Contents {
  /** By index among the instruments. */
  bars: Map<number, FileBar[]>;
  table: OpenTable;
}

/**
 * A file of bars, of text or Parquet, as a source of history: read once, and everything in it that leaves doubt refused before
 * anything is stored. Throws `bad_input` on a file that cannot serve.
 */
export const fileSource = async (order: FileOrder): Promise<HistorySource> => {
  const { kind, file, timeframe, instruments } = order;
  const name = `${kind}:${file}`;
  const notes: string[] = [];
  const rows = new Map<number, BarColumns>();
  const missing = new Map<number, string>();
  const perInstrument = file.includes("{symbol}");
  const shared = perInstrument ? null : await readFile(order, file, instruments, notes);
  for (const [place, instrument] of instruments.entries()) {
    const path = perInstrument ? file.replaceAll("{symbol}", instrument.symbol) : file;
    let contents = shared;
    if (contents === null) {
      try {
        contents = await readFile(order, path, [instrument], notes);
      } catch (cause) {
        // One of many files may be missing; only that instrument is skipped. An ambiguous file stops the request.
        if ((cause as AppError).details?.field !== "source" || instruments.length === 1) throw cause;
        missing.set(instrument.id, (cause as Error).message);
        continue;
      }
    }
    const bars = contents.bars.get(perInstrument ? 0 : place);
    if (bars === undefined) {
      const has = contents.table.whose.otherNames;
      missing.set(
        instrument.id,
        `${path} has no rows of ${instrument.symbol}${has.length === 0 ? "" : ` (it has ${has.slice(0, TOLD).join(", ")})`}`,
      );
      continue;
    }
    rows.set(instrument.id, placed(order, path, instrument, contents.table, bars, notes));
  }
  if (rows.size === 0)
    throw badInput(
      "source",
      name,
      ["a file with bars of the requested instruments", ...[...missing.values()].slice(0, 1)].join("; "),
    );
  return {
    name,
    prints: order.options?.broker ?? "unknown",
    authority: "file",
    notes: [...new Set(notes)],
    limits: (asked) =>
      asked === timeframe
        ? { daysPerRequest: Number.POSITIVE_INFINITY, requestsPerSecond: Number.POSITIVE_INFINITY, concurrency: 1 }
        : null,
    lacks: ({ id }) => missing.get(id) ?? null,
    bars: ({ instrument, from, to }) => Promise.resolve(within(rows.get(instrument.id)!, from, to)),
  };
};

const readFile = async (
  order: FileOrder,
  path: string,
  instruments: readonly Instrument[],
  notes: string[],
): Promise<Contents> => {
  const asked = { kind: "bars" as const, file: path, instruments, options: order.options ?? {} };
  const bytes = await sizeOf(order.kind, path);
  const table =
    order.kind === "csv"
      ? await openText(piecesOf(path, bytes, order.signal), asked)
      : await openRows(await openParquet(path, "source"), asked);
  const bars = new Map<number, FileBar[]>();
  const refused: MalformedLine[] = [];
  let count = 0;
  let found = 0;
  const take = (bar: FileBar, whose: number): void => {
    found++;
    let own = bars.get(whose);
    if (own === undefined) bars.set(whose, (own = []));
    if (bar.label >= order.from - DAY_MS && bar.label <= order.to + DAY_MS) own.push(bar);
  };
  for await (const malformed of readBars(table, (whose) => instruments[whose]!.decimals, take)) {
    order.signal?.throwIfAborted();
    count += malformed.length;
    if (refused.length < TOLD) refused.push(...malformed.slice(0, TOLD - refused.length));
  }
  if (instruments.length === 1) table.checkFound(found + count);
  if (count > 0) {
    if (!table.rules.lenient) throw refusedRows(refused, count);
    notes.push(...refused.map(({ file, line, unit, reason }) => `${placeText(file, line, unit)}: ${reason}`));
    if (count > refused.length) notes.push(`${path}: ${count} rows are not bars`);
  }
  notes.push(...table.notes().map((note) => `${path}: ${note}`));
  return { bars, table };
};

/** Bytes of a file. What is no file, a pipe or a device, is not opened: it may never answer, or never end. */
const sizeOf = async (kind: FileKind, path: string): Promise<number> => {
  const source = `${kind}:${path}`;
  const found = await stat(path).catch((cause: unknown) => {
    throw badInput("source", source, `a readable file (${(cause as Error).message})`);
  });
  if (!found.isFile())
    throw badInput("source", source, `a file (it is ${found.isDirectory() ? "a folder" : "a pipe or a device"})`);
  return found.size;
};

async function* piecesOf(path: string, bytes: number, signal: AbortSignal | undefined): AsyncGenerator<string> {
  let read = 0;
  try {
    for await (const piece of readPieces(path)) {
      signal?.throwIfAborted();
      read += piece.length;
      // A character has a byte at least, and a last line may lack its end.
      if (read > bytes + 1) throw badInput("source", `csv:${path}`, "a file that does not change while it is read");
      yield piece;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    throw badInput("source", `csv:${path}`, (cause as AppError).details?.accepted ?? "a readable file");
  }
}

/** Throws where the rows' times may be meant otherwise: another zone, one date twice. */
export const checkTimes = (
  file: string,
  table: OpenTable,
  bars: readonly FileBar[],
  days: readonly LabelDay[],
  of: AnyTimeframe,
  calendar: Calendar,
  hours: HoursKey,
): void => {
  const { unit } = table.seen;
  const at = (label: number): FileBar => bars.find((bar) => bar.label === label)!;
  if (of.kind === "intraday")
    checkClocks(
      file,
      table,
      "bar",
      bars.map(({ label }) => label),
      calendar,
      hours,
      (label) => at(label).line,
    );
  checkRepeats(file, table, bars);
  checkDays(file, table, bars, of);
  if (of.kind === "intraday") checkGrid(file, table, bars, days, of, calendar, hours);
  if (of.kind !== "intraday") {
    // Midnight in India is half past six in the evening of the day before in UTC.
    const evening =
      bars.length > 0 &&
      table.rules.zone === null &&
      table.zoneless > 0 &&
      bars.every(({ label }) => istText(label).endsWith("18:30:00"));
    if (evening)
      throw inDoubt({
        file,
        line: bars[0]!.line,
        unit,
        field: "time",
        value: istText(bars[0]!.label),
        why: "every day has the time 18:30, which is midnight in India as UTC",
        option: "--zone UTC (or --zone IST)",
      });
    const doubled = table.rules.lenient ? null : doubledDate(days);
    if (doubled !== null) {
      const lines = [at(doubled.first).line, at(doubled.second).line].sort((a, b) => a - b);
      throw inDoubt({
        file,
        line: lines[1]!,
        unit,
        field: "time",
        value: istText(at(doubled.second).label),
        why: `${unit}s ${lines[0]} and ${lines[1]} are one date, with two different times`,
        option: "--lenient (keeps the last one in the file)",
      });
    }
  }
};

/** Which end of a bar the labels name: as a person says, as the days show, as the source is known for. Throws where none does. */
export const labelsOf = (
  file: string,
  table: OpenTable,
  bars: readonly FileBar[],
  days: readonly LabelDay[],
  of: AnyTimeframe,
  notes: string[],
): LabelKind => {
  const {
    rules: { labels: asked },
    seen,
  } = table;
  if (asked !== null || of.kind !== "intraday") return asked ?? "start";
  const detected = detectLabels(days, of);
  if (detected !== null) {
    notes.push(`times label the ${detected.kind} of a bar (${detected.because}); override with --labels`);
    return detected.kind;
  }
  const known = seen.labels ?? seen.places.labels;
  if (known !== null) {
    notes.push(`times label the ${known} of a bar (usual for this kind of file); override with --labels`);
    return known;
  }
  const first = bars.find(({ label }) => label === days[0]?.labels[0]) ?? bars[0]!;
  throw inDoubt({
    file,
    line: first.line,
    unit: seen.unit,
    field: "time",
    value: istText(first.label),
    why: "no day shows whether times label the start or end of a bar: none has a bar at the open, or consecutive bars up to the close",
    option: "--labels start or --labels end",
  });
};

/** Rows by the start of their bar; day bars by the date's midnight, as brokers label them. */
const placed = (
  { timeframe: name, calendar, hours, now, options }: FileOrder,
  path: string,
  instrument: Instrument,
  table: OpenTable,
  rows: readonly FileBar[],
  notes: string[],
): BarColumns => {
  const of = timeframeNamed(name);
  const key = hours(instrument);
  const told: string[] = [];
  const bars = pastBars(path, table, rows, of, now, told);
  checkWeekdays(path, table, bars, of, calendar, key);
  const days = labelDays(
    bars.map(({ label }) => label),
    calendar,
    key,
  );
  if (bars.length > 0) checkTimes(path, table, bars, days, of, calendar, key);
  checkVolumes(path, table, bars, of);
  checkSpacing(days, of, "timeframe", table.rules.lenient);
  const labels = days.length === 0 ? "start" : labelsOf(path, table, bars, days, of, told);
  notes.push(...told.map((note) => `${path}: ${note}`));
  const { bars: trading, left } = placeBars(bars, labels, of, calendar, key, instrument.segment !== "index");
  // Rows of closing auctions are no bars either: who asks finds the print in them.
  const closing =
    of.kind === "intraday"
      ? closingRows(bars, labels, of, calendar, key, (day) =>
          conventionOf(options?.broker ?? "unknown", classOf(instrument), day),
        )
      : columnsOf([]);
  const columns = merge(trading, closing);
  const outside = left.outside_session + left.pre_open + left.closing_auction - closing.length;
  if (closing.length > 0)
    notes.push(`${path}: ${closing.length} rows belong to closing auctions, as printed by ${options!.broker!}`);
  if (outside > 0) notes.push(`${path}: ${outside} rows are outside trading sessions`);
  if (left.off_grid > 0) notes.push(`${path}: ${left.off_grid} rows are not on the ${name} grid and were skipped`);
  if (left.untraded > 0)
    notes.push(`${path}: ${left.untraded} rows without volume repeat the previous close and are not bars`);
  if (left.replaced_duplicate > 0)
    notes.push(`${path}: ${left.replaced_duplicate} bars appear twice with different values; the last one is used`);
  if (of.kind === "day")
    for (let row = 0; row < columns.length; row++) columns.time[row] = istMidnight(istDay(columns.time[row]!));
  return columns;
};
