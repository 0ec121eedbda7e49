import { type Calendar, type HoursKey, istDay } from "@/server/domain/time/session";
import { istText } from "@/server/domain/time/ist-text";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";
import { inDoubt } from "@/server/files/doubt";
import type { OpenTable } from "@/server/files/read-table";
import type { FileBar } from "./bar-file";
import { isOnGrid, type LabelDay, usualSpacing } from "./bar-labels";

/**
 * Throws if a row of a session begins or ends inside a bar of `of`: bars that count from the full hour, a first one cut
 * by the open, a last one that was still forming. Moved to the nearest bar it would contain other minutes.
 */
export const checkGrid = (
  file: string,
  table: OpenTable,
  bars: readonly FileBar[],
  days: readonly LabelDay[],
  of: AnyTimeframe,
  calendar: Calendar,
  hours: HoursKey,
): void => {
  // Rows that are usually closer together are bars of a shorter timeframe, and are reported as such.
  if (table.rules.lenient || (usualSpacing(days) ?? of.lengthMs) < of.lengthMs) return;
  for (const { label, line } of bars) {
    const session = calendar.on(hours, istDay(label));
    if (session === null || isOnGrid(label, session, of)) continue;
    throw inDoubt({
      file,
      line,
      unit: table.seen.unit,
      field: "time",
      value: istText(label),
      why: `it is not on the ${of.name} grid, which starts at the session's open at ${istText(session.open).slice(11, 16)}`,
      option: "--lenient (skips such rows), or a file of finer bars,",
    });
  }
};
