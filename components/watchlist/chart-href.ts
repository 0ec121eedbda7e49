import { splitKey } from "@/server/domain/instruments/instrument";

/** Address of an instrument's chart. */
export const chartHref = (key: string): string => {
  const parts = splitKey(key);
  return parts === null ? "/" : `/chart/${encodeURIComponent(parts.exchange)}/${encodeURIComponent(parts.symbol)}`;
};
