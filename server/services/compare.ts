import { type Bar, type BarColumns, barAt, FORMING } from "@/server/domain/bar";
import { filterRows, within } from "@/server/domain/bar-rows";
import { dayEnd } from "@/server/domain/day-end";
import { AppError, badInput } from "@/server/domain/errors";
import { hasVolume } from "@/server/domain/instrument";
import { resample } from "@/server/domain/resample";
import { type Calendar, istDate, istMidnight, type Session } from "@/server/domain/session";
import { timeframe } from "@/server/domain/timeframe";
import type { Clock } from "@/server/ports/clock";
import type { CompareRun, CompareStore, Difference } from "@/server/ports/gaps";
import type { LiveMarket, RecentBars } from "@/server/ports/live";
import type { Meter } from "@/server/ports/observe";
import type { StoredBar } from "@/server/ports/stores";
import { barInPlace, judgeBars, type Verdict } from "./bar-rules";
import type { Bars } from "./bars";

interface Parts {
  store: CompareStore;
  bars: Pick<Bars, "read" | "committed">;
  recent: RecentBars;
  live: Pick<LiveMarket, "table">;
  calendar: Calendar;
  clock: Clock;
  meter: Meter;
  /** History's bars of a span; null when no broker tells them. */
  history(instrument: number, timeframe: "1m" | "1d", from: number, to: number, signal: AbortSignal): Promise<BarColumns | null>;
  /** Told what history has answered for, once what it corrected is stored. */
  answered(instrument: number, timeframe: "1m" | "1d", from: number, to: number, bars: BarColumns): Promise<void>;
  /** Told when bars changed under the readers. */
  changed(instrument: number, from: number, to: number): Promise<void>;
}

/** The broker may still be writing its newest minutes. */
const SETTLE_MS = 120_000;

/** The day's bars beside the broker's own: what differs is recorded, and corrected where the broker knows more. */
export class Compare {
  constructor(private readonly parts: Parts) {}

  /** Compares minutes and, when the day is over, the day's bar. Of a running day: what has passed of it. */
  async day(instrument: number, day: number, by: string, signal: AbortSignal): Promise<CompareRun> {
    const { store, live, calendar, clock, meter } = this.parts;
    const session = calendar.on(live.table.hours(instrument), day);
    const now = clock.now();
    if (session === null) throw badInput("date", istDate(day), "a date on which its exchange trades");
    const until = Math.min(session.close, Math.floor((now - SETTLE_MS) / 60_000) * 60_000);
    if (until <= session.open) throw badInput("date", istDate(day), "a day of which some minutes have passed");
    const results = [await this.minutes(instrument, session, until, signal)];
    if (dayEnd(session) + SETTLE_MS <= now) results.push(await this.whole(instrument, session, signal));
    const verdicts = results.flatMap((each) => each.verdicts);
    const count = (...of: Verdict["verdict"][]): number => verdicts.filter(({ verdict }) => of.includes(verdict)).length;
    const run = { bars: verdicts.length, equal: count("equal"), kept: count("kept"), corrected: count("corrected", "added"), flagged: count("flagged") };
    if (run.corrected > 0) await this.parts.changed(instrument, session.open, until);
    for (const decision of ["kept", "corrected", "flagged"] as const) if (run[decision] > 0) meter.count(`compare.${decision}`, run[decision]);
    return store.save({ instrument: live.table.at(instrument).id, day, at: clock.now(), by, ...run }, results.flatMap((each) => each.differences));
  }

  list(query: Parameters<CompareStore["list"]>[0]): Promise<CompareRun[]> { return this.parts.store.list(query); }
  differences(run: number): Promise<Difference[]> { return this.parts.store.differences(run); }

  private async minutes(instrument: number, session: Session, until: number, signal: AbortSignal): Promise<{ verdicts: Verdict[]; differences: Difference[] }> {
    const { bars, recent } = this.parts;
    const theirs = within(await this.ask(instrument, "1m", session.open, until, signal), session.open, until);
    await bars.committed();
    const ours = within((await bars.read({ instrument, timeframe: timeframe("1m"), from: session.open, to: until })).closed, session.open, until);
    const verdicts = this.judge(instrument, ours, theirs);
    const corrected = this.correct(instrument, "1m", verdicts);
    await recent.settled();
    if (corrected.length > 0) await this.quarters(instrument, session, until, corrected);
    await this.parts.answered(instrument, "1m", session.open, until, theirs);
    return { verdicts, differences: differencesOf(verdicts, "1m") };
  }

