/**
 * Indicators as their definitions read, whole series at once, each value from scratch where it can be: slow and obvious.
 * Only tests use it; it shares no line with the running code.
 */
export interface OracleBar {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  openInterest: number;
}
type Numbers = number[];
type Params = Record<string, number> & { source?: keyof typeof prices; anchor?: string; against?: string };
type Oracle = (bars: readonly OracleBar[], params: Params) => Numbers[];

/** TradingView's price sources. */
const prices = {
  close: (bar: OracleBar) => bar.close,
  open: (bar: OracleBar) => bar.open,
  high: (bar: OracleBar) => bar.high,
  low: (bar: OracleBar) => bar.low,
  hl2: (bar: OracleBar) => (bar.high + bar.low) / 2,
  hlc3: (bar: OracleBar) => (bar.high + bar.low + bar.close) / 3,
  ohlc4: (bar: OracleBar) => (bar.open + bar.high + bar.low + bar.close) / 4,
};
const priced = (bars: readonly OracleBar[], source: keyof typeof prices = "close"): Numbers => bars.map(prices[source]);

const none = (length: number): Numbers => Array.from({ length }, () => Number.NaN);
const total = (values: Numbers): number => values.reduce((sum, value) => sum + value, 0);
const mean = (values: Numbers): number => total(values) / values.length;
/** A formula over the last n values at each row, NaN before there are n numbers. */
const rolling = (values: Numbers, n: number, formula: (window: Numbers) => number): Numbers =>
  values.map((_, row) => {
    const window = values.slice(Math.max(0, row - n + 1), row + 1);
    return window.length < n || window.some(Number.isNaN) ? Number.NaN : formula(window);
  });
/** An average by a weight, seeded at `seedRow` by the mean of the n values up to it. */
const smoothed = (
  values: Numbers,
  n: number,
  weight: number,
  seedRow = values.findIndex((value) => !Number.isNaN(value)) + n - 1,
): Numbers => {
  const out = none(values.length);
  if (seedRow < n - 1 || seedRow >= values.length) return out;
  out[seedRow] = mean(values.slice(seedRow - n + 1, seedRow + 1));
  for (let row = seedRow + 1; row < values.length; row++)
    out[row] = weight * values[row]! + (1 - weight) * out[row - 1]!;
  return out;
};
const ema = (values: Numbers, n: number, seedRow?: number): Numbers => smoothed(values, n, 2 / (n + 1), seedRow);
const wilder = (values: Numbers, n: number): Numbers => smoothed(values, n, 1 / n);
const minus = (a: Numbers, b: Numbers): Numbers => a.map((value, row) => value - b[row]!);
const highs = (bars: readonly OracleBar[]): Numbers => bars.map((bar) => bar.high);
const lows = (bars: readonly OracleBar[]): Numbers => bars.map((bar) => bar.low);
const typical = (bars: readonly OracleBar[]): Numbers => priced(bars, "hlc3");
const trueRanges = (bars: readonly OracleBar[]): Numbers =>
  bars.map(({ high, low }, row) => {
    const before = bars[row - 1]?.close;
    return before === undefined ? Number.NaN : Math.max(high - low, Math.abs(high - before), Math.abs(low - before));
  });
const istDate = (time: number): string => new Date(time + 5.5 * 3_600_000).toISOString().slice(0, 10);
/** Bars of the same Indian date up to and with a row. */
const dayUntil = (bars: readonly OracleBar[], row: number): OracleBar[] => {
  const date = istDate(bars[row]!.time);
  let first = row;
  while (first > 0 && istDate(bars[first - 1]!.time) === date) first--;
  return bars.slice(first, row + 1);
};

const levelsOfDayBefore = (
  bars: readonly OracleBar[],
  levels: (day: { high: number; low: number; close: number }) => Numbers,
): Numbers[] => {
  const plots = levels({ high: 0, low: 0, close: 0 }).map(() => none(bars.length));
  bars.forEach((_, row) => {
    const last = row - dayUntil(bars, row).length;
    if (last < 0) return;
    const day = dayUntil(bars, last);
    levels({ high: Math.max(...highs(day)), low: Math.min(...lows(day)), close: day.at(-1)!.close }).forEach(
      (value, plot) => {
        plots[plot]![row] = value;
      },
    );
  });
  return plots;
};

/** Wilder's sums as TA-Lib begins them: the n - 1 values after the first bar, then s - s/n + x. */
const wilderSum = (values: Numbers, n: number): Numbers => {
  const out = none(values.length);
  let sum = total(values.slice(1, n));
  for (let row = n; row < values.length; row++) out[row] = sum = sum - sum / n + values[row]!;
  return out;
};

