/** Server clock minus browser clock, in ms: the median of the last five answers, so that one slow answer moves nothing. */
export interface ClockOffset {
  /** `sent` and `received` by the browser's clock, `serverTime` from the answer. */
  sample(sent: number, received: number, serverTime: number): number;
  value(): number;
}

const KEPT = 5;

export const clockOffset = (): ClockOffset => {
  const samples: number[] = [];
  let median = 0;
  return {
    sample(sent, received, serverTime) {
      samples.push(serverTime - (sent + received) / 2);
      if (samples.length > KEPT) samples.shift();
      const sorted = [...samples].sort((a, b) => a - b);
      const middle = sorted.length >> 1;
      median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
      return median;
    },
    value: () => median,
  };
};
