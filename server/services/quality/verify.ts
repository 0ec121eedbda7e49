import { type Bar, columnsOf, barAt, type BarPassport, FORMING, FROM_HISTORY } from "@/server/domain/bars/bar";
import { badInput } from "@/server/domain/basics/errors";
import type { Instrument } from "@/server/domain/instruments/instrument";
import { toRupees } from "@/server/domain/basics/price";
import { resample, spanAt } from "@/server/domain/bars/resample";
import { type Calendar, DAY_MS, type HoursKey, istDay, istMidnight } from "@/server/domain/time/session";
import type { StoredTicks } from "@/server/domain/ticks/stored-ticks";
import { parseTimeframe, timeframe, timeframeNames } from "@/server/domain/time/timeframe";
import { Turns } from "@/server/domain/basics/turns";
import type { Clock } from "@/server/ports/clock";
import type { Rebuild, RebuiltBar } from "@/server/ports/rebuild";
import type { BarStore, StoredBar, StoredKind, TickStore } from "@/server/ports/stores";
import { type BarVerdict, type ComparedField, reportOf, type VerifyReport } from "./verify-report";

/** So many days of one instrument are a second's work and a megabyte of answer. */
const MOST_DAYS = 31;
/** Limit for longer bars, because a few hundred megabytes of ticks are read in sequence. */
const MOST_DAYS_OF_DAYS = 732;
/** Ticks before the first day that say where volume counts from, and how far back they are looked for. */
const LEAD_TICKS = 64;
const LEAD_MS = 10 * DAY_MS;
/** What is done in one turn of the event loop: a millisecond or two. */
const TICKS_A_TURN = 500;
const PIECE_ROWS = 5_000;
const LARGER = 4;
/** Ticks after the last bar by which it is known to be closed. */
const TAIL_MS = 3_600_000;

export interface VerifyRequest {
  instrument: Instrument;
  hours: HoursKey;
  kind: StoredKind;
  /** Bars that start in [from, to), epoch ms. */
  from: number;
  to: number;
}

/** What a person asks: names, instants, or nothing of the last two: the last session so far. */
export interface VerifyQuestion {
  key: string;
  /** Any timeframe, or `auction`. */
  timeframe: string;
  from?: number | undefined;
  to?: number | undefined;
}

interface Parts {
  /** The instrument a person means; throws `unknown_instrument` or `ambiguous`. */
  find(key: string): { instrument: Instrument; hours: HoursKey };
  clock: Clock;
  bars: BarStore;
  ticks: TickStore;
  calendar: Calendar;
  rebuild: Rebuild;
  /** Writes what is still in memory to the store. */
  settle?(): Promise<void>;
}

/** A bar to be compared; derived ones have no passport of their own. */
interface Compared extends Bar {
  passport?: BarPassport | undefined;
}

/**
 * Rebuilds bars from stored ticks with the pipeline's own stages and compares them with stored bars, or with bars
 * derived on read from stored ones.
 */
export class Verify {
  constructor(private readonly parts: Parts) {}

  /** What both doors, REST and the command line, call. */
  async ask({ key, timeframe: name, from, to }: VerifyQuestion, signal?: AbortSignal): Promise<VerifyReport> {
    const { clock, calendar } = this.parts;
    const kind = name === "auction" ? name : parseTimeframe(name)?.name;
    if (kind === undefined) throw badInput("timeframe", name, [...timeframeNames, "auction"].join(", "));
    const { instrument, hours } = this.parts.find(key);
    // Nothing is stored for the future.
    const until = Math.min(to ?? Number.POSITIVE_INFINITY, Math.ceil(clock.now()));
    const session = calendar.previous(hours, until - 1);
    return this.run(
      {
        instrument,
        hours,
        kind,
        from: from ?? (session === null ? until - DAY_MS : istMidnight(session.day)),
        to: until,
      },
      signal,
    );
  }

