import type { InstrumentHit } from "@/server/contract/answers";

const RECENT_KEY = "candela.recent";
const KEPT = 8;

/** What was opened last in this browser, newest first; its prices are not kept, they would be old. */
export const readRecents = (): InstrumentHit[] => {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(RECENT_KEY) ?? "[]");
    return Array.isArray(kept)
      ? kept.filter(
          (hit: Partial<InstrumentHit> | null): hit is InstrumentHit =>
            typeof hit?.key === "string" && typeof hit.symbol === "string",
        )
      : [];
  } catch {
    return [];
  }
};

export const rememberRecent = (hit: InstrumentHit): void => {
  const rest = readRecents().filter((other) => other.key !== hit.key);
  localStorage.setItem(
    RECENT_KEY,
    JSON.stringify([{ ...hit, lastPrice: null, changePercent: null }, ...rest].slice(0, KEPT)),
  );
};
