import { timeframe as timeframeOf, type TimeframeName } from "@/server/domain/timeframe";

/** True for what begins anew with each session, on bars that are a session or more: its line would join single bars. */
export const needsSessions = (id: string, timeframe: TimeframeName): boolean => id === "VWAP" && timeframeOf(timeframe).kind !== "intraday";
