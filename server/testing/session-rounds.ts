/**
 * Whole random sessions of many instruments at once, from broker rows to bars, and the slow, obvious way to the same bars.
 * A round is a market of sixty-four instruments: bursts, silences, rows that overtake one another, late rows, repeated
 * rows, moves of the book, lost connections, auctions, midnight. One number makes it.
 */
import {
  addHash,
  AUCTION_BAR,
  type BarPassport,
  CLOSED,
  joinPassports,
  PATCHED,
  tickHash,
} from "@/server/domain/bars/bar";
import type { TradingCalendar } from "@/server/domain/calendar/calendar";
import { type HoursKey, istDay, phaseAt, type Session } from "@/server/domain/time/session";
import { spanAt } from "@/server/domain/bars/resample";
import { timeframes } from "@/server/domain/time/timeframe";

export const INSTRUMENTS = 64;
export const WATERMARK = 2;

export interface Row {
  instrument: number;
  /** Exchange time, epoch ms. */
  time: number;
  price: number;
  volume: number;
  /** -1 where the packet carries none. */
  openInterest: number;
  /** When it arrives. */
  arrives: number;
}
/** What happens on the line, in order of arrival. */
export type Happening = { kind: "rows"; rows: Row[]; received: number } | { kind: "lost"; received: number };

export interface Round {
  /** Dense number of the collector all rows come from. */
  collector: number;
  hours: HoursKey[];
  happenings: Happening[];
}

/** mulberry32 */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const ist = (text: string): number => Date.parse(`${text}+05:30`);
/**
 * Start days of rounds: a regular day, the change to the closing auction, muhurat, a week without a halt, the end of US
 * daylight saving, a weekend budget.
 */
const starts = [
  "2024-08-13T09:00:00",
  "2026-08-03T09:00:00",
  "2024-11-01T17:40:00",
  "2024-10-31T22:00:00",
  "2026-10-30T21:00:00",
  "2025-02-01T08:55:00",
  "2026-09-07T08:58:00",
  "2026-07-31T15:00:00",
].map(ist);
const markets: readonly HoursKey[] = ["NSE", "NSE_CAS", "NSE_INDEX", "NFO", "CDS", "MCX", "SIM", "SIM"];

