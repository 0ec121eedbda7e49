import { cut } from "@/server/domain/bars/bar-rows";
import { expectedBars } from "@/server/domain/bars/bar-time";
import type { BarColumns } from "@/server/domain/bars/bar";
import {
  type Completeness,
  completenessOf,
  completeShare,
  joinStretches,
  qualityOf,
  type Stretch,
} from "@/server/domain/bars/completeness";
import { badInput } from "@/server/domain/basics/errors";
import type { GapState } from "@/server/domain/bars/gap";
import { type Calendar, istDate, istDay, istMidnight, isUnknown, type Session } from "@/server/domain/time/session";
import { type Timeframe, timeframe as timeframeNamed } from "@/server/domain/time/timeframe";
import { Turns } from "@/server/domain/basics/turns";
import type { Clock } from "@/server/ports/clock";
import type { GapStore } from "@/server/ports/gap-stores";
import type { LiveMarket } from "@/server/ports/live";
import type { Bars } from "@/server/services/bars/bars";

/** One trading day of an instrument. Counts are of bars; their sum is `expected`. */
export interface DayCompleteness extends Completeness {
  date: string;
  session: Session;
  timeframe: Timeframe;
  /** Share of expected bars that are there whole or had no trade; null when none was expected yet. */
  share: number | null;
  quality: ReturnType<typeof qualityOf>;
}

interface Parts {
  bars: Pick<Bars, "read" | "committed">;
  gaps: Pick<GapStore, "answers" | "list" | "tally">;
  live: Pick<LiveMarket, "table" | "board" | "bars">;
  calendar: Calendar;
  clock: Clock;
  collectorsOf(instrument: number): readonly string[];
}

/** Gaps whose minutes are unknown. A filled gap has its minutes back, but not its seconds. */
const LOST_MINUTES: readonly GapState[] = ["open", "healing", "ignored"];
const LOST_SECONDS: readonly GapState[] = [...LOST_MINUTES, "healed"];
/** Bars read and judged at a time. */
const PIECE_BARS = 20_000;
/** Most runs in one response; more are of no use. */
const MOST_RUNS = 50_000;
/** Days of one answer, by how many bars a day has. */
const mostDays = ({ kind, lengthMs }: Timeframe): number => (kind === "intraday" && lengthMs < 60_000 ? 31 : 732);

/** Completeness by instrument, day and timeframe: stored bars against the calendar, with what history and the ledger know of those that are not there. */
export class CompletenessDays {
  constructor(private readonly parts: Parts) {}

  /** Trading days between two IST days, both inclusive, oldest first. Days that have not begun are excluded. */
  async days(
    instrument: number,
    timeframe: Timeframe,
    fromDay: number,
    toDay: number,
    signal?: AbortSignal,
  ): Promise<DayCompleteness[]> {
    const { live, calendar, clock, gaps, bars } = this.parts;
    if (timeframe.kind === "week" || timeframe.kind === "month")
      throw badInput("timeframe", timeframe.name, "a timeframe of one day or less");
    const most = mostDays(timeframe);
    if (toDay - fromDay >= most)
      throw badInput("to", istDate(toDay), `a date less than ${most} days after ${istDate(fromDay)}`);
    const hours = live.table.hours(instrument);
    const { id } = live.table.at(instrument);
    const now = clock.now();
    const turns = new Turns(() => clock.sleep(0, signal));
    const sessions: Session[] = [];
    for (let day = fromDay; day <= toDay; day++) {
      await turns.take(20);
      const session = calendar.on(hours, day);
      if (session !== null && session.open <= now) sessions.push(session);
    }
    if (sessions.length === 0) return [];

    const [from, to] = [istMidnight(fromDay), istMidnight(toDay + 1)];
    // History has minutes. What it says about them holds for longer bars, but not for any second of a minute that
    // traded.
    const seconds = timeframe.kind === "intraday" && timeframe.lengthMs < 60_000;
    const [answers, rows, tallies] = await Promise.all([
      seconds ? [] : gaps.answers(timeframe.kind === "day" ? "1d" : "1m", [id], from, to),
      gaps.list({
        instrument: { id, collectors: this.parts.collectorsOf(instrument) },
        states: seconds ? LOST_SECONDS : LOST_MINUTES,
        from,
        to,
      }),
      gaps.tally("1m", [id], from, to),
    ]);
    const told = joinStretches(answers);
    const away = rows.map((gap): Stretch => ({ from: gap.from, to: gap.to ?? now }));
    const received = instrument < live.board.capacity ? istDay(live.board.received(instrument)) : 0;
    const tallied = new Map(tallies.map((tally) => [tally.day, tally]));
    // A day that has minutes has a bar of its own: it had trades.
    const seen = (day: number): boolean =>
      timeframe.kind === "day"
        ? day === received && !tallied.has(day)
        : day === received || (tallied.get(day)?.streamed ?? 0) > 0;
    const until = live.bars.settledBefore(now);

    const found: DayCompleteness[] = [];
    let runs = 0;
    for (const piece of piecesOf(sessions, timeframe)) {
      const { closed } = await bars.read({
        instrument,
        timeframe,
        from: istMidnight(piece[0]!.day),
        to: istMidnight(piece.at(-1)!.day + 1),
        signal,
      });
      for (const session of piece) {
        const [start, end] = [istMidnight(session.day), istMidnight(session.day + 1)];
        const inDay = ({ from: first, to: last }: Stretch): boolean => first < end && last > start;
        const judged = completenessOf({
          session,
          timeframe,
          bars: rowsBetween(closed, start, end),
          until,
          answered: told.filter(inDay),
          gaps: away.filter(inDay),
          seen: seen(session.day),
        });
        const share = completeShare(judged);
        found.push({
          ...judged,
          date: istDate(session.day),
          session,
          timeframe,
          share,
          quality: share === null && isUnknown(session) ? "unknown" : qualityOf(share),
        });
        runs += judged.runs.length;
        if (runs > MOST_RUNS)
          throw badInput(
            "to",
            istDate(toDay),
            `a date before ${istDate(session.day)}: the period up to that day alone has more than ${MOST_RUNS.toLocaleString("en-IN")} stretches`,
          );
        await turns.take(judged.expected / 4);
      }
    }
    return found;
  }

  /** Stretches of one finished or running day that lack whole minutes. */
  async holes(instrument: number, day: number): Promise<Stretch[]> {
    const [found] = await this.days(instrument, timeframeNamed("1m"), day, day);
    return (found?.runs ?? []).filter(({ kind }) => kind === "missing" || kind === "incomplete");
  }
}

/** Sessions in a row whose bars are read together. */
function* piecesOf(sessions: readonly Session[], timeframe: Timeframe): Generator<Session[]> {
  let piece: Session[] = [];
  let bars = 0;
  for (const session of sessions) {
    const own = expectedBars(session, timeframe);
    if (piece.length > 0 && bars + own > PIECE_BARS) {
      yield piece;
      [piece, bars] = [[], 0];
    }
    piece.push(session);
    bars += own;
  }
  if (piece.length > 0) yield piece;
}

/** Rows with from <= time < to of columns in order of time, found by halving. */
const rowsBetween = (rows: BarColumns, from: number, to: number): BarColumns => {
  const first = (instant: number): number => {
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows.time[middle]! < instant) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return cut(rows, first(from), first(to));
};
