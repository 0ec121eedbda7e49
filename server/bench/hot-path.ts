import { type BarBatch, CLOSE } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable, TokenMap } from "@/server/domain/instruments/instrument-table";
import { keyOf, type Instrument } from "@/server/domain/instruments/instrument";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { rawBatch, type TickMessage } from "@/server/domain/ticks/tick";
import { timeframes } from "@/server/domain/time/timeframe";
import { decodeFrame } from "@/server/feeds/kite/wire";
import { SecondBars } from "@/server/pipeline/second-bars";
import { Normaliser } from "@/server/pipeline/normalise";
import { TimeframeBars } from "@/server/pipeline/resample";
import { noSums, type BarSums, type Contender } from "./contender";
import { tokensOf, type Frame, type MarketShape } from "./market";

/** How often the pipeline's clock calls the cores' `at`. */
const CLOCK_MS = 50;
/** As the container sets them. */
const MAX_SKEW_MS = 2_000;
const MAX_AGE_MS = 20 * 3_600_000;

/** The instruments of a synthetic market as the store would hand them over. */
export const listed = (instruments: number): Instrument[] =>
  Array.from({ length: instruments }, (_, at) => {
    const symbol = `S${String(at).padStart(4, "0")}`;
    return {
      id: at + 1,
      key: keyOf("NSE", symbol),
      exchange: "NSE",
      symbol,
      name: symbol,
      segment: "equity",
      decimals: 2,
      tickSize: 5,
      lotSize: 1,
      expiry: null,
      strike: null,
    };
  });

/** Candela's own stages, joined as the pipeline table joins them: decode, normalise, aggregate, resample. */
export const hotPath = ({ instruments }: MarketShape): Contender<readonly Frame[]> => {
  const table = new InstrumentTable();
  const tokens = new TokenMap();
  const numbers = tokensOf(instruments);
  for (const [at, instrument] of listed(instruments).entries())
    tokens.set(numbers[at]!, table.put(instrument, "NSE"), 1);
  const calendar = createCalendar();
  const normaliser = new Normaliser({
    table,
    windows: new SessionWindows(calendar, table),
    tokens: () => tokens,
    maxSkewMs: MAX_SKEW_MS,
    maxAgeMs: MAX_AGE_MS,
  });
  const seconds = new SecondBars();
  const bars = new TimeframeBars(calendar, table, seconds, true);

  const sums = timeframes.map(noSums);
  const read = (batch: BarBatch): void => {
    for (let row = 0; row < batch.length; row++) {
      if (batch.event[row] !== CLOSE) continue;
      const sum = sums[batch.timeframe[row]!]!;
      sum.bars++;
      sum.close += batch.close[row]!;
      sum.volume += batch.volume[row]!;
    }
  };
  const toBars = (batch: BarBatch): void => bars.on(batch, read);
  const toSeconds = (ticks: TickMessage): void => seconds.on(ticks, toBars);

  const raw = rawBatch(256);
  let clock = 0;
  return {
    prepare: (second) => second.frames,
    run(frames) {
      for (const { receivedTime, bytes } of frames) {
        raw.receivedTime = receivedTime;
        decodeFrame(bytes, raw);
        normaliser.on(raw, toSeconds);
        if (receivedTime - clock < CLOCK_MS) continue;
        clock = receivedTime;
        seconds.at(receivedTime, toBars);
        bars.at(receivedTime, read);
      }
    },
    finish() {
      seconds.finish(toBars);
      bars.finish(read);
      return Object.fromEntries(timeframes.map(({ name, index }) => [name, sums[index]!])) satisfies BarSums;
    },
  };
};
