import { indicatorOf, valuesOf } from "@/server/testing/indicator-values";
import { ADX, ATR, BollingerBands, EMA, MACD, RSI, SMA, StochasticOscillator, SuperTrend, WMA } from "trading-signals";
import { barColumns, type BarColumns } from "@/server/domain/bars/bar";
import type { Indicator } from "@/server/domain/bars/indicator";
import { emptyBar, STRIDE } from "@/server/indicators/compute";
import { median } from "./child";
import { BareAdx, BareAtr, BareStochastic, BareSupertrend } from "./peers/bare-bar-indicators";
import { bareBatch } from "./peers/bare-batch";
import {
  BareBollinger,
  BareEma,
  type BareIndicator,
  BareMacd,
  BareRsi,
  BareSma,
  BareWma,
} from "./peers/bare-indicators";

/** What trading-signals calls a closed value and a forming one. */
interface Peer<Input> {
  update(input: Input, replace: boolean): unknown;
}
interface HighLowClose {
  high: number;
  low: number;
  close: number;
}
interface Measured {
  text: string;
  bare: () => BareIndicator;
  peer: { ofCloses: () => Peer<number> } | { ofBars: () => Peer<HighLowClose> };
}

/** Each with the same parameters everywhere. */
const measured = {
  SMA: { text: "SMA:20", bare: () => new BareSma(20), peer: { ofCloses: () => new SMA(20) } },
  EMA: { text: "EMA:20", bare: () => new BareEma(20), peer: { ofCloses: () => new EMA(20) } },
  WMA: { text: "WMA:20", bare: () => new BareWma(20), peer: { ofCloses: () => new WMA(20) } },
  RSI: { text: "RSI:14", bare: () => new BareRsi(14), peer: { ofCloses: () => new RSI(14) } },
  MACD: {
    text: "MACD:12,26,9",
    bare: () => new BareMacd(12, 26, 9),
    peer: { ofCloses: () => new MACD(new EMA(12), new EMA(26), new EMA(9)) },
  },
  BB: { text: "BB:20,2", bare: () => new BareBollinger(20, 2), peer: { ofCloses: () => new BollingerBands(20, 2) } },
  ATR: { text: "ATR:14", bare: () => new BareAtr(14), peer: { ofBars: () => new ATR(14) } },
  STOCH: {
    text: "STOCH:14,3,3",
    bare: () => new BareStochastic(14, 3, 3),
    peer: { ofBars: () => new StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 }) },
  },
  ADX: { text: "ADX:14", bare: () => new BareAdx(14), peer: { ofBars: () => new ADX(14) } },
  SUPERTREND: {
    text: "SUPERTREND:10,3",
    bare: () => new BareSupertrend(10, 3),
    peer: { ofBars: () => new SuperTrend({ interval: 10, multiplier: 3 }) },
  },
} satisfies Record<string, Measured>;
export type IndicatorId = keyof typeof measured;
export const indicatorIds = Object.keys(measured) as IndicatorId[];
export const batchIds = Object.keys(bareBatch) as (keyof typeof bareBatch)[];

export interface IndicatorJob {
  id: IndicatorId;
  who: "candela" | "bare" | "tradingSignals";
  /** Instances taking turns: 1 measures the arithmetic, 3,000 the memory too; 0 a whole series at once. */
  instances: number;
  /** Among others: loops have seen every kind before, as in a server; otherwise they are compiled for one kind. */
  among: boolean;
  values: number;
}

export interface IndicatorResult {
  updateNs: number;
  peekNs: number;
  /** From every line over the series, of every hundredth bar of a whole series, to check agreement. */
  sum: number;
  /** ns per bar of an instance that has processed all the bars, divided by that of one that has just warmed up. */
  aged: number;
}

const SERIES = 1_024;
type Run = (count: number) => number;
interface Turns {
  update: Run;
  peek: Run;
}

