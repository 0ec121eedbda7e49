/** Options of commands that read files of bars or ticks: what the file leaves open, a person says. */
import { type Command, Option } from "commander";
import { historySources, RECORDED_AS } from "@/server/domain/instruments/source-conventions";
import { type FileOptions, optionNames } from "@/server/files/options";

export type FileCommandOptions = { [Name in keyof FileOptions]?: FileOptions[Name] | undefined };

export const fileOptions = (command: Command): Command =>
  command
    .option(
      "--columns <columns>",
      "which column holds what, where names do not tell: volume=TTL_TRD_QNTY,close=5, or time,open,high,low,close,volume in the file's order (- for one that is passed over); ROLE=none",
    )
    .addOption(
      new Option("--labels <end>", "which end of a bar its time names; by default the file's days tell").choices([
        "start",
        "end",
      ]),
    )
    .option(
      "--zone <zone>",
      "zone of clocks that write none: UTC, +05:30, America/New_York (default: IST); clock: zones in the file are wrong, its clocks are Indian",
    )
    .option("--date-format <format>", "DD-MM-YYYY, MM/DD/YY, YYMMDD, excel …, where dates can be read in two ways")
    .addOption(
      new Option("--decimal <mark>", "the decimal mark, where 1,234 can be read in two ways").choices([
        "point",
        "comma",
      ]),
    )
    .option("--symbol <name>", "what the file calls the instrument, where it is not its symbol")
    .addOption(
      new Option(
        "--broker <name>",
        `whose candles these are: how auctions are printed in them (default: nobody knows, of bars; ${RECORDED_AS}, of ticks)`,
      ).choices([...historySources]),
    )
    .option("--lenient", "rows that cannot be read do not make the command fail");

/** The options that were given. */
export const given = (options: FileCommandOptions): FileOptions =>
  Object.fromEntries(
    optionNames.map((name) => [name, options[name]] as const).filter(([, value]) => value !== undefined),
  ) as FileOptions;

/** 1 where nothing came out or rows were refused, 0 otherwise. */
export const refusedExit = (results: number, refused: number, lenient: boolean | undefined): number =>
  results === 0 || (refused > 0 && lenient !== true) ? 1 : 0;
