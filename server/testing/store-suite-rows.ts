import type { ListedInstrument } from "@/server/domain/instruments/instrument";
import type { StoredBar } from "@/server/ports/stores";

export const MINUTE = 60_000;
/** 2026-01-05 09:15 IST. */
export const OPEN = Date.UTC(2026, 0, 5, 3, 45);

export const listed = (symbol: string, token: number, more: Partial<ListedInstrument> = {}): ListedInstrument => ({
  exchange: "NSE",
  symbol,
  name: `${symbol} LTD`,
  segment: "equity",
  decimals: 2,
  tickSize: 5,
  lotSize: 1,
  expiry: null,
  strike: null,
  token,
  wireDivisor: 1,
  ...more,
});

export const storedBar = (instrumentId: number, minute: number, more: Partial<StoredBar> = {}): StoredBar => ({
  instrumentId,
  timeframe: "1m",
  time: OPEN + minute * MINUTE,
  open: 100_00,
  high: 105_00,
  low: 99_00,
  close: 104_00,
  volume: 1_000,
  value: 102_000_00,
  ticks: 10,
  openInterest: -1,
  rev: 0,
  state: "closed",
  incomplete: false,
  ...more,
});