  private async whole(instrument: number, session: Session, signal: AbortSignal): Promise<{ verdicts: Verdict[]; differences: Difference[] }> {
    const [from, to] = [istMidnight(session.day), istMidnight(session.day + 1)];
    const theirs = await this.ask(instrument, "1d", from, to, signal);
    const ours = (await this.parts.bars.read({ instrument, timeframe: timeframe("1d"), from: session.open, to: session.open + 1 })).closed;
    const verdicts = this.judge(instrument, ours, theirs);
    this.correct(instrument, "1d", verdicts);
    await this.parts.recent.settled();
    await this.parts.answered(instrument, "1d", from, to, theirs);
    return { verdicts, differences: differencesOf(verdicts, "1d") };
  }

  private judge(instrument: number, ours: BarColumns, theirs: BarColumns): Verdict[] {
    const bars = Array.from({ length: ours.length }, (_, row): Bar => barAt(ours, row));
    return judgeBars(bars, theirs, { authority: "broker", traded: hasVolume(this.parts.live.table.at(instrument).segment), whole: true });
  }

  private async ask(instrument: number, name: "1m" | "1d", from: number, to: number, signal: AbortSignal): Promise<BarColumns> {
    const told = await this.parts.history(instrument, name, from, to, signal);
    if (told === null) throw new AppError("unsupported", `no broker at hand tells the history of ${this.parts.live.table.at(instrument).key}`, { details: { field: "instrument", value: this.parts.live.table.at(instrument).key, accepted: "an instrument of a collector whose broker tells its history" } });
    return told;
  }

  /** Puts the exchange's bars in place of ours where the rule says so; answers their times. What was there stays as a revision. */
  private correct(instrument: number, name: "1m" | "1d", verdicts: readonly Verdict[]): number[] {
    const { id } = this.parts.live.table.at(instrument);
    const rows = verdicts.filter(({ verdict }) => verdict === "corrected" || verdict === "added").map(({ ours, theirs, differs }) => barInPlace(id, name, ours, theirs!, differs.length === 0));
    if (rows.length > 0) this.parts.recent.enqueue(rows, "replace");
    return rows.map(({ time }) => time);
  }

  /** Stored quarters of an hour that hold a corrected minute are made anew. */
  private async quarters(instrument: number, session: Session, until: number, corrected: readonly number[]): Promise<void> {
    const { bars, live, calendar, recent } = this.parts;
    const { id } = live.table.at(instrument);
    const { closed } = await bars.read({ instrument, timeframe: timeframe("1m"), from: session.open, to: until });
    const { lengthMs } = timeframe("15m");
    const touched = new Set(corrected.map((time) => session.open + Math.floor((time - session.open) / lengthMs) * lengthMs));
    const made = resample(closed, calendar, live.table.hours(instrument), timeframe("15m"), until).bars;
    const rows = filterRows(made, (row) => made.state[row] !== FORMING && touched.has(made.time[row]!));
    recent.enqueue(Array.from({ length: rows.length }, (_, row): StoredBar => ({ ...barAt(rows, row), instrumentId: id, timeframe: "15m", state: "corrected", incomplete: false })), "replace");
    await recent.settled();
  }
}

/** A row a figure that differs, as it is recorded. */
export const differencesOf = (verdicts: readonly Verdict[], timeframe: "1m" | "1d"): Difference[] => verdicts.flatMap(({ time, ours, theirs, verdict, rule, differs }) =>
  (verdict === "equal" ? [] : differs.map((field): Difference => ({
    timeframe, time, field, ours: ours?.[field] ?? null, theirs: theirs?.[field] ?? null, decision: verdict === "added" ? "corrected" : verdict, why: rule,
  }))));
