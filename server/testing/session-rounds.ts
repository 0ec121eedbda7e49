/**
 * Whole random sessions of many instruments at once, from broker rows to bars, and the slow, obvious way to the same bars.
 * A round is a market of sixty-four instruments: bursts, silences, rows that overtake one another, late rows, repeated
 * rows, moves of the book, lost connections, auctions, midnight. One number makes it.
 */
import { addHash, AUCTION_BAR, type BarPassport, joinPassports, tickHash } from "@/server/domain/bars/bar";
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
  /** When it reaches us. */
  arrives: number;
}
/** What happens on the line, in order of arrival. */
export type Happening = { kind: "rows"; rows: Row[]; received: number } | { kind: "lost"; received: number };

export interface Round {
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
/** Where rounds begin: a common day, the change to the closing auction, muhurat, a halt-free week's end, US daylight saving's end, a weekend budget. */
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
    // A frame holds what came within a moment.
    const part = rows.slice(from, to).filter(({ arrives }) => arrives - rows[from]!.arrives < 40);
    happenings.push({ kind: "rows", rows: part, received: part.at(-1)!.arrives });
    from += part.length;
    if (options.cuts && below(40) === 0) happenings.push({ kind: "lost", received: part.at(-1)!.arrives });
  }
  return { hours, happenings };
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
    // What would come after a close comes often in its own second, or in what follows: closing auction, post-close.
    // What an auction had before a lost line is not told by the figures after it.
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
        ? { instrument, time, price, volume, arrives }
        : { instrument, time, price, volume: repeated, arrives: time };
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
  ticks: number;
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
  /** Only repeats the old date's figure. */
  stale: boolean;
}

/** All bars of a round by definition: judge each row in order of arrival, then sort, group and fold. */
export const expectedBars = (round: Round, calendar: TradingCalendar): Map<number, ExpectedBar> => {
  const bars = new Map<number, ExpectedBar>();
  const accepted = judge(round, calendar);
  accepted.forEach((rows, instrument) => foldInstrument(rows, instrument, round.hours[instrument]!, calendar, bars));
  return bars;
};

const tradesVolume = (hours: HoursKey): boolean => hours !== "NSE_INDEX";

/** A trade stamped in the second of a close, where nothing else begins, was made before it. */
const tradedAt = (calendar: TradingCalendar, hours: HoursKey, time: number): number => {
  const session = calendar.on(hours, istDay(time));
  const last = Math.floor(time / 1_000) * 1_000 - 1;
  const phase = session === null ? null : phaseAt(session, time);
  if (session === null || !tradesVolume(hours) || phaseAt(session, last)?.phase !== "continuous") return time;
  return phase === null || phase.phase === "halt" || phase.phase === "transition" ? last : time;
};

const judge = (round: Round, calendar: TradingCalendar): Accepted[][] => {
  const accepted: Accepted[][] = round.hours.map(() => []);
  const board = round.hours.map(() => ({ price: 0, volume: -1, time: 0, cut: false, newest: -1, closed: -1, day: 0 }));
  let sequence = 0;
  for (const happening of round.happenings) {
    if (happening.kind === "lost") {
      for (const each of board) each.cut = true;
      continue;
    }
    for (const sent of happening.rows) {
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
      accepted[row.instrument]!.push({
        ...row,
        volume,
        stale,
        sequence,
        received: happening.received,
        kind,
        joined,
        late: second <= known.closed,
      });
      if (kind === "trade") known.newest = Math.max(known.newest, second);
      // Of two rows of one instant the one with the smaller figure was overtaken.
      if (row.time >= known.time)
        Object.assign(known, {
          price: row.price,
          volume: row.time === known.time ? Math.max(volume, known.volume) : volume,
          time: row.time,
        });
    }
  }
  return accepted;
};

