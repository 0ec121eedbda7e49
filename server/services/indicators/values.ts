import type { BarColumns } from "@/server/domain/bars/bar";
import { badInput } from "@/server/domain/basics/errors";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";
import { type ResolvedIndicator, resolveIndicator } from "@/server/indicators";
import { barOf, emptyBar, STRIDE } from "@/server/indicators/compute";
import { peekForming } from "@/server/indicators/forming";
import { Turns } from "@/server/domain/basics/turns";
import type { Clock } from "@/server/ports/clock";
import type { HeldIndicator, IndicatorReading, IndicatorReadQuery } from "@/server/ports/desk";
import { filterRows } from "@/server/domain/bars/bar-rows";
import { type Bars, type BarsAnswer, MOST_FORMING } from "@/server/services/bars/bars";
import { type Begin, type IndicatorBegin, MOST_BARS } from "./begin";
import type { IndicatorState, RunningIndicators, RunningInstance } from "./running";

/** Steps of all indicators together in the one turn in which a live answer is made: some fifty milliseconds. */
const MOST_STEPS = 1_000_000;

/** An indicator of one read: how it starts, and whether it may seed a running instance. */
interface Wish {
  resolved: ResolvedIndicator;
  instance: RunningInstance | undefined;
  ticket: number;
  begin: Begin | null;
  state: IndicatorState | null;
}

interface Parts {
  bars: Pick<Bars, "read">;
  begin: IndicatorBegin;
  running: RunningIndicators;
  clock: Clock;
  /** The last run's state from which the instance may continue. */
  kept(instance: RunningInstance): IndicatorState | null;
}

/**
 * Returns bars with indicator values, in one way for a chart's first response, a page of its past and REST. New
 * instances are at the last closed bar when it returns, in the turn in which the bars were read.
 */
export class IndicatorReads {
  private readonly bar = emptyBar();
  private readonly scratch = new Float64Array(STRIDE);

  constructor(private readonly parts: Parts) {}

  async read(query: IndicatorReadQuery, helds: readonly HeldIndicator[]): Promise<IndicatorReading> {
    const { instrument, timeframe, to, asOf } = query;
    const { running, begin } = this.parts;
    const wishes = helds.map((held): Wish => {
      const resolved = resolveIndicator({ id: held.id, params: held.params });
      // Running instances know today's bars and say nothing about what was known earlier.
      const instance =
        asOf !== undefined
          ? undefined
          : (running.get(held.instance) ?? running.find(instrument, timeframe.index, resolved));
      return {
        resolved,
        instance,
        ticket: instance === undefined ? 0 : running.ticket(instance),
        begin: null,
        state: null,
      };
    });
    const now = this.parts.clock.now();
    const { closed, forming, closing } = wishes.some(({ resolved }) => begin.days(resolved, timeframe, now) > 0)
      ? await this.fromSessions(query, wishes)
      : await this.parts.bars.read({
          instrument,
          timeframe,
          limit:
            Math.max(1, query.bars) +
            MOST_FORMING +
            Math.max(0, ...wishes.map(({ resolved }) => begin.settle(resolved, timeframe, now))),
          ...rangeOf(query),
        });
    if (closed.length * wishes.length > MOST_STEPS && to === undefined) {
      throw badInput(
        "indicators",
        `${wishes.length} over ${closed.length.toLocaleString("en-IN")} bars`,
        `fewer of them, shorter periods or fewer bars: at most ${MOST_STEPS.toLocaleString("en-IN")} steps in total`,
      );
    }
    if (to !== undefined || asOf !== undefined)
      return this.page(
        query,
        wishes,
        { closed, closing },
        query.withForming === true ? filterRows(forming, (row) => to === undefined || forming.time[row]! < to) : EMPTY,
      );

    // No `await` from here on.
    const first = firstShown(closed, query.bars, query.since);
    return {
      closed,
      forming,
      first,
      ...(closing === undefined ? {} : { closing }),
      values: wishes.map((wish) => {
        if (wish.instance !== undefined && wish.instance.lastTime === 0)
          this.start(wish, wish.instance, timeframe, closed);
        return this.over(wish, closed, first, forming);
      }),
    };
  }

