/** Kite's limits, calls a second. @see https://kite.trade/docs/connect/v3/exceptions/ */
export const callsPerSecond = { historical: 3, quote: 1, rest: 10 } as const;
export type CallFamily = keyof typeof callsPerSecond;

/** A little less than a second: calls spaced evenly at the limit arrive with some jitter. */
const WINDOW_MS = 950;

/** True when a call of this family may pass now; counts it. Windows slide with the machine's time. */
export const rateLimit = (real: () => number): ((apiKey: string, family: CallFamily) => boolean) => {
  const passed = new Map<string, number[]>();
  return (apiKey, family) => {
    const name = `${apiKey}/${family}`;
    const now = real();
    const recent = (passed.get(name) ?? []).filter((at) => now - at < WINDOW_MS);
    passed.set(name, recent);
    if (recent.length >= callsPerSecond[family]) return false;
    recent.push(now);
    return true;
  };
};
