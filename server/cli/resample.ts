/** `candela resample FILE`: longer bars from a file of bars, by the pipeline's own rule. */
import { type Command, Option } from "commander";
import type { BarColumns } from "@/server/domain/bar";
import { badInput } from "@/server/domain/errors";
import { resample } from "@/server/domain/resample";
import { istDay } from "@/server/domain/session";
import { type Timeframe, timeframe, timeframeNames } from "@/server/domain/timeframe";
import { readLines } from "@/server/feeds/lines";
import type { MalformedLine } from "@/server/feeds/tick-file";
import { assumeDays } from "./assumed-days";
import { addAuctions, auctionsOf } from "@/server/history-sources/bar-auctions";
import { parseBarFile } from "@/server/history-sources/bar-file";
import { checkSpacing, detectLabels, labelDays, type LabelKind } from "@/server/history-sources/bar-labels";
import { type LeftOut, placeBars } from "@/server/history-sources/bar-places";
import { printBars, writeLines } from "./bar-lines";
import { counted, countsText, malformedLines, malformedText } from "./refused-lines";
import { fileInstrument, timeframeOption } from "./series-options";

export interface ResampleRequest {
  /** As it is called in messages: a path, or `-` for standard input. */
  file: string;
  instrument: string;
  from: string;
  to: string;
  /** Which end of a bar its label names; by default the file tells. */
  labels?: LabelKind;
}

export interface ResampleReport {
  /** Oldest first. The last one holds what the file has of it. */
  bars: BarColumns;
  decimals: number;
  /** Bars read, malformed lines apart. */
  rows: number;
  malformed: MalformedLine[];
  /** Rows that are no bar of their own in the answer, by reason; `auction`: only in days and longer, which they open and close. */
  left: LeftOut & { auction?: number };
  notes: string[];
}

/** Throws `bad_input` when nothing in the file is a bar, or an option is wrong or does not fit the file. */
export const resampleLines = async (lines: Iterable<string> | AsyncIterable<string>, request: ResampleRequest): Promise<ResampleReport> => {
  const { instrument, hours } = fileInstrument(request.instrument);
  const from = timeframeOption("--from", request.from);
  const to = timeframeOption("--to", request.to);
  checkNesting(from, to);
  const file = await parseBarFile(lines, { decimals: instrument.decimals, fileName: request.file });
  if (file.bars.length === 0) {
    const first = file.malformed[0];
    throw badInput("file", request.file, `a file of bars (${first === undefined ? "it is empty" : malformedText(first)})`);
  }

  const { calendar, notes } = assumeDays(hours, new Set(file.bars.map(({ label }) => istDay(label))));
  const days = labelDays(file.bars.map(({ label }) => label), calendar, hours);
  checkSpacing(days, from, "--from");
  const labels = labelsOf(request.labels, days, from, notes);
  const { bars: placed, left } = placeBars(file.bars, labels, from, calendar, hours);
  const report = { decimals: instrument.decimals, rows: file.bars.length, malformed: file.malformed, notes };
  if (to.kind === "intraday" || from.kind !== "intraday") return { ...report, bars: resample(placed, calendar, hours, to).bars, left };
  // A day opens at the pre-open's price and closes at the closing auction's, where the file has them.
  const { auctions, rows } = auctionsOf(file.bars, labels, calendar, hours, instrument.segment === "index");
  const dayBars = resample(placed, calendar, hours, timeframe("1d")).bars;
  addAuctions(dayBars, auctions);
  return { ...report, bars: resample(dayBars, calendar, hours, to).bars, left: { ...left, outside_session: left.outside_session - rows, auction: rows } };
};

/** Bars of `to` must hold whole bars of `from`. */
const checkNesting = (from: Timeframe, to: Timeframe): void => {
  if (from.kind === "week" || from.kind === "month") throw badInput("--from", from.name, timeframeNames.filter((name) => name !== "1W" && name !== "1M").join(", "));
  const holds = to.kind === "intraday" ? from.kind === "intraday" && to.lengthMs % from.lengthMs === 0 : true;
  if (!holds) throw badInput("--to", to.name, `a timeframe that holds whole bars of ${from.name}`);
};

const labelsOf = (asked: LabelKind | undefined, days: Parameters<typeof detectLabels>[0], from: Timeframe, notes: string[]): LabelKind => {
  if (asked !== undefined || from.kind !== "intraday") return asked ?? "start";
  const { kind, because } = detectLabels(days, from);
  notes.push(`labels name the ${kind} of a bar (${because}); --labels says otherwise`);
  return kind;
};

/** What happened, for people: malformed lines, assumptions, counts. */
export const resampleSummary = ({ bars, rows, malformed, left, notes }: ResampleReport): string[] => {
  const out = countsText(left);
  return [
    ...malformedLines(malformed),
    ...notes,
    `${counted(bars.length, "bar")} from ${counted(rows, "row")}${out === "" ? "" : ` (${out})`}${malformed.length === 0 ? "" : `, ${counted(malformed.length, "malformed line")}`}`,
  ];
};

export const resampleCommand = (program: Command): void => {
  program.command("resample")
    .description("longer bars from a file of bars: CSV of time, open, high, low, close, volume, in any order, with or without column names")
    .argument("<file>", "the bars; - for standard input")
    .requiredOption("--instrument <key>", "what they are of, like NSE:INFY: its exchange gives the session")
    .requiredOption("--to <timeframe>", timeframeNames.join(", "))
    .option("--from <timeframe>", "the file's own timeframe", "1m")
    .addOption(new Option("--labels <end>", "which end of a bar its time names; by default the file's first label of a day tells").choices(["start", "end"]))
    .option("--json", "one JSON object a bar, prices in rupees; without it a table in IST")
    .addHelpText("after", "\nBars count from the session's open; its last may be short. Rows outside the continuous session are left out,\nbut a day opens at its pre-open's price and closes at its closing auction's. Of several rows for one bar the last in\nthe file holds. Malformed lines, assumptions and counts are told on standard error.")
    .action(async (file: string, options: { instrument: string; from: string; to: string; labels?: LabelKind; json?: boolean }) => {
      const { json = false, ...rest } = options;
      const report = await resampleLines(readLines(file), { file, ...rest });
      await printBars(report.bars, report.decimals, json);
      await writeLines(resampleSummary(report), process.stderr);
    });
};
