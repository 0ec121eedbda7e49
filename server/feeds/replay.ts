/** A recorded session played as if it were a broker: `npm start -- --feed replay:FILE --speed 60`. */
import { z } from "zod";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { keyFromText } from "@/server/domain/instruments/file-symbol";
import { type ListedInstrument, splitKey } from "@/server/domain/instruments/instrument";
import { segmentOf } from "@/server/domain/instruments/segments";
import { type RawBatch, rawBatch } from "@/server/domain/ticks/tick";
import type { Clock } from "@/server/ports/clock";
import type { ConnectOptions, FeedConnection, FeedDefinition } from "@/server/ports/feed";
import type { MalformedLine } from "@/server/files/doubt";
import type { FileOptions } from "@/server/files/options";
import { readPieces } from "@/server/files/text";
import { defineFeed } from "./define";
import { parseTickFile } from "./tick-file";

/**
 * A clock that shows the recording's time. Only `now` runs at the recording's speed: delays stay real, so that a screen
 * is refreshed as often at any speed. The whole process is given it, or bars would be closed by today's date.
 */
export interface ReplayClock extends Clock {
  readonly speed: number;
  /** Starts the clock; until then it stays at the start, however long the rest of the process takes. */
  run(): void;
  /** How far the recording should have been played by now. */
  due(): number;
  /**
   * `now` does not pass this until the next call: a time whose ticks have not been passed on would close bars without
   * them.
   */
  holdAt(time: number): void;
  /** Like `holdAt`, permanently: nothing follows. */
  stopAt(time: number): void;
  /** Recorded seconds per second at this moment: 0 once it has stopped for good. */
  rate(): number;
  /** Jumps ahead: hours without trading are not waited for. */
  skip(ms: number): void;
}

/** `start`: recorded epoch ms at which it begins; `speed`: recorded seconds a second. */
export const replayClock = (base: Clock, { start, speed }: { start: number; speed: number }): ReplayClock => {
  let origin: number | null = null;
  let skipped = 0;
  let held = Number.POSITIVE_INFINITY;
  let last = Number.POSITIVE_INFINITY;
  let shown = start;
  const due = (): number => start + skipped + (origin === null ? 0 : (base.now() - origin) * speed);
  return {
    speed,
    due,
    run: () => {
      origin ??= base.now();
    },
    now: () => (shown = Math.max(shown, Math.min(due(), held))),
    holdAt: (time) => {
      held = time;
    },
    stopAt: (time) => {
      held = last = time;
    },
    rate: () => (due() >= last ? 0 : speed),
    skip: (ms) => {
      skipped += ms;
    },
    after: base.after.bind(base),
    every: base.every.bind(base),
    sleep: base.sleep.bind(base),
  };
};

/** Resolves a recording's instrument as typed (`nse:infy`, `INFY.NS`). Recordings have no broker token; it is 1. */
export const recordedInstrument = (written: string): ListedInstrument => {
  const parts = splitKey(keyFromText(written) ?? "");
  if (parts === null)
    throw badInput(
      "instrument",
      written,
      'EXCHANGE:SYMBOL, like "NSE_INDEX:NIFTY 50"; also INFY.NS, INFY.BO or a BSE code',
    );
  const { exchange, symbol } = parts;
  const row = segmentOf(exchange);
  return {
    exchange,
    symbol,
    name: symbol,
    segment: row?.kind ?? (!/^[NB]FO$/.test(exchange) ? "equity" : /\d(CE|PE)$/.test(symbol) ? "options" : "futures"),
    decimals: row?.decimals ?? 2,
    tickSize: 1,
    lotSize: 1,
    expiry: null,
    strike: null,
    token: 1,
    wireDivisor: 1,
  };
};

/** A file of ticks as a feed reads it. */
export interface Recording {
  file: string;
  instrument: ListedInstrument;
  /** File options given by a person. */
  fileOptions?: FileOptions;
}

const ticksOf = ({ file, instrument, fileOptions = {} }: Recording): ReturnType<typeof parseTickFile> =>
  parseTickFile(readPieces(file), { decimals: instrument.decimals, fileName: file, instrument, options: fileOptions });

/** Time of the first tick inside a session: where a replay's clock begins. Throws `bad_input` when there is none. */
export const startOfRecording = async (recording: Recording, inSession: (time: number) => boolean): Promise<number> => {
  for await (const rows of ticksOf(recording)) {
    for (let row = 0; row < rows.length; row++) if (inSession(rows.time[row]!)) return rows.time[row]!;
  }
  throw badInput("file", recording.file, "a recording with ticks inside one of its instrument's trading sessions");
};

export interface ReplayOptions extends Recording {
  clock: ReplayClock;
  /** True while the instrument's exchange trades. */
  inSession(time: number): boolean;
  /** Lines that are no ticks; each is counted as `malformed_line` by whoever listens. */
  onMalformed(line: MalformedLine): void;
}

