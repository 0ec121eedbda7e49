/** The broker's instrument list of the day: rules for its rows, and a tally of rejected ones. */
import type { Instrument, ListedInstrument } from "./instrument";
import { segmentOf } from "./segments";
import { dayOfDate } from "@/server/domain/time/session";

/** Rows of one list that were left out for one reason. */
export interface LeftOut {
  reason: string;
  count: number;
  /** The first of them, by line or name. */
  examples: string[];
}

export interface BrokerList {
  listed: ListedInstrument[];
  leftOut: LeftOut[];
}

const MOST_EXAMPLES = 5;
/** A list in which every row has a fault of its own must not fill the memory with reasons. */
const MOST_REASONS = 40;
const OTHER = "other reasons";

/** Counts rows by reason. Quoted values are not part of a reason: they are in the examples. */
export class LeftOutTally {
  private readonly byReason = new Map<string, LeftOut>();

  add(where: string, why: string): void {
    this.put({ reason: why.replaceAll(/ ?"[^"]*"/g, ""), count: 1, examples: [`${where}: ${why}`.slice(0, 200)] });
  }

  addAll(left: readonly LeftOut[]): this {
    for (const each of left) this.put(each);
    return this;
  }

  /** Most rows first. */
  list(): LeftOut[] {
    return [...this.byReason.values()].sort((a, b) => b.count - a.count);
  }

  private put({ reason, count, examples }: LeftOut): void {
    const name = this.byReason.has(reason) || this.byReason.size < MOST_REASONS ? reason : OTHER;
    const known = this.byReason.get(name) ?? { reason: name, count: 0, examples: [] };
    known.count += count;
    known.examples.push(...examples.slice(0, MOST_EXAMPLES - known.examples.length));
    this.byReason.set(name, known);
  }
}

/** Longest name a list may give; the longest of Kite's has 30 characters. */
const MOST_CHARACTERS = 128;
const INT32_MAX = 0x7fff_ffff;
/** What no database takes as text: control characters, NUL above all, and halves of a pair. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}]/u;

/**
 * Returns why a row cannot be used, in one sentence; null if it can. A value outside these bounds would make the
 * database reject the whole list.
 */
export const listingFault = (row: ListedInstrument): string | null => {
  const fault = instrumentFault(row);
  if (fault !== null) return fault;
  if (!isWhole(row.token, 1, 0xffff_ffff)) return `token "${row.token}" is not a 32-bit number`;
  return isWhole(Math.log10(row.wireDivisor), 0, 10) ? null : `wire divisor "${row.wireDivisor}" is not a power of ten`;
};

/** The same checks for the fields every instrument has, including stored ones. */
export const instrumentFault = (row: Omit<Instrument, "id" | "key">): string | null => {
  for (const field of ["exchange", "symbol", "name"] as const) {
    const text = row[field];
    if (text.trim() === "") return `${field} is empty`;
    if (text.length > MOST_CHARACTERS)
      return `${field} has ${text.length} characters: 1 to ${MOST_CHARACTERS} are accepted`;
    if (UNPRINTABLE.test(text)) return `${field} ${JSON.stringify(text)} has a control character`;
  }
  if (/[:/]/.test(row.exchange)) return `exchange "${row.exchange}" is not a valid name`;
  if (segmentOf(row.exchange)?.hours == null)
    return `exchange ${row.exchange} is not supported: its trading hours are unknown`;
  if (!isWhole(row.decimals, 0, 8)) return `decimals "${row.decimals}" are not 0 to 8`;
  if (!isWhole(row.tickSize, 1, INT32_MAX))
    return `tick size "${row.tickSize}" is not between the smallest unit and ${INT32_MAX} of them`;
  if (!isWhole(row.lotSize, 1, INT32_MAX)) return `lot size "${row.lotSize}" is not a whole number up to ${INT32_MAX}`;
  if (row.expiry !== null && Number.isNaN(dayOfDate(row.expiry))) return `expiry "${row.expiry}" is not a date`;
  if (row.strike !== null && !isWhole(row.strike, 0, Number.MAX_SAFE_INTEGER))
    return `strike "${row.strike}" is not a price`;
  return null;
};

const isWhole = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;
