/** Today's line: path of the closes and height of the previous close, in a box of `width` by `height`. */
export interface Sparkline {
  path: string;
  /** y of the dotted line; null when there is no previous close. */
  base: number | null;
}

const EDGE = 1.5;

export const sparkline = (
  closes: readonly number[],
  previousClose: number,
  width: number,
  height: number,
  points: number,
): Sparkline => {
  const hasBase = previousClose > 0;
  if (closes.length < 2) return { path: "", base: hasBase ? height / 2 : null };
  let low = hasBase ? previousClose : closes[0]!;
  let high = low;
  for (const close of closes) {
    if (close < low) low = close;
    if (close > high) high = close;
  }
  const span = high - low || 1;
  const y = (price: number): number => Math.round((EDGE + (1 - (price - low) / span) * (height - 2 * EDGE)) * 10) / 10;
  const step = width / Math.max(1, points - 1);
  const path = closes
    .map((close, index) => `${index === 0 ? "M" : "L"}${Math.round(index * step * 10) / 10} ${y(close)}`)
    .join("");
  return { path, base: hasBase ? y(previousClose) : null };
};
