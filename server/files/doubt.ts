import { AppError } from "@/server/domain/basics/errors";

/** A row of a file that cannot be read. */
export interface MalformedLine {
  file: string;
  /** Counted from 1. */
  line: number;
  text: string;
  reason: string;
  /** What `line` counts, where it is not lines. */
  unit?: "row";
}

/** The form editors open: `FILE:LINE`. */
export const placeText = (file: string, line: number, unit: "line" | "row" = "line"): string =>
  `${file === "-" ? "standard input" : file}:${unit === "row" ? `row ${line}` : line}`;

/** Refuses a file that can be read in two ways: names the place, the value, and the option that resolves it. */
export const inDoubt = (at: {
  file: string;
  line?: number;
  unit?: "line" | "row";
  field: string;
  value: unknown;
  why: string;
  option: string;
}): AppError => {
  const { file, line, unit, field, value, why, option } = at;
  const where = line === undefined ? (file === "-" ? "standard input" : file) : placeText(file, line, unit);
  return new AppError("bad_input", `${where}: ${field} ${JSON.stringify(value)}: ${why}; use ${option}`, {
    details: { file, ...(line === undefined ? {} : { line }), field, value, accepted: option, option },
  });
};
