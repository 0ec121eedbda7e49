import { FIRST_START, type Gap, type GapCause } from "@/server/domain/bars/gap";
import type { Calendar } from "@/server/domain/time/session";
import type { LiveMarket } from "@/server/ports/live";
import type { BarStore } from "@/server/ports/stores";
import type { GapLedger } from "./gap-ledger";

/** A stretch during which a collector, or some of its instruments, sent nothing. */
export interface Absence {
  collector: string;
  /** Dense numbers; null: all the collector's. */
  instruments: readonly number[] | null;
  from: number;
  cause: GapCause;
  note: string;
  /** Its row, once it has one. */
  row: Promise<Gap> | null;
}

interface Parts {
  bars: Pick<BarStore, "lastTimes">;
  live: Pick<LiveMarket, "table">;
  calendar: Calendar;
  instrumentsOf(collector: string): readonly number[];
}

/**
 * What a start finds: nothing was received since the newest stored bar of any instrument. A row that an earlier run
 * left open continues instead. Instruments without stored bars get a row of their own, from their session's open.
 */
export const absencesBefore = async (
  parts: Parts,
  ledger: GapLedger,
  collector: string,
  now: number,
): Promise<Absence[]> => {
  const all = parts.instrumentsOf(collector);
  const last = await ledger.persistently(() => lastSeen(parts, all));
  const seen = all.filter((instrument) => last.has(instrument));
  const fresh = all.filter((instrument) => !last.has(instrument));
  const from = seen.reduce(
    (newest, instrument) => Math.max(newest, last.get(instrument)!),
    seen.length === 0 ? now : 0,
  );
  const left = [...ledger.active.values()].filter((gap) => gap.collector === collector && gap.to === null);
  // A run that was killed before it stored a bar closed its row at a tick that is lost. That row continues; no new one
  // is opened.
  const whole =
    left.find((gap) => gap.instrument === null) ??
    [...ledger.active.values()].find(
      (gap) =>
        gap.collector === collector &&
        gap.instrument === null &&
        gap.instruments === null &&
        gap.to !== null &&
        seen.length > 0 &&
        gap.from <= from &&
        from < gap.to,
    );
  for (const gap of left)
    if (gap !== whole) await ledger.change(gap, { to: Math.max(Math.min(from, now), gap.from + 1) });
  const found: Absence[] = [];
  if (whole !== undefined) {
    const note = `${whole.note === "" ? "" : `${whole.note}; `}the server stopped in the meantime`;
    found.push({
      collector,
      instruments: whole.instruments === null ? null : ledger.dense(whole.instruments),
      from: whole.from,
      cause: whole.cause,
      note,
      row: Promise.resolve(whole),
    });
  } else if (seen.length > 0) {
    found.push({
      collector,
      instruments: fresh.length === 0 ? null : seen,
      from: Math.min(from, now),
      cause: "restart",
      note: "",
      row: null,
    });
  }
  if (fresh.length > 0) {
    const opens = fresh.map((instrument) => {
      const session = parts.calendar.previous(parts.live.table.hours(instrument), now);
      return session !== null && session.close > now ? session.open : now;
    });
    found.push({
      collector,
      instruments: seen.length === 0 ? null : fresh,
      from: opens.reduce((first, open) => Math.min(first, open), now),
      cause: "restart",
      note: FIRST_START,
      row: null,
    });
  }
  return found;
};

/** End of the newest stored bar of each instrument that has one. */
const lastSeen = async ({ bars, live }: Parts, instruments: readonly number[]): Promise<Map<number, number>> => {
  const [seconds, minutes] = await Promise.all([bars.lastTimes("1s"), bars.lastTimes("1m")]);
  const last = new Map<number, number>();
  for (const instrument of instruments) {
    const { id } = live.table.at(instrument);
    const [second, minute] = [seconds.get(id), minutes.get(id)];
    if (second !== undefined || minute !== undefined)
      last.set(instrument, Math.max((second ?? 0) + 1_000, (minute ?? 0) + 60_000));
  }
  return last;
};
