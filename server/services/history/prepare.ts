import { badInput } from "@/server/domain/basics/errors";
import type { Instrument } from "@/server/domain/instruments/instrument";
import type { BackfillEstimate } from "@/server/domain/basics/job";
import { type Calendar, type HoursKey, istMidnight } from "@/server/domain/time/session";
import { Turns } from "@/server/domain/basics/turns";
import type { Clock } from "@/server/ports/clock";
import type { GapStore } from "@/server/ports/gap-stores";
import type { HistoryLimits, HistorySource } from "@/server/ports/history-source";
import type { JobDay } from "@/server/ports/jobs";
import { backfilled, type BackfillOrder } from "./order";
import { completeness, type Plan, planBackfill } from "./plan";

export interface PrepareParts {
  gaps: Pick<GapStore, "answers" | "tally">;
  calendar: Calendar;
  /** Market time. */
  clock: Clock;
  instrument(id: number): { instrument: Instrument; hours: HoursKey };
  /**
   * Opens the source named in a request. Throws `bad_input`, or `broker_unreachable` if none of its logins is
   * connected.
   */
  open(
    source: string,
    order: {
      timeframe: BackfillOrder["timeframe"];
      instruments: readonly Instrument[];
      from: number;
      to: number;
      signal?: AbortSignal | undefined;
    },
  ): Promise<HistorySource>;
}

export interface Prepared {
  source: HistorySource;
  limits: HistoryLimits;
  plan: Plan;
  /** Instruments the source cannot answer for, by key. */
  lacking: BackfillEstimate["leftOut"];
}

/**
 * The source of a request and what remains to fetch. `done`: days of the job itself; failed days are requested again.
 */
export const prepare = async (
  parts: PrepareParts,
  order: BackfillOrder,
  done: readonly JobDay[] = [],
  opened: HistorySource | null = null,
  signal?: AbortSignal,
): Promise<Prepared> => {
  const { timeframe, instruments: ids, first, last } = order;
  const [from, to] = [istMidnight(first), istMidnight(last + 1)];
  const instruments = ids.map((id) => parts.instrument(id));
  const source =
    opened ??
    (await parts.open(order.source, {
      timeframe,
      instruments: instruments.map(({ instrument }) => instrument),
      from,
      to,
      signal,
    }));
  const limits = source.limits(timeframe);
  if (limits === null)
    throw badInput(
      "timeframe",
      timeframe,
      `a timeframe ${source.name} provides: ${backfilled.filter((each) => source.limits(each) !== null).join(", ")}`,
    );
  const isWhole = order.force
    ? () => false
    : completeness(
        timeframe,
        await parts.gaps.answers(timeframe, ids, from, to),
        await parts.gaps.tally(timeframe, ids, from, to),
      );
  const mine = new Set(
    done.filter(({ failure }) => failure === null).map(({ instrumentId, day }) => `${instrumentId} ${day}`),
  );
  let own = 0;
  const plan = await planBackfill({
    instruments: instruments.map(({ instrument, hours }) => ({ id: instrument.id, hours, expiry: instrument.expiry })),
    timeframe,
    first,
    last,
    now: parts.clock.now(),
    daysPerRequest: limits.daysPerRequest,
    calendar: parts.calendar,
    turns: new Turns(() => parts.clock.sleep(0, signal)),
    // Days the job has finished are not requested again and do not count as complete before it.
    isComplete(id, session) {
      if (!mine.has(`${id} ${session.day}`)) return isWhole(id, session);
      own++;
      return true;
    },
  });
  plan.skipped -= own;
  const lacking = instruments.flatMap(({ instrument }) => {
    const reason = source.lacks(instrument);
    return reason === null ? [] : [{ name: instrument.key as string, reason }];
  });
  return { source, limits, plan, lacking };
};
