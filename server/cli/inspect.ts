/** `candela inspect FILE`: shows how a file of bars or ticks would be read, before it is used. */
import { type Command, Option } from "commander";
import { rowsOutside } from "@/server/domain/time/clock-doubt";
import { hasCode } from "@/server/domain/basics/errors";
import { toDecimalText } from "@/server/domain/basics/price";
import { type Calendar, IST_OFFSET_MS, istDay } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import { type AuctionConvention, classOf, conventionOf } from "@/server/domain/instruments/source-conventions";
import { type AnyTimeframe, parseAnyTimeframe, timeframe as timeframeNamed } from "@/server/domain/time/timeframe";
import { readTicks } from "@/server/feeds/tick-file";
import { checkClocks } from "@/server/files/clock-check";
import type { TableKind } from "@/server/files/columns";
import type { MalformedLine } from "@/server/files/doubt";
import type { FileOptions } from "@/server/files/options";
import { type OpenTable, openText } from "@/server/files/read-table";
import { delimiterName } from "@/server/files/rows";
import { readPieces, type TextPieces } from "@/server/files/text";
import { longerThanDays } from "@/server/history-sources/bar-repeats";
import { type FileBar, readBars } from "@/server/history-sources/bar-file";
import { auctionsOf } from "@/server/history-sources/bar-auctions";
import { checkSpacing, labelDays, type LabelKind } from "@/server/history-sources/bar-labels";
import { checkWeekdays, pastBars } from "@/server/history-sources/bar-dates";
import { checkVolumes } from "@/server/history-sources/bar-volumes";
import { checkTimes, labelsOf } from "@/server/history-sources/file";
import { systemClock } from "@/server/observe/clock";
import { assumeDays } from "./assumed-days";
import { writeLines } from "./bar-lines";
import { type FileCommandOptions, fileOptions, given, refusedExit } from "./file-options";
import { counted, malformedLines } from "./refused-lines";
import { type FileInstrument, fileInstrument } from "./series-options";

export interface InspectRequest extends FileOptions {
  file: string;
  /** Without it symbol, labels and zone are shown, not checked. */
  instrument?: string;
  kind?: TableKind;
  /** Epoch ms: later times in a file are suspicious. */
  now: number;
}

export interface Inspection {
  file: string;
  kind: TableKind;
  format: string;
  decimal: string;
  /** Line of the names; null without. */
  namesLine: number | null;
  /** Name or number of the column by role. */
  columns: Record<string, string>;
  times: string;
  zone: string;
  labels: string | null;
  /** How auctions are printed in it, and those it has; null of ticks, of days, and without an instrument. */
  auctions: string | null;
  timeframe: string | null;
  instrument: string;
  rows: number;
  refused: number;
  first: string | null;
  last: string | null;
  /** First rows as they were understood, prices in rupees. */
  preview: string[];
  malformed: MalformedLine[];
  notes: string[];
  /** What stops the file from being read; each names the option that settles it. */
  doubts: string[];
}

/** So many rows are shown, and so many bars are looked at as a whole. */
const SHOWN = 5;
const LOOKED_AT = 2_000_000;

