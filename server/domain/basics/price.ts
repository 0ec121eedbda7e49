/**
 * Prices are integers in the instrument's minor unit (price x 10^decimals) until the very edge.
 * NSE cash has 2 decimals (paise), currency derivatives 4 (tick 0.0025).
 */

const POWERS = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/** 10^decimals, for decimals 0 to 8. */
export const scaleOf = (decimals: number): number => {
  const power = POWERS[decimals];
  if (power === undefined) throw new RangeError(`decimals must be 0 to 8, got ${decimals}`);
  return power;
};

/** Minor units to a plain number of rupees, for JSON and charts: exact to the printed digit. */
export const toRupees = (minor: number, decimals: number): number => minor / scaleOf(decimals);

/** Change of a price against its base (the previous close) in percent, to two digits; null when no base is known. */
export const changePercent = (price: number, base: number): number | null =>
  base > 0 ? Math.round(((price - base) / base) * 1e4) / 100 : null;

/** Minor units to an exact decimal text with all its digits: 157315, 2 -> "1573.15". */
export const toDecimalText = (minor: number, decimals: number): string => {
  const scale = scaleOf(decimals);
  const whole = Math.trunc(Math.abs(minor) / scale);
  const rest = Math.abs(minor) % scale;
  const digits = decimals === 0 ? "" : `.${String(rest).padStart(decimals, "0")}`;
  return `${minor < 0 ? "-" : ""}${whole}${digits}`;
};

/** Formats a number with this many decimals, never as `-0.00`: a number that rounds to zero has no sign. */
export const fixedText = (value: number, decimals: number): string => {
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text;
};

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$/;

/**
 * A decimal text to minor units without floating point: "1573.15", 2 -> 157315.
 * More digits than the instrument has are rounded half away from zero (vendors print 11397.1 and 84.339999).
 * Returns null when the text is not a plain decimal number.
 */
export const parseDecimal = (text: string, decimals: number): number | null => {
  const match = DECIMAL.exec(text.trim());
  if (match === null) return null;
  const fraction = (match[3] ?? "").padEnd(decimals + 1, "0");
  const kept = Number(`${match[2]}${fraction.slice(0, decimals)}`);
  const minor = kept + (fraction.charCodeAt(decimals) >= 53 ? 1 : 0);
  return match[1] === "-" ? -minor : minor;
};

/** Rupees as a number (a broker's JSON) to minor units. */
export const fromRupees = (rupees: number, decimals: number): number => Math.round(rupees * scaleOf(decimals));

/** How many decimals a tick size needs: 0.05 -> 2, 0.0025 -> 4, 1 -> 2 (rupee prices are never shown with fewer). */
export const decimalsOfTick = (tickSize: number): number => {
  for (let decimals = 2; decimals < 8; decimals++) {
    const scaled = tickSize * scaleOf(decimals);
    if (Math.abs(scaled - Math.round(scaled)) < 1e-6) return decimals;
  }
  return 8;
};
