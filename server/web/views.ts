import type { BarColumns } from "@/server/domain/bars/bar";
import { hasVolume } from "@/server/domain/instruments/instrument";
import { phaseAt } from "@/server/domain/time/session";
import type { Session } from "@/server/domain/time/session";
import type { BarTuple, IndicatorSeries, InstrumentView, Quote, SessionView } from "@/server/contract/live";
import type { Desk, HeldIndicator } from "@/server/ports/desk";

export const instrumentView = (desk: Desk, index: number): InstrumentView => {
  const { key, exchange, symbol, name, segment, decimals, tickSize, lotSize, expiry } = desk.instrument(index);
  return {
    key,
    exchange,
    symbol,
    name,
    segment,
    decimals,
    tickSize,
    lotSize,
    expiry,
    hasVolume: hasVolume(segment),
    simulated: desk.isSimulated(index),
    live: desk.isLive(index),
  };
};

/** A session as the screen counts down to its next change. */
export const sessionView = (session: Session, now: number): SessionView => {
  const phase = phaseAt(session, now);
  const next = session.phases.find((each) => each.from > now);
  return {
    kind: session.kind,
    name: session.name,
    phase: phase?.phase ?? "closed",
    open: session.open,
    close: session.close,
    until: phase?.to ?? next?.from ?? null,
  };
};

export const quoteView = (desk: Desk, index: number): Quote | null => {
  const values = desk.quote(index);
  if (values === null) return null;
  const { sequence: _, ...rest } = values;
  const { key, decimals } = desk.instrument(index);
  return { key, decimals, ...rest };
};

/** Row of bars as a live frame carries it. */
export const barTuple = (event: number, end: number, bars: BarColumns, row: number): BarTuple => [
  event,
  bars.time[row]!,
  end,
  bars.open[row]!,
  bars.high[row]!,
  bars.low[row]!,
  bars.close[row]!,
  bars.volume[row]!,
  bars.ticks[row]!,
  bars.state[row]! | (bars.incomplete[row]! << 7),
];

export const indicatorSeries = (held: HeldIndicator, values: readonly ArrayBuffer[]): IndicatorSeries => ({
  instance: held.instance,
  id: held.id,
  label: held.label,
  params: held.params,
  pane: held.pane,
  guides: held.guides,
  plots: held.plots,
  values: [...values],
});