const foldInstrument = (
  rows: readonly Accepted[],
  instrument: number,
  hours: HoursKey,
  calendar: TradingCalendar,
  bars: Map<number, ExpectedBar>,
): void => {
  const volumes = volumeBySecond(rows);
  const auctions = auctionsOf(rows, hours, calendar);
  for (const auction of auctions) bars.set(barKey(instrument, AUCTION_BAR, auction.time), auction);
  for (const of of timeframes) {
    const groups = new Map<number, Accepted[]>();
    const spans = new Map<number, number>(); // second to start
    for (const row of rows) {
      if (row.kind !== "trade") continue;
      const second = Math.floor(row.time / 1_000);
      let start = spans.get(second);
      if (start === undefined) spans.set(second, (start = spanAt(calendar, hours, of, second * 1_000)!.start));
      const group = groups.get(start);
      if (group === undefined) groups.set(start, [row]);
      else group.push(row);
    }
    for (const [start, group] of groups) {
      const ordered = [...group].sort((a, b) => a.time - b.time || a.sequence - b.sequence);
      const seconds = new Set(ordered.map(({ time }) => Math.floor(time / 1_000)));
      const bar: ExpectedBar = {
        time: start,
        open: ordered[0]!.price,
        close: ordered.at(-1)!.price,
        high: Math.max(...ordered.map(({ price }) => price)),
        low: Math.min(...ordered.map(({ price }) => price)),
        volume: [...seconds].reduce((sum, second) => sum + (volumes.get(second) ?? 0), 0),
        ...passportOf(ordered),
        ticks: ordered.length,
      };
      bars.set(barKey(instrument, of.index, start), bar);
    }
    if (of.kind === "intraday") continue;
    // Days, weeks and months have their auctions.
    for (const auction of auctions) {
      const session = calendar.on(hours, istDay(auction.time))!;
      const { start } = spanAt(calendar, hours, of, session.open)!;
      const known = bars.get(barKey(instrument, of.index, start));
      if (known === undefined) {
        bars.set(barKey(instrument, of.index, start), { ...auction, time: start });
        continue;
      }
      bars.set(barKey(instrument, of.index, start), {
        ...known,
        ...joinPassports(known, auction),
        high: Math.max(known.high, auction.high),
        low: Math.min(known.low, auction.low),
        volume: known.volume + auction.volume,
        ticks: known.ticks + auction.ticks,
        open: auction.firstTime < known.firstTime ? auction.open : known.open,
        close: auction.lastTime > known.lastTime ? auction.close : known.close,
      });
    }
  }
};

const passportOf = (rows: readonly Accepted[]): BarPassport & { ticks: number } => ({
  ticks: rows.length,
  late: rows.filter(({ late }) => late).length,
  sources: 0,
  firstTime: Math.min(...rows.map(({ time }) => time)),
  lastTime: Math.max(...rows.map(({ time }) => time)),
  firstSequence: Math.min(...rows.map(({ sequence }) => sequence)),
  lastSequence: Math.max(...rows.map(({ sequence }) => sequence)),
  hash: rows.reduce((sum, { time, price, volume }) => addHash(sum, tickHash(time, price, volume)), 0),
});

/** Volume of each second: the greatest day volume reached in it, less what was counted before. Late rows were counted by those after them. */
const volumeBySecond = (rows: readonly Accepted[]): Map<number, number> => {
  const volumes = new Map<number, number>();
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
    let traded = 0; // latest second of a trade so far
    for (const row of segment) {
      if (row.stale || row.kind === "book" || (row.late && row.kind === "trade")) continue;
      // What an auction matched, told after trading has begun, has been counted with the first trades.
      if (row.kind === "auction" && row.time < traded) continue;
      if (row.kind === "trade") traded = Math.max(traded, row.time);
      const second = Math.floor(row.time / 1_000);
      bySecond.set(second, [...(bySecond.get(second) ?? []), row]);
    }
    for (const [second, group] of [...bySecond].sort(([a], [b]) => a - b)) {
      const reached = Math.max(...group.map(({ volume }) => volume));
      const today = istDay(second * 1_000);
      if (today > day && group.some(({ volume }) => volume !== counted)) {
        day = today;
        counted = 0;
      }
      if (group.some(({ kind }) => kind === "trade"))
        volumes.set(second, (volumes.get(second) ?? 0) + Math.max(0, reached - counted));
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

const auctionsOf = (rows: readonly Accepted[], hours: HoursKey, calendar: TradingCalendar): ExpectedBar[] => {
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
  const bars: ExpectedBar[] = [];
  for (const [from, { session, group, rows: inside }] of groups) {
    const own = session.phases.filter(({ phase }) => groupsOf[phase] === group);
    const matching = own.filter(({ phase }) => phase === "pre_open" || phase === "closing_auction").at(-1)?.to ?? from;
    const first = inside[0]!;
    // What the day had before tells what the auction added; while orders are collected nothing has been added yet.
    // Of one instant the greatest figure; what only repeats the old date's is of the old date.
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
    let volume = 0;
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
        volume = row.volume - base;
        price = row.price;
      }
    }
    if (price === 0) continue;
    bars.push({
      time: from,
      open: price,
      high: price,
      low: price,
      close: price,
      volume,
      ...passportOf(inside),
      late: inside.length - making.length,
      ticks: inside.length,
    });
  }
  return bars;
};
