/** Kite's own candles. @see https://kite.trade/docs/connect/v3/historical/ */
import { setImmediate as breathe } from "node:timers/promises";
import { BACKFILLED, type BarColumns, barColumns } from "@/server/domain/bars/bar";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { fromRupees } from "@/server/domain/basics/price";
import { DAY_MS } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import { timeframe, type TimeframeName } from "@/server/domain/time/timeframe";
import { RefusedRows } from "@/server/domain/bars/told-rows";
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

/** A candle has about 75; whoever traded all day and night would still fit. */
const BYTES_PER_ROW = 120;
const ENVELOPE_BYTES = 65_536;
/** Rows read before others get the event loop: about 5 ms. */
const ROWS_PER_TURN = 1_000;

/** Day bars are labelled 00:00 IST as Kite gives them, not with the session's open. */
const bars = async (login: KiteLogin, request: HistoryRequest, signal: AbortSignal): Promise<BarColumns> => {
  const interval = INTERVALS[request.timeframe];
  if (interval === undefined)
    throw badInput("timeframe", request.timeframe, `one that Kite serves: ${Object.keys(INTERVALS).join(", ")}`);
  // Every minute of the span, with partial days as whole ones; more candles cannot be a valid response.
  const rows = Math.ceil(
    (Math.floor((request.to - request.from) / DAY_MS) + 2) * (DAY_MS / timeframe(request.timeframe).lengthMs),
  );
  const data = await kiteRequest(
    login,
    {
      mostBytes: ENVELOPE_BYTES + rows * BYTES_PER_ROW,
      path: `/instruments/historical/${request.token}/${interval.name}`,
      query: { from: istText(request.from), to: istText(request.to), continuous: "0", oi: "1" },
    },
    signal,
  );
  const candles = (data as { candles?: unknown } | null)?.candles;
  if (!Array.isArray(candles)) throw new AppError("broker_refused", "Kite's history response has no candles");
  if (candles.length > 2 * rows)
    throw new AppError("broker_refused", `Kite returned ${candles.length} candles for a period of at most ${rows}`);
  return readCandles(candles, request.decimals, request.refused, signal);
};

export const history: HistoryDefinition<KiteLogin> = {
  requestsPerSecond: 3,
  daysPerRequest: Object.fromEntries(Object.entries(INTERVALS).map(([timeframe, { days }]) => [timeframe, days])),
  bars,
};

type Candle = readonly [
  label: string,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
  openInterest?: number,
];

/** Candle arrays to columns, in their order. Rows that are no candles go to `refused`; whether the others can be bars is for `checkedRows` to say. */
export const readCandles = async (
  candles: readonly unknown[],
  decimals: number,
  refused = new RefusedRows(),
  signal?: AbortSignal,
): Promise<BarColumns> => {
  const columns = barColumns(candles.length);
  for (const [place, row] of candles.entries()) {
    if (place % ROWS_PER_TURN === ROWS_PER_TURN - 1) {
      await breathe();
      signal?.throwIfAborted();
    }
    const label = Array.isArray(row) && typeof row[0] === "string" ? parseLabel(row[0]) : Number.NaN;
    if (Number.isNaN(label) || !isCandle(row)) {
      refused.add(
        "unreadable",
        Number.isNaN(label) ? null : label,
        () => `Kite's candle ${place} cannot be read: ${shown(row)}`,
      );
      continue;
    }
    const [, open, high, low, close, volume, openInterest] = row;
    // A minute of zero prices is one without a trade, not a candle.
    if (open === 0 && high === 0 && low === 0 && close === 0) continue;
    const at = columns.length++;
    columns.time[at] = label;
    columns.open[at] = fromRupees(open, decimals);
    columns.high[at] = fromRupees(high, decimals);
    columns.low[at] = fromRupees(low, decimals);
    columns.close[at] = fromRupees(close, decimals);
    columns.volume[at] = volume;
    columns.openInterest[at] = openInterest ?? -1;
    columns.state[at] = BACKFILLED;
  }
  return columns;
};

/** How a row begins, without nested content, whose depth is unknown. */
const shown = (row: unknown): string =>
  (Array.isArray(row) ? `[${row.slice(0, 8).map(flat).join(",")}${row.length > 8 ? ",…" : ""}]` : flat(row)).slice(
    0,
    120,
  );
const flat = (value: unknown): string =>
  Array.isArray(value)
    ? "[…]"
    : typeof value === "object" && value !== null
      ? "{…}"
      : typeof value === "string"
        ? JSON.stringify(value.slice(0, 120))
        : String(value);

const isCandle = (row: unknown): row is Candle =>
  Array.isArray(row) &&
  row.length >= 6 &&
  typeof row[0] === "string" &&
  row.slice(1, 7).every((value) => typeof value === "number");

/** `2017-12-15T09:15:00+0530`: the zone lacks the colon ISO asks for. */
const parseLabel = (label: string): number => Date.parse(label.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
