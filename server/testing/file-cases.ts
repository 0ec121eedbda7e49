/**
 * Realistic files: what each is used for, and the correct result. The texts are made here, in the layouts of vendors
 * and exchanges.
 */
import { resampleLines, type ResampleRequest } from "@/server/cli/resample";
import { replayLines, type ReplayRequest } from "@/server/cli/replay";
import { barAt } from "@/server/domain/bars/bar";
import { toRupees } from "@/server/domain/basics/price";
import { istText } from "@/server/domain/time/ist-text";

/** Bars in rupees, as `DATE CLOCK open high low close volume`. */
export const barsOf = async (
  text: string | readonly string[],
  request: Partial<ResampleRequest> = {},
): Promise<string[]> => {
  const { bars, decimals, malformed } = await resampleLines(typeof text === "string" ? [text] : text, {
    file: "f.csv",
    instrument: "NSE:INFY",
    from: "1d",
    to: "1d",
    now: Date.parse("2026-12-31T00:00:00Z"),
    ...request,
  });
  const lines = Array.from({ length: bars.length }, (_, row) => {
    const { time, open, high, low, close, volume } = barAt(bars, row);
    return [
      istText(time).slice(0, 16),
      ...[open, high, low, close].map((price) => toRupees(price, decimals)),
      volume,
    ].join(" ");
  });
  return [...lines, ...malformed.map(({ line, reason }) => `refused ${line}: ${reason}`)];
};

/** Close and volume of each bar that ticks give. */
export const replayed = async (
  text: string | readonly string[],
  request: Partial<ReplayRequest> = {},
): Promise<string[]> => {
  const { bars, decimals, malformed } = await replayLines(typeof text === "string" ? [text] : text, {
    file: "t.csv",
    instrument: "NSE:INFY",
    timeframe: "1m",
    now: Date.parse("2026-12-31T00:00:00Z"),
    ...request,
  });
  return [
    ...Array.from(
      { length: bars.length },
      (_, row) =>
        `${istText(bars.time[row]!).slice(0, 16)} ${toRupees(bars.close[row]!, decimals)} ${bars.volume[row]}`,
    ),
    ...malformed.map(({ line, reason }) => `refused ${line}: ${reason}`),
  ];
};

/** A refusal's line, field, value and the option that resolves it. */
export const refusal = async (
  result: Promise<unknown>,
): Promise<{ line: unknown; field: unknown; value: unknown; option: string; message: string }> => {
  try {
    await result;
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: Record<string, unknown> };
    if (code !== "bad_input") throw error;
    return {
      line: details["line"],
      field: details["field"],
      value: details["value"],
      option: String(details["option"] ?? details["accepted"]),
      message,
    };
  }
  throw new Error("was not refused");
};
