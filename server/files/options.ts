/** Facts about a file that a person gives: options of the command line and of a source's name. */
import { badInput } from "@/server/domain/basics/errors";
import { type HistorySourceName, historySources } from "@/server/domain/instruments/source-conventions";
import type { DecimalMark } from "@/server/domain/basics/read-number";
import {
  dateFormat,
  type DateRules,
  istRules,
  type TimeRules,
  type Zone,
  zoneOf,
} from "@/server/domain/time/read-time";
import { type ColumnWishes, columnWishes } from "./columns";

export interface FileOptions {
  columns?: string;
  labels?: "start" | "end";
  zone?: string;
  dateFormat?: string;
  decimal?: "point" | "comma";
  /** What the file calls the instrument. */
  symbol?: string;
  /**
   * The broker of the candles, which decides how auctions are printed. If not given, the calendar alone decides which
   * rows are auctions.
   */
  broker?: HistorySourceName;
  /** Rows that cannot be read are left out and the rest is taken. */
  lenient?: boolean;
}

export const optionNames = [
  "columns",
  "labels",
  "zone",
  "dateFormat",
  "decimal",
  "symbol",
  "broker",
  "lenient",
] as const satisfies readonly (keyof FileOptions)[];

/** The same, checked. */
export interface FileRules {
  wishes: ColumnWishes;
  labels: "start" | "end" | null;
  /** Null: none was given. */
  zone: Zone | "clock" | null;
  dates: DateRules | null;
  decimal: DecimalMark | null;
  symbol: string | null;
  lenient: boolean;
}

/** Throws `bad_input` naming the option. */
export const fileRules = (options: FileOptions): FileRules => {
  const { columns, labels, zone, dateFormat: format, decimal, symbol, broker, lenient = false } = options;
  if (labels !== undefined && labels !== "start" && labels !== "end")
    throw badInput("--labels", labels, "start or end");
  if (decimal !== undefined && decimal !== "point" && decimal !== "comma")
    throw badInput("--decimal", decimal, "point or comma");
  if (broker !== undefined && !historySources.includes(broker))
    throw badInput("--broker", broker, historySources.join(", "));
  const zoned = zone === undefined ? null : zoneOf(zone);
  if (zone !== undefined && zoned === null)
    throw badInput(
      "--zone",
      zone,
      "UTC, IST, an offset such as +05:30, a zone such as America/New_York, or clock (ignore the file's zones and read its times as IST)",
    );
  const dates = format === undefined ? null : dateFormat(format);
  if (format !== undefined && dates === null)
    throw badInput(
      "--date-format",
      format,
      "DD-MM-YYYY, MM-DD-YYYY, YYYY-MM-DD, the same with two-digit years or without separators, excel, epoch or epoch1980",
    );
  return {
    wishes: columns === undefined ? new Map() : columnWishes(columns),
    labels: labels ?? null,
    zone: zoned,
    dates,
    decimal: decimal === undefined ? null : decimal === "comma" ? "," : ".",
    symbol: symbol ?? null,
    lenient,
  };
};

export const timeRules = ({ zone, dates }: FileRules): TimeRules => ({
  ...istRules,
  ...dates,
  zone: zone ?? istRules.zone,
});

/** Options as written in a source's name: `csv[zone=UTC&labels=start]:FILE`. */
export const optionsText = (options: FileOptions): string => {
  const search = new URLSearchParams();
  for (const name of optionNames) {
    const value = options[name];
    if (value !== undefined && value !== false) search.set(name, String(value));
  }
  return search.size === 0 ? "" : `[${search.toString().replaceAll("%2F", "/")}]`;
};

/** Throws `bad_input` for `source` on an option that there is not. */
export const optionsFromText = (text: string): FileOptions => {
  const options: Record<string, string | boolean> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (!(optionNames as readonly string[]).includes(name))
      throw badInput("source", text, `file options: ${optionNames.join(", ")}`);
    options[name] = name === "lenient" ? value === "true" : value;
  }
  return options as FileOptions;
};