  async run(request: VerifyRequest, signal?: AbortSignal): Promise<VerifyReport> {
    const { from, to, kind, instrument, hours } = request;
    if (!(from < to)) throw badInput("from", from, "an instant before `to`");
    const most = kind === "1d" || kind === "1W" || kind === "1M" ? MOST_DAYS_OF_DAYS : MOST_DAYS;
    if (to - from > most * DAY_MS) throw badInput("from", from, `at most ${most} days before \`to\``);
    await this.parts.settle?.();

    const span = this.spanOf(request);
    const compared = await this.barsOf(request, span);
    const minutes = await this.read(instrument.id, "1m", span);
    const late = new Map<number, number>();
    for (const bar of kind === "1s" ? compared.values() : await this.read(instrument.id, "1s", span))
      late.set(bar.time / 1_000, bar.passport?.late ?? 0);
    const firsts = new Map(minutes.map((bar) => [bar.time, bar.passport?.firstSequence]));
    const replay = this.parts.rebuild({
      instrument,
      hours,
      kind,
      lateIn: (second) => late.get(second),
      firstOf: (minute) => firsts.get(minute),
    });
    const pages: Float64Array[] = [];
    let ticks = 0;
    for await (const page of this.pages(request, span)) {
      replay.turn(page);
      for (let first = 0; first < page.length; first += TICKS_A_TURN) {
        replay.play(first, Math.min(page.length, first + TICKS_A_TURN));
        await this.parts.clock.sleep(0, signal);
      }
      signal?.throwIfAborted();
      pages.push(page.sequence.subarray(0, page.length));
      ticks += page.length;
    }
    replay.finish();

    const ofHistory = new Set(minutes.filter(isFromHistory).map(({ time }) => time));
    // Bars of less than a minute are made of our own seconds, and a minute says itself where it is from.
    const isMade = kind !== "auction" && kind !== "1m" && timeframe(kind).from !== "1s";
    const isPartly = (bar: Compared): boolean => isMade && this.holdsAny(request, bar, ofHistory);
    const verdicts: BarVerdict[] = [];
    const times = new Set([...compared.keys(), ...replay.bars.keys()]);
    const turns = new Turns(() => this.parts.clock.sleep(0, signal));
    for (const time of [...times].sort((a, b) => a - b)) {
      await turns.take(isMade ? 20 + ofHistory.size / 100 : 2);
      if (time < from || time >= to) continue;
      const bar = compared.get(time);
      const rebuilt = replay.bars.get(time) ?? [];
      verdicts.push(
        bar === undefined ? unstored(time, rebuilt) : judge(bar, rebuilt, isPartly(bar), pages, instrument.decimals),
      );
    }
    return reportOf({ key: instrument.key, timeframe: kind, from, to, ticks }, verdicts);
  }

  /** Whole trading dates (weeks, months) that the bars asked for are made of. */
  private spanOf({ kind, from, to, hours }: VerifyRequest): { from: number; to: number } {
    const { calendar } = this.parts;
    const last = kind === "auction" ? null : spanAt(calendar, hours, timeframe(kind), to - 1);
    const first = kind === "auction" ? null : spanAt(calendar, hours, timeframe(kind), from);
    return {
      from: istMidnight(istDay(Math.min(from, first?.start ?? from))),
      to: Math.max(to, last?.end ?? to) + TAIL_MS,
    };
  }

  private async *pages(
    { instrument }: VerifyRequest,
    { from, to }: { from: number; to: number },
  ): AsyncGenerator<StoredTicks> {
    const { ticks } = this.parts;
    yield await ticks.read({ instrumentId: instrument.id, from: from - LEAD_MS, to: from, limit: LEAD_TICKS });
    for (let day = from; day < to; day += DAY_MS)
      yield await ticks.read({ instrumentId: instrument.id, from: day, to: Math.min(day + DAY_MS, to) });
  }

  /** Stored bars; for a timeframe that is not stored, the bars a client would get. */
  private async barsOf(
    { kind, instrument, hours }: VerifyRequest,
    span: { from: number; to: number },
  ): Promise<Map<number, Compared>> {
    const { calendar } = this.parts;
    if (kind === "auction" || timeframe(kind).stored)
      return new Map((await this.read(instrument.id, kind, span)).map((bar) => [bar.time, bar]));
    const of = timeframe(kind);
    const { bars: derived } = resample(columnsOf(await this.read(instrument.id, of.from, span)), calendar, hours, of);
    const found = new Map<number, Compared>();
    for (let row = 0; row < derived.length; row++)
      if (derived.state[row] !== FORMING) found.set(derived.time[row]!, barAt(derived, row));
    return found;
  }

