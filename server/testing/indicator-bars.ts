import type { IndicatorBar } from "@/server/domain/indicator";

const MINUTE = 60_000;
/** A Monday, 09:15 in India. */
const FIRST = Date.parse("2026-11-09T09:15:00+05:30");

/**
 * Minute bars that a chart might show, sessions of `perDay` bars, a day apart; the same in every run. Prices in paise,
 * volumes never 0.
 */
export const walkBars = (length: number, seed = 7, perDay = 375): IndicatorBar[] => {
  let state = seed;
  const random = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  let close = 100_000;
  return Array.from({ length }, (_, row) => {
    const open = close + random(41) - 20;
    close = Math.max(1_000, open + random(401) - 200);
    return {
      time: FIRST + Math.floor(row / perDay) * 1_440 * MINUTE + (row % perDay) * MINUTE,
      open, high: Math.max(open, close) + random(60), low: Math.min(open, close) - random(60), close, volume: 1 + random(9_000),
    };
  });
};
