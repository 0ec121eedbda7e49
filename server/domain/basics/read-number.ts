/**
 * Numbers as people and programs write them: the one parser for files and rows of brokers' JSON.
 * Thousands may be grouped as in India (1,23,456) or elsewhere (123,456); the decimal mark is the file's.
 */
import { parseDecimal, scaleOf } from "./price";

export type DecimalMark = "." | ",";

const ZERO = 48;
const POINT = 46;
/** So many digits are exact in a double with room for the decimals. */
const SAFE_DIGITS = 15;

/** A decimal text in minor units; NaN when it is not a number. More digits than the instrument has are rounded half away from zero. */
export const readDecimal = (text: string, decimals: number, mark: DecimalMark = "."): number => {
  // Most files hold plain digits with a point: no expression, no new text.
  if (mark === "." && text.length <= SAFE_DIGITS) {
    let value = 0;
    let at = 0;
    let point = -1;
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at) - ZERO;
      if (digit >= 0 && digit <= 9) {
        // Digits past the last kept one: the slow way rounds.
        if (point !== -1 && at - point > decimals) break;
        value = value * 10 + digit;
      } else if (digit === POINT - ZERO && point === -1 && at > 0) point = at;
      else break;
    }
    if (at === text.length && at > 0)
      return value * scaleOf(point === -1 ? decimals : decimals - (text.length - 1 - point));
  }
  const plain = plainNumber(text, mark);
  return plain === null ? Number.NaN : (parseDecimal(plain, decimals) ?? Number.NaN);
};

/** Parses a whole, non-negative number, also as pandas writes it (`120.0`); NaN for anything else. */
export const readWhole = (text: string, mark: DecimalMark = "."): number => {
  if (text.length > 0 && text.length <= SAFE_DIGITS) {
    let value = 0;
    let at = 0;
    for (; at < text.length; at++) {
      const digit = text.charCodeAt(at) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === text.length) return value;
  }
  const plain = plainNumber(text, mark);
  const match = plain === null ? null : /^\+?(\d+)(?:\.0*)?$/.exec(plain);
  const value = match === null ? readPower(text, mark) : Number(match[1]);
  return Number.isSafeInteger(value) ? value : Number.NaN;
};

const POWER: Record<DecimalMark, RegExp> = {
  ".": /^\+?\d(?:\.\d+)?e\+?\d{1,2}$/i,
  ",": /^\+?\d(?:,\d+)?e\+?\d{1,2}$/i,
};

/** `1.23456E5`, as programs write large numbers. `1.23E+05` is how a spreadsheet shows one: the rest of its digits is lost. */
const readPower = (text: string, mark: DecimalMark): number => {
  const bare = text.trim();
  if (!POWER[mark].test(bare) || /^\d[.,]\d\dE\+\d\d$/.test(bare)) return Number.NaN;
  const value = Number(bare.replace(",", "."));
  return Number.isSafeInteger(value) ? value : Number.NaN;
};

const GROUPED: Record<DecimalMark, RegExp> = {
  // Groups of three, or of two before the last three as in India.
  ".": /^([+-]?)(\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3}|\d{1,3}(?:[ ']\d{3})+|\d+)(?:\.(\d*))?$/,
  ",": /^([+-]?)(\d{1,3}(?:[. ']\d{3})+|\d{1,2}(?:[. ']\d{2})*[. ']\d{3}|\d+)(?:,(\d*))?$/,
};

/** Digits with a point, without groups, spaces and the sign of the currency; null when the text is no number of that kind. */
const plainNumber = (text: string, mark: DecimalMark): string | null => {
  const bare = text
    .trim()
    .replace(/^([+-]?)\s*(?:₹|Rs\.?|INR)\s*/i, "$1")
    .replaceAll(/[\u00A0\u202F\u2009]/g, " ");
  const match = GROUPED[mark].exec(bare);
  if (match === null) return null;
  return `${match[1]}${match[2]!.replaceAll(/[,. ']/g, "")}${match[3] === undefined || match[3] === "" ? "" : `.${match[3]}`}`;
};

/** Words for a figure that is not there. */
const NOTHING = /^(?:-+|–|—|nan|null|none|nil|n\/?a|#n\/?a|undefined|\.)?$/i;
export const isNothing = (text: string): boolean => NOTHING.test(text.trim());

/**
 * What a number's text shows about its decimal mark: the mark, or null if both readings are possible (`1,234`) or no
 * mark is present. `whole`: the column contains whole numbers, so a mark separates thousands.
 */
export const markOf = (text: string, whole = false): DecimalMark | null => {
  const comma = text.indexOf(",");
  const point = text.indexOf(".");
  if (comma === -1 && point === -1) return null;
  if (comma !== -1 && point !== -1) return text.lastIndexOf(",") > text.lastIndexOf(".") ? "," : ".";
  const [mark, other]: [DecimalMark, DecimalMark] = comma === -1 ? [".", ","] : [",", "."];
  const parts = text.trim().split(mark);
  if (parts.length > 2) return other; // more than one: groups
  if (parts[1]!.length !== 3) return mark;
  if (whole && mark === ",") return other;
  // `0,850` has no thousands.
  return /^[+-]?0?$/.test(parts[0]!) || parts[0]!.length > 3 ? mark : null;
};
