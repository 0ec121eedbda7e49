import { type BarColumns, barStates } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { QuoteBoard } from "@/server/domain/ticks/quote-board";
import { istDay, istMidnight } from "@/server/domain/time/session";
import { type Timeframe, timeframes } from "@/server/domain/time/timeframe";
import { systemClock } from "@/server/observe/clock";
import type { LiveBars } from "@/server/ports/live";
import type { Store } from "@/server/ports/stores";
import { Bars } from "@/server/services/bars/bars";
import { oracleStart } from "./bar-oracle";
import type { Candle, ExchangeProgram, Listed } from "./fault-programs";

/** A time, by the exchange, in which the server received without a break; it must be complete, seconds too. */
export interface Listening {
  from: number;
  to: number;
}

const HOURS = "SIM";
const MINUTE_MS = 60_000;
const iso = (time: number): string => new Date(time).toISOString();

const candlesOf = (bars: BarColumns): Candle[] =>
  Array.from({ length: bars.length }, (_, row) => [
    bars.time[row]!,
    bars.open[row]!,
    bars.high[row]!,
    bars.low[row]!,
    bars.close[row]!,
    bars.volume[row]!,
  ]);

/** Candles folded the slow, obvious way into those that begin where `start` says. */
const folded = (candles: readonly Candle[], start: (time: number) => number): Candle[] => {
  const bars = new Map<number, Candle>();
  for (const [time, open, high, low, close, volume] of candles) {
    const begin = start(time);
    const before = bars.get(begin);
    bars.set(
      begin,
      before === undefined
        ? [begin, open, high, low, close, volume]
        : [begin, before[1], Math.max(before[2], high), Math.min(before[3], low), close, before[5] + volume],
    );
  }
  return [...bars.values()];
};

/** One sentence for each difference, and each missing, extra or duplicate bar. */
const differences = (what: string, ours: readonly Candle[], theirs: readonly Candle[]): string[] => {
  const found: string[] = [];
  const want = new Map(theirs.map((each) => [each[0], each]));
  const seen = new Set<number>();
  for (const candle of ours) {
    const [time] = candle;
    if (seen.has(time)) found.push(`${what} ${iso(time)}: twice`);
    seen.add(time);
    const their = want.get(time);
    if (their === undefined)
      found.push(`${what} ${iso(time)}: the exchange has no such bar, ours ${candle.slice(1).join()}`);
    else if (their.join() !== candle.join())
      found.push(`${what} ${iso(time)}: ours ${candle.slice(1).join()} theirs ${their.slice(1).join()}`);
  }
  for (const time of want.keys()) if (!seen.has(time)) found.push(`${what} ${iso(time)}: missing`);
  return found;
};

/** A live market without forming bars: everything read comes from the store. */
const still = (table: InstrumentTable): { table: InstrumentTable; board: QuoteBoard; bars: LiveBars } => ({
  table,
  board: new QuoteBoard(),
  bars: {
    forming: () => 0,
    endOf: (_, of, start) => start + of.lengthMs,
    isWarm: () => true,
    rebuild: () => {},
    watermarkSeconds: 2,
    settledBefore: () => Number.MAX_SAFE_INTEGER,
  },
});

export interface Comparison {
  bars: number;
  differences: string[];
}

/**
 * Every stored bar of the listed instruments, and every bar derived from them on read, beside the exchange's own history, up to the
 * last whole minute before `to`. Compared are open, high, low, close and volume: a bar made of ticks carries more (traded
 * value, tick count, passport, revision), of which history tells nothing, and open interest is told once a minute there and with
 * every tick here. Days before `to`'s are held against the exchange's day bars, all else against its minutes.
 *
 * A hole that the ledger has not closed is a difference too.
 *
 * Seconds have no history: they are held against the packets the exchange sent. One that saw a break of the feed says so
 * (`incomplete`): its prices are the true one's, or the one that stood before it, and its volume may be that of a silence
 * before it. One without that mark is equal. Where the server listened (`listened`) none is missing, and none
 * has the mark but the first of a connection.
 */