/** `late`: some rows come after the watermark; `cuts`: the line is lost sometimes. */
export const makeRound = (
  seed: number,
  calendar: TradingCalendar,
  options: { late: boolean; cuts: boolean },
): Round => {
  const random = randomOf(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const start = starts[below(starts.length)]!;
  const hours = Array.from({ length: INSTRUMENTS }, () => markets[below(markets.length)]!);
  const rows: Row[] = [];
  hours.forEach((key, instrument) => rows.push(...tradingOf(instrument, key, start, calendar, random, options)));
  rows.sort((a, b) => a.arrives - b.arrives || a.instrument - b.instrument);
  const happenings: Happening[] = [];
  for (let from = 0; from < rows.length;) {
    const to = Math.min(rows.length, from + 1 + below(12));
    // A frame contains ticks of one moment.
    const part = rows.slice(from, to).filter(({ arrives }) => arrives - rows[from]!.arrives < 40);
    happenings.push({ kind: "rows", rows: part, received: part.at(-1)!.arrives });
    from += part.length;
    if (options.cuts && below(40) === 0) happenings.push({ kind: "lost", received: part.at(-1)!.arrives });
  }
  withOpenInterest(seed, hours, happenings);
  return { collector: seed % 7, hours, happenings };
};

/** Open interest on two rows of three; the same packet again carries the same. Its chance is its own, so that rounds stay what they were. */
const withOpenInterest = (seed: number, hours: readonly HoursKey[], happenings: readonly Happening[]): void => {
  const random = randomOf(seed ^ 0x5eed);
  const last = new Map<number, Row>();
  for (const happening of happenings) {
    if (happening.kind === "lost") continue;
    for (const row of happening.rows) {
      const before = last.get(row.instrument);
      const again =
        before !== undefined && before.time === row.time && before.price === row.price && before.volume === row.volume;
      const told = Math.floor(random() * 3) > 0 && tradesVolume(hours[row.instrument]!);
      row.openInterest = again ? before.openInterest : told ? Math.floor(random() * 100_000) : -1;
      last.set(row.instrument, row);
    }
  }
};

const tradingOf = (
  instrument: number,
  hours: HoursKey,
  start: number,
  calendar: TradingCalendar,
  random: () => number,
  { late, cuts }: { late: boolean; cuts: boolean },
): Row[] => {
  const below = (limit: number): number => Math.floor(random() * limit);
  const rows: Row[] = [];
  let time = start + below(3 * 3_600_000);
  let price = 100_000 + below(900) * 5;
  let volume = below(5_000);
  let last: Row | null = null;
  let repeated = -1;
  const count = 4 + below(40);
  for (let made = 0; made < count; made++) {
    const pace = below(16);
    time +=
      pace < 9
        ? below(900)
        : pace < 13
          ? 1_000 + below(20_000)
          : pace < 15
            ? 60_000 + below(900_000)
            : 3_600_000 + below(12 * 3_600_000);
    const session = calendar.next(hours, time);
    if (session === null) break;
    const first = session.phases[0]!.from;
    // Data after a close often arrive in its own second, or in the next phases: closing auction, post-close. What an
    // auction had before a disconnect does not show in later values.
    const after =
      last === null || hours === "SIM" || cuts
        ? []
        : placesAfterClose(calendar.on(hours, istDay(last.time))!).filter(({ to }) => to > last!.time + 1);
    if (after.length > 0 && time >= after[0]!.from && below(3) > 0) {
      const { from, to } = after[below(after.length)]!;
      time = Math.max(last!.time + 1, from + below(to - from));
    }
    // Mostly inside the session; sometimes in its auctions; never in a place where nothing can come.
    else time = Math.max(time, below(3) === 0 ? first : session.open);
    if (last !== null && istDay(time) !== istDay(last.time)) {
      // The old date's figure, sent once more. One that was never sent would be a step back, which is not believed.
      if (below(3) === 0 && last.volume === volume) repeated = volume;
      volume = 0;
    }
    const what = below(20);
    if (what > 3) {
      price = Math.max(500, price + (below(121) - 60) * 5);
      volume += below(4) === 0 ? 0 : 1 + below(200);
    } // no step that would be in doubt
    const second = Math.floor(time / 1_000) * 1_000;
    const { close } = calendar.on(hours, istDay(time))!;
    // What comes later than a day's last phase may find the day closed.
    const delay =
      second === close
        ? below(2) * 1_000
        : late && time < close && below(30) === 0
          ? 3_000 + below(200_000)
          : below(3) * 1_000;
    const arrives = Math.max(time, second + delay + below(900));
    const row: Row =
      repeated < 0
        ? { instrument, time, price, volume, openInterest: -1, arrives }
        : { instrument, time, price, volume: repeated, openInterest: -1, arrives: time };
    if (repeated >= 0) time = second + 1_000; // not in the second of the new date's own figures
    repeated = -1;
    rows.push(row);
    if (below(15) === 0) rows.push({ ...row, arrives: row.arrives + below(20) }); // the same packet again
    last = row;
  }
  return rows;
};

/** Where something is stamped after the close: in its own second, and in closing auction and post-close. */
const placesAfterClose = (session: Session): { from: number; to: number }[] => [
  ...(session.phases.some(({ phase, from }) => from === session.close && phase !== "transition")
    ? []
    : [{ from: session.close, to: session.close + 1_000 }]),
  ...session.phases.filter(({ phase, from }) => from >= session.close && phase !== "transition"),
];

export interface ExpectedBar extends BarPassport {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
  /** Price x quantity, minor units; VWAP is value / volume. */
  value: number;
  ticks: number;
  openInterest: number;
  end: number;
  incomplete: boolean;
  /** `CLOSED`, or `PATCHED` once a closed bar has been changed. */
  state: number;
  /** Revision in the store: one row for the closed bar, one for each patch. */
  rev: number;
  /** Patches of the closed bar. */
  patches: number;
  /** With lost lines a bar may be closed before its time: so many patches at most. */
  mostPatches: number;
}

/** `instrument`, position of the timeframe (or `AUCTION_BAR`) and start as one number. */
export const barKey = (instrument: number, timeframe: number, time: number): number =>
  (time / 1_000) * 8_192 + instrument * 128 + timeframe;

interface Accepted extends Row {
  sequence: number;
  received: number;
  kind: "trade" | "auction" | "book";
  joined: boolean;
  late: boolean;
  /** Newest second that was closed when it came. */
  closed: number;
  /** Only repeats the previous date's value. */
  stale: boolean;
}

/**
 * The disconnect: when, epoch ms, how many of the instrument's rows had arrived, and whether any had started a second
 * or a connection.
 */
interface Loss {
  at: number;
  rows: number;
  begun: boolean;
}

/** What happened to one instrument: its rows in order of arrival, and the effect of the disconnects. */
interface Line {
  rows: Accepted[];
  losses: Loss[];
  /** Seconds of which something may be missing. */
  broken: Set<number>;
  /** Seconds that had been closed when the line was lost right after them. */
  brokenClosed: number[];
}

/** All bars of a round by definition: judge each row in order of arrival, then sort, group and fold. Rows of other instruments are not counted. */
export const expectedBars = (
  round: Round,
  calendar: TradingCalendar,
  own: (instrument: number) => boolean = () => true,
): Map<number, ExpectedBar> => {
  const bars = new Map<number, ExpectedBar>();
  judge(round, calendar, own).forEach((line, instrument) => foldInstrument(line, instrument, round, calendar, bars));
  return bars;
};

const tradesVolume = (hours: HoursKey): boolean => hours !== "NSE_INDEX";

/** A trade stamped in the second of a close, where no other phase begins, was made before it. */
const tradedAt = (calendar: TradingCalendar, hours: HoursKey, time: number): number => {
  const session = calendar.on(hours, istDay(time));
  const last = Math.floor(time / 1_000) * 1_000 - 1;
  const phase = session === null ? null : phaseAt(session, time);
  if (session === null || !tradesVolume(hours) || phaseAt(session, last)?.phase !== "continuous") return time;
  return phase === null || phase.phase === "halt" || phase.phase === "transition" ? last : time;
};

const secondOf = (time: number): number => Math.floor(time / 1_000);
/** Newest second the clock has closed. */
const closedBy = (now: number): number => secondOf(now) - WATERMARK - 1;
/** What ends by then is closed. */
const settledBy = (now: number): number => (secondOf(now) - WATERMARK) * 1_000;
/** A row that came last may be of the second before. */
const UNDERWAY = 1_000;

const judge = (round: Round, calendar: TradingCalendar, own: (instrument: number) => boolean): Line[] => {
  const lines = round.hours.map((): Line => ({ rows: [], losses: [], broken: new Set(), brokenClosed: [] }));
  const board = round.hours.map(() => ({
    price: 0,
    volume: -1,
    time: 0,
    cut: false,
    newest: -1,
    closed: -1,
    day: 0,
    /** Its connection has delivered data that a disconnect may have cut. */
    begun: false,
    /** The next second has a hole. */
    hole: false,
  }));
  let sequence = 0;
  for (const happening of round.happenings) {
    if (happening.kind === "lost") {
      board.forEach((known, instrument) => {
        known.cut = true;
        const line = lines[instrument]!;
        const at = happening.received;
        line.losses.push({ at, rows: line.rows.length, begun: known.begun });
        if (!known.begun) return;
        known.closed = Math.max(known.closed, closedBy(at));
        for (const { kind, late, time } of line.rows)
          if (kind === "trade" && !late && secondOf(time) > known.closed) line.broken.add(secondOf(time));
        if (known.newest >= 0 && (known.newest + 1) * 1_000 > at - UNDERWAY && known.newest <= known.closed) {
          line.broken.add(known.newest);
          line.brokenClosed.push(known.newest);
        }
        known.hole = true;
      });
      continue;
    }
    for (const sent of happening.rows) {
      if (!own(sent.instrument)) continue;
      const known = board[sent.instrument]!;
      const hours = round.hours[sent.instrument]!;
      const row = { ...sent, time: tradedAt(calendar, hours, sent.time) };
      const volume = tradesVolume(hours) ? row.volume : -1;
      const same = row.price === known.price && volume === known.volume;
      if (same && row.time === known.time) continue; // sent twice
      const session = calendar.on(hours, istDay(row.time));
      const phase = session === null ? null : (phaseAt(session, row.time)?.phase ?? null);
      sequence++;
      const joined = known.cut;
      known.cut = false;
      const second = Math.floor(row.time / 1_000);
      const kind =
        phase === "continuous"
          ? joined || (same && tradesVolume(hours))
            ? "book"
            : "trade"
          : phase === null || phase === "halt" || phase === "transition"
            ? "book"
            : "auction";
      if (joined) known.closed = Math.max(known.closed, known.newest);
      known.closed = Math.max(known.closed, Math.floor(happening.received / 1_000) - WATERMARK - 1);
      const stale =
        volume > 0 &&
        row.time >= known.time &&
        known.day > 0 &&
        istDay(row.time) > known.day &&
        volume === known.volume;
      if (row.time >= known.time && (known.volume < 0 || volume !== known.volume)) known.day = istDay(row.time);
      const late = second <= known.closed;
      if (joined) {
        // Back before trading began, or after it ended: nothing has been missed.
        const now = calendar.on(hours, istDay(happening.received));
        known.hole = now !== null && happening.received >= now.open && happening.received < now.close;
        known.begun = true;
      }
      if (kind === "trade" && !late) {
        if (known.hole) lines[row.instrument]!.broken.add(second);
        known.hole = false;
        known.begun = true;
      }
      lines[row.instrument]!.rows.push({
        ...row,
        volume,
        stale,
        sequence,
        received: happening.received,
        kind,
        joined,
        late,
        closed: known.closed,
      });
      if (kind === "trade") known.newest = Math.max(known.newest, second);
      // Of two rows of one time, the one with the smaller value was overtaken.
      if (row.time >= known.time)
        Object.assign(known, {
          price: row.price,
          volume: row.time === known.time ? Math.max(volume, known.volume) : volume,
          time: row.time,
        });
    }
  }
  return lines;
};

const foldInstrument = (
  line: Line,
  instrument: number,
  { hours: allHours, collector }: Round,
  calendar: TradingCalendar,
  bars: Map<number, ExpectedBar>,
): void => {
  const { rows, losses, broken } = line;
  const hours = allHours[instrument]!;
  const volumes = volumeBySecond(rows);
  const auctions = auctionsOf(line, hours, calendar, collector);
  for (const { bar } of auctions) bars.set(barKey(instrument, AUCTION_BAR, bar.time), bar);
  for (const of of timeframes) {
    const groups = new Map<number, Accepted[]>();
    const spans = new Map<number, { start: number; end: number }>(); // by second
    const ends = new Map<number, number>(); // by start
    const interestTimes = new Map<number, number>(); // by start
    for (const row of rows) {
      if (row.kind !== "trade") continue;
      const second = secondOf(row.time);
      let span = spans.get(second);
      if (span === undefined) spans.set(second, (span = spanAt(calendar, hours, of, second * 1_000)!));
      const { start, end } = span;
      ends.set(start, end);
      const group = groups.get(start);
      if (group === undefined) groups.set(start, [row]);
      else group.push(row);
    }
    /** Had something of it come when the line was lost, and was it open still? */
    const isCut = (end: number, begun: (loss: Loss) => boolean): boolean =>
      losses.some((loss) => loss.begun && end > settledBy(loss.at) && begun(loss));
    for (const [start, group] of groups) {
      const end = ends.get(start)!;
      const ordered = [...group].sort((a, b) => a.time - b.time || a.sequence - b.sequence);
      const seconds = [...new Set(ordered.map(({ time }) => secondOf(time)))];
      const late = group.filter((row) => row.late);
      const patches = late.filter(({ received }) => of.index === 0 || end <= settledBy(received)).length;
      const holes = line.brokenClosed.filter((second) => second * 1_000 >= start && second * 1_000 < end).length;
      const interest = newestInterest(group);
      interestTimes.set(start, interest?.time ?? 0);
      const bar: ExpectedBar = {
        time: start,
        end,
        open: ordered[0]!.price,
        close: ordered.at(-1)!.price,
        high: Math.max(...ordered.map(({ price }) => price)),
        low: Math.min(...ordered.map(({ price }) => price)),
        volume: seconds.reduce((sum, second) => sum + (volumes.get(second)?.volume ?? 0), 0),
        value: seconds.reduce((sum, second) => sum + (volumes.get(second)?.value ?? 0), 0),
        openInterest: interest?.openInterest ?? -1,
        incomplete:
          seconds.some((second) => broken.has(second)) ||
          (of.index > 0 && isCut(end, (loss) => rows.indexOf(group[0]!) < loss.rows)),
        ...passportOf(ordered, collector),
        ticks: ordered.length,
        patches,
        mostPatches: losses.length === 0 ? patches : late.length + 2 * holes, // a loss and a return both say that there is a hole
        rev: patches + (patches < group.length ? 1 : 0),
        state: patches > 0 ? PATCHED : CLOSED,
      };
      bars.set(barKey(instrument, of.index, start), bar);
    }
    if (of.kind === "intraday") continue;
    // Days, weeks and months have their auctions.
    for (const { bar: auction, closedBefore, lateRows } of auctions) {
      const session = calendar.on(hours, istDay(auction.time))!;
      const { start, end } = spanAt(calendar, hours, of, session.open)!;
      const known = bars.get(barKey(instrument, of.index, start));
      const patches = lateRows.filter(({ received }) => end <= settledBy(received)).length;
      const incomplete = auction.incomplete || isCut(end, closedBefore);
      const part: ExpectedBar = {
        ...auction,
        time: start,
        end,
        incomplete,
        patches,
        mostPatches: losses.length === 0 ? patches : lateRows.length,
        rev: patches + 1,
        state: patches > 0 ? PATCHED : CLOSED,
      };
      const isNewest = auction.openInterest >= 0 && auction.lastTime >= (interestTimes.get(start) ?? 0);
      if (isNewest) interestTimes.set(start, auction.lastTime);
      if (known === undefined) {
        bars.set(barKey(instrument, of.index, start), part);
        continue;
      }
      bars.set(barKey(instrument, of.index, start), {
        ...known,
        ...joinPassports(known, auction),
        high: Math.max(known.high, auction.high),
        low: Math.min(known.low, auction.low),
        volume: known.volume + auction.volume,
        value: known.value + auction.value,
        openInterest: isNewest ? auction.openInterest : known.openInterest,
        incomplete: known.incomplete || incomplete,
        ticks: known.ticks + auction.ticks,
        open: auction.firstTime < known.firstTime ? auction.open : known.open,
        close: auction.lastTime > known.lastTime ? auction.close : known.close,
        patches: known.patches + patches,
        mostPatches: known.mostPatches + part.mostPatches,
        rev: known.rev + patches,
        state: known.patches + patches > 0 ? PATCHED : CLOSED,
      });
    }
  }
};

/**
 * Open interest of the newest second that has one; within a second the last one to arrive. A late row is of the past
 * and does not count.
 */
const newestInterest = (rows: readonly Accepted[]): Accepted | undefined =>
  rows
    .filter(({ openInterest, late }) => openInterest >= 0 && !late)
    .sort((a, b) => secondOf(a.time) - secondOf(b.time) || a.sequence - b.sequence)
    .at(-1);

const passportOf = (rows: readonly Accepted[], collector: number): BarPassport & { ticks: number } => ({
  ticks: rows.length,
  late: rows.filter(({ late }) => late).length,
  // Bits as the store has them: the stream is 1, late ticks 4, the exchange's stamp 8 (every packet has one), collectors 256 and on.
  sources: 1 + 8 + (rows.some(({ late }) => late) ? 4 : 0) + 2 ** (8 + collector),
  firstTime: Math.min(...rows.map(({ time }) => time)),
  lastTime: Math.max(...rows.map(({ time }) => time)),
  firstSequence: Math.min(...rows.map(({ sequence }) => sequence)),
  lastSequence: Math.max(...rows.map(({ sequence }) => sequence)),
  hash: rows.reduce((sum, { time, price, volume }) => addHash(sum, tickHash(time, price, volume)), 0),
});

interface Traded {
  volume: number;
  value: number;
}

/**
 * Volume of each second: the greatest day volume reached in it, less what was counted before. Late rows were counted by
 * those after them. Its value: each step of the day's volume, as it came, at the price that came with it; where the
 * second's volume is not the sum of its steps (rows that overtook one another), their average price for all of it.
 */
const volumeBySecond = (rows: readonly Accepted[]): Map<number, Traded> => {
  const volumes = new Map<number, Traded>();
  let counted = -1;
  let day = 0;
  /** One connection after the other: each begins with a figure that is no difference. */
  const segments: Accepted[][] = [];
  for (const row of rows) {
    if (row.joined || segments.length === 0) segments.push([]);
    segments.at(-1)!.push(row);
  }
  for (const segment of segments) {
    const begin = segment.find(({ stale }) => !stale);
    if (begin === undefined || begin.volume < 0) continue;
    // The first row of a connection, whatever it is, says where counting begins.
    counted = begin.volume;
    day = istDay(begin.time);
    const bySecond = new Map<number, Accepted[]>();
    const steps = new Map<number, { size: number; worth: number }>();
    let reachedSoFar = counted;
    let dayReached = day;
    let traded = 0; // latest second of a trade so far
    for (const row of segment) {
      if (row.stale || row.kind === "book" || (row.late && row.kind === "trade")) continue;
      // An auction's volume that arrives after trading has begun was counted with the first trades.
      if (row.kind === "auction" && row.time < traded) continue;
      const second = secondOf(row.time);
      if (istDay(row.time) > dayReached && row.volume !== reachedSoFar) {
        dayReached = istDay(row.time);
        if (row.volume < reachedSoFar) reachedSoFar = 0;
      }
      if (row.kind === "trade") {
        traded = Math.max(traded, row.time);
        const step = Math.max(0, row.volume - reachedSoFar);
        const known = steps.get(second) ?? { size: 0, worth: 0 };
        steps.set(second, { size: known.size + step, worth: known.worth + step * row.price });
        reachedSoFar += step;
      } else {
        // An auction's volume is its own bar's, unless a second is open that may still tell it.
        const closed = Math.max(row.closed, second - WATERMARK - 1);
        if ([...bySecond].every(([each, group]) => each <= closed || group.every(({ kind }) => kind !== "trade")))
          reachedSoFar = Math.max(reachedSoFar, row.volume);
      }
      bySecond.set(second, [...(bySecond.get(second) ?? []), row]);
    }
    for (const [second, group] of [...bySecond].sort(([a], [b]) => a - b)) {
      const reached = Math.max(...group.map(({ volume }) => volume));
      const today = istDay(second * 1_000);
      if (today > day && group.some(({ volume }) => volume !== counted)) {
        day = today;
        counted = 0;
      }
      const trades = group.filter(({ kind }) => kind === "trade").sort((a, b) => a.time - b.time);
      if (trades.length > 0) {
        const volume = Math.max(0, reached - counted);
        const { size, worth } = steps.get(second)!;
        const value =
          size === volume ? worth : size > 0 ? Math.round((worth / size) * volume) : trades.at(-1)!.price * volume;
        const known = volumes.get(second) ?? { volume: 0, value: 0 };
        volumes.set(second, { volume: known.volume + volume, value: known.value + value });
      }
      if (reached >= counted) counted = reached;
    }
  }
  return volumes;
};

const groupsOf: Record<string, number> = {
  pre_open: 0,
  pre_open_matching: 0,
  buffer: 0,
  closing_auction: 1,
  closing_matching: 1,
  post_close: 2,
};

interface ExpectedAuction {
  bar: ExpectedBar;
  /** True when the auction was over, and so part of its day, when the line was lost. */
  closedBefore(loss: Loss): boolean;
  /** Rows that came after it was over. */
  lateRows: Accepted[];
}

const auctionsOf = (
  { rows, losses }: Line,
  hours: HoursKey,
  calendar: TradingCalendar,
  collector: number,
): ExpectedAuction[] => {
  const groups = new Map<number, { session: Session; group: number; rows: Accepted[] }>();
  for (const row of rows) {
    if (row.kind !== "auction") continue;
    const session = calendar.on(hours, istDay(row.time))!;
    const group = groupsOf[phaseAt(session, row.time)!.phase]!;
    const from = session.phases.find(({ phase }) => groupsOf[phase] === group)!.from;
    const known = groups.get(from);
    if (known === undefined) groups.set(from, { session, group, rows: [row] });
    else known.rows.push(row);
  }
  const bars: ExpectedAuction[] = [];
  for (const [from, { session, group, rows: inside }] of groups) {
    const own = session.phases.filter(({ phase }) => groupsOf[phase] === group);
    const matching = own.filter(({ phase }) => phase === "pre_open" || phase === "closing_auction").at(-1)?.to ?? from;
    const first = inside[0]!;
    // The day's earlier volume shows what the auction added; nothing has been added while orders are collected. Of one
    // time, the highest value counts; a value that only repeats the previous date's belongs to that date.
    const earlier = rows
      .filter(
        ({ sequence, late, volume, kind, joined }) =>
          sequence < first.sequence &&
          volume >= 0 &&
          (kind === "trade" ? !late || sequence === rows[0]!.sequence : kind === "auction" || joined),
      )
      .sort((one, other) => one.time - other.time || one.volume - other.volume);
    const repeated = earlier.filter(({ time }) => istDay(time) < istDay(first.time)).at(-1)?.volume;
    const before = earlier
      .filter(({ time, volume }) => istDay(time) < istDay(first.time) || volume !== repeated)
      .at(-1);
    let base = first.stale ? 0 : first.volume;
    if (first.time >= matching && group === 0) base = before?.volume === first.volume ? first.volume : 0;
    else if (first.time >= matching && !first.joined)
      base = before !== undefined && istDay(before.time) === istDay(first.time) ? before.volume : first.volume;
    // A new connection, or nothing known of the day: how much of it is the auction's nobody can tell.
    const isUnknown =
      first.time >= matching &&
      group !== 0 &&
      (first.joined || before === undefined || istDay(before.time) !== istDay(first.time));
    let volume = 0;
    let value = 0;
    let price = 0;
    // After the match a row changes no price; where all are late, the first makes the bar.
    const end = own.at(-1)!.to + WATERMARK * 1_000;
    const timely = inside.filter(({ received }) => received < end);
    const making = timely.length > 0 ? timely : inside.filter(({ received }) => received === first.received);
    for (const row of making) {
      if (row.stale) continue;
      // An index is worth what its stocks were matched at, after they were.
      if (row.volume < 0) {
        if (group !== 0 || row.time >= matching) price = row.price;
        continue;
      }
      if (row.volume < base) base = group === 0 ? 0 : row.volume;
      if (row.volume - base > volume) {
        value += (row.volume - base - volume) * row.price;
        volume = row.volume - base;
        price = row.price;
      }
    }
    if (price === 0) continue;
    const to = own.at(-1)!.to;
    const closedBefore = ({ at, rows: come }: Loss): boolean =>
      to + WATERMARK * 1_000 <= at ||
      rows.slice(0, come).some(({ sequence, time }) => sequence > first.sequence && time >= to);
    const lateRows = inside.filter((row) => !making.includes(row));
    bars.push({
      closedBefore,
      lateRows,
      bar: {
        time: from,
        end: to,
        open: price,
        high: price,
        low: price,
        close: price,
        volume,
        value,
        openInterest: making.filter(({ openInterest }) => openInterest >= 0).at(-1)?.openInterest ?? -1,
        incomplete: isUnknown || losses.some((loss) => rows.indexOf(first) < loss.rows && !closedBefore(loss)),
        ...passportOf(
          inside.map((row) => ({ ...row, late: lateRows.includes(row) })),
          collector,
        ),
        ticks: inside.length,
        patches: lateRows.length,
        mostPatches: lateRows.length,
        rev: 1 + lateRows.length,
        state: lateRows.length > 0 ? PATCHED : CLOSED,
      },
    });
  }
  return bars;
};