/** CPU time per value of updates with closed bars, then of looks at forming bars. */
export const measureIndicator = ({ id, who, instances, among, values }: IndicatorJob): IndicatorResult => {
  if (instances === 0) return measureBatch(id, who, values);
  const series = bars(SERIES);
  meet(among ? indicatorIds : [id], who, series);
  const { update, peek } = turns[who](id, instances, series);
  const warm = Math.max(values >> 3, instances * 64);
  for (let round = 0; round < 3; round++) {
    update(warm);
    peek(warm);
  }
  const updateNs = timed(values, update);
  const peekNs = timed(values, peek);
  return {
    updateNs,
    peekNs,
    sum: who === "tradingSignals" ? Number.NaN : sumOf(id, who, series),
    aged: instances === 1 && among && who === "candela" ? agedOver(id, update, series) : 1,
  };
};

type BuildTurns = (id: IndicatorId, instances: number, series: BarColumns) => Turns;
const turns: Record<IndicatorJob["who"], BuildTurns> = {
  bare(id, instances, { close, high, low }) {
    const takers = Array.from({ length: instances }, (): BareIndicator => measured[id].bare());
    return {
      update(count) {
        let sum = 0;
        for (let at = 0, turn = 0; at < count; at++) {
          const row = at & (SERIES - 1);
          const value = takers[turn]!.next(close[row]!, high[row]!, low[row]!);
          if (value === value) sum += value;
          if (++turn === instances) turn = 0;
        }
        return sum;
      },
      peek(count) {
        let sum = 0;
        for (let at = 0, turn = 0; at < count; at++) {
          const row = (at * 7) & (SERIES - 1);
          const value = takers[turn]!.peek(close[row]!, high[row]!, low[row]!);
          if (value === value) sum += value;
          if (++turn === instances) turn = 0;
        }
        return sum;
      },
    };
  },
  /** As the engine does it: one bar and one output row for all instances. */
  candela(id, instances, series) {
    const resolved = indicatorOf(measured[id].text);
    return candelaTurns(
      Array.from({ length: instances }, () => resolved.definition.create(resolved.params)),
      series,
    );
  },
  tradingSignals(id, instances, { close, high, low }) {
    const { peer } = measured[id] as Measured;
    const inputs: readonly unknown[] = Array.from(close, (price, row) =>
      "ofCloses" in peer ? price : { close: price, high: high[row]!, low: low[row]! },
    );
    const takers = Array.from(
      { length: instances },
      () => ("ofCloses" in peer ? peer.ofCloses() : peer.ofBars()) as Peer<unknown>,
    );
    const run =
      (replace: boolean, step: number): Run =>
      (count) => {
        let seen = 0;
        for (let at = 0, turn = 0; at < count; at++) {
          if (takers[turn]!.update(inputs[(at * step) & (SERIES - 1)], replace) !== null) seen++;
          if (++turn === instances) turn = 0;
        }
        return seen;
      };
    return { update: run(false, 1), peek: run(true, 7) };
  },
};

const candelaTurns = (takers: readonly Indicator[], { close, high, low }: BarColumns): Turns => {
  const bar = emptyBar();
  const out = new Float64Array(STRIDE);
  const instances = takers.length;
  return {
    update(count) {
      let sum = 0;
      for (let at = 0, turn = 0; at < count; at++) {
        const row = at & (SERIES - 1);
        bar.close = close[row]!;
        bar.high = high[row]!;
        bar.low = low[row]!;
        takers[turn]!.next(bar, out, 0);
        const value = out[0]!;
        if (value === value) sum += value;
        if (++turn === instances) turn = 0;
      }
      return sum;
    },
    peek(count) {
      let sum = 0;
      for (let at = 0, turn = 0; at < count; at++) {
        const row = (at * 7) & (SERIES - 1);
        bar.close = close[row]!;
        bar.high = high[row]!;
        bar.low = low[row]!;
        takers[turn]!.peek(bar, out, 0);
        const value = out[0]!;
        if (value === value) sum += value;
        if (++turn === instances) turn = 0;
      }
      return sum;
    },
  };
};

