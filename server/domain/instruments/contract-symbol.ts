/**
 * Parses the symbol of a future or option: `NIFTY25NOVFUT`, `NIFTY26NOV24500CE`, and the weekly `NIFTY2612024500PE`.
 */
import { dayOfDate, DAY_MS } from "@/server/domain/time/session";

export interface Contract {
  underlying: string;
  year: number;
  /** 1 to 12. */
  month: number;
  /** Null: the month's one contract. */
  day: number | null;
  right: "FUT" | "CE" | "PE";
  strike: number | null;
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const FUTURE = /^([A-Z].*?)(\d{2})([A-Z]{3})FUT$/;
const MONTHLY = /^([A-Z].*?)(\d{2})([A-Z]{3})(\d+(?:\.\d+)?)(CE|PE)$/;
const WEEKLY = /^([A-Z].*?)(\d{2})([1-9OND])(\d{2})(\d+(?:\.\d+)?)(CE|PE)$/;

/** Null where the symbol is no contract's. */
export const contractOf = (symbol: string): Contract | null => {
  const text = symbol.trim().toUpperCase();
  const monthly = FUTURE.exec(text) ?? MONTHLY.exec(text);
  const month = monthly === null ? 0 : MONTHS.indexOf(monthly[3]!) + 1;
  if (monthly !== null && month > 0) {
    return {
      underlying: monthly[1]!,
      year: 2_000 + Number(monthly[2]),
      month,
      day: null,
      right: (monthly[5] ?? "FUT") as Contract["right"],
      strike: monthly[4] === undefined ? null : Number(monthly[4]),
    };
  }
  const weekly = WEEKLY.exec(text);
  if (weekly === null) return null;
  const [, underlying, year, letter, day, strike, right] = weekly as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
    "CE" | "PE",
  ];
  return {
    underlying,
    year: 2_000 + Number(year),
    month: /\d/.test(letter) ? Number(letter) : 10 + "OND".indexOf(letter),
    day: Number(day),
    right,
    strike: Number(strike),
  };
};

/**
 * Whether this is the contract's expiry. If a month's options expire every week, the monthly one is the last;
 * `monthly`: there is one per month, on any day.
 */
export const expiresOn = ({ year, month, day, right }: Contract, date: string, monthly: boolean): boolean => {
  const number = dayOfDate(date);
  if (Number.isNaN(number) || Number(date.slice(0, 4)) !== year || Number(date.slice(5, 7)) !== month) return false;
  if (day !== null) return Number(date.slice(8)) === day;
  return monthly || right === "FUT" || new Date((number + 7) * DAY_MS).getUTCMonth() + 1 !== month;
};
