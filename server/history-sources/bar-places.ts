import { type BarColumns, columnsOf } from "@/server/domain/bars/bar";
import {
  type Calendar,
  type HoursKey,
  isContinuous,
  istDay,
  phaseAt,
  type PhaseName,
  type Session,
} from "@/server/domain/time/session";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";
import type { FileBar } from "./bar-file";
import { isOnGrid, type LabelKind, startOf } from "./bar-labels";
import { isEqual } from "./bar-repeats";

/** Rows that are not separate bars, by reason: their phase, or copies. */
export type LeftOut = {
  pre_open: number;
  closing_auction: number;
  outside_session: number;
  off_grid: number;
  untraded: number;
  equal_duplicate: number;
  replaced_duplicate: number;
};

const PRE_OPEN: readonly (PhaseName | undefined)[] = ["pre_open", "pre_open_matching", "buffer"];
const CLOSING: readonly (PhaseName | undefined)[] = ["transition", "closing_auction", "closing_matching"];

/** Why a row outside continuous trading is none of its bars. */
const phaseReason = (session: Session | null, instant: number): "pre_open" | "closing_auction" | "outside_session" => {
  const phase = session === null ? undefined : phaseAt(session, instant)?.phase;
  return PRE_OPEN.includes(phase) ? "pre_open" : CLOSING.includes(phase) ? "closing_auction" : "outside_session";
};

/**
 * The file's bars by their start, oldest first, one per start: of several with one start the last in the file holds.
 * `isTraded`: a bar without volume that repeats the close before it is filled in by a program, and no bar.
 */
export const placeBars = (
  bars: readonly FileBar[],
  labels: LabelKind,
  from: AnyTimeframe,
  calendar: Calendar,
  hours: HoursKey,
  isTraded: boolean,
): { bars: BarColumns; left: LeftOut } => {
  const left: LeftOut = {
    pre_open: 0,
    closing_auction: 0,
    outside_session: 0,
    off_grid: 0,
    untraded: 0,
    equal_duplicate: 0,
    replaced_duplicate: 0,
  };
  const byStart = new Map<number, FileBar>();
  for (const bar of bars) {
    const session = calendar.on(hours, istDay(bar.label));
    const start = session === null ? null : startOf(bar.label, labels, session, from);
    if (session === null || start === null || !isContinuous(session, start)) {
      left[phaseReason(session, labels === "start" ? bar.label : bar.label - 1)]++;
      continue;
    }
    if (!isOnGrid(bar.label, session, from)) {
      left.off_grid++;
      continue;
    }
    const before = byStart.get(start);
    if (before !== undefined) left[isEqual(before, bar) ? "equal_duplicate" : "replaced_duplicate"]++;
    byStart.set(start, bar);
  }
  const all = [...byStart].sort(([a], [b]) => a - b);
  // Without a single volume the file has none.
  const isCounted = isTraded && all.some(([, { volume }]) => volume > 0);
  const sorted = isCounted ? all.filter(([, bar], at) => at === 0 || !isPadding(bar, all[at - 1]![1])) : all;
  left.untraded = all.length - sorted.length;
  return {
    bars: columnsOf(
      sorted.map(([time, { open, high, low, close, volume }]) => ({
        time,
        open,
        high,
        low,
        close,
        volume,
        value: 0,
        ticks: 0,
        openInterest: -1,
        rev: 1,
        state: "closed",
        incomplete: false,
      })),
    ),
    left,
  };
};

const isPadding = ({ open, high, low, close, volume }: FileBar, before: FileBar): boolean =>
  volume === 0 && open === before.close && high === open && low === open && close === open;
