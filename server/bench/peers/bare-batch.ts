/** Whole series by hand: columns in, new columns out, nothing held between. Seeds are TA-Lib's. */
type Columns = Float64Array[];

export const bareBatch = {
  SMA(close: Float64Array): Columns {
    const out = blank(close);
    let sum = 0;
    for (let row = 0; row < 19; row++) sum += close[row]!;
    for (let row = 19; row < close.length; row++) {
      sum += close[row]!;
      out[row] = sum / 20;
      sum -= close[row - 19]!;
    }
    return [out];
  },
  EMA(close: Float64Array): Columns {
    const out = blank(close);
    let value = mean(close, 0, 20);
    out[19] = value;
    const weight = 2 / 21;
    for (let row = 20; row < close.length; row++) out[row] = value += (close[row]! - value) * weight;
    return [out];
  },
  RSI(close: Float64Array): Columns {
    const out = blank(close);
    let gain = 0;
    let loss = 0;
    for (let row = 1; row <= 14; row++) {
      const change = close[row]! - close[row - 1]!;
      if (change > 0) gain += change;
      else loss -= change;
    }
    gain /= 14;
    loss /= 14;
    out[14] = (100 * gain) / (gain + loss);
    for (let row = 15; row < close.length; row++) {
      const change = close[row]! - close[row - 1]!;
      gain = (gain * 13 + (change > 0 ? change : 0)) / 14;
      loss = (loss * 13 + (change < 0 ? -change : 0)) / 14;
      out[row] = (100 * gain) / (gain + loss);
    }
    return [out];
  },
  MACD(close: Float64Array): Columns {
    const [lines, signals, histogram] = [blank(close), blank(close), blank(close)];
    let fast = mean(close, 14, 26);
    let slow = mean(close, 0, 26);
    let signal = fast - slow;
    for (let row = 26; row < close.length; row++) {
      fast += (close[row]! - fast) * (2 / 13);
      slow += (close[row]! - slow) * (2 / 27);
      const macd = fast - slow;
      if (row < 33) {
        signal += macd;
        continue;
      }
      signal = row === 33 ? (signal + macd) / 9 : signal + (macd - signal) * 0.2;
      lines[row] = macd;
      signals[row] = signal;
      histogram[row] = macd - signal;
    }
    return [lines, signals, histogram];
  },
  BB(close: Float64Array): Columns {
    const [upper, middle, lower] = [blank(close), blank(close), blank(close)];
    const base = close[0]!;
    let sum = 0;
    let squares = 0;
    for (let row = 0; row < close.length; row++) {
      const value = close[row]! - base;
      const old = row < 20 ? 0 : close[row - 20]! - base;
      sum += value - old;
      squares += value * value - old * old;
      if (row < 19) continue;
      const mid = base + sum / 20;
      const width = (2 * Math.sqrt(20 * squares - sum * sum)) / 20;
      upper[row] = mid + width;
      middle[row] = mid;
      lower[row] = mid - width;
    }
    return [upper, middle, lower];
  },
} satisfies Record<string, (close: Float64Array) => Columns>;

const blank = (like: Float64Array): Float64Array => new Float64Array(like.length).fill(Number.NaN, 0, 40);
const mean = (values: Float64Array, from: number, to: number): number => {
  let sum = 0;
  for (let row = from; row < to; row++) sum += values[row]!;
  return sum / (to - from);
};
