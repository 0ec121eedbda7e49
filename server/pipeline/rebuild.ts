import {
  AUCTION_BAR,
  barAt,
  type BarBatch,
  CLOSE,
  columnsOf,
  joinPassports,
  PATCH,
  passportAt,
  type BarPassport,
} from "@/server/domain/bars/bar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { type Calendar, istDay } from "@/server/domain/time/session";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { type StoredTicks, storedTicks } from "@/server/domain/ticks/stored-ticks";
import { JOINED, tickBatch, type TickBatch, TRADE } from "@/server/domain/ticks/tick";
import { timeframe } from "@/server/domain/time/timeframe";
import type { BarRebuilder, RebuildRequest, RebuiltBar } from "@/server/ports/rebuild";
import type { StoredKind } from "@/server/ports/stores";
import { SecondBars } from "./second-bars";
import { AuctionBars } from "./auction";
import { TimeframeBars } from "./resample";

const MINUTE = timeframe("1m").index;
const DAY = timeframe("1d").index;
const positionOf = (kind: StoredKind): number => (kind === "auction" ? AUCTION_BAR : timeframe(kind).index);

/** A start numbers ticks from the microseconds of the day; no feed sends that many ticks in the time between two. */
const MOST_TICKS_A_SECOND = 20_000;
const LEAST_JUMP = 100_000;
/** A bar that ended so long before a tick had been closed by the clock when that came. */
const SETTLED_MS = 12_000;

/** A bar with the number of the process that made it, and whether that took its kind up from stored minutes. */
interface Kept extends RebuiltBar {
  life: number;
  resumed: boolean;
}
type Candidates = Map<number, Kept[]>;

/**
 * Replays stored ticks of one instrument through the stages that built its bars. A process that ended took its open
 * bars with it; where the ticks show that, the stages restart as they did then.
 */
export class TickReplay implements BarRebuilder {
  private readonly table = new InstrumentTable();
  private readonly windows: SessionWindows;
  private readonly batch: TickBatch = tickBatch(1);
  /** The requested kind, and the kinds a restart continues from: minutes, auctions, days. */
  private readonly kept = new Map<number, Candidates>();
  private seconds = new SecondBars(undefined, false);
  private auctions: AuctionBars;
  private timeframes: TimeframeBars;
  /** Trades of a second, all and so far, for the page that is played. */
  private trades = new Map<number, number>();
  private taken = new Map<number, number>();
  private page: StoredTicks = storedTicks(0);
  private last: { received: number; sequence: number } | null = null;
  private sure = true;
  private life = 0;
  private readonly wanted: Candidates;

  constructor(
    private readonly calendar: Calendar,
    private readonly request: RebuildRequest,
  ) {
    this.table.put(request.instrument, request.hours);
    this.windows = new SessionWindows(calendar, this.table);
    for (const position of [MINUTE, DAY, AUCTION_BAR, positionOf(request.kind)]) this.kept.set(position, new Map());
    this.wanted = this.kept.get(positionOf(request.kind))!;
    this.auctions = new AuctionBars(this.windows, this.table, this.seconds);
    this.timeframes = new TimeframeBars(calendar, this.table, this.seconds, true);
  }

  get bars(): ReadonlyMap<number, readonly RebuiltBar[]> {
    return this.wanted;
  }

  turn(ticks: StoredTicks): void {
    this.page = ticks;
    this.trades = new Map();
    this.taken = new Map();
    for (let row = 0; row < ticks.length; row++) {
      if ((ticks.flags[row]! & TRADE) === 0) continue;
      const second = Math.floor(ticks.time[row]! / 1_000);
      this.trades.set(second, (this.trades.get(second) ?? 0) + 1);
    }
  }

  play(first: number, end: number): void {
    const { batch, page: ticks } = this;
    batch.length = 1;
    for (let row = first; row < end; row++) {
      const received = ticks.received[row]!;
      const sequence = ticks.sequence[row]!;
      const flags = ticks.flags[row]!;
      if ((flags & JOINED) !== 0 && this.isRestart(received, sequence)) this.restart();
      this.last = { received, sequence };
      this.auctions.at(received, this.toDay);
      if ((flags & TRADE) !== 0) this.closeBefore(Math.floor(ticks.time[row]! / 1_000), received);
      batch.receivedTime = received;
      batch.sequence = sequence;
      batch.time[0] = ticks.time[row]!;
      batch.flags[0] = flags;
      batch.price[0] = ticks.price[row]!;
      batch.volume[0] = ticks.volume[row]!;
      batch.openInterest[0] = ticks.openInterest[row]!;
      this.auctions.on(batch, this.toDay);
      this.seconds.on(batch, this.toBars);
    }
  }

  /** A process may also have ended after the last tick, and another may have closed what it left in the store. */
  finish(): void {
    this.restart();
    this.end();
  }

