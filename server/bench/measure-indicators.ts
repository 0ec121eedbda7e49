import { EMA, RSI, SMA } from "trading-signals";
import type { IndicatorBar } from "@/server/domain/indicator";
import { resolveIndicator } from "@/server/indicators";
import { emptyBar, STRIDE } from "@/server/indicators/compute";
import { bareEma, bareRsi, bareSma, type BareIndicator } from "./peers/bare-indicators";

export const indicatorIds = ["SMA", "EMA", "RSI"] as const;
export type IndicatorId = (typeof indicatorIds)[number];
export const periods: Record<IndicatorId, number> = { SMA: 20, EMA: 20, RSI: 14 };

export interface IndicatorJob {
  id: IndicatorId;
  who: "candela" | "bare" | "tradingSignals";
  /** Instances taking turns: 1 measures the arithmetic, 3,000 the memory too. */
  instances: number;
  values: number;
}

export interface IndicatorResult {
  updateNs: number;
  peekNs: number;
  /** Sum of all values, for agreement. */
  sum: number;
}

/** One closed value and one forming value, whatever the library calls them. */
interface Taker {
  next(close: number): number;
  peek(close: number): number;
}

const bare: Record<IndicatorId, (period: number) => BareIndicator> = { SMA: bareSma, EMA: bareEma, RSI: bareRsi };

const build: Record<IndicatorJob["who"], (id: IndicatorId) => Taker> = {
  bare: (id) => bare[id](periods[id]),
  candela(id) {
    const { definition, params } = resolveIndicator({ id, params: { period: periods[id] } });
    const indicator = definition.create(params);
    const out = new Float64Array(STRIDE);
    const bar: IndicatorBar = emptyBar();
    return {
      next(close) { bar.close = close; indicator.next(bar, out, 0); return out[0]!; },
      peek(close) { bar.close = close; indicator.peek(bar, out, 0); return out[0]!; },
    };
  },
  tradingSignals(id) {
    const indicator = id === "SMA" ? new SMA(periods.SMA) : id === "EMA" ? new EMA(periods.EMA) : new RSI(periods.RSI);
    return {
      next: (close) => indicator.add(close) ?? Number.NaN,
      peek: (close) => indicator.replace(close) ?? Number.NaN,
    };
  },
};

/** CPU time per value of updates with closed bars, then of looks at forming bars. */
export const measureIndicator = ({ id, who, instances, values }: IndicatorJob): IndicatorResult => {
  const closes = walk(4_096);
  const takers = Array.from({ length: instances }, () => build[who](id));
  const warm = Math.max(values >> 3, instances * 64);
  let sum = 0;
  const updates = (count: number): void => {
    for (let at = 0, turn = 0; at < count; at++) {
      const value = takers[turn]!.next(closes[at & 4_095]!);
      if (value === value) sum += value;
      if (++turn === instances) turn = 0;
    }
  };
  const peeks = (count: number): void => {
    for (let at = 0, turn = 0; at < count; at++) {
      const value = takers[turn]!.peek(closes[(at * 7) & 4_095]!);
      if (value === value) sum += value;
      if (++turn === instances) turn = 0;
    }
  };
  updates(warm);
  peeks(warm);
  updates(warm);
  const updateNs = timed(values, updates);
  // What a look returns is not compared: trading-signals looks by replacing its last bar.
  const kept = sum;
  const peekNs = timed(values, peeks);
  return { updateNs, peekNs, sum: kept };
};

const timed = (values: number, run: (values: number) => void): number => {
  const before = process.cpuUsage();
  run(values);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1_000) / values;
};

/** Closes in minor units, as bars carry them. */
const walk = (length: number): Float64Array => {
  let state = 12_345;
  let price = 150_000;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    price += (((state >>> 16) % 21) - 10) * 5;
    return price;
  });
};
