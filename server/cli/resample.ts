/** `candela resample FILE`: longer bars from a file of bars, by the pipeline's own rule. */
import type { Command } from "commander";
import { closingRowsOf } from "@/server/domain/bars/auction-print";
import type { BarColumns } from "@/server/domain/bars/bar";
import { merge } from "@/server/domain/bars/bar-rows";
import { badInput } from "@/server/domain/basics/errors";
import { resample } from "@/server/domain/bars/resample";
import { istDate, istDay } from "@/server/domain/time/session";
import {
  type AuctionConvention,
  classOf,
  CLOSING_AUCTIONS_SINCE,
  conventionOf,
} from "@/server/domain/instruments/source-conventions";
import { type AnyTimeframe, timeframe, timeframeNames } from "@/server/domain/time/timeframe";
import type { MalformedLine } from "@/server/files/doubt";
import type { FileOptions } from "@/server/files/options";
import { readPieces, type TextPieces } from "@/server/files/text";
import { assumeDays } from "./assumed-days";
import { addAuctions, auctionColumns, auctionsOf, type FileAuctionRules } from "@/server/history-sources/bar-auctions";
import { parseBarFile } from "@/server/history-sources/bar-file";
import { checkSpacing, labelDays } from "@/server/history-sources/bar-labels";
import { type LeftOut, placeBars } from "@/server/history-sources/bar-places";
import { checkWeekdays, pastBars } from "@/server/history-sources/bar-dates";
import { checkVolumes } from "@/server/history-sources/bar-volumes";
import { checkTimes, labelsOf } from "@/server/history-sources/file";
import { systemClock } from "@/server/observe/clock";
import { type FileCommandOptions, fileOptions, given, refusedExit } from "./file-options";
import { printBars, writeLines } from "./bar-lines";
import { counted, countsText, malformedLines, malformedText } from "./refused-lines";
import { fileInstrument, timeframeOption } from "./series-options";

export interface ResampleRequest extends FileOptions {
  /** As it is called in messages: a path, or `-` for standard input. */
  file: string;
  instrument: string;
  from: string;
  to: string;
  /** Epoch ms: later times in a file are suspicious. */
  now: number;
}

