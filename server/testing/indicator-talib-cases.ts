import type { IndicatorBar } from "@/server/domain/bars/indicator";
import type { talibSeries } from "./indicator-bars";

/** One line of ours and the call of C TA-Lib that must give the same numbers. */
export interface TalibCase {
  /** As `parseIndicator` reads it. */
  text: string;
  plot: string;
  call: string;
  inputs: (bars: readonly IndicatorBar[]) => Record<string, number[]>;
  options: Record<string, number>;
  output: string;
  /** Relative to the value, or to 1 if it is smaller. */
  tolerance: number;
}

type Inputs = TalibCase["inputs"];
const real =
  (of: (bar: IndicatorBar) => number): Inputs =>
  (bars) => ({ inReal: bars.map(of) });
const close = real((bar) => bar.close);
const hl2 = real((bar) => (bar.high + bar.low) / 2);
const hlc3 = real((bar) => (bar.high + bar.low + bar.close) / 3);
const ohlc4 = real((bar) => (bar.open + bar.high + bar.low + bar.close) / 4);
const hlc: Inputs = (bars) => ({
  high: bars.map((bar) => bar.high),
  low: bars.map((bar) => bar.low),
  close: bars.map((bar) => bar.close),
});
const hlcv: Inputs = (bars) => ({ ...hlc(bars), volume: bars.map((bar) => bar.volume) });
const withVolume: Inputs = (bars) => ({ ...close(bars), volume: bars.map((bar) => bar.volume) });

const line = (
  text: string,
  plot: string,
  call: string,
  inputs: Inputs,
  options: Record<string, number> = {},
  output = "outReal",
  tolerance = 1e-9,
): TalibCase => ({ text, plot, call, inputs, options, output, tolerance });
const period = (optInTimePeriod: number) => ({ optInTimePeriod });

const macd = (text: string, fast: number, slow: number, signal: number, inputs = close): TalibCase[] => {
  const options = { optInFastPeriod: fast, optInSlowPeriod: slow, optInSignalPeriod: signal };
  return [
    ["macd", "outMACD"],
    ["signal", "outMACDSignal"],
    ["histogram", "outMACDHist"],
  ].map(([plot, output]) => line(text, plot!, "MACD", inputs, options, output));
};
const bands = (text: string, n: number, k: number, inputs = close): TalibCase[] =>
  [
    ["upper", "outRealUpperBand"],
    ["middle", "outRealMiddleBand"],
    ["lower", "outRealLowerBand"],
  ].map(([plot, output]) =>
    line(
      text,
      plot!,
      "BBANDS",
      inputs,
      { ...period(n), optInNbDevUp: k, optInNbDevDn: k, optInMAType: 0 },
      output,
      1e-6,
    ),
  );
const stochastic = (text: string, n: number, smooth: number, signal: number): TalibCase[] =>
  [
    ["k", "outSlowK"],
    ["d", "outSlowD"],
  ].map(([plot, output]) =>
    line(
      text,
      plot!,
      "STOCH",
      hlc,
      {
        optInFastK_Period: n,
        optInSlowK_Period: smooth,
        optInSlowK_MAType: 0,
        optInSlowD_Period: signal,
        optInSlowD_MAType: 0,
      },
      output,
    ),
  );
const directional = (text: string, n: number): TalibCase[] =>
  [
    ["adx", "ADX"],
    ["plus", "PLUS_DI"],
    ["minus", "MINUS_DI"],
  ].map(([plot, call]) => line(text, plot!, call!, hlc, period(n)));

export const talibCases: readonly TalibCase[] = [
  line("SMA:20", "value", "SMA", close, period(20)),
  line("SMA:7,hl2", "value", "SMA", hl2, period(7)),
  line("SMA:50,hlc3", "value", "SMA", hlc3, period(50)),
  line("EMA:20", "value", "EMA", close, period(20)),
  line("EMA:9,ohlc4", "value", "EMA", ohlc4, period(9)),
  line("EMA:50,hlc3", "value", "EMA", hlc3, period(50)),
  line("WMA:20", "value", "WMA", close, period(20)),
  line("WMA:5,hlc3", "value", "WMA", hlc3, period(5)),
  line("RSI:14", "value", "RSI", close, period(14)),
  line("RSI:2", "value", "RSI", close, period(2)),
  line("RSI:14,hlc3", "value", "RSI", hlc3, period(14)),
  ...macd("MACD:12,26,9", 12, 26, 9),
  ...macd("MACD:3,10,16,hl2", 3, 10, 16, hl2),
  ...bands("BB:20,2", 20, 2),
  ...bands("BB:5,1.5,hlc3", 5, 1.5, hlc3),
  line("ATR:14", "value", "ATR", hlc, period(14)),
  line("ATR:3", "value", "ATR", hlc, period(3)),
  ...stochastic("STOCH:14,3,3", 14, 3, 3),
  ...stochastic("STOCH:5,1,2", 5, 1, 2),
  ...directional("ADX:14", 14),
  ...directional("ADX:5", 5),
  line("CCI:20", "value", "CCI", hlc, period(20)),
  line("CCI:5", "value", "CCI", hlc, period(5)),
  line("MFI:14", "value", "MFI", hlcv, period(14)),
  line("MFI:3", "value", "MFI", hlcv, period(3)),
  line("OBV", "value", "OBV", withVolume),
  line("PSAR:0.02,0.2", "value", "SAR", hlc, { optInAcceleration: 0.02, optInMaximum: 0.2 }),
  line("PSAR:0.1,0.3", "value", "SAR", hlc, { optInAcceleration: 0.1, optInMaximum: 0.3 }),
  line("ROC:10", "value", "ROC", close, period(10)),
  line("ROC:1,ohlc4", "value", "ROC", ohlc4, period(1)),
  line("WILLR:14", "value", "WILLR", hlc, period(14)),
  line("WILLR:3", "value", "WILLR", hlc, period(3)),
  line(
    "DC:20",
    "upper",
    "MAX",
    real((bar) => bar.high),
    period(20),
  ),
  line(
    "DC:20",
    "lower",
    "MIN",
    real((bar) => bar.low),
    period(20),
  ),
  line(
    "VOLMA:20",
    "average",
    "SMA",
    real((bar) => bar.volume),
    period(20),
  ),
];

/** What was recorded: by series, then by indicator and plot, the first row with a value and the values of `sampledRows`. */
export type TalibValues = Record<keyof typeof talibSeries, Record<string, { begin: number; values: number[] }>>;
export const nameOf = ({ text, plot }: TalibCase): string => `${text} ${plot}`;

/** The forty rows after the first value, where seeds show, then every ninth. */
export const sampledRows = (begin: number, length: number): number[] =>
  Array.from({ length: length - begin }, (_, at) => begin + at).filter((row) => row < begin + 40 || row % 9 === 0);
