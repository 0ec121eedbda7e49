import type { BarVerdict, NotComparable, VerifyReport } from "@/server/services/quality/verify-report";
import { istText } from "@/server/domain/time/ist-text";
import { counted } from "./refused-lines";

const reasons: Record<NotComparable, string> = {
  from_history: "from the exchange's history",
  no_ticks: "no ticks stored",
  ticks_incomplete: "ticks incomplete",
  restart: "the server restarted during the bar",
  still_open: "still open when the ticks ended",
};

export const verdictJson = (bar: BarVerdict): string => JSON.stringify(bar);

/** `2026-11-21 09:15:00  differs  close 1500.05 → 1500.10` (stored → rebuilt). */
export function* verdictLines({ bars }: VerifyReport): Generator<string> {
  yield "time (IST)           verdict";
  for (const bar of bars) yield `${istText(bar.time)}  ${textOf(bar)}`;
}

const textOf = ({ verdict, reason, fields }: BarVerdict): string => {
  if (reason !== undefined) return `not comparable: ${reasons[reason]}`;
  if (verdict === "equal") return "equal";
  if (fields === undefined) return "differs: the ticks produce this bar, but none is stored";
  return `differs: ${Object.entries(fields)
    .map(([field, { stored, rebuilt }]) => `${field} ${stored} → ${rebuilt}`)
    .join(", ")} (stored → rebuilt)`;
};

export const verifySummary = (report: VerifyReport): string[] => {
  const why = (Object.entries(report.reasons) as [NotComparable, number][])
    .map(([reason, count]) => `${count} ${reasons[reason]}`)
    .join(", ");
  return [
    `${report.key} ${report.timeframe}, ${istText(report.from)} to ${istText(report.to)}: ${counted(report.bars.length, "bar")}, ${counted(report.ticks, "tick")} played`,
    `${report.equal} equal, ${report.differs} ${report.differs === 1 ? "differs" : "differ"}, ${report.notComparable} not comparable${why === "" ? "" : ` (${why})`}`,
    ...(report.bars.length > 0 ? [] : ["no bar is stored in this period, so nothing was compared"]),
  ];
};
