import { anyTimeframe as timeframeOf, type AnyTimeframeName } from "@/server/domain/time/timeframe";

/**
 * True for an indicator that restarts each session, on bars of a session or longer: its line would connect single bars.
 */
export const needsSessions = (id: string, timeframe: AnyTimeframeName): boolean =>
  id === "VWAP" && timeframeOf(timeframe).kind !== "intraday";
