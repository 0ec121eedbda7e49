/** `candela replay FILE`: a recorded session through the pipeline's own stages, without a server. */
import { type Command, Option } from "commander";
import {
  type AuctionMode,
  auctionModes,
  closingRowsOf,
  printAuctions,
  type PrintRules,
} from "@/server/domain/bars/auction-print";
import { AUCTION_BAR, type Bar, type BarBatch, type BarColumns, CLOSE, columnsOf } from "@/server/domain/bars/bar";
import { merge } from "@/server/domain/bars/bar-rows";
import { badInput } from "@/server/domain/basics/errors";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { resample } from "@/server/domain/bars/resample";
import { istDay } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import {
  type AuctionConvention,
  classOf,
  conventionOf,
  RECORDED_AS,
} from "@/server/domain/instruments/source-conventions";
import { isListed, timeframe as timeframeNamed, timeframeNames } from "@/server/domain/time/timeframe";
import { openTickFile, readTicks } from "@/server/feeds/tick-file";
import { checkClocks } from "@/server/files/clock-check";
import type { MalformedLine } from "@/server/files/doubt";
import type { FileOptions } from "@/server/files/options";
import { readPieces, type TextPieces } from "@/server/files/text";
import { systemClock } from "@/server/observe/clock";
import { FileRun } from "@/server/pipeline/file-run";
import { PrintedBars } from "@/server/pipeline/print";
import type { RejectCounts } from "@/server/pipeline/normalise";
import { parseIndicatorList } from "@/server/services/indicators/configs";
import { assumeDays } from "./assumed-days";
import { type IndicatorLine, printBars, writeLines } from "./bar-lines";
import { type Gap, gapsOf } from "./recording-gaps";
import { ReplayIndicators } from "./replay-indicators";
import { counted, countsText, malformedLines, malformedText } from "./refused-lines";
import { type FileCommandOptions, fileOptions, given, refusedExit } from "./file-options";
import { fileInstrument, timeframeOption } from "./series-options";
import { TickRecording } from "./tick-recording";

const SECOND = timeframeNamed("1s").index;
const DAY = timeframeNamed("1d").index;

export interface ReplayRequest extends FileOptions {
  /** As it is called in messages: a path, or `-` for standard input. */
  file: string;
  instrument: string;
  timeframe: string;
  /** `EMA:20,RSI:14`; none when empty. */
  indicators?: string;
  /** How auctions are printed into intraday bars: as `RECORDED_AS` prints them unless said otherwise. */
  auctions?: AuctionMode;
  /** Epoch ms: later times in a recording are refused. */
  now: number;
}

export interface ReplayReport {
  /** Closed bars, oldest first. The last one ends where the recording ends and is printed as it is. */
  bars: BarColumns;
  /** Values over the bars, of the indicators asked for. */
  lines: IndicatorLine[];
  decimals: number;
  /** Ticks read, malformed lines apart. */
  ticks: number;
  malformed: MalformedLine[];
  /**
   * Ticks that entered no bar, by reason; those of a doubtful or missing volume did. `unchanged`: neither price nor volume
   * of the day had moved since the tick before, so nothing was traded.
   */
  refused: Record<string, number>;
  gaps: Gap[];
  notes: string[];
}

