import type { ChosenIndicator } from "./chosen-indicators";
import type { IndicatorEntry } from "@/server/contract/answers";

/** `EMA 20`, `MACD 12 26 9`, `SMA 50 hl2`: an indicator as the server names it, without a price source that was not chosen. */
export const indicatorLabel = (
  { id, params }: Pick<ChosenIndicator, "id" | "params">,
  entry?: Pick<IndicatorEntry, "params">,
): string => {
  // A setting missing from a saved indicator has its default, and is part of its name.
  const all = { ...Object.fromEntries((entry?.params ?? []).map((param) => [param.name, param.default])), ...params };
  const usual = entry?.params.find(({ name }) => name === "source")?.default ?? "close";
  return [
    id,
    ...Object.entries(all).flatMap(([name, value]) => (name === "source" && value === usual ? [] : [value])),
  ].join(" ");
};