/** `open` returns the text again at each call. Throws `bad_input` for a file that cannot be understood. */
export const inspectFile = async (open: () => TextPieces, request: InspectRequest): Promise<Inspection> => {
  const { file, instrument: key, kind: wanted, now, ...options } = request;
  const asked = key === undefined ? null : fileInstrument(key);
  const decimals = asked?.instrument.decimals ?? 2;
  const opened = (kind: TableKind): Promise<OpenTable> =>
    openText(open(), { kind, file, options, instruments: asked === null ? [] : [asked.instrument] });
  let kind: TableKind = wanted ?? "bars";
  let table: OpenTable;
  try {
    table = await opened(kind);
  } catch (cause) {
    if (wanted !== undefined || !hasCode(cause, "bad_input")) throw cause;
    // A file without bars may contain ticks; if it has neither, the first error applies.
    table = await opened((kind = "ticks")).catch(() => {
      throw cause;
    });
  }

  const bars: FileBar[] = [];
  const malformed: MalformedLine[] = [];
  const preview: string[] = [];
  const times: number[] = [];
  let rows = 0;
  let refused = 0;
  const doubts: string[] = [];
  const refuse = (lines: readonly MalformedLine[]): void => {
    refused += lines.length;
    malformed.push(...lines.slice(0, Math.max(0, SHOWN - malformed.length)));
  };
  const price = (minor: number): string => toDecimalText(minor, decimals);
  if (kind === "bars") {
    const take = (bar: FileBar): void => {
      rows++;
      if (bars.length < LOOKED_AT) bars.push(bar);
      if (preview.length < SHOWN)
        preview.push(
          `${istText(bar.label)}  open ${price(bar.open)}  high ${price(bar.high)}  low ${price(bar.low)}  close ${price(bar.close)}  volume ${bar.volume}`,
        );
    };
    for await (const lines of readBars(table, () => decimals, take)) refuse(lines);
    for (const { label } of bars) times.push(label);
  } else {
    for await (const each of readTicks(table, decimals, ({ message }) => {
      doubts.push(message);
    })) {
      refuse(each.malformed);
      for (let row = 0; row < each.length; row++) {
        rows++;
        if (times.length < LOOKED_AT) times.push(each.time[row]!);
        if (preview.length < SHOWN)
          preview.push(
            `${istText(each.time[row]!)}  price ${price(each.price[row]!)}${each.volume[row]! < 0 ? "" : `  volume of the day ${each.volume[row]}`}`,
          );
      }
    }
  }

  const notes: string[] = [];
  const settle = (check: () => void): void => {
    try {
      check();
    } catch (cause) {
      if (!hasCode(cause, "bad_input")) throw cause;
      doubts.push((cause as Error).message);
    }
  };
  settle(() => {
    table.checkFound(rows + refused);
  });
  const of = kind === "bars" ? spacing(bars) : null;
  let labels: LabelKind | null = null;
  let auctions: string | null = null;
  if (asked !== null && times.length > 0) {
    const { calendar, known, notes: assumed } = assumeDays(asked.hours, new Set(times.map(istDay)));
    notes.push(...assumed);
    if (of === null || of.kind === "intraday") {
      const { outside, total } = rowsOutside(times, calendar, asked.hours);
      if (outside > 0) notes.push(`${outside} of ${counted(total, "row")} are outside the session`);
    }
    if (of !== null) {
      const days = labelDays(times, calendar, asked.hours);
      settle(() => {
        pastBars(file, table, bars, of, now, notes);
      });
      settle(() => {
        checkWeekdays(file, table, bars, of, known, asked.hours);
      });
      // Bars of weeks and months are read as days, and refused as such.
      settle(() => {
        checkTimes(file, table, bars, days, of.kind === "intraday" ? of : timeframeNamed("1d"), calendar, asked.hours);
      });
      settle(() => {
        checkVolumes(file, table, bars, of);
      });
      settle(() => {
        checkSpacing(days, of, "--from", table.rules.lenient, refused);
      });
      if (of.kind === "intraday")
        settle(() => {
          labels = labelsOf(file, table, bars, days, of, notes);
        });
      if (labels !== null)
        auctions = auctionsText(bars, asked, { broker: options.broker ?? "unknown", labels, of, calendar, price });
    } else {
      settle(() => {
        checkClocks(file, table, "tick", times, calendar, asked.hours);
      });
    }
  } else if (asked === null) notes.push("without --instrument, the symbol, labels and time zone are not checked");

  const { seen, rules } = table;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const time of times) {
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  const order = { dmy: "day-month-year", mdy: "month-day-year", ymd: "year-month-day" };
  return {
    file,
    kind,
    format: seen.delimiter === null ? seen.format : `columns separated by ${delimiterName(seen.delimiter)}`,
    decimal: seen.decimal === "," ? "comma" : "point",
    namesLine: seen.namesLine === 0 ? null : seen.namesLine,
    columns: columnNames(table),
    times: seen.times.order === null ? "year-month-day, month names, or epoch" : order[seen.times.order],
    zone:
      rules.zone !== null
        ? "as given by --zone"
        : table.zoneless > 0
          ? "not given: read as IST"
          : "given in the file, epoch, or dates only",
    labels,
    auctions,
    timeframe: of?.name ?? null,
    instrument: instrumentText(table, key),
    rows,
    refused,
    first: times.length === 0 ? null : istText(first),
    last: times.length === 0 ? null : istText(last),
    preview,
    malformed,
    notes: [...table.notes(), ...notes],
    doubts,
  };
};