/** Throws `bad_input` when nothing in the file is a tick, or an option is wrong. */
export const replayLines = async (text: TextPieces, request: ReplayRequest): Promise<ReplayReport> => {
  const { instrument, hours } = fileInstrument(request.instrument);
  const timeframe =
    request.timeframe === "auction" ? null : timeframeOption("--timeframe", request.timeframe, ["auction"]);
  const wishes = parseIndicatorList("--indicators", request.indicators ?? "");
  if (timeframe === null && wishes.length > 0)
    throw badInput("--indicators", request.indicators, "none with --timeframe auction: indicators exclude auctions");
  const mode = request.auctions ?? "broker";
  if (mode === "merged" && wishes.length > 0)
    throw badInput("--auctions", mode, "broker or apart with --indicators: indicators exclude the closing auction");
  // The stages build bars of the listed timeframes; another count of minutes is derived from those.
  const built = timeframe === null ? null : isListed(timeframe) ? timeframe : timeframeNamed(timeframe.from);
  if (built !== timeframe && wishes.length > 0)
    throw badInput(
      "--indicators",
      request.indicators,
      `none with --timeframe ${request.timeframe}: indicators run on ${timeframeNames.join(", ")}`,
    );
  const recording = new TickRecording();
  const malformed: MalformedLine[] = [];
  const {
    file,
    instrument: _key,
    timeframe: _timeframe,
    indicators: _indicators,
    now: _now,
    auctions: _auctions,
    ...options
  } = request;
  const table = await openTickFile(text, { decimals: instrument.decimals, fileName: file, instrument, options });
  for await (const rows of readTicks(table, instrument.decimals)) {
    recording.add(rows);
    malformed.push(...rows.malformed);
  }
  if (recording.length === 0) {
    const first = malformed[0];
    throw badInput(
      "file",
      request.file,
      `a recording of ticks (${first === undefined ? "it is empty" : malformedText(first)})`,
    );
  }
  const ticks = recording.inOrder(request.now);

  const { calendar, notes } = assumeDays(hours, daysOf(ticks.time));
  notes.push(...table.notes());
  checkClocks(file, table, "tick", ticks.time.subarray(0, ticks.length), calendar, hours);
  if (ticks.outOfOrder > 0) notes.unshift(`${counted(ticks.outOfOrder, "tick")} out of order; sorted by time`);
  const instruments = new InstrumentTable();
  const dense = instruments.put(instrument, hours);
  const closed: Bar[] = [];
  const indicators = built === null ? null : new ReplayIndicators(dense, built, wishes);
  let traded = 0;
  const auctions: Bar[] = [];
  const days: Bar[] = [];
  const toIndicators = (batch: BarBatch): void => indicators?.on(batch);
  const run = new FileRun(instruments, calendar, (batch) => {
    traded += ticksOfSeconds(batch);
    collect(batch, built?.index ?? AUCTION_BAR, closed);
    collect(batch, AUCTION_BAR, auctions);
    collect(batch, DAY, days);
    if (mode === "apart") toIndicators(batch);
    else if (batch.length > 0 && batch.timeframe[0] === AUCTION_BAR) printed.onAuctions(batch, toIndicators);
    else printed.on(batch, toIndicators);
  });
  const convention = (day: number): AuctionConvention =>
    conventionOf(request.broker ?? RECORDED_AS, classOf(instrument), day);
  const printed = new PrintedBars(run.bars, calendar, instruments, (_, day) => convention(day));
  run.play(dense, ticks);
  run.finish();
  const rules: PrintRules = { calendar, hours, mode, convention };
  let bars =
    timeframe === null || timeframe === built
      ? columnsOf(closed)
      : resample(columnsOf(closed), calendar, hours, timeframe).bars;
  if (timeframe !== null && timeframe.kind !== "intraday") countWholeDays(bars, days, run.dayVolumes);
  if (timeframe?.kind === "intraday") {
    const told = columnsOf(auctions);
    bars = printAuctions(bars, told, rules);
    // No indicator uses the row that continues to the closing auction.
    if (wishes.length === 0)
      bars = merge(bars, closingRowsOf(bars, told, rules, timeframe, { from: 0, to: Number.POSITIVE_INFINITY }));
  }
  return {
    bars,
    lines: indicators?.lines(bars) ?? [],
    decimals: instrument.decimals,
    ticks: recording.length,
    malformed,
    refused: {
      ...run.normaliser.rejects,
      future_time: ticks.future,
      unchanged: ticks.length - traded - withoutBar(run.normaliser.rejects),
    },
    gaps: gapsOf(ticks.time, ticks.length, calendar, hours),
    notes,
  };
};

/**
 * A day's volume is the exchange's counter at its end, even if the recording began late and no shorter bar has that
 * volume.
 */
const countWholeDays = (bars: BarColumns, days: readonly Bar[], counters: ReadonlyMap<number, number>): void => {
  for (const { time, volume } of days) {
    const more = (counters.get(istDay(time)) ?? 0) - volume;
    if (more <= 0) continue;
    let row = bars.length - 1;
    while (row > 0 && bars.time[row]! > time) row--;
    bars.volume[row]! += more;
  }
};

/** Ticks that entered a bar: every one entered its second's. */
const ticksOfSeconds = (batch: BarBatch): number => {
  let ticks = 0;
  for (let row = 0; row < batch.length; row++)
    if (batch.timeframe[row] === SECOND && batch.event[row] === CLOSE) ticks += batch.ticks[row]!;
  return ticks;
};