  private end(): void {
    this.sure = false;
    this.seconds.finish(this.toBars);
    this.auctions.finish(this.toDay);
    this.timeframes.finish(this.read);
    this.sure = true;
  }

  private readonly read = (batch: BarBatch): void => {
    for (let row = 0; row < batch.length; row++) this.keep(batch, row);
  };
  private readonly toDay = (batch: BarBatch): void => {
    this.read(batch);
    this.timeframes.onAuctions(batch, this.read);
  };
  private readonly toBars = (batch: BarBatch): void => this.timeframes.on(batch, this.read);

  /** Closes a second in front of the first of its trades that came too late: of those that did, each came after all others. */
  private closeBefore(second: number, received: number): void {
    const due = (second + 1 + this.seconds.watermarkSeconds) * 1_000;
    const taken = this.taken.get(second) ?? 0;
    this.taken.set(second, taken + 1);
    const late = this.request.lateIn(second);
    // No second is closed by the clock before its time, whatever its record says.
    if (received >= due && (late === undefined || taken >= this.trades.get(second)! - late))
      this.seconds.at(due, this.toBars);
  }

  private isRestart(received: number, sequence: number): boolean {
    return (
      this.last !== null &&
      sequence - this.last.sequence > ((received - this.last.received) / 1_000) * MOST_TICKS_A_SECOND + LEAST_JUMP
    );
  }

  /** Open bars are lost; longer bars continue from stored minutes. */
  private restart(): void {
    this.end();
    this.life++;
    this.seconds = new SecondBars(undefined, false);
    this.auctions = new AuctionBars(this.windows, this.table, this.seconds);
    this.timeframes = new TimeframeBars(this.calendar, this.table, this.seconds, true);
    const session = this.last === null ? null : this.calendar.previous(this.request.hours, this.last.received);
    if (session === null) return;
    const minutes = this.closedOf(MINUTE, (time) => time >= session.open).filter(
      (bar) => this.request.firstOf(bar.time) === bar.passport.firstSequence,
    );
    const passports = new Map<number, BarPassport>(minutes.map((bar) => [bar.time, bar.passport]));
    const days = this.closedOf(DAY, (time) => time < session.open);
    const auctions = this.closedOf(AUCTION_BAR, (time) => istDay(time) === istDay(session.open));
    this.timeframes.rebuild(0, columnsOf(minutes), columnsOf(days), columnsOf(auctions), passports);
  }

  private closedOf(position: number, isWanted: (time: number) => boolean): Kept[] {
    return [...this.kept.get(position)!]
      .filter(([time]) => isWanted(time))
      .sort(([a], [b]) => a - b)
      .map(([, bars]) => bars.at(-1)!);
  }

  private keep(batch: BarBatch, row: number): void {
    const into = this.kept.get(batch.timeframe[row]!);
    const event = batch.event[row]!;
    if (into === undefined || (event !== CLOSE && event !== PATCH)) return;
    const resumed = batch.timeframe[row]! > MINUTE && batch.timeframe[row] !== AUCTION_BAR;
    const bar: Kept = {
      ...barAt(batch, row),
      passport: passportAt(batch, row),
      sure: this.sure || batch.end[row]! + SETTLED_MS <= (this.last?.received ?? 0),
      life: this.life,
      resumed,
    };
    const known = into.get(bar.time) ?? [];
    // It had been closed before the process ended, and the next one found it in the store.
    if (event === CLOSE && resumed && known.some((each) => each.sure && each.life < this.life)) return;
    into.set(bar.time, event === PATCH ? widened(known, bar) : joined(known, bar));
  }
}

/** A bar that was open when the process ended may never have been stored; then the late tick is alone. */
const widened = (known: readonly Kept[], late: Kept): Kept[] => {
  const wider = known.map((each) => patched(each, late));
  return known.some((each) => each.sure) ? wider : [...wider, late];
};

const joined = (known: readonly Kept[], closed: Kept): Kept[] =>
  known.some((each) => isLateAlone(each, closed))
    ? known.map((each) => (isLateAlone(each, closed) ? patched(closed, each) : each))
    : [...known, closed];

/** Late ticks that came before their bar closed are not in it; those a restart loaded from the store are. */
const isLateAlone = (known: Kept, closed: Kept): boolean =>
  known.passport.late > 0 &&
  known.passport.late === known.ticks &&
  closed.passport.late < closed.ticks &&
  (known.life === closed.life || !closed.resumed);

/** How the store combines a bar and its late ticks. */
const patched = (bar: Kept, late: Kept): Kept => ({
  ...bar,
  high: Math.max(bar.high, late.high),
  low: Math.min(bar.low, late.low),
  ticks: bar.ticks + late.ticks,
  state: "patched",
  open: late.passport.firstTime < bar.passport.firstTime ? late.open : bar.open,
  close: late.passport.lastTime >= bar.passport.lastTime ? late.close : bar.close,
  passport: joinPassports(bar.passport, late.passport),
});
