/**
 * Formats numbers for an Indian trader. Prices and changes come in minor units and are divided here, once. Unknown
 * values are an en dash, never 0. Negative numbers have a real minus sign (U+2212), as wide as the plus. Zero has no
 * sign, even after rounding.
 */

import { changePercent as changeOf } from "@/server/domain/basics/price";

export const MISSING = "–";
const MINUS = "−";

type Known = number | null | undefined;
const known = (value: Known): value is number => value !== null && value !== undefined && Number.isFinite(value);

const formats = new Map<string, Intl.NumberFormat>();
const format = (name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat => {
  let found = formats.get(name);
  // `negative`: a number that rounds to zero has no sign. A caller's `signDisplay` follows the same rule.
  if (found === undefined)
    formats.set(name, (found = new Intl.NumberFormat("en-IN", { signDisplay: "negative", ...options })));
  return found;
};
const print = (formatter: Intl.NumberFormat, value: number): string => formatter.format(value).replace("-", MINUS);

const fixed = (decimals: number): Intl.NumberFormat =>
  format(`fixed ${decimals}`, { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
const signed = (decimals: number): Intl.NumberFormat =>
  format(`signed ${decimals}`, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    signDisplay: "exceptZero",
  });

/** `1,02,345.00`, `83.4525`: a price in minor units with all the digits its instrument has. */
export const priceText = (minor: Known, decimals: number): string =>
  known(minor) ? print(fixed(decimals), minor / 10 ** decimals) : MISSING;

/** A price in rupees without its instrument: two decimals, or four where two would lose digits (currency). */
export const rupeesText = (rupees: Known): string =>
  known(rupees) ? print(fixed(Math.abs(rupees * 100 - Math.round(rupees * 100)) < 1e-6 ? 2 : 4), rupees) : MISSING;

/** `2,846.3`: a plain number (an indicator's value) with this many digits. */
export const numberText = (value: Known, decimals: number): string =>
  known(value) ? print(fixed(decimals), value) : MISSING;

/** `₹12,34,567.00`, `−₹450.00`: money in rupees. */
export const moneyText = (rupees: Known): string => {
  if (!known(rupees)) return MISSING;
  const text = print(fixed(2), rupees);
  return text.startsWith(MINUS) ? `${MINUS}₹${text.slice(1)}` : `₹${text}`;
};

/** `+2.40`: a difference of prices in minor units, always with its sign. */
export const differenceText = (minor: Known, decimals: number): string =>
  known(minor) ? print(signed(decimals), minor / 10 ** decimals) : MISSING;

/** `+0.08%`; without unit `+0.08` for a column whose head says %. */
export const percentText = (percent: Known, unit = "%"): string =>
  known(percent) ? `${print(signed(2), percent)}${unit}` : MISSING;

/** Change in percent against a base (previous close), null when there is none. */
export const changePercent = (minor: Known, base: Known): number | null =>
  known(minor) && known(base) ? changeOf(minor, base) : null;

/** `+2.40 (+0.08%)`: a price against its base, both in minor units; the dash when there is no base. */
export const changeText = (minor: Known, base: Known, decimals: number): string => {
  const percent = changePercent(minor, base);
  return percent === null ? MISSING : `${differenceText(minor! - base!, decimals)} (${percentText(percent)})`;
};

/** Direction of a price relative to its base: selects colour and triangle. */
export const directionOf = (minor: Known, base: Known): "up" | "down" | "flat" =>
  !known(minor) || !known(base) || base === 0 || minor === base ? "flat" : minor > base ? "up" : "down";

export const triangles = { up: "▲", down: "▼", flat: "" } as const;

/** `1.23L`, `12.35K`, `3.40Cr`, below a thousand the number itself: volumes, open interest, values. */
export const compactText = (value: Known): string => {
  if (!known(value)) return MISSING;
  if (Math.abs(value) < 999.5) return print(format("whole", { maximumFractionDigits: 0 }), value);
  return print(
    format("compact", { notation: "compact", minimumFractionDigits: 2, maximumFractionDigits: 2 }),
    Math.round(value),
  );
};

/** `1,23,456`: a count in full. */
export const countText = (value: Known): string =>
  known(value) ? print(format("whole", { maximumFractionDigits: 0 }), value) : MISSING;

/** `0.4 ms` without its unit: spans below ten keep one digit, above none; `0.04` below a tenth. */
export const millisecondsText = (ms: Known): string => {
  if (!known(ms)) return MISSING;
  return numberText(ms, ms !== 0 && Math.abs(ms) < 0.095 ? 2 : Math.abs(ms) < 9.95 ? 1 : 0);
};