/** Ticks that entered no bar, by the normaliser's reason. */
const withoutBar = ({
  volume_missing: _,
  volume_back: _back,
  volume_jump: _jump,
  volume_wrap: _wrap,
  clock_skew: _skew,
  ...refused
}: RejectCounts): number => Object.values(refused).reduce((sum, count) => sum + count, 0);

/** IST day numbers of times. */
const daysOf = (times: Float64Array): Set<number> => {
  const days = new Set<number>();
  for (const time of times) days.add(istDay(time));
  return days;
};

/** Takes the closed bars of one timeframe out of a batch, which is reused. */
const collect = (batch: BarBatch, timeframe: number, into: Bar[]): void => {
  for (let row = 0; row < batch.length; row++) {
    if (batch.timeframe[row] !== timeframe || batch.event[row] !== CLOSE) continue;
    into.push({
      time: batch.time[row]!,
      open: batch.open[row]!,
      high: batch.high[row]!,
      low: batch.low[row]!,
      close: batch.close[row]!,
      volume: batch.volume[row]!,
      value: batch.value[row]!,
      ticks: batch.ticks[row]!,
      openInterest: batch.openInterest[row]!,
      rev: 1,
      state: "closed",
      incomplete: false,
    });
  }
};

const GAPS_SHOWN = 20;

/** What happened, for people: malformed lines, assumptions, counts, gaps. */
export const replaySummary = ({ bars, ticks, malformed, refused, gaps, notes }: ReplayReport): string[] => {
  const left = countsText(refused);
  return [
    ...malformedLines(malformed),
    ...notes,
    `${counted(bars.length, "bar")} from ${counted(ticks, "tick")}${left === "" ? "" : ` (${left})`}${malformed.length === 0 ? "" : `, ${counted(malformed.length, "malformed line")}`}`,
    ...gaps
      .slice(0, GAPS_SHOWN)
      .map(
        ({ from, to, minutes }) =>
          `gap ${istText(from)}–${istText(to).slice(11)}: ${counted(minutes, "minute")} without a tick`,
      ),
    ...(gaps.length > GAPS_SHOWN ? [`… and ${gaps.length - GAPS_SHOWN} more gaps`] : []),
  ];
};

export const replayCommand = (program: Command): void => {
  fileOptions(
    program
      .command("replay")
      .description(
        "build bars from a recorded session: CSV with a header or with time, price and day volume, or JSON tick lines; candela inspect shows how a file is read",
      )
      .argument("<file>", "recording to read; - for standard input")
      .requiredOption(
        "--instrument <key>",
        'instrument, such as "NSE_INDEX:NIFTY 50" or NSE:INFY; its exchange sets the session',
      ),
  )
    .option(
      "--timeframe <timeframe>",
      `${[...timeframeNames, "auction"].join(", ")}, or any number of minutes such as 45m or 4h, or of seconds up to 59`,
      "1m",
    )
    .option("--indicators <list>", "also print indicator values: SMA:9,EMA:20,RSI:14,MACD:12:26:9", "")
    .addOption(
      new Option(
        "--auctions <how>",
        `auctions in intraday bars: as a broker prints them (${RECORDED_AS}, or --broker), merged into adjacent bars, or excluded`,
      )
        .choices([...auctionModes])
        .default("broker"),
    )
    .option("--json", "print one JSON object per bar, prices in rupees (default: a table in IST)")
    .addHelpText(
      "after",
      "\nThe last bar ends where the recording ends. Volume is the change in the day's volume. A recording that begins after the\nopen counts from its first tick; one that begins with the session counts from the pre-open's volume, or 0.\nA day bar has the day's volume at its end.\nRejected rows, rejected ticks and gaps are reported on standard error. Exit codes: 0 done, 1 rows were rejected or there\nwas no output (with --lenient, 0 if there was any), 2 the file or an option was refused.",
    )
    .action(
      async (
        file: string,
        options: FileCommandOptions & {
          instrument: string;
          timeframe: string;
          indicators: string;
          auctions: AuctionMode;
          json?: boolean;
        },
      ) => {
        const report = await replayLines(readPieces(file), {
          file,
          instrument: options.instrument,
          timeframe: options.timeframe,
          indicators: options.indicators,
          auctions: options.auctions,
          now: systemClock().now(),
          ...given(options),
        });
        await printBars(report.bars, report.decimals, options.json === true, report.lines);
        await writeLines(replaySummary(report), process.stderr);
        process.exitCode = refusedExit(report.bars.length, report.malformed.length, options.lenient);
      },
    );
};