const volumes = {
  included: "with its volume",
  left_out: "without its volume",
  own_row: "its volume in a separate row",
  unknown: "unknown whether its volume is included",
} as const;
const closings = {
  none: "no closing auction",
  row: "the closing auction in a separate row",
  in_last_bar: "continuing to the closing auction's value after the last bar",
  unknown: "the closing auction's place unknown",
} as const;

/** The broker's known convention on the file's last day, and the file's auctions. */
const auctionsText = (
  bars: readonly FileBar[],
  { instrument, hours }: FileInstrument,
  {
    broker,
    labels,
    of,
    calendar,
    price,
  }: { broker: string; labels: LabelKind; of: AnyTimeframe; calendar: Calendar; price(minor: number): string },
): string => {
  const convention = (day: number): AuctionConvention => conventionOf(broker, classOf(instrument), day);
  const { auctions, rows } = auctionsOf(bars, {
    labels,
    of,
    calendar,
    hours,
    isIndex: instrument.segment === "index",
    convention,
  });
  const { firstOpen, preOpenVolume, closingAuction } = convention(istDay(bars.at(-1)!.label));
  const opens =
    firstOpen === "auction"
      ? "opens at the pre-open's price"
      : firstOpen === "first_trade"
        ? "opens at its first trade"
        : "open price rule unknown";
  const known =
    broker === "unknown"
      ? "the broker is not given (--broker): the first bar is kept as is, and rows during auction hours count as auctions"
      : `as printed by ${broker}: a day ${opens}, ${volumes[preOpenVolume]}; ${closings[closingAuction]}`;
  const last = auctions.at(-1);
  return `${known}; ${counted(auctions.length, "auction")} in ${counted(rows, "row")}${last === undefined ? "" : `, the last of ${istText(last.auction.from).slice(0, 16)} at ${price(last.price)}, volume ${last.volume}`}`;
};

/** The timeframe that the usual distance of neighbouring labels is; days where labels have no clock of their own. */
const spacing = (bars: readonly FileBar[]): AnyTimeframe => {
  const labels = [...new Set(bars.map(({ label }) => label))].sort((a, b) => a - b);
  const counts = new Map<number, number>();
  for (let at = 1; at < labels.length; at++)
    if (istDay(labels[at]!) === istDay(labels[at - 1]!))
      counts.set(labels[at]! - labels[at - 1]!, (counts.get(labels[at]! - labels[at - 1]!) ?? 0) + 1);
  const days = new Set(labels.map(istDay)).size;
  const inDay = [...counts.values()].reduce((sum, count) => sum + count, 0);
  // A date that occurs twice among days is not a separate timeframe.
  if (inDay * 2 < days || labels.every((label) => (label + IST_OFFSET_MS) % 86_400_000 === 0)) {
    const longer = longerThanDays(labels);
    return timeframeNamed(longer === "weeks" ? "1W" : longer === "months" ? "1M" : "1d");
  }
  const usual = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]!;
  return parseAnyTimeframe(`${usual[0] / 60_000}m`) ?? timeframeNamed("1m");
};

