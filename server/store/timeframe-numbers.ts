import { timeframes, type TimeframeName } from "@/server/domain/time/timeframe";
import { readRows, type Unreadable } from "@/server/ports/stored";
import { badInput } from "@/server/domain/basics/errors";

/** Reads rows that store a timeframe by its number. A later version may know more numbers: rows with an unknown one are reported and left out. */
export const withTimeframe = <R, T>(
  what: string,
  rows: readonly R[],
  numberOf: (row: R) => number,
  unreadable: Unreadable,
  make: (row: R, name: TimeframeName) => T,
): T[] =>
  readRows(
    what,
    rows,
    (row) => {
      const number = numberOf(row as R);
      const found = timeframes[number];
      if (found === undefined) throw badInput("timeframe", number, `a number from 0 to ${timeframes.length - 1}`);
      return make(row as R, found.name);
    },
    unreadable,
  );
