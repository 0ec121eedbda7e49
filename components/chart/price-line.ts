import type { FeedFrame, InstrumentView, SessionView } from "@/server/contract/live";
import { anyTimeframe, type AnyTimeframeName } from "@/server/domain/time/timeframe";
import { barEnd } from "./bar-end";
import type { SnapshotHead } from "./bars-feed";
import type { LastPrice } from "./chart-canvas";
import { feedLight, type FeedLight, type LightFacts, priceNote, sessionOf } from "./feed-light";
import type { SeriesStore } from "./series-store";

interface Surroundings {
  instrument: InstrumentView;
  timeframe: AnyTimeframeName;
  historicalOnly: boolean;
  connection: LightFacts["connection"];
  frame: FeedFrame | null;
  /** Epoch ms by the server's clock. */
  now: number;
}

/** The chart's last price, in minor units, and the light beside it. */
export class PriceLine {
  ltp: { price: number; received: number } | null = null;
  /** Null where no previous close is known: there is no change to show. */
  previousClose: number | null = null;
  light: FeedLight | null = null;
  private session: SessionView | null = null;

  constructor(private readonly store: SeriesStore) {}

  /** A snapshot replaces data from frames. */
  snapshot({ session, quote }: SnapshotHead): void {
    this.session = session;
    this.previousClose = quote === null || quote.previousClose === 0 ? null : quote.previousClose;
    this.ltp = quote === null ? null : { price: quote.price, received: quote.received };
  }

  /** Updates the feed's state and returns the line to draw. */
  judge({ instrument, timeframe, historicalOnly, connection, frame, now }: Surroundings): LastPrice {
    const { store, ltp } = this;
    const session = sessionOf(frame, instrument, this.session);
    const lastTick = ltp?.received ?? null;
    const light = feedLight({ instrument, historicalOnly, session, lastTick, connection, frame, now });
    this.light = light;
    const { lengthMs } = anyTimeframe(timeframe);
    const last = store.length - 1;
    const isEmpty = last < 0;
    return {
      price: ltp?.price ?? (isEmpty ? null : store.close[last]!),
      rising: isEmpty || store.close[last]! >= store.open[last]!,
      stale: light.stale,
      below: priceNote({
        light,
        lastTick,
        lastBar: isEmpty ? null : Math.min(now, store.time[last]! + lengthMs),
        end: historicalOnly ? null : barEnd(session, anyTimeframe(timeframe), now),
        now,
      }),
    };
  }
}
