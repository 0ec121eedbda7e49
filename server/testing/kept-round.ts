/** A random round (session-rounds.ts) through the pipeline into a real store, ticks and bars, as a running server leaves it. */
import type { BarBatch } from "@/server/domain/bars/bar";
import type { TradingCalendar } from "@/server/domain/calendar/calendar";
import type { Instrument } from "@/server/domain/instruments/instrument";
import { InstrumentTable, TokenMap } from "@/server/domain/instruments/instrument-table";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { rawBatch, type TickMessage } from "@/server/domain/ticks/tick";
import { systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import { SecondBars } from "@/server/pipeline/second-bars";
import { AuctionBars } from "@/server/pipeline/auction";
import { Normaliser } from "@/server/pipeline/normalise";
import { BarWriter } from "@/server/pipeline/persist";
import { TickRecorder } from "@/server/pipeline/record-ticks";
import { TimeframeBars } from "@/server/pipeline/resample";
import type { Store } from "@/server/ports/stores";
import { Bars } from "@/server/services/bars/bars";
import { testInstrument } from "./pipeline-rig";
import type { Round } from "./session-rounds";

/**
 * `restarts`: the process ends in front of the happenings with these positions and another begins. Instruments get ids
 * from `firstId` on, in the order of the round.
 */
export const keepRound = async (
  store: Store,
  calendar: TradingCalendar,
  round: Round,
  firstId: number,
  restarts: readonly number[] = [],
): Promise<{ instrument: Instrument; hours: string }[]> => {
  const borders = [0, ...restarts, round.happenings.length];
  let kept: { instrument: Instrument; hours: string }[] = [];
  for (let life = 0; life + 1 < borders.length; life++)
    kept = await live(store, calendar, round, firstId, borders[life]!, borders[life + 1]!);
  return kept;
};

/** One process from its start to its end. */
const live = async (
  store: Store,
  calendar: TradingCalendar,
  round: Round,
  firstId: number,
  from: number,
  to: number,
): Promise<{ instrument: Instrument; hours: string }[]> => {
  const [wall, log, metrics] = [systemClock(), silentLog(), new Metrics()];
  const table = new InstrumentTable();
  const tokens = new TokenMap();
  const kept = round.hours.map((hours, at) => {
    const instrument = testInstrument(
      firstId + at,
      hours === "NSE_INDEX" ? { exchange: "NSE_INDEX", segment: "index", key: `NSE_INDEX:I${firstId + at}` } : {},
    );
    tokens.set(at + 1_000, table.put(instrument, hours), 1);
    return { instrument, hours };
  });
  const began = round.happenings[from]?.received ?? 0;
  const windows = new SessionWindows(calendar, table);
  const normaliser = new Normaliser({
    table,
    windows,
    tokens: () => tokens,
    maxSkewMs: 0,
    maxAgeMs: 12 * 3_600_000,
    firstSequence: began * 1_000,
  });
  const seconds = new SecondBars();
  const auctions = new AuctionBars(windows, table, seconds);
  const timeframes = new TimeframeBars(calendar, table, seconds);
  const writer = new BarWriter(store.bars, table, wall, log, metrics);
  const recorder = new TickRecorder(store.ticks, table, wall, log, metrics);
  const clock = { ...wall, now: () => began };
  const bars = new Bars({
    store: store.bars,
    recent: writer,
    live: { table, board: normaliser.board, bars: timeframes },
    calendar,
    clock,
  });
  for (let index = 0; index < table.size; index++) await bars.warm(index);

  const read = (batch: BarBatch): void => writer.on(batch);
  const toDay = (batch: BarBatch): void => {
    read(batch);
    timeframes.onAuctions(batch, read);
  };
  const toBars = (batch: BarBatch): void => timeframes.on(batch, read);
  const toStages = (message: TickMessage): void => {
    recorder.on(message);
    auctions.on(message, toDay);
    seconds.on(message, toBars);
  };
  const raw = rawBatch(64);
  const line = (kind: "connected" | "disconnected", receivedTime: number): void =>
    normaliser.on({ kind, collector: 0, receivedTime, detail: "" }, toStages);
  const at = (now: number): void => {
    auctions.at(now, toDay);
    seconds.at(now, toBars);
    timeframes.at(now, read);
  };
  line("connected", began);
  for (const happening of round.happenings.slice(from, to)) {
    at(happening.received);
    if (happening.kind === "lost") {
      line("disconnected", happening.received);
      line("connected", happening.received);
      continue;
    }
    raw.length = 0;
    raw.receivedTime = happening.received;
    for (const { instrument, price, volume, time } of happening.rows) {
      const row = raw.length++;
      raw.token[row] = instrument + 1_000;
      raw.price[row] = price;
      raw.volume[row] = round.hours[instrument] === "NSE_INDEX" ? -1 : volume;
      raw.exchangeTime[row] = time;
      raw.openInterest[row] = -1;
    }
    normaliser.on(raw, toStages);
  }
  // Like a server's stop: what the clock has not closed is lost.
  await recorder.stop();
  await writer.stop();
  return kept;
};