  /** A page of the past seeds no instance, so each indicator may take its own turn. */
  private async page(
    { bars, since, signal }: IndicatorReadQuery,
    wishes: readonly Wish[],
    { closed, closing }: { closed: BarColumns; closing: BarColumns | undefined },
    forming: BarColumns,
  ): Promise<IndicatorReading> {
    const turns = new Turns(() => this.parts.clock.sleep(0, signal));
    const first = firstShown(closed, bars, since);
    const values: Float64Array<ArrayBuffer>[][] = [];
    for (const wish of wishes) {
      values.push(this.over(wish, closed, first, forming));
      await turns.take(closed.length / 4);
    }
    return { closed, forming, first, ...(closing === undefined ? {} : { closing }), values };
  }

  /** With the bars since the sessions' opens, or since states that running instances saved. */
  private async fromSessions(query: IndicatorReadQuery, wishes: Wish[]): Promise<BarsAnswer> {
    const { instrument, timeframe, bars: wanted, asOf } = query;
    const { bars, begin, running } = this.parts;
    const range = rangeOf(query);
    const known = asOf === undefined ? {} : { asOf };
    const probe = await bars.read({ instrument, timeframe, limit: Math.max(1, wanted) + MOST_FORMING, ...range });
    const first = probe.closed.time[0] ?? probe.forming.time[0];
    if (first === undefined) return probe;
    let from = first;
    let settle = 0;
    for (const wish of wishes) {
      wish.state = wish.instance === undefined ? null : running.stateBefore(wish.instance, first);
      if (wish.state !== null) wish.begin = { from: wish.state.time + 1 };
      else if (begin.days(wish.resolved, timeframe, first) > 0)
        wish.begin = await begin.at(instrument, timeframe, wish.resolved, first, asOf);
      else settle = Math.max(settle, begin.settle(wish.resolved, timeframe, first));
      from = Math.min(from, wish.begin?.from ?? first);
    }
    // Indicators that count bars start together.
    if (settle > 0)
      from = Math.min(
        from,
        (await bars.read({ instrument, timeframe, to: first, limit: settle, ...known })).closed.time[0] ?? first,
      );
    return bars.read({ instrument, timeframe, from, limit: wanted + MOST_BARS, ...range });
  }

  private start(wish: Wish, instance: RunningInstance, timeframe: AnyTimeframe, closed: BarColumns): void {
    const { running } = this.parts;
    const kept = this.parts.kept(instance);
    // The bars must reach back to the saved state, or some would be missing in between.
    const reaches = kept !== null && closed.length > 0 && closed.time[0]! <= kept.time + timeframe.lengthMs;
    if (reaches && running.resume(instance, kept, closed, { ticket: wish.ticket })) return;
    running.seed(instance, closed, { ticket: wish.ticket, before: wish.begin?.before });
  }

  /** One array per plot: values of the closed rows from `first` on, then of the forming ones. */
  private over(
    { resolved, begin, state }: Wish,
    closed: BarColumns,
    first: number,
    forming: BarColumns,
  ): Float64Array<ArrayBuffer>[] {
    const { definition, params } = resolved;
    const { bar, scratch } = this;
    const indicator = definition.create(params);
    if (state !== null) indicator.restore(JSON.parse(state.state));
    else if (begin?.before !== undefined)
      for (let row = 0; row < begin.before.length; row++) indicator.next(barOf(begin.before, row, bar), scratch, 0);
    const plots = definition.plots.map(() => new Float64Array(closed.length - first + forming.length));
    for (let row = 0; row < closed.length; row++) {
      if (state !== null && closed.time[row]! <= state.time) continue;
      indicator.next(barOf(closed, row, bar), scratch, 0);
      if (row >= first)
        plots.forEach((plot, place) => {
          plot[row - first] = scratch[place]!;
        });
    }
    const peeked = new Float64Array(forming.length * plots.length);
    peekForming(indicator, forming, plots.length, bar, scratch, peeked);
    for (let row = 0; row < forming.length; row++)
      plots.forEach((plot, place) => {
        plot[closed.length - first + row] = peeked[row * plots.length + place]!;
      });
    return plots;
  }
}

/** Row of the first bar asked for. */
const firstShown = (closed: BarColumns, bars: number, since: number | undefined): number => {
  let first = Math.max(0, closed.length - bars);
  if (since !== undefined) while (first < closed.length && closed.time[first]! < since) first++;
  return first;
};

const rangeOf = ({
  to,
  asOf,
  signal,
  closingRows = false,
}: IndicatorReadQuery): { to?: number; asOf?: number; signal?: AbortSignal | undefined; closingRows: boolean } => ({
  signal,
  closingRows,
  ...(to === undefined ? {} : { to }),
  ...(asOf === undefined ? {} : { asOf }),
});

const EMPTY = { length: 0 } as BarColumns;