/** Compiles on whole lives, warm-ups included, before many instances live theirs at once. The same for each contender. */
const meet = (ids: readonly IndicatorId[], who: IndicatorJob["who"], series: BarColumns): void => {
  for (let round = 0; round < 40 / ids.length; round++) {
    for (const id of ids) {
      const { update, peek } = turns[who](id, 2, series);
      update(3_000);
      peek(3_000);
    }
  }
};

/** What update and peek give, every line added up: not timed. */
const sumOf = (id: IndicatorId, who: "candela" | "bare", { close, high, low, length }: BarColumns): number => {
  const { definition, params } = indicatorOf(measured[id].text);
  const indicator = definition.create(params);
  const bare: BareIndicator = measured[id].bare();
  const bar = emptyBar();
  const out = new Float64Array(STRIDE);
  const written = (): number =>
    out.subarray(0, definition.plots.length).reduce((all, value) => (Number.isNaN(value) ? all : all + value), 0);
  let sum = 0;
  for (let row = 0; row < length; row++) {
    bar.close = close[row]!;
    bar.high = high[row]!;
    bar.low = low[row]!;
    for (const closed of [false, true]) {
      // Before everything has settled a bare loop does not look ahead.
      if (who === "bare") {
        const value = bare[closed ? "next" : "peek"](bar.close, bar.high, bar.low);
        if (!Number.isNaN(value) && row > 100) sum += value;
      } else {
        indicator[closed ? "next" : "peek"](bar, out, 0);
        if (row > 100) sum += written();
      }
    }
  }
  return sum;
};

/** Old and new in turn, so that other load on the machine affects both. */
const agedOver = (id: IndicatorId, old: Run, series: BarColumns): number => {
  const resolved = indicatorOf(measured[id].text);
  const ratios = Array.from({ length: 15 }, () => {
    const { update: fresh } = candelaTurns([resolved.definition.create(resolved.params)], series);
    fresh(500);
    return timed(100_000, old) / timed(100_000, fresh);
  });
  return median(ratios);
};

/** Columns in, new columns out, of the whole series at once. */
const measureBatch = (id: IndicatorId, who: IndicatorJob["who"], values: number): IndicatorResult => {
  const length = 1_000_000;
  const columns = bars(length);
  const resolved = indicatorOf(measured[id].text);
  const bare = bareBatch[id as keyof typeof bareBatch];
  for (const each of batchIds) if (who === "candela") valuesOf(indicatorOf(measured[each].text), bars(SERIES));
  const once = (): Float64Array[] => (who === "candela" ? valuesOf(resolved, columns) : bare(columns.close));
  const run: Run = (count) => {
    let last = 0;
    for (let done = 0; done < count; done += length) last += once()[0]![length - 1]!;
    return last;
  };
  run(3 * length);
  const updateNs = timed(values, run);
  const sum = once().reduce(
    (all, plot) =>
      all + plot.filter((_, row) => row >= 100 && row % 100 === 0).reduce((lines, value) => lines + value, 0),
    0,
  );
  return { updateNs, peekNs: Number.NaN, sum, aged: 1 };
};

const timed = (values: number, run: Run): number => {
  const before = process.cpuUsage();
  run(values);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / values;
};

/** Bars in minor units, as the pipeline carries them. */
const bars = (length: number): BarColumns => {
  const columns = barColumns(length);
  columns.length = length;
  let state = 12_345;
  let price = 150_000;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % below;
  };
  for (let row = 0; row < length; row++) {
    columns.time[row] = row * 60_000;
    columns.open[row] = price;
    price = Math.max(5_000, price + (random(21) - 10) * 5);
    columns.close[row] = price;
    columns.high[row] = Math.max(price, columns.open[row]!) + random(6) * 5;
    columns.low[row] = Math.min(price, columns.open[row]!) - random(6) * 5;
    columns.volume[row] = 1 + random(5_000);
  }
  return columns;
};