export interface ResampleReport {
  /** Oldest first. The last one contains what the file has of it. */
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
export const resampleLines = async (text: TextPieces, request: ResampleRequest): Promise<ResampleReport> => {
  const { file: fileName, instrument: key, from: fromText, to: toText, now, ...options } = request;
  const { instrument, hours } = fileInstrument(key);
  const from = timeframeOption("--from", fromText);
  const to = timeframeOption("--to", toText);
  checkNesting(from, to);
  const file = await parseBarFile(text, { decimals: instrument.decimals, fileName, instrument, options });
  if (file.bars.length === 0) {
    const first = file.malformed[0];
    throw badInput("file", fileName, `a file of bars (${first === undefined ? "it is empty" : malformedText(first)})`);
  }

  const told: string[] = [];
  const rows = pastBars(fileName, file.table, file.bars, from, now, told);
  const { calendar, known, notes } = assumeDays(hours, new Set(rows.map(({ label }) => istDay(label))));
  const days = labelDays(
    rows.map(({ label }) => label),
    calendar,
    hours,
  );
  notes.push(...told, ...file.table.notes());
  checkWeekdays(fileName, file.table, rows, from, known, hours);
  checkTimes(fileName, file.table, rows, days, from, calendar, hours);
  checkVolumes(fileName, file.table, rows, from);
  checkSpacing(days, from, "--from", options.lenient, file.malformed.length);
  const labels = labelsOf(fileName, file.table, rows, days, from, notes);
  const { bars: placed, left } = placeBars(rows, labels, from, calendar, hours, instrument.segment !== "index");
  const report = { decimals: instrument.decimals, rows: file.bars.length, malformed: file.malformed, notes };
  if (from.kind !== "intraday") return { ...report, bars: resample(placed, calendar, hours, to).bars, left };
  const convention = (day: number): AuctionConvention =>
    conventionOf(options.broker ?? "unknown", classOf(instrument), day);
  const rules: FileAuctionRules = {
    labels,
    of: from,
    calendar,
    hours,
    isIndex: instrument.segment === "index",
    convention,
  };
  const { auctions, rows: ofAuctions } = auctionsOf(rows, rules);
  if (to.kind === "intraday") {
    const bars = resample(placed, calendar, hours, to).bars;
    // If the broker's candles continue to the closing auction, longer ones do too.
    const closing = closingRowsOf(bars, auctionColumns(auctions), { calendar, hours, mode: "broker", convention }, to, {
      from: 0,
      to: Number.POSITIVE_INFINITY,
    });
    const used = auctions
      .filter(({ session }) => closing.time.subarray(0, closing.length).includes(session.close))
      .reduce((sum, each) => sum + each.rows, 0);
    return { ...report, bars: merge(bars, closing), left: { ...left, closing_auction: left.closing_auction - used } };
  }
  if (options.broker !== undefined && placed.length > 0) notes.push(...lackOf(placed, options.broker, convention));
  // A day opens at the pre-open's price and closes at the closing auction's, where the file has them.
  const dayBars = resample(placed, calendar, hours, timeframe("1d")).bars;
  addAuctions(dayBars, auctions);
  const elsewhere = left.pre_open + left.closing_auction + left.outside_session - ofAuctions;
  return {
    ...report,
    bars: resample(dayBars, calendar, hours, to).bars,
    left: { ...left, pre_open: 0, closing_auction: 0, outside_session: elsewhere, auction: ofAuctions },
  };
};

/** What days made of a broker's candles do not hold, since the candles do not. */
const lackOf = (placed: BarColumns, broker: string, convention: (day: number) => AuctionConvention): string[] => {
  const day = istDay(placed.time[placed.length - 1]!);
  const { preOpenVolume, closingAuction } = convention(day);
  const lacks = [
    ...(preOpenVolume === "left_out" ? ["the pre-open's volume"] : []),
    ...(closingAuction === "none" && istDate(day) >= CLOSING_AUCTIONS_SINCE ? ["the closing auction"] : []),
  ];
  return lacks.length === 0
    ? []
    : [
        `candles of ${broker} include neither the post-close nor ${lacks.join(" nor ")}, so days built from them exclude these too`,
      ];
};

/** Bars of `to` must hold whole bars of `from`. */
const checkNesting = (from: AnyTimeframe, to: AnyTimeframe): void => {
  if (from.kind === "week" || from.kind === "month")
    throw badInput("--from", from.name, timeframeNames.filter((name) => name !== "1W" && name !== "1M").join(", "));
  const holds = to.kind === "intraday" ? from.kind === "intraday" && to.lengthMs % from.lengthMs === 0 : true;
  if (!holds) throw badInput("--to", to.name, `a timeframe that is a whole multiple of ${from.name}`);
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
  fileOptions(
    program
      .command("resample")
      .description(
        "build longer bars from a file of bars: CSV or JSON from vendors, exchanges and brokers; candela inspect shows how a file is read",
      )
      .argument("<file>", "bars to read; - for standard input")
      .requiredOption("--instrument <key>", "instrument, such as NSE:INFY or INFY.NS; its exchange sets the session"),
  )
    .requiredOption(
      "--to <timeframe>",
      `${timeframeNames.join(", ")} or any number of minutes, such as 45m or 4h, or of seconds up to 59`,
    )
    .option("--from <timeframe>", "the file's own timeframe", "1m")
    .option("--json", "print one JSON object per bar, prices in rupees (default: a table in IST)")
    .addHelpText(
      "after",
      "\nBars start at the session's open, and a session's last bar may be short. Rows outside the continuous session are\nskipped, but a day opens at the pre-open price and closes at the closing auction's price. Two rows with the same time\nand different values are refused (--lenient keeps the last one). Rejected rows, assumptions and counts are reported on\nstandard error. Exit codes: 0 done, 1 rows were rejected or there was no output (with --lenient, 0 if there was any),\n2 the file or an option was refused.",
    )
    .action(
      async (
        file: string,
        options: FileCommandOptions & { instrument: string; from: string; to: string; json?: boolean },
      ) => {
        const { json = false, instrument, from, to } = options;
        const report = await resampleLines(readPieces(file), {
          file,
          instrument,
          from,
          to,
          now: systemClock().now(),
          ...given(options),
        });
        await printBars(report.bars, report.decimals, json);
        await writeLines(resampleSummary(report), process.stderr);
        process.exitCode = refusedExit(report.bars.length, report.malformed.length, options.lenient);
      },
    );
};