export const indicatorOracle: Record<string, Oracle> = {
  SMA: (bars, { period, source }) => [rolling(priced(bars, source), period!, mean)],
  EMA: (bars, { period, source }) => [ema(priced(bars, source), period!)],
  RSI(bars, { period, source }) {
    const changes = priced(bars, source).map((close, row, all) => (row === 0 ? Number.NaN : close - all[row - 1]!));
    const gain = wilder(
      changes.map((change) => (Number.isNaN(change) ? change : Math.max(0, change))),
      period!,
    );
    const loss = wilder(
      changes.map((change) => (Number.isNaN(change) ? change : Math.max(0, -change))),
      period!,
    );
    return [gain.map((up, row) => (up + loss[row]! < 1e-14 ? 0 : (100 * up) / (up + loss[row]!)))];
  },
  MACD(bars, { fast, slow, signal, source }) {
    const [short, long] = [Math.min(fast!, slow!), Math.max(fast!, slow!)];
    const macd = minus(ema(priced(bars, source), short, long - 1), ema(priced(bars, source), long));
    const line = ema(macd, signal!);
    return [macd.map((value, row) => (Number.isNaN(line[row]!) ? Number.NaN : value)), line, minus(macd, line)];
  },
  BB(bars, { period, deviations, source }) {
    const middle = rolling(priced(bars, source), period!, mean);
    const deviation = rolling(priced(bars, source), period!, (window) =>
      Math.sqrt(mean(window.map((value) => (value - mean(window)) ** 2))),
    );
    return [
      middle.map((value, row) => value + deviations! * deviation[row]!),
      middle,
      middle.map((value, row) => value - deviations! * deviation[row]!),
    ];
  },
  VWAP: (bars) => [
    bars.map((_, row) => {
      const day = dayUntil(bars, row);
      return total(typical(day).map((price, at) => price * day[at]!.volume)) / total(day.map((bar) => bar.volume));
    }),
  ],
  /** Every bar of the week, month … of a bar by the Indian calendar, or since the instant; only if a bar before that is known. */
  AVWAP(bars, { anchor }) {
    const instant = Date.parse(anchor!.length === 10 ? `${anchor}T00:00+05:30` : `${anchor}+05:30`);
    const spanOf = ({ time }: OracleBar): string => {
      const date = new Date(time + 5.5 * 3_600_000);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      if (anchor === "week")
        return new Date(Math.floor(time + 5.5 * 3_600_000) - ((date.getUTCDay() + 6) % 7) * 86_400_000)
          .toISOString()
          .slice(0, 10);
      if (anchor === "month") return `${year}-${month}`;
      if (anchor === "quarter") return `${year}-${Math.floor(month / 3)}`;
      return anchor === "year" ? `${year}` : time < instant ? "before" : "since";
    };
    return [
      bars.map((bar, row) => {
        const first = bars.findIndex((each) => spanOf(each) === spanOf(bar));
        const span = bars.slice(first, row + 1);
        const whole = first > 0 || span[0]!.time === instant;
        return !whole || spanOf(bar) === "before"
          ? Number.NaN
          : total(typical(span).map((price, at) => price * span[at]!.volume)) / total(span.map((each) => each.volume));
      }),
    ];
  },
  OICHG: (bars, { against }) => [
    bars.map(({ openInterest }, row) => {
      const day = dayUntil(bars, row);
      const before = row - day.length < 0 ? [] : dayUntil(bars, row - day.length);
      const known = (rows: OracleBar[]): Numbers => rows.map((each) => each.openInterest).filter((each) => each >= 0);
      const base =
        against === "bar" ? bars[row - 1]?.openInterest : against === "session" ? known(day)[0] : known(before).at(-1);
      return openInterest < 0 || base === undefined || base < 0 ? Number.NaN : openInterest - base;
    }),
  ],
  ATR: (bars, { period }) => [wilder(trueRanges(bars), period!)],
  SUPERTREND(bars, { period, multiplier }) {
    const width = wilder(trueRanges(bars), period!);
    const [up, down] = [none(bars.length), none(bars.length)];
    const upper = none(bars.length);
    const lower = none(bars.length);
    let rising = false;
    for (let row = period!; row < bars.length; row++) {
      const { high, low, close } = bars[row]!;
      const middle = (high + low) / 2;
      const [basicUpper, basicLower] = [middle + multiplier! * width[row]!, middle - multiplier! * width[row]!];
      if (row === period) {
        [upper[row], lower[row]] = [basicUpper, basicLower];
        rising = close > middle;
      } else {
        const before = bars[row - 1]!.close;
        upper[row] = basicUpper < upper[row - 1]! || before > upper[row - 1]! ? basicUpper : upper[row - 1]!;
        lower[row] = basicLower > lower[row - 1]! || before < lower[row - 1]! ? basicLower : lower[row - 1]!;
        rising = rising ? close >= lower[row]! : close > upper[row]!;
      }
      (rising ? up : down)[row] = rising ? lower[row]! : upper[row]!;
    }
    return [up, down];
  },
  STOCH(bars, { period, smooth, signal }) {
    const top = rolling(highs(bars), period!, (window) => Math.max(...window));
    const floor = rolling(lows(bars), period!, (window) => Math.min(...window));
    const fast = bars.map(({ close }, row) =>
      top[row] === floor[row] ? 0 : (100 * (close - floor[row]!)) / (top[row]! - floor[row]!),
    );
    const k = rolling(fast, smooth!, mean);
    const d = rolling(k, signal!, mean);
    return [k.map((value, row) => (Number.isNaN(d[row]!) ? Number.NaN : value)), d];
  },
  ADX(bars, { period: n }) {
    const moves = (of: (up: number, down: number) => number): Numbers =>
      bars.map((bar, row) =>
        row === 0 ? Number.NaN : of(bar.high - bars[row - 1]!.high, bars[row - 1]!.low - bar.low),
      );
    const ranges = wilderSum(trueRanges(bars), n!);
    const plus = wilderSum(
      moves((up, down) => (up > down && up > 0 ? up : 0)),
      n!,
    ).map((value, row) => (ranges[row] === 0 ? 0 : (100 * value) / ranges[row]!));
    const less = wilderSum(
      moves((up, down) => (down > up && down > 0 ? down : 0)),
      n!,
    ).map((value, row) => (ranges[row] === 0 ? 0 : (100 * value) / ranges[row]!));
    const index = plus.map((value, row) =>
      value + less[row]! === 0 ? 0 : (100 * Math.abs(value - less[row]!)) / (value + less[row]!),
    );
    const adx = none(bars.length);
    const first = 2 * n! - 1;
    for (let row = first; row < bars.length; row++) {
      adx[row] =
        row === first
          ? mean(index.slice(n!, first + 1))
          : plus[row]! + less[row]! === 0
            ? adx[row - 1]!
            : (adx[row - 1]! * (n! - 1) + index[row]!) / n!;
    }
    const since = (line: Numbers): Numbers => line.map((value, row) => (row < first ? Number.NaN : value));
    return [adx, since(plus), since(less)];
  },
  WMA: (bars, { period, source }) => [
    rolling(
      priced(bars, source),
      period!,
      (window) => total(window.map((close, at) => close * (at + 1))) / total(window.map((_, at) => at + 1)),
    ),
  ],
  VOLMA(bars, { period }) {
    const average = rolling(
      bars.map(({ volume }) => volume),
      period!,
      mean,
    );
    return [average, average.map((value, row) => (Number.isNaN(value) ? value : bars[row]!.volume))];
  },
  RVOL: (bars, { period }) => [
    bars.map(({ volume }, row) => {
      const before = bars.slice(Math.max(0, row - period!), row).map((bar) => bar.volume);
      return before.length < period! ? Number.NaN : total(before) === 0 ? 0 : volume / mean(before);
    }),
  ],
  CCI: (bars, { period, source }) => [
    rolling(priced(bars, source), period!, (window) => {
      const deviation = mean(window.map((value) => Math.abs(value - mean(window))));
      return deviation < 1e-7 ? 0 : (window.at(-1)! - mean(window)) / (0.015 * deviation);
    }),
  ],
  MFI(bars, { period }) {
    const steps = bars.map((bar, row) => {
      const before = bars[row - 1];
      const [now, then] = [
        bar.high + bar.low + bar.close,
        before === undefined ? Number.NaN : before.high + before.low + before.close,
      ];
      return Math.sign(now - then) * (now / 3) * bar.volume;
    });
    return [
      rolling(steps, period!, (window) => {
        const rises = total(window.filter((flow) => flow > 0));
        const falls = -total(window.filter((flow) => flow < 0));
        return rises + falls === 0 ? 0 : 100 - 100 / (1 + rises / falls);
      }),
    ];
  },
  KC(bars, { period, multiplier, atrPeriod, source }) {
    const width = wilder(trueRanges(bars), atrPeriod!);
    const middle = ema(priced(bars, source), period!).map((value, row) =>
      Number.isNaN(width[row]!) ? Number.NaN : value,
    );
    return [1, 0, -1].map((side) => middle.map((value, row) => value + side * multiplier! * width[row]!));
  },
  DC(bars, { period }) {
    const top = rolling(highs(bars), period!, (window) => Math.max(...window));
    const floor = rolling(lows(bars), period!, (window) => Math.min(...window));
    return [top, top.map((value, row) => (value + floor[row]!) / 2), floor];
  },
  ROC: (bars, { period, source }) => [
    priced(bars, source).map((price, row, all) =>
      row < period! ? Number.NaN : (100 * (price - all[row - period!]!)) / all[row - period!]!,
    ),
  ],
  WILLR(bars, { period }) {
    const top = rolling(highs(bars), period!, (window) => Math.max(...window));
    const floor = rolling(lows(bars), period!, (window) => Math.min(...window));
    return [
      top.map((value, row) => (value === floor[row] ? 0 : (-100 * (value - bars[row]!.close)) / (value - floor[row]!))),
    ];
  },
  PDL: (bars) => levelsOfDayBefore(bars, ({ high, low, close }) => [high, low, close]),
  CPR: (bars) =>
    levelsOfDayBefore(bars, ({ high, low, close }) => {
      const pivot = (high + low + close) / 3;
      const edges = [(high + low) / 2, 2 * pivot - (high + low) / 2];
      return [
        Math.max(...edges),
        pivot,
        Math.min(...edges),
        2 * pivot - low,
        2 * pivot - high,
        pivot + (high - low),
        pivot - (high - low),
      ];
    }),
  OR(bars, { minutes }) {
    const range = bars.map((_, row) => {
      const day = dayUntil(bars, row);
      return day.filter(({ time }) => time - day[0]!.time < minutes! * 60_000);
    });
    return [range.map((rows) => Math.max(...highs(rows))), range.map((rows) => Math.min(...lows(rows)))];
  },
  ICHIMOKU(bars, { conversionPeriod, basePeriod, spanPeriod, displacement }) {
    const middle = (n: number): Numbers => {
      const floor = rolling(lows(bars), n, (window) => Math.min(...window));
      return rolling(highs(bars), n, (window) => Math.max(...window)).map((top, row) => (top + floor[row]!) / 2);
    };
    const [conversion, base, span] = [middle(conversionPeriod!), middle(basePeriod!), middle(spanPeriod!)];
    const before = (line: Numbers): Numbers => line.map((_, row) => line[row - displacement!] ?? Number.NaN);
    return [conversion, base, before(conversion.map((value, row) => (value + base[row]!) / 2)), before(span)];
  },
  /** Step by step as Wilder describes it: the move is kept as a list of its bars. */
  PSAR(bars, { step, maximum }) {
    const out = none(bars.length);
    if (bars.length < 2) return [out];
    const [first, second] = [bars[0]!, bars[1]!];
    let long = !(first.low - second.low > Math.max(0, second.high - first.high));
    let move = [second];
    let stop = long ? first.low : first.high;
    for (let row = 1; row < bars.length; row++) {
      const bar = bars[row]!;
      const lastTwo = row === 1 ? [bar] : [bars[row - 1]!, bar];
      const best = (): number => (long ? Math.max(...highs(move)) : Math.min(...lows(move)));
      if (long ? bar.low <= stop : bar.high >= stop) {
        out[row] = long ? Math.max(best(), ...highs(lastTwo)) : Math.min(best(), ...lows(lastTwo));
        long = !long;
        move = [bar];
      } else {
        out[row] = stop;
        if (row > 1) move.push(bar);
      }
      const records = move.filter(
        (each, at) =>
          at > 0 &&
          (long ? each.high > Math.max(...highs(move.slice(0, at))) : each.low < Math.min(...lows(move.slice(0, at)))),
      ).length;
      const next = out[row]! + Math.min(maximum!, step! * (records + 1)) * (best() - out[row]!);
      stop = long ? Math.min(next, ...lows(lastTwo)) : Math.max(next, ...highs(lastTwo));
    }
    return [out];
  },
  /** Since the session's first bar; on day bars, since the year's first. */
  OBV: (bars) => [
    bars.map((bar, row) => {
      const daily = bars.every((_, at) => dayUntil(bars, at).length === 1);
      const year = istDate(bar.time).slice(0, 4);
      const day = daily
        ? bars.slice(0, row + 1).filter(({ time }) => istDate(time).startsWith(year))
        : dayUntil(bars, row);
      return total(
        day.map(({ volume, close }, at) => (at === 0 ? volume : Math.sign(close - day[at - 1]!.close) * volume)),
      );
    }),
  ],
};
