/** Options of commands that read files of bars or ticks, for what a file leaves open. */
import { type Command, Option } from "commander";
import { historySources, RECORDED_AS } from "@/server/domain/instruments/source-conventions";
import { type FileOptions, optionNames } from "@/server/files/options";

export type FileCommandOptions = { [Name in keyof FileOptions]?: FileOptions[Name] | undefined };

export const fileOptions = (command: Command): Command =>
  command
    .option(
      "--columns <columns>",
      "map columns when their names are unclear: volume=TTL_TRD_QNTY,close=5, or time,open,high,low,close,volume in file order (- skips a column); ROLE=none",
    )
    .addOption(
      new Option(
        "--labels <end>",
        "whether times label the start or end of a bar; by default detected from the file's days",
      ).choices(["start", "end"]),
    )
    .option(
      "--zone <zone>",
      "time zone of times without one: UTC, +05:30, America/New_York (default: IST); clock: ignore the zones in the file and read its times as IST",
    )
    .option("--date-format <format>", "date format when dates are ambiguous: DD-MM-YYYY, MM/DD/YY, YYMMDD, excel …")
    .addOption(new Option("--decimal <mark>", "decimal mark when 1,234 is ambiguous").choices(["point", "comma"]))
    .option("--symbol <name>", "the file's name for the instrument, if it is not the symbol")
    .addOption(
      new Option(
        "--broker <name>",
        `broker the candles come from, which decides how auctions are printed (default: unknown for bars, ${RECORDED_AS} for ticks)`,
      ).choices([...historySources]),
    )
    .option("--lenient", "do not fail on unreadable rows");

/** The options that were given. */
export const given = (options: FileCommandOptions): FileOptions =>
  Object.fromEntries(
    optionNames.map((name) => [name, options[name]] as const).filter(([, value]) => value !== undefined),
  ) as FileOptions;

/** 1 where nothing came out or rows were refused, 0 otherwise. */
export const refusedExit = (results: number, refused: number, lenient: boolean | undefined): number =>
  results === 0 || (refused > 0 && lenient !== true) ? 1 : 0;
