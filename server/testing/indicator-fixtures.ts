import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { fixtureLines, fixturesAbsent } from "./fixtures";
import { recordedJson } from "./recorded";

/** Recorded bars outside the project, by file under `candles`; all numbers except the time are as in the file. */
const files = {
  "INFY, minutes of 2016": { file: "kite-2016/1m/INFY.csv", cells: (cells: string[]) => cells.slice(1) },
  "MARUTI, half hours of 2016": { file: "kite-2016/30m/MARUTI.csv", cells: (cells: string[]) => cells.slice(1) },
  "RELIANCE, days of 2024 and 2025": { file: "daily-2024-25/RELIANCE.csv", cells: (cells: string[]) => cells },
  "NIFTY 50, days without volume": {
    file: "daily-2024-25/NIFTY_50.csv",
    cells: (cells: string[]) => [...cells.slice(0, 5), "0"],
  },
  "NIFTY, minutes of March 2020 with its halt": {
    file: "index-special-days/NIFTY_2020-03_1m.txt",
    cells: ([, date = "", time, ...rest]: string[]) => [
      `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)} ${time}`,
      ...rest,
    ],
  },
} as const;
export type RecordedSeries = keyof typeof files;
/** Minutes the simulated exchange made, which every clone has; prices in paise. */
export const ownSeries = ["NSE:INFY", "NSE:NIFTY 50"] as const;
export const ownBars = (key: (typeof ownSeries)[number], most: number): IndicatorBar[] =>
  recordedJson<Record<string, { "1m": [string, ...number[]][] }>>("minutes.json.gz")
    [key]!["1m"].map(([label, open, high, low, close, volume]) => ({
      time: Date.parse(label.replace("+0530", "+05:30")),
      open: Math.round(open! * 100),
      high: Math.round(high! * 100),
      low: Math.round(low! * 100),
      close: Math.round(close! * 100),
      volume: volume!,
      openInterest: -1,
    }))
    .slice(-most);

export const recordedSeries: readonly RecordedSeries[] = fixturesAbsent ? [] : (Object.keys(files) as RecordedSeries[]);

/** Two days after the halt of 2020-03-23. */
const AFTER_HALT = Date.parse("2020-03-25T00:00+05:30");

/** The last `most` bars of a recorded series, of March 2020 those with the halt; prices in paise. */
export const recordedBars = (name: RecordedSeries, most: number): IndicatorBar[] => {
  const { file, cells } = files[name];
  const rows = fixtureLines(`candles/${file}`)
    .filter((line) => /\d,/.test(line))
    .map((line) => cells(line.split(",").map((cell) => cell.trim())));
  const bars = rows.map(([time = "", ...rest]) => {
    const [open, high, low, close] = rest.slice(0, 4).map((price) => Math.round(Number(price) * 100)) as [
      number,
      number,
      number,
      number,
    ];
    const text = time.length === 10 ? `${time}T09:15` : time.replace(" ", "T");
    return {
      time: Date.parse(`${text.slice(0, 19)}+05:30`),
      open,
      high,
      low,
      close,
      volume: Number(rest[4]),
      openInterest: -1,
    };
  });
  return bars
    .filter(({ time }) => file !== files["NIFTY, minutes of March 2020 with its halt"].file || time < AFTER_HALT)
    .slice(-most);
};
