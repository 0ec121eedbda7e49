/** The cores of the pipeline: from a broker's packets to closed bars and indicator values. `stages.ts` joins them. */
import { SecondBars } from "@/server/pipeline/second-bars";
import { AuctionBars } from "@/server/pipeline/auction";
import { DerivedBars } from "@/server/pipeline/derive";
import { Indicators } from "@/server/pipeline/indicate";
import { Normaliser } from "@/server/pipeline/normalise";
import { PrintedBars } from "@/server/pipeline/print";
import { TimeframeBars } from "@/server/pipeline/resample";
import { brokerConvention } from "@/server/services/history/broker-convention";
import type { Base } from "./base";
import type { Market } from "./market";

export type Cores = ReturnType<typeof createCores>;

export const createCores = (
  { wall, metrics, events, recording }: Base,
  { table, windows, calendar, instruments, feedNumbers }: Market,
) => {
  const normaliser = new Normaliser({
    table,
    windows,
    tokens: (collector) => instruments.tokensOf(feedNumbers.vendor(collector) ?? ""),
    maxSkewMs: 15_000,
    maxAgeMs: 12 * 3_600_000,
    // Microseconds since 1970: more than any tick of an earlier run has, and below 2^53 for two centuries.
    firstSequence: Math.floor(wall.now() * 1_000),
    closeBefore: (collector, frame, offset) =>
      frame === null ? null : (feedNumbers.feedAt(collector)?.quote(frame, offset)?.close ?? null),
    tradedAt: (collector, frame, offset) =>
      frame === null ? null : (feedNumbers.feedAt(collector)?.quote(frame, offset)?.lastTradeTime ?? null),
  });
  const { board } = normaliser;
  const seconds = new SecondBars();
  const auctions = new AuctionBars(windows, table, seconds);
  const timeframes = new TimeframeBars(calendar, table, seconds);
  const convention = brokerConvention({
    feedOf: (instrument) => (instrument < board.capacity ? feedNumbers.vendor(board.collector(instrument)) : undefined),
    isListed: (broker, instrument) => instruments.tokenOf(broker, instrument) !== undefined,
    instrument: (instrument) => table.at(instrument),
    recorded: recording?.broker,
  });
  const printed = new PrintedBars(timeframes, calendar, table, convention);
  const derived = new DerivedBars(printed, calendar, table);
  const indicators = new Indicators();

  events.on("calendarEdited", () => timeframes.forgetSessions());
  events.on("barsChanged", ({ instrument }) => derived.changed(instrument));
  return {
    normaliser,
    seconds,
    auctions,
    timeframes,
    convention,
    printed,
    derived,
    indicators,
    /** What readers see of the running pipeline. */
    live: { table, board, bars: printed },
    /** Refusals of every stage, under one set of names. */
    rejects(): Record<string, number> {
      const counted = metrics.rejects();
      for (const [reason, count] of Object.entries(normaliser.rejects))
        counted[reason as keyof typeof counted] += count;
      counted.late += seconds.late;
      return counted;
    },
  };
};
