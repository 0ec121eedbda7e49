import { z } from "zod";
import { DAY_MS, dayOfDate, IST_OFFSET_MS, istDay } from "@/server/domain/time/session";

const MINUTE_MS = 60_000;

/** Anchors that come again, and the days of the longest of each. A week begins on Monday, by Indian dates. */
const periods = { week: 7, month: 31, quarter: 92, year: 366 } as const;
type Period = keyof typeof periods;
const isPeriod = (text: string): text is Period => Object.hasOwn(periods, text);

/** Epoch ms of `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM` in Indian time; NaN of any other text. */
const instantOf = (text: string): number => {
  const [, date = "", hour = "0", minute = "0"] = /^(\d{4}-\d\d-\d\d)(?:T([01]\d|2[0-3]):([0-5]\d))?$/.exec(text) ?? [];
  return dayOfDate(date) * DAY_MS - IST_OFFSET_MS + (Number(hour) * 60 + Number(minute)) * MINUTE_MS;
};

/** A parameter that is a period or a time. The text is in IST, because people read and write parameters. */
export const anchorParam = z
  .string()
  .refine((text) => isPeriod(text) || !Number.isNaN(instantOf(text)), {
    error: `${Object.keys(periods).join(", ")}, or an Indian time as YYYY-MM-DD or YYYY-MM-DDTHH:MM`,
  })
  .default("month")
  .meta({ kind: "instant", choices: Object.keys(periods), unit: "IST" });

/** Where sums restart. */
export interface Anchor {
  /** Changes where they begin: 0 before the instant, 1 from it on, or the number of the week, month … */
  spanOf(time: number): number;
  /** True of a bar that begins exactly at the anchor: nothing can be missing before it. */
  isAt(time: number): boolean;
  /** Nothing is summed in spans before this one. */
  first: number;
}

export const anchorOf = (text: string): Anchor => {
  if (!isPeriod(text)) {
    const instant = instantOf(text);
    return { spanOf: (time) => (time < instant ? 0 : 1), isAt: (time) => time === instant, first: 1 };
  }
  // A span is asked for at every bar, and changes with the day only.
  let known = Number.NaN;
  let span = 0;
  return {
    spanOf(time) {
      const day = istDay(time);
      if (day !== known) {
        known = day;
        span = numberOf(text, day);
      }
      return span;
    },
    isAt: () => false,
    first: Number.NEGATIVE_INFINITY,
  };
};

/** More days than bars of days are kept. */
const ALL_DAYS = 3_660;

/** Days to read back from a bar so that one before its anchor is among them. */
export const anchorDays = (text: string, at?: number): number =>
  (isPeriod(text) ? periods[text] : at === undefined ? ALL_DAYS : Math.max(0, (at - instantOf(text)) / DAY_MS)) + 1;

const numberOf = (period: Period, day: number): number => {
  // 1970-01-01 was a Thursday.
  if (period === "week") return Math.floor((day + 3) / 7);
  const date = new Date(day * DAY_MS);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
  return period === "month" ? month : Math.floor(month / (period === "quarter" ? 3 : 12));
};
