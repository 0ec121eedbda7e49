import { toDecimalText } from "@/server/domain/basics/price";
import { timeframe } from "@/server/domain/time/timeframe";
import type { LatestBar, LatestPoint, LatestTick } from "@/server/ports/latest";

/**
 * What other programs read. Names, under an optional prefix; {EX}:{SYMBOL} is the instrument's key as everywhere
 * (`NSE:RELIANCE`, `NSE_INDEX:NIFTY 50`: spaces are kept), {tf} a timeframe (`1s` … `1M`):
 *
 *   candle:{tf}:latest:{EX}:{SYMBOL}   text, 15 minutes      the newest closed bar
 *   candle:{tf}:stream:{EX}:{SYMBOL}   stream, field `bar`   closed bars and patches in the order they came, each once
 *   candle:{tf}:closes                 hash, by {EX}:{SYMBOL}  start of the newest closed bar in the stream (for the writer)
 *   pub:candle:{tf}:{EX}:{SYMBOL}      channel               the same, as it happens
 *   tick:latest:{EX}:{SYMBOL}          text, 5 minutes       the newest tick
 *   pub:tick:{EX}:{SYMBOL}             channel               the newest tick, at most four a second
 *   ind:{name}:{tf}:{EX}:{SYMBOL}      text, two bars or more  the newest value of an indicator that runs ({name}: `EMA_20`)
 *   pub:ind:{name}:{tf}:{EX}:{SYMBOL}  channel               the same, as it happens
 *   market:gainers, market:losers      sorted set, 1 minute  ten instruments by their change in percent since the day before
 *
 * Values are JSON. Prices and traded value are rupees, exact decimals with all the instrument's digits; times are epoch
 * ms (UTC), `time` the start of a bar and `end` its end; what is unknown is null. A patch of the newest bar is the whole
 * bar, of an older one only the tick that came late (`"ticks":1`): the greatest high and the least low stand, and the
 * store has the bar as it is now. A bar that closes again with other figures (history has corrected it) is a patch with
 * `"whole":true`: it takes the bar's place.
 */
export const names = (prefix: string) => ({
  bar: (timeframe: string, key: string) => `${prefix}candle:${timeframe}:latest:${key}`,
  barStream: (timeframe: string, key: string) => `${prefix}candle:${timeframe}:stream:${key}`,
  closes: (timeframe: string) => `${prefix}candle:${timeframe}:closes`,
  barChannel: (timeframe: string, key: string) => `${prefix}pub:candle:${timeframe}:${key}`,
  tick: (key: string) => `${prefix}tick:latest:${key}`,
  tickChannel: (key: string) => `${prefix}pub:tick:${key}`,
  point: (name: string, timeframe: string, key: string) => `${prefix}ind:${name}:${timeframe}:${key}`,
  movers: (side: "gainers" | "losers") => `${prefix}market:${side}`,
  pointChannel: (name: string, timeframe: string, key: string) => `${prefix}pub:ind:${name}:${timeframe}:${key}`,
});
export type Names = ReturnType<typeof names>;

/** How long a latest value remains valid without a newer one, in seconds. */
export const BAR_SECONDS = 900;
export const TICK_SECONDS = 300;
export const MOVERS_SECONDS = 60;
/** A value stays valid until two more bars should have closed, and at least as long as a bar. */
export const pointSeconds = (name: LatestPoint["timeframe"]): number =>
  Math.max(BAR_SECONDS, Math.ceil((2 * timeframe(name).lengthMs) / 1_000));
/** One NSE session of one-second bars: about 7 MB of Redis an instrument. */
export const STREAM_LENGTH = 22_500;

const known = (value: number): string => (value < 0 ? "null" : String(value));

/** False of a late tick of an older bar: its text is a part. */
export const isWhole = ({ event, newest }: LatestBar): boolean => event === "close" || newest;

// Text by hand: JSON.stringify would print 1573.1 for 1573.10 and lose digits of large values.
export const barText = (bar: LatestBar, replaces = false): string => {
  const rupees = (minor: number): string => toDecimalText(minor, bar.decimals);
  return (
    `{"event":"${bar.event}",${bar.event === "patch" && replaces ? '"whole":true,' : ""}"instrument":${JSON.stringify(bar.key)},"timeframe":"${bar.timeframe}","time":${bar.time},"end":${bar.end}` +
    `,"open":${rupees(bar.open)},"high":${rupees(bar.high)},"low":${rupees(bar.low)},"close":${rupees(bar.close)}` +
    `,"volume":${bar.volume},"value":${rupees(Math.round(bar.value))},"ticks":${bar.ticks},"openInterest":${known(bar.openInterest)}` +
    `,"rev":${bar.rev},"incomplete":${bar.incomplete}}`
  );
};

export const tickText = (tick: LatestTick): string =>
  `{"instrument":${JSON.stringify(tick.key)},"price":${toDecimalText(tick.price, tick.decimals)},"volume":${known(tick.volume)}` +
  `,"openInterest":${known(tick.openInterest)},"time":${tick.time},"received":${Math.round(tick.received)}}`;

/** `value` is that of the first plot; `ready` is true once all plots have one. Prices are rupees, not rounded. */
export const pointText = ({ name, key, timeframe: of, decimals, time, values, live }: LatestPoint): string => {
  const shown = values.map(
    ({ plot, unit, value }) =>
      [plot, Number.isNaN(value) ? null : unit === "price" ? value / 10 ** decimals : value] as const,
  );
  return JSON.stringify({
    name,
    instrument: key,
    exchange: key.slice(0, key.indexOf(":")),
    timeframe: of,
    time,
    value: shown[0]?.[1] ?? null,
    values: Object.fromEntries(shown),
    ready: shown.every(([, value]) => value !== null),
    live,
  });
};
