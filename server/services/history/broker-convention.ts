/** The auction convention used if none is requested. */
import type { Instrument } from "@/server/domain/instruments/instrument";
import {
  type AuctionConvention,
  classOf,
  conventionOf,
  historySources,
  RECORDED_AS,
} from "@/server/domain/instruments/source-conventions";

export interface BrokerParts {
  /** The feed of the collector that sent the instrument's newest tick; undefined before the first. */
  feedOf(instrument: number): string | undefined;
  /** True where a broker's list has the instrument. */
  isListed(broker: string, instrument: number): boolean;
  instrument(instrument: number): Pick<Instrument, "segment">;
  /** Whose candles a recording is printed like, where a person says. */
  recorded?: string | undefined;
}

/**
 * How the login's broker prints auctions in an instrument's candles of an IST day; before the first tick, the broker
 * whose list has the instrument. Recordings are printed as `RECORDED_AS` says. Unknown brokers and data known only from
 * files print no auctions.
 */
export const brokerConvention =
  ({ feedOf, isListed, instrument: at, recorded = RECORDED_AS }: BrokerParts) =>
  (instrument: number, day: number): AuctionConvention => {
    const feed = feedOf(instrument);
    const source =
      feed === "replay" ? recorded : (feed ?? historySources.find((name) => isListed(name, instrument)) ?? "unknown");
    return conventionOf(source, classOf(at(instrument)), day);
  };
