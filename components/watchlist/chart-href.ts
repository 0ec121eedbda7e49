import { splitKey } from "@/server/domain/instruments/instrument";

/** Where an instrument's chart lives. */
export const chartHref = (key: string): string => {
  const parts = splitKey(key);
  return parts === null ? "/" : `/chart/${encodeURIComponent(parts.exchange)}/${encodeURIComponent(parts.symbol)}`;
};
