import { parseAnyTimeframe, type AnyTimeframeName } from "@/server/domain/time/timeframe";

/** What a chart's address says; null where it says nothing. */
export interface ChartAddress {
  key: string;
  timeframe: AnyTimeframeName | null;
  /** The timeframe as it was written, where it is none; null otherwise. */
  refused: string | null;
  /** Epoch ms. */
  at: number | null;
}

/** Reads `/chart/NSE/RELIANCE?tf=5m&at=…`; null when the path names no instrument. */
export const readAddress = (pathname: string, search: { get(name: string): string | null }): ChartAddress | null => {
  const match = /^\/chart\/([^/]+)\/([^/]+)\/?$/.exec(pathname);
  if (match === null) return null;
  const at = Number(search.get("at") ?? Number.NaN);
  const written = search.get("tf") ?? "";
  const timeframe = parseAnyTimeframe(written)?.name ?? null;
  return {
    key: `${decode(match[1]!)}:${decode(match[2]!)}`,
    timeframe,
    refused: timeframe === null && written !== "" ? written : null,
    at: Number.isFinite(at) && at > 0 ? at : null,
  };
};

/** The address of an instrument at a timeframe. */
export const addressOf = (key: string, timeframe: AnyTimeframeName): string => {
  const colon = key.indexOf(":");
  return `/chart/${encodeURIComponent(key.slice(0, colon))}/${encodeURIComponent(key.slice(colon + 1))}?tf=${timeframe}`;
};

/** A path may be typed by hand; a lone percent sign stays as it is. */
const decode = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};