  /** Some thousand bars at a time: days of seconds at once would hold the event loop. */
  private async read(
    instrumentId: number,
    name: StoredKind,
    { from, to }: { from: number; to: number },
  ): Promise<StoredBar[]> {
    const dense = PIECE_ROWS * (name === "auction" ? DAY_MS : timeframe(name).lengthMs);
    const found: StoredBar[] = [];
    // Nights are long: where a piece was empty the next one is larger.
    for (let at = from, step = dense; at < to;) {
      const bars = await this.parts.bars.readWhole({
        instrumentId,
        timeframe: name,
        from: at,
        to: Math.min(to, at + step),
      });
      for (const bar of bars) found.push(bar);
      at += step;
      step = bars.length === 0 ? dense * LARGER : dense;
    }
    return found;
  }

  private holdsAny({ hours, kind }: VerifyRequest, bar: Compared, minutes: ReadonlySet<number>): boolean {
    if (kind === "auction") return false;
    const end = spanAt(this.parts.calendar, hours, timeframe(kind), bar.time)?.end ?? bar.time;
    for (const minute of minutes) if (minute >= bar.time && minute < end) return true;
    return false;
  }
}

const judge = (
  bar: Compared,
  rebuilt: readonly RebuiltBar[],
  isPartly: boolean,
  pages: readonly Float64Array[],
  decimals: number,
): BarVerdict => {
  const { time, passport } = bar;
  const not = (reason: NonNullable<BarVerdict["reason"]>): BarVerdict => ({ time, verdict: "not_comparable", reason });
  if (isPartly || isFromHistory(bar)) return not("from_history");
  const compared = rebuilt.map((each) => differences(bar, each, decimals));
  if (compared.some((fields) => Object.keys(fields).length === 0)) return { time, verdict: "equal" };
  const known =
    passport === undefined || passport.firstSequence === 0
      ? null
      : [passport.firstSequence, passport.lastSequence].filter((sequence) =>
          pages.some((page) => holds(page, sequence)),
        ).length;
  if (rebuilt.length === 0 && (known === null || known === 0)) return not("no_ticks");
  if (known !== null && known < 2) return not("ticks_incomplete");
  if (rebuilt.length > 1) return not("restart");
  if (passport === undefined && rebuilt.every((each) => !each.sure)) return not("still_open");
  return { time, verdict: "differs", ...(compared[0] === undefined ? {} : { fields: compared[0] }) };
};

/** Ticks make a bar, and none is stored: lost, unless it was never closed. */
const unstored = (time: number, rebuilt: readonly RebuiltBar[]): BarVerdict =>
  rebuilt.some((bar) => bar.sure)
    ? { time, verdict: "differs" }
    : { time, verdict: "not_comparable", reason: "still_open" };

const isFromHistory = ({ state, passport }: Compared): boolean =>
  state === "backfilled" || state === "corrected" || ((passport?.sources ?? 0) & FROM_HISTORY) !== 0;

const differences = (stored: Compared, rebuilt: RebuiltBar, decimals: number): NonNullable<BarVerdict["fields"]> => {
  const fields: NonNullable<BarVerdict["fields"]> = {};
  const compare = (field: ComparedField, a: number, b: number): void => {
    if (a !== b) fields[field] = { stored: a, rebuilt: b };
  };
  for (const field of ["open", "high", "low", "close"] as const)
    compare(field, toRupees(stored[field], decimals), toRupees(rebuilt[field], decimals));
  for (const field of ["volume", "ticks"] as const) compare(field, stored[field], rebuilt[field]);
  if (stored.passport !== undefined)
    for (const field of ["late", "hash"] as const) compare(field, stored.passport[field], rebuilt.passport[field]);
  return fields;
};

/** Binary search in sequences that grow. */
const holds = (sequences: Float64Array, wanted: number): boolean => {
  let low = 0;
  let high = sequences.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = sequences[middle]!;
    if (found === wanted) return true;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return false;
};