/**
 * Ticks arrive when the clock reaches their recorded time. Closed hours are skipped; gaps inside a session are not. It
 * starts when its instrument is subscribed. At the end the connection stays open and silent, and inside a session the
 * clock stops.
 */
export const replay = (options: ReplayOptions): FeedDefinition<Record<string, never>> =>
  defineFeed({
    id: "replay",
    title: `Replay of ${options.file}`,
    login: z.record(z.string(), z.never()),
    secretFields: [],
    loginFields: [],
    limits: { instrumentsPerConnection: 1, connections: 1 },
    connect: async (_login, connection) => play(options, connection),
    instruments: async () => ({ listed: [options.instrument], leftOut: [] }),
    history: {
      requestsPerSecond: 1,
      daysPerRequest: {},
      bars: () => Promise.reject(new AppError("unsupported", "A recording has no history before its first tick")),
    },
    quote: () => null,
  });

const play = (options: ReplayOptions, { collector, onMessage, signal }: ConnectOptions): FeedConnection => {
  const { file, clock, instrument } = options;
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  const say = (kind: "disconnected" | "ended", detail: string): void =>
    onMessage({ kind, collector, receivedTime: clock.now(), detail });
  let playing = false;
  let reason = "stopped by Candela";

  const closed = new Promise<{ code: string; reason: string; expired: boolean }>((resolve) => {
    const end = (): void => {
      say("disconnected", reason);
      resolve({ code: "stopped", reason, expired: false });
    };
    if (ending.aborted) end();
    else ending.addEventListener("abort", end, { once: true });
  });
  const run = async (): Promise<void> => {
    try {
      await emitRows(options, collector, onMessage, ending);
      say("ended", `the recording ${file} has ended`);
    } catch (error) {
      if (ending.aborted) return;
      reason = (error as Error).message;
      stop.abort();
    }
  };
  onMessage({ kind: "connected", collector, receivedTime: clock.now(), detail: file, recorded: true });
  return {
    subscribe: (tokens) => {
      if (playing || !tokens.includes(instrument.token)) return;
      playing = true;
      void run();
    },
    unsubscribe: () => {},
    closed,
    close: () => stop.abort(),
  };
};

const emitRows = async (
  options: ReplayOptions,
  collector: number,
  onMessage: ConnectOptions["onMessage"],
  signal: AbortSignal,
): Promise<void> => {
  const { instrument, clock } = options;
  const batch = rawBatch(4_096);
  batch.collector = collector;
  batch.token.fill(instrument.token);
  batch.openInterest.fill(-1);
  const flush = (): void => {
    if (batch.length === 0) return;
    clock.holdAt(before);
    batch.receivedTime = clock.now();
    onMessage(batch);
    batch.length = 0;
  };
  let before = clock.now();
  // Nothing is sent until the first rows have been read, however long that takes.
  clock.holdAt(before);
  clock.run();
  for await (const rows of ticksOf(options)) {
    signal.throwIfAborted();
    rows.malformed.forEach(options.onMalformed);
    for (let row = 0; row < rows.length; row++) {
      const time = rows.time[row]!;
      if (time > clock.due()) {
        flush();
        clock.holdAt(time);
        const idle = closedBetween(before, time, options.inSession);
        await wait(clock, time - idle, signal);
        clock.skip(idle);
      }
      // Received when it is passed on: in one batch with data of minutes later it would look late.
      if (batch.length > 0 && time - batch.exchangeTime[0]! >= BATCH_MS) flush();
      if (batch.length === 0) clock.holdAt(time);
      before = Math.max(before, time);
      put(batch, time, rows.price[row]!, rows.volume[row]!);
      if (batch.length === batch.token.length) flush();
    }
  }
  flush();
  // Nothing is known of the time after a recording: if it ends inside a session, its clock stops once all is closed.
  clock.stopAt(options.inSession(before + SETTLED_MS) ? before + SETTLED_MS : Number.POSITIVE_INFINITY);
};

/** Recorded time of one batch at most. */
const BATCH_MS = 1_000;
/** Enough for the last second and its minute to be closed, and less than a silence. */
const SETTLED_MS = 4_000;

const put = (batch: RawBatch, time: number, price: number, volume: number): void => {
  const row = batch.length++;
  batch.exchangeTime[row] = time;
  batch.price[row] = price;
  batch.volume[row] = volume;
};

const wait = async (clock: ReplayClock, until: number, signal: AbortSignal): Promise<void> => {
  for (let left = until - clock.due(); left > 0; left = until - clock.due())
    await clock.sleep(Math.ceil(left / clock.speed), signal);
};

const MINUTE_MS = 60_000;

/** How much of a gap longer than a minute is outside all sessions, in whole minutes. */
const closedBetween = (from: number, to: number, inSession: (time: number) => boolean): number => {
  let closed = 0;
  for (let at = from + MINUTE_MS; at < to; at += MINUTE_MS) if (!inSession(at)) closed += MINUTE_MS;
  return closed;
};
