import type { BarColumns } from "@/server/domain/bars/bar";
import { sessionOpens } from "@/server/domain/bars/bar-time";
import { type Calendar, runningOrNext } from "@/server/domain/time/session";
import { type AnyTimeframe, isListed } from "@/server/domain/time/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { Desk, IndicatorDesk, QuoteValues } from "@/server/ports/desk";
import type { FeedDefinition } from "@/server/ports/feed";
import type { LiveMarket } from "@/server/ports/live";
import type { BarStore } from "@/server/ports/stores";
import type { Bars } from "@/server/services/bars/bars";
import type { Collectors } from "@/server/services/collecting/collectors";
import type { Instruments } from "@/server/services/market/instruments";
import type { LastPrices } from "@/server/services/bars/last-prices";
import type { Sparks } from "@/server/services/bars/sparks";

interface Parts {
  instruments: Instruments;
  collectors: Collectors;
  bars: Bars;
  sparks: Sparks;
  /** The feed whose packets a collector delivers. */
  feedAt(this: void, collector: number): FeedDefinition | undefined;
  lastPrices: LastPrices;
  live: LiveMarket;
  store: BarStore;
  calendar: Calendar;
  clock: Clock;
  indicators: IndicatorDesk;
  derived: { forming(instrument: number, of: AnyTimeframe, into: BarColumns): number };
  follow: Desk["follow"];
}

/** Everything that sockets and REST read, in one place; each call goes to the service that owns the answer. */
export const createDesk = (parts: Parts): Desk => {
  const { instruments, collectors, bars, sparks, live, store, calendar, clock } = parts;
  const warming = new Map<number, Promise<void>>();
  return {
    resolve: (text, vendor) => instruments.resolve(text, vendor),
    find: (text) => instruments.find(text),
    instrument: (index) => live.table.at(index),
    isLive: (index) => collectors.isLive(index),
    isSimulated: (index) => collectors.isSimulated(index),
    session: (index) => runningOrNext(calendar, live.table.hours(index), clock.now()),
    sessionOpens: (index, from, to) => sessionOpens(calendar, live.table.hours(index), from, to),
    bars: (query) => bars.read(query),
    committed: () => bars.committed(),
    async firstStored(index, timeframe) {
      const { id } = live.table.at(index);
      const spans = await Promise.all(
        [...new Set([timeframe.from, timeframe.from === "1s" ? timeframe.from : ("1m" as const)])].map((name) =>
          store.span(id, name),
        ),
      );
      const firsts = spans.flatMap((span) => (span === null ? [] : [span.first]));
      return firsts.length === 0 ? null : Math.min(...firsts);
    },
    forming: (index, of, into) =>
      isListed(of) ? live.bars.forming(index, of, into) : parts.derived.forming(index, of, into),
    follow: (index, of) => parts.follow(index, of),
    endOf: (index, timeframe, start) => live.bars.endOf(index, timeframe, start),
    isWarm: (index) => live.bars.isWarm(index),
    warm(index) {
      let running = warming.get(index);
      if (running === undefined) {
        running = bars.warm(index).finally(() => warming.delete(index));
        warming.set(index, running);
      }
      return running;
    },
    quote: (index, seen) => quoteOf(live, parts.feedAt, index, seen),
    lastCloses: (indexes, signal) => parts.lastPrices.read(indexes, signal),
    spark: (index) => sparks.read(index),
    sparkNow: (index) => sparks.now(index),
    truth: () => collectors.truth(),
    indicators: parts.indicators,
  };
};

const quoteOf = (
  live: LiveMarket,
  feedAt: (collector: number) => FeedDefinition | undefined,
  index: number,
  seen = -1,
): QuoteValues | null => {
  const { board } = live;
  const sequence = index < board.capacity ? board.sequence(index) : 0;
  if (sequence === 0 || sequence === seen) return null;
  const frame = board.frame(index);
  const details = frame === null ? null : (feedAt(board.collector(index))?.quote(frame, board.offset(index)) ?? null);
  const minor = (wire: number | undefined): number =>
    wire === undefined ? 0 : Math.round(wire / board.wireDivisor[index]!);
  return {
    price: board.price(index),
    previousClose: minor(details?.close),
    open: minor(details?.open),
    high: minor(details?.high),
    low: minor(details?.low),
    volume: Math.max(0, board.volume(index)),
    time: board.time(index),
    received: board.received(index),
    sequence,
  };
};
