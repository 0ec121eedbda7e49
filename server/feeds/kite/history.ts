/** Kite's own candles. @see https://kite.trade/docs/connect/v3/historical/ */
import { BACKFILLED, type BarColumns, barColumns } from "@/server/domain/bar";
import { AppError, badInput } from "@/server/domain/errors";
import { fromRupees } from "@/server/domain/price";
import { istText } from "@/server/domain/session";
import type { TimeframeName } from "@/server/domain/timeframe";
import type { HistoryDefinition, HistoryRequest } from "@/server/ports/feed";
import type { KiteLogin } from "./login";
import { kiteRequest } from "./rest";

/** Kite's name of a timeframe and the days one request may span. */
const INTERVALS: Partial<Record<TimeframeName, { name: string; days: number }>> = {
  "1m": { name: "minute", days: 60 },
  "3m": { name: "3minute", days: 100 },
  "5m": { name: "5minute", days: 100 },
  "10m": { name: "10minute", days: 100 },
  "15m": { name: "15minute", days: 200 },
  "30m": { name: "30minute", days: 200 },
  "1h": { name: "60minute", days: 400 },
  "1d": { name: "day", days: 2_000 },
};

/** Day bars are labelled 00:00 IST as Kite gives them, not with the session's open. */
const bars = async (login: KiteLogin, request: HistoryRequest, signal: AbortSignal): Promise<BarColumns> => {
  const interval = INTERVALS[request.timeframe];
  if (interval === undefined) throw badInput("timeframe", request.timeframe, `one Kite serves: ${Object.keys(INTERVALS).join(", ")}`);
  const data = await kiteRequest(login, {
    path: `/instruments/historical/${request.token}/${interval.name}`,
    query: { from: istText(request.from), to: istText(request.to), continuous: "0", oi: "1" },
  }, signal);
  const candles = (data as { candles?: unknown } | null)?.candles;
  if (!Array.isArray(candles)) throw new AppError("broker_refused", "Kite's historical answer carries no candles");
  return readCandles(candles, request.decimals);
};

export const history: HistoryDefinition<KiteLogin> = {
  requestsPerSecond: 3,
  daysPerRequest: Object.fromEntries(Object.entries(INTERVALS).map(([timeframe, { days }]) => [timeframe, days])),
  bars,
};

type Candle = readonly [label: string, open: number, high: number, low: number, close: number, volume: number, openInterest?: number];

/** Candle arrays to columns, oldest first. Throws `broker_refused` naming the first row that is no candle. */
export const readCandles = (candles: readonly unknown[], decimals: number): BarColumns => {
  const rows = candles.map((row, at) => {
    const time = isCandle(row) ? parseLabel(row[0]) : Number.NaN;
    if (Number.isNaN(time)) throw new AppError("broker_refused", `Kite's candle ${at} cannot be read: ${JSON.stringify(row)?.slice(0, 120)}`);
    return { time, candle: row as Candle };
  // A minute of zero prices is one without a trade, not a candle.
  }).filter(({ candle }) => candle[3] > 0).sort((a, b) => a.time - b.time);
  const columns = barColumns(rows.length);
  columns.length = rows.length;
  rows.forEach(({ time, candle }, at) => {
    columns.time[at] = time;
    columns.open[at] = fromRupees(candle[1], decimals);
    columns.high[at] = fromRupees(candle[2], decimals);
    columns.low[at] = fromRupees(candle[3], decimals);
    columns.close[at] = fromRupees(candle[4], decimals);
    columns.volume[at] = candle[5];
    columns.openInterest[at] = candle[6] ?? -1;
    columns.state[at] = BACKFILLED;
  });
  return columns;
};

const isCandle = (row: unknown): row is Candle =>
  Array.isArray(row) && row.length >= 6 && typeof row[0] === "string" && row.slice(1, 7).every((value) => Number.isFinite(value));

/** `2017-12-15T09:15:00+0530`: the zone lacks the colon ISO asks for. */
const parseLabel = (label: string): number => Date.parse(label.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
