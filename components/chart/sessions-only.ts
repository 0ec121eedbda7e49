import { anyTimeframe as timeframeOf, type AnyTimeframeName } from "@/server/domain/time/timeframe";

/** True for what begins anew with each session, on bars that are a session or more: its line would join single bars. */
export const needsSessions = (id: string, timeframe: AnyTimeframeName): boolean =>
  id === "VWAP" && timeframeOf(timeframe).kind !== "intraday";