const columnNames = ({ seen: { places, names } }: OpenTable): Record<string, string> => {
  const of = (at: number): string =>
    names === null ? `column ${at + 1}` : names[at] === undefined || names[at] === "" ? `column ${at + 1}` : names[at];
  const columns: Record<string, string> = { time: places.time.map(of).join(", else ") };
  for (const role of [
    "clock",
    "open",
    "high",
    "low",
    "close",
    "price",
    "volume",
    "series",
    "exchange",
    "token",
  ] as const)
    if (places[role] !== -1) columns[role] = of(places[role]);
  if (places.symbol.length > 0) columns["symbol"] = places.symbol.map(of).join(", else ");
  return columns;
};

const instrumentText = ({ whose, seen: { places } }: OpenTable, key: string | undefined): string => {
  const others = whose.otherNames;
  const asked = key === undefined ? "the file's own" : whose.askedFor;
  if (places.symbol.length === 0) return `${asked}: no column names the instrument`;
  return others.length === 0 ? asked : `${asked}; rows of other instruments: ${others.join(", ")}`;
};

/** For people: one line for each thing that was understood. */
export const inspectionLines = (found: Inspection): string[] => [
  `${found.file === "-" ? "standard input" : found.file}: ${found.kind}, ${found.format}, decimal ${found.decimal}, ${found.namesLine === null ? "no header line" : `header in line ${found.namesLine}`}`,
  `columns: ${Object.entries(found.columns)
    .map(([role, name]) => `${role} ← ${name}`)
    .join(", ")}`,
  `times: ${found.times}; zone: ${found.zone}${found.first === null ? "" : `; ${found.first} to ${found.last} IST`}`,
  ...(found.timeframe === null
    ? []
    : [`timeframe: ${found.timeframe}${found.labels === null ? "" : `; times label the ${found.labels} of a bar`}`]),
  ...(found.auctions === null ? [] : [`auctions: ${found.auctions}`]),
  `instrument: ${found.instrument}`,
  `${counted(found.rows, "row")} read, ${found.refused} refused`,
  ...found.preview.map((line) => `  ${line}`),
  ...malformedLines(found.malformed),
  ...(found.refused > found.malformed.length
    ? [`… and ${found.refused - found.malformed.length} more rejected rows`]
    : []),
  ...found.notes.map((note) => `note: ${note}`),
  ...found.doubts.map((doubt) => `unclear: ${doubt}`),
];

export const inspectCommand = (program: Command): void => {
  fileOptions(
    program
      .command("inspect")
      .description(
        "show how a file of bars or ticks would be read: dialect, columns, times, labels, zone, instrument, rejected rows, and its first rows",
      )
      .argument("<file>", "file to read; - for standard input")
      .option("--instrument <key>", "instrument, such as NSE:INFY or INFY.NS; also checks symbol, labels and zone"),
  )
    .addOption(
      new Option("--kind <kind>", "what the file holds; by default detected from its columns").choices([
        "bars",
        "ticks",
      ]),
    )
    .option("--json", "one JSON object")
    .addHelpText(
      "after",
      "\nExit codes: 0 the file can be read, 1 rows are rejected or something is unclear, 2 it cannot be understood.",
    )
    .action(
      async (file: string, options: FileCommandOptions & { instrument?: string; kind?: TableKind; json?: boolean }) => {
        const { instrument, kind, json = false } = options;
        const text: string[] = [];
        // Standard input can be read once only.
        if (file === "-") for await (const piece of readPieces(file)) text.push(piece);
        const found = await inspectFile(() => (file === "-" ? text : readPieces(file)), {
          file,
          ...(instrument === undefined ? {} : { instrument }),
          ...(kind === undefined ? {} : { kind }),
          now: systemClock().now(),
          ...given(options),
        });
        await writeLines(json ? [JSON.stringify(found)] : inspectionLines(found), process.stdout);
        process.exitCode = found.doubts.length > 0 ? 1 : refusedExit(found.rows, found.refused, options.lenient);
      },
    );
};
