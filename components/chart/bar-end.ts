import type { SessionView } from "@/server/contract/live";
import type { AnyTimeframe } from "@/server/domain/time/timeframe";

/**
 * Epoch ms at which the bar in progress ends. Bars count from the session's open, and the last one may be short. Null
 * outside continuous trading and for weeks and months.
 */
export const barEnd = (session: SessionView | null, timeframe: AnyTimeframe, now: number): number | null => {
  if (session === null || session.phase !== "continuous" || now < session.open || now >= session.close) return null;
  if (timeframe.kind === "day") return session.close;
  if (timeframe.kind !== "intraday") return null;
  const bars = Math.floor((now - session.open) / timeframe.lengthMs) + 1;
  return Math.min(session.open + bars * timeframe.lengthMs, session.close);
};
