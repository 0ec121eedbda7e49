/** Bars as the command line prints them: one JSON object a line, or a table for people. */
import type { BarColumns } from "@/server/domain/bars/bar";
import { fixedText, toDecimalText, toRupees } from "@/server/domain/basics/price";
import { istText } from "@/server/domain/time/ist-text";

/** An indicator over the bars, as it was asked for: values by row, NaN while warming up, prices in minor units. */
export interface IndicatorLine {
  text: string;
  plots: readonly { id: string; unit: "price" | "value"; values: Float64Array }[];
}

/**
 * `{"time":epoch ms,"open":…,"high":…,"low":…,"close":…,"volume":…,"ticks":…}`, prices in rupees; with indicators also
 * `"indicators":{"EMA:20":…,"MACD":{"macd":…,…}}`, null while warming up.
 */
export const barJson = (
  bars: BarColumns,
  row: number,
  decimals: number,
  lines: readonly IndicatorLine[] = [],
): string =>
  JSON.stringify({
    time: bars.time[row],
    open: toRupees(bars.open[row]!, decimals),
    high: toRupees(bars.high[row]!, decimals),
    low: toRupees(bars.low[row]!, decimals),
    close: toRupees(bars.close[row]!, decimals),
    volume: bars.volume[row],
    ticks: bars.ticks[row],
    ...(lines.length === 0
      ? {}
      : { indicators: Object.fromEntries(lines.map(({ text, plots }) => [text, valuesAt(plots, row, decimals)])) }),
  });

/** The value of an indicator with one plot, otherwise the values by plot. */
const valuesAt = (
  plots: IndicatorLine["plots"],
  row: number,
  decimals: number,
): number | null | Record<string, number | null> => {
  const values = plots.map(
    ({ id, unit, values }) =>
      [id, Number.isNaN(values[row]!) ? null : values[row]! / (unit === "price" ? 10 ** decimals : 1)] as const,
  );
  return values.length === 1 ? values[0]![1] : Object.fromEntries(values);
};

const COLUMNS = ["time (IST)", "open", "high", "low", "close", "volume", "ticks"];

/** A heading and one line a bar, columns as wide as their widest text. */
export function* barTable(bars: BarColumns, decimals: number, lines: readonly IndicatorLine[] = []): Generator<string> {
  const plots = lines.flatMap(({ text, plots }) =>
    plots.map((plot) => ({ ...plot, title: plots.length === 1 ? text : `${text} ${plot.id}` })),
  );
  const columns = [...COLUMNS, ...plots.map(({ title }) => title)];
  const cells = (row: number): string[] => [
    istText(bars.time[row]!),
    ...[bars.open, bars.high, bars.low, bars.close].map((price) => toDecimalText(price[row]!, decimals)),
    String(bars.volume[row]),
    String(bars.ticks[row]),
    ...plots.map(({ unit, values }) =>
      Number.isNaN(values[row]!)
        ? "-"
        : fixedText(unit === "price" ? values[row]! / 10 ** decimals : values[row]!, unit === "price" ? decimals : 2),
    ),
  ];
  const widths = columns.map((title) => title.length);
  for (let row = 0; row < bars.length; row++)
    cells(row).forEach((text, column) => {
      widths[column] = Math.max(widths[column]!, text.length);
    });
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!)))
      .join("  ")
      .trimEnd();
  yield line(columns);
  for (let row = 0; row < bars.length; row++) yield line(cells(row));
}

/** Writes lines to a stream, waiting where it asks to. */
export const writeLines = async (lines: Iterable<string>, to: NodeJS.WritableStream): Promise<void> => {
  let piece = "";
  const write = async (): Promise<void> => {
    if (piece !== "" && !to.write(piece)) await new Promise<void>((resolve) => to.once("drain", resolve));
    piece = "";
  };
  for (const line of lines) {
    piece += `${line}\n`;
    if (piece.length > 65_536) await write();
  }
  await write();
};

/** Prints bars on standard output as asked for. */
export const printBars = (
  bars: BarColumns,
  decimals: number,
  json: boolean,
  lines: readonly IndicatorLine[] = [],
): Promise<void> => {
  function* jsonLines(): Generator<string> {
    for (let row = 0; row < bars.length; row++) yield barJson(bars, row, decimals, lines);
  }
  return writeLines(json ? jsonLines() : barTable(bars, decimals, lines), process.stdout);
};
