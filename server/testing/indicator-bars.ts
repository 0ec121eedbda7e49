import { type BarColumns, barColumns } from "@/server/domain/bars/bar";
import type { IndicatorBar } from "@/server/domain/bars/indicator";

const MINUTE = 60_000;
/** A Monday, 09:15 in India. */
export const FIRST_BAR = Date.parse("2026-11-09T09:15:00+05:30");

/** A small generator (MINSTD): the same numbers in every run and on every machine. */
export const randomBelow = (seed: number): ((below: number) => number) => {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
};

/**
 * Minute bars that a chart might show, sessions of `perDay` bars, a day apart; the same in every run. Prices in paise,
 * volumes never 0, open interest always known.
 */
export const walkBars = (length: number, seed = 7, perDay = 375): IndicatorBar[] => {
  const random = randomBelow(seed);
  const contracts = randomBelow(seed + 1);
  let close = 100_000;
  let openInterest = 500_000;
  return Array.from({ length }, (_, row) => {
    const open = close + random(41) - 20;
    close = Math.max(1_000, open + random(401) - 200);
    openInterest = Math.max(0, openInterest + 25 * (contracts(81) - 40));
    return {
      time: FIRST_BAR + Math.floor(row / perDay) * 1_440 * MINUTE + (row % perDay) * MINUTE,
      open,
      high: Math.max(open, close) + random(60),
      low: Math.min(open, close) - random(60),
      close,
      volume: 1 + random(9_000),
      openInterest,
    };
  });
};

/**
 * Series for the values recorded from TA-Lib, each within one Indian day: `walk` as a stock moves, `quiet` in ticks of
 * 5 paise with long stretches of one price and bars without volume, `wild` with gaps, at an index's price.
 */
export const talibSeries = {
  walk: () => walkBars(240, 3),
  quiet: () =>
    series({
      seed: 11,
      start: 10_000,
      shadow: 5,
      still: (row) => row % 80 >= 50,
      step: (random) => (random(100) < 70 ? 0 : 5 * (random(5) - 2)),
      volume: (random) => (random(5) === 0 ? 0 : 1 + random(500)),
    }),
  wild: () =>
    series({
      seed: 13,
      start: 2_400_000,
      shadow: 6_000,
      still: () => false,
      step: (random) => (random(12) === 0 ? random(400_001) - 200_000 : random(8_001) - 4_000),
      volume: (random) => 1 + random(5_000_000),
    }),
} satisfies Record<string, () => IndicatorBar[]>;

type Random = (below: number) => number;
interface Look {
  seed: number;
  start: number;
  step: (random: Random) => number;
  shadow: number;
  still: (row: number) => boolean;
  volume: (random: Random) => number;
}
const series = ({ seed, start, step, shadow, still, volume }: Look): IndicatorBar[] => {
  const random = randomBelow(seed);
  let close = start;
  return Array.from({ length: 240 }, (_, row) => {
    const moves = !still(row);
    const open = moves ? close + step(random) : close;
    close = moves ? Math.max(100, open + step(random)) : open;
    const [above, below] = moves ? [random(shadow), random(shadow)] : [0, 0];
    return {
      time: FIRST_BAR + row * MINUTE,
      open,
      high: Math.max(open, close) + above,
      low: Math.min(open, close) - below,
      close,
      volume: volume(random),
      openInterest: -1,
    };
  });
};

/** Bars as columns, closed; columns that indicators do not read are 0. */
export const columnsOfBars = (bars: readonly IndicatorBar[]): BarColumns => {
  const columns = barColumns(bars.length);
  columns.length = bars.length;
  for (const name of ["time", "open", "high", "low", "close", "volume", "openInterest"] as const)
    columns[name].set(bars.map((bar) => bar[name]));
  return columns;
};