export const compareAll = async (
  store: Store,
  exchange: ExchangeProgram,
  listed: readonly Listed[],
  run: { from: number; to: number; listened: readonly Listening[] },
): Promise<Comparison> => {
  const calendar = createCalendar();
  const table = new InstrumentTable();
  const { instruments } = await store.instruments.load(new Date(run.to + 19_800_000).toISOString().slice(0, 10));
  for (const instrument of instruments) table.put(instrument, HOURS);
  const read = new Bars({
    store: store.bars,
    live: still(table),
    calendar,
    clock: { ...systemClock(), now: () => run.to },
    recent: { recent: () => [], enqueue: () => {}, settled: () => Promise.resolve() },
  });
  const end = Math.floor(run.to / MINUTE_MS) * MINUTE_MS;
  const today = istMidnight(istDay(end));
  const found: string[] = [];
  let count = 0;
  for (const gap of await store.gaps.list({ states: ["open", "healing"], to: end }))
    found.push(
      `the ledger has a hole that is still ${gap.state}: ${gap.cause} from ${iso(gap.from)} to ${gap.to === null ? "now" : iso(gap.to)}, ${gap.remaining} minutes remain, ${gap.note}`,
    );
  const check = (what: string, ours: readonly Candle[], theirs: readonly Candle[]): void => {
    count += ours.length;
    found.push(...differences(what, ours, theirs));
  };

  for (const { key, token } of listed) {
    const instrument = table.indexOf(key);
    if (instrument === -1) {
      found.push(`${key} is not in the store`);
      continue;
    }
    const { id } = table.at(instrument);
    const span = await store.bars.span(id, "1m");
    if (span === null) {
      found.push(`${key}: no minutes at all`);
      continue;
    }
    const minutes = (await exchange.history(token, "minute", span.first, end)).filter(
      ([time]) => time + MINUTE_MS <= end,
    );
    const days = (await exchange.history(token, "day", today - 731 * 86_400_000, today)).filter(
      ([time]) => time < today,
    );
    const stored = async (name: "1s" | "1m" | "15m" | "1d"): Promise<BarColumns> =>
      store.bars.read({ instrumentId: id, timeframe: name, from: 0, to: end });
    const isWhole =
      (length: number) =>
      ([time]: Candle): boolean =>
        time + length <= end && time >= span.first;

    const kept = await stored("1m");
    for (let row = 0; row < kept.length; row++)
      if (kept.incomplete[row] === 1)
        found.push(`${key} 1m ${iso(kept.time[row]!)}: still says that it has a hole (${barStates[kept.state[row]!]})`);
    check(`${key} 1m`, candlesOf(kept), minutes);
    check(
      `${key} 15m`,
      candlesOf(await stored("15m")),
      folded(minutes, (time) => time - ((time - istMidnight(istDay(time))) % 900_000)).filter(isWhole(900_000)),
    );
    const first = (await store.bars.span(id, "1d"))?.first ?? 0;
    check(
      `${key} 1d`,
      candlesOf(await stored("1d")),
      days.filter(([time]) => time >= first),
    );
    found.push(...(await secondsDiffer(store, exchange, { key, token, type: "" }, id, { ...run, to: end })));

    // The seconds have been compared with the packets; bars derived from them on read must be their fold.
    const seconds = candlesOf(await stored("1s"));
    for (const each of timeframes.filter((one) => one.from === "1s" && one.name !== "1s")) {
      const { closed } = await read.read({ instrument, timeframe: each, to: end });
      check(
        `${key} ${each.name} on read`,
        candlesOf(closed),
        folded(seconds, (time) => oracleStart(calendar, HOURS, each, time)),
      );
    }
    for (const each of timeframes.filter((one) => one.from !== "1s")) {
      const begin = (time: number): number => oracleStart(calendar, HOURS, each, time);
      const source =
        each.kind === "intraday"
          ? minutes
          : [
              ...days,
              ...folded(
                minutes.filter(([time]) => time >= today),
                () => today,
              ),
            ];
      const from = firstWhole(each, begin, each.kind === "intraday" ? span.first : first);
      const { closed, forming } = await read.read({ instrument, timeframe: each, from, to: end });
      check(
        `${key} ${each.name} on read`,
        [...candlesOf(closed), ...candlesOf(forming)],
        folded(source, begin).filter(([time]) => time >= from),
      );
    }
  }
  return { bars: count, differences: found };
};

/** Start of the first bar without anything before `first`. */
const firstWhole = (of: Timeframe, begin: (time: number) => number, first: number): number => {
  let start = first;
  while (begin(start) < first) start += of.kind === "intraday" ? MINUTE_MS : 86_400_000;
  return begin(start);
};

const secondsDiffer = async (
  store: Store,
  exchange: ExchangeProgram,
  { key, token }: Listed,
  id: number,
  run: { from: number; to: number; listened: readonly Listening[] },
): Promise<string[]> => {
  const found: string[] = [];
  const rows = await store.bars.readWhole({ instrumentId: id, timeframe: "1s", from: 0, to: run.to });
  const theirs = new Map((await exchange.seconds(token, run.from, run.to)).map((each) => [each[0], each]));
  const ours = new Set<number>();
  const heard = (time: number): Listening | undefined =>
    run.listened.find((each) => time >= each.from && time + 1_000 <= each.to);
  let before: Listening | undefined;
  /** Close of the last true second before an instant; both lists are in order. */
  const sent = [...theirs.values()];
  let at = 0;
  const standing = (time: number): number => {
    while (at < sent.length && sent[at]![0] < time) at++;
    return at === 0 ? Number.NaN : sent[at - 1]![4];
  };
  for (const { time, open, high, low, close, volume, incomplete, state, ticks, rev, passport } of rows) {
    if (time < run.from) continue;
    ours.add(time);
    const their = theirs.get(time);
    const stood = standing(time);
    const during = heard(time);
    const isFirst = during !== before;
    before = during;
    const told = `${[open, high, low, close, volume].join()}${incomplete ? " incomplete" : ""} ${state}, rev ${rev}, ${ticks} ticks, ${passport?.late} late, ${iso(passport?.firstTime ?? 0)} to ${iso(passport?.lastTime ?? 0)}`;
    // Before the first second of the run nothing stood.
    const isPart =
      high <= Math.max(their?.[2] ?? -Infinity, Number.isNaN(stood) ? -Infinity : stood) &&
      low >= Math.min(their?.[3] ?? Infinity, Number.isNaN(stood) ? Infinity : stood);
    if (
      incomplete
        ? !isPart || (during !== undefined && !isFirst)
        : their === undefined || [time, open, high, low, close, volume].join() !== their.join()
    ) {
      found.push(
        `${key} 1s ${iso(time)}${during === undefined ? "" : ", listened"}: ours ${told} theirs ${their?.slice(1).join() ?? "none"}, before it ${stood}`,
      );
    }
  }
  for (const time of theirs.keys()) {
    if (!ours.has(time) && heard(time) !== undefined)
      found.push(`${key} 1s ${iso(time)}: missing, although the server listened`);
  }
  return found;
};
