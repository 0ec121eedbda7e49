import type { HistoryDefinition } from "@/server/ports/feed";
import type { Instrument } from "@/server/domain/instruments/instrument";
import type { HistorySource } from "@/server/ports/history-source";

/** More are of no use: at three requests a second, ten under way means each takes over three seconds. */
const CONCURRENCY = 10;

export interface BrokerLogin {
  definition: HistoryDefinition<unknown>;
  /** Asked for at each request: it may be replaced. */
  readonly login: unknown;
  /** The broker's number of an instrument today. */
  token(instrument: Instrument): number | undefined;
}

/** A broker's history API, through the login of one of its collectors. */
export const brokerSource = (name: string, broker: BrokerLogin, { definition, token } = broker): HistorySource => ({
  name,
  prints: name,
  authority: "broker",
  notes: [],
  limits(timeframe) {
    const daysPerRequest = definition.daysPerRequest[timeframe];
    return daysPerRequest === undefined
      ? null
      : { daysPerRequest, requestsPerSecond: definition.requestsPerSecond, concurrency: CONCURRENCY };
  },
  lacks: (instrument) => (token(instrument) === undefined ? `${name} does not list ${instrument.key}` : null),
  bars: ({ instrument, timeframe, from, to, refused }, signal) =>
    // Both ends are inclusive as brokers read them.
    definition.bars(
      broker.login,
      {
        token: token(instrument)!,
        decimals: instrument.decimals,
        timeframe,
        from,
        to: to - 1,
        ...(refused === undefined ? {} : { refused }),
      },
      signal,
    ),
});
