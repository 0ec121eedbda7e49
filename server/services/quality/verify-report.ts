import type { InstrumentKey } from "@/server/domain/instruments/instrument";
import type { StoredKind } from "@/server/ports/stores";

/** Why a bar could not be compared. */
export type NotComparable =
  | "from_history" // the exchange's own figures, wholly or in a part of it
  | "no_ticks" // none of its ticks is stored: before the first, pruned, or not recorded
  | "ticks_incomplete" // its first or last tick is not stored
  | "restart" // the process ended inside it: its parts were never one bar
  | "still_open"; // it had not been closed when the process or the ticks ended

export type ComparedField = "open" | "high" | "low" | "close" | "volume" | "ticks" | "late" | "hash";

/** One bar's verdict. Prices in rupees. */
export interface BarVerdict {
  /** Epoch ms of its start. */
  time: number;
  verdict: "equal" | "differs" | "not_comparable";
  reason?: NotComparable;
  /** What differs. Absent with `differs`: ticks make a bar that is not stored. */
  fields?: Partial<Record<ComparedField, { stored: number; rebuilt: number }>>;
}

export interface VerifyReport {
  key: InstrumentKey;
  timeframe: StoredKind;
  from: number;
  to: number;
  bars: BarVerdict[];
  equal: number;
  differs: number;
  notComparable: number;
  /** Number of bars that could not be compared, by reason. */
  reasons: Partial<Record<NotComparable, number>>;
  /** Ticks that were played. */
  ticks: number;
}

export const reportOf = (
  head: Pick<VerifyReport, "key" | "timeframe" | "from" | "to" | "ticks">,
  bars: BarVerdict[],
): VerifyReport => {
  const count = (verdict: BarVerdict["verdict"]): number => bars.filter((bar) => bar.verdict === verdict).length;
  const reasons: VerifyReport["reasons"] = {};
  for (const { reason } of bars) if (reason !== undefined) reasons[reason] = (reasons[reason] ?? 0) + 1;
  return {
    ...head,
    bars,
    equal: count("equal"),
    differs: count("differs"),
    notComparable: count("not_comparable"),
    reasons,
  };
};
