/**
 * Times as people and programs write them: the one parser for files, REST and the command line. A text without a zone is a
 * clock in India unless a zone is given. A date whose day and month could be either is not guessed: the caller says which.
 */
import { dayOfDate, DAY_MS, IST_OFFSET_MS, istDate, istDay } from "./session";

export type DateOrder = "ymd" | "dmy" | "mdy";

/** A fixed offset from UTC in ms, or the IANA name of a zone. */
export type Zone = number | string;

export interface TimeRules {
  /** How `05-11-2026` is meant; null: it is not read. */
  order: DateOrder | null;
  /** For times without a zone. `clock`: a zone in the text is ignored and its time is read as IST. */
  zone: Zone | "clock";
  /** Digits without separators (`DDMMYY`), in the order of `order`: how many the year has. */
  compactYear: 2 | 4 | null;
  /** Days since 30 December 1899, as spreadsheets count. */
  serial: boolean;
  /** Start of the epoch, epoch ms; null: 1970, unless the file contradicts it. */
  epochFrom: number | null;
  /** A clock in a column of its own counts the seconds of its day. */
  secondsOfDay: boolean;
}

/** A format given with `--date-format`. */
export type DateRules = Pick<TimeRules, "order" | "compactYear" | "serial" | "epochFrom">;

export const istRules: TimeRules = {
  order: null,
  zone: IST_OFFSET_MS,
  compactYear: null,
  serial: false,
  epochFrom: null,
  secondsOfDay: false,
};

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const FULL_MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/** 1 to 12; NaN when the text is no month. */
const monthOf = (text: string): number => {
  const lower = text.toLowerCase();
  const at = MONTHS.indexOf(lower.slice(0, 3));
  return at !== -1 && (lower.length === 3 || lower === "sept" || lower === FULL_MONTHS[at]) ? at + 1 : Number.NaN;
};

const WEEKDAY = /^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+/i;
const YEAR_FIRST = /^(\d{4})([-/.])(\d{1,2}|[A-Za-z]{3,9})\2(\d{1,2})(?!\d)/;
const NUMBERS = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?!\d)/;
const DAY_FIRST_NAMED = /^(\d{1,2})[-/ .]?([A-Za-z]{3,9})\.?,?[-/ .]?(\d{4}|\d{2})(?!\d)/;
const MONTH_FIRST_NAMED = /^([A-Za-z]{3,9})\.?[-/ ](\d{1,2})(?:st|nd|rd|th)?,?[-/ ]\s*(\d{4})(?!\d)/;
const COMPACT = /^(\d{4})(\d{2})(\d{2})(?=[T _-]|$)/;
const CLOCK =
  /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d{1,9}))?)?\s*(?:([ap])\.?m\.?)?\s*(?:(Z|UTC|GMT|IST)?\s*(?:([+-])(\d{2}):?(\d{2})?)?(?:\s*\(.*\)|\[[A-Za-z_/+-]+\])?)$/i;
const HOUR = /^(\d{1,2})\s*([ap])\.?m\.?$/i;
/** Interactive Brokers: `20261120 09:15:00 Asia/Kolkata`. */
const NAMED_ZONE = /^(.*\d) ([A-Za-z]+\/[A-Za-z_]+(?:\/[A-Za-z_]+)?)$/;
/** Points between the parts of a time, if it is separate from its date. */
const POINTED = /^(\d{1,2})\.(\d{2})\.(\d{2})$/;
const COMPACT_CLOCK = /^(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?$/i;

/** Midnight behind a date, as databases and spreadsheets write a date alone. */
const MIDNIGHT = /(?<=\d{4}|\d{2}[-/.]\d{1,2}[-/.]\d{2})[T ]00:00(?::00(?:[.,]0+)?)?(?:\s*(?:Z|[+-]\d{2}:?\d{2}))?$/;

/** From 1980 to 2099: other numbers of that length are no times. */
const EARLIEST = Date.UTC(1980, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/**
 * Reads times one after another; rows of a file share their date, which is then worked out once. After `read`, `zoned` says
 * whether that text wrote a zone (or was an epoch), and `dateOnly` whether it had no clock.
 */
export class TimeReader {
  zoned = false;
  dateOnly = false;
  private date = "";
  private dateMs = Number.NaN;
  /** The named zone after the time being read. */
  private writtenZone: Zone | null = null;

  constructor(private readonly rules: TimeRules = istRules) {}

  /** Epoch ms UTC; NaN when the text is no time. */
  read(text: string): number {
    const fast = this.plain(text);
    return Number.isNaN(fast) ? this.any(text.trim().replaceAll(/\s+/g, " ")) : fast;
  }

  /** True for a date that writes midnight as its clock, where it is written or in India: a date alone. */
  isMidnight(text: string): boolean {
    return MIDNIGHT.test(text) || (this.read(text) + IST_OFFSET_MS) % DAY_MS === 0;
  }

  /** A date and a time of day from fields of their own; the clock may be `0915`, `915` or `91500`, the date at midnight. */
  readApart(date: string, clock: string): number {
    const trimmed = clock.trim().replace(POINTED, "$1:$2:$3");
    if (trimmed === "") return Number.NaN;
    const digits =
      this.rules.secondsOfDay && /^\d{1,5}$/.test(trimmed)
        ? clockOfSeconds(Number(trimmed))
        : /^\d{1,6}$/.test(trimmed)
          ? trimmed.padStart(trimmed.length <= 4 ? 4 : 6, "0")
          : trimmed;
    let day = date.trim().replace(MIDNIGHT, "");
    if (day.length > 10) {
      const read = this.read(day);
      if (!Number.isNaN(read) && !this.dateOnly && (read + IST_OFFSET_MS) % DAY_MS === 0) day = istDate(istDay(read));
    }
    const time = this.read(
      `${COMPACT.test(day) || !/^\d+$/.test(day) ? day : (this.compactDate(day) ?? day)} ${digits}`,
    );
    return this.dateOnly ? Number.NaN : time;
  }

  /** `YYYY-MM-DD HH:MM:SS` and its like, which most files have. NaN: not so written. */
  private plain(text: string): number {
    const length = text.length;
    if (length < 19 || text.charCodeAt(4) !== 45 || text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58)
      return Number.NaN;
    const between = text.charCodeAt(10);
    if (between !== 32 && between !== 84) return Number.NaN;
    const hours = two(text, 11);
    const minutes = two(text, 14);
    const seconds = two(text, 17);
    if (!(hours <= 23 && minutes <= 59 && seconds <= 59)) return Number.NaN;
    const midnight = this.midnight(text.slice(0, 10));
    if (Number.isNaN(midnight)) return Number.NaN;
    const clock = midnight + ((hours * 60 + minutes) * 60 + seconds) * 1_000;
    if (length === 19) return this.local(clock, false);
    // `+0530` and `+05:30`: what brokers write.
    const sign = text.charCodeAt(19);
    if ((sign !== 43 && sign !== 45) || (length !== 24 && !(length === 25 && text.charCodeAt(22) === 58)))
      return Number.NaN;
    const zoneHours = two(text, 20);
    const zoneMinutes = two(text, length - 2);
    if (!(zoneHours <= 14 && zoneMinutes <= 59)) return Number.NaN;
    const offset = (zoneHours * 60 + zoneMinutes) * 60_000;
    return this.written(clock, sign === 43 ? offset : -offset);
  }

  /** UTC ms of a date's midnight as if it were one in UTC. */
  private midnight(date: string): number {
    if (date !== this.date) {
      this.date = date;
      this.dateMs = dayOfDate(date) * DAY_MS;
    }
    return this.dateMs;
  }

  /** A clock that writes no zone. */
  private local(clock: number, dateOnly: boolean): number {
    this.zoned = this.writtenZone !== null && !dateOnly && this.rules.zone !== "clock";
    this.dateOnly = dateOnly;
    // A date alone is a trading date in India in whatever zone clocks are.
    const zone = dateOnly || this.rules.zone === "clock" ? IST_OFFSET_MS : (this.writtenZone ?? this.rules.zone);
    return typeof zone === "number" ? clock - zone : fromZone(clock, zone);
  }

  /** A clock and the offset it writes. */
  private written(clock: number, offset: number): number {
    if (this.rules.zone === "clock") return this.local(clock, false);
    if (!isOffset(offset)) return Number.NaN;
    this.zoned = true;
    this.dateOnly = false;
    return clock - offset;
  }

  private any(whole: string): number {
    if (whole === "") return Number.NaN;
    if (/^\d+(\.\d+)?$/.test(whole)) return this.digits(whole);
    const named = NAMED_ZONE.exec(whole);
    if (named !== null) {
      const zone = zoneOf(named[2]!);
      if (zone === null || zone === "clock") return Number.NaN;
      this.writtenZone = zone;
      const read = this.read(named[1]!);
      this.writtenZone = null;
      return read;
    }
    const text = whole.replace(WEEKDAY, "");
    let date: string | null = null;
    let rest = "";
    const take = (match: RegExpExecArray, year: string, month: number | string, day: string): void => {
      const years = year.length === 4 ? year : String(Number(year) + (Number(year) < 80 ? 2_000 : 1_900));
      const months = typeof month === "number" ? String(month) : /^\d/.test(month) ? month : String(monthOf(month));
      date = `${years}-${months.padStart(2, "0")}-${day.padStart(2, "0")}`;
      rest = text.slice(match[0].length);
    };
    let match: RegExpExecArray | null;
    if ((match = YEAR_FIRST.exec(text)) !== null) take(match, match[1]!, match[3]!, match[4]!);
    else if ((match = NUMBERS.exec(text)) !== null) {
      const { order } = this.rules;
      const [, first, , second, third] = match as unknown as [string, string, string, string, string];
      if (order === "dmy") take(match, third, second, first);
      else if (order === "mdy") take(match, third, first, second);
      else if (order === "ymd" && third.length === 2 && first.length === 2) take(match, first, second, third);
      else return Number.NaN;
    } else if ((match = DAY_FIRST_NAMED.exec(text)) !== null) take(match, match[3]!, match[2]!, match[1]!);
    else if ((match = MONTH_FIRST_NAMED.exec(text)) !== null) {
      // `Nov 20 2026 09:15:00`, but not `Nov 20 09:15`, which has no year.
      take(match, match[3]!, match[1]!, match[2]!);
    } else if ((match = COMPACT.exec(text)) !== null) take(match, match[1]!, match[2]!, match[3]!);
    else if (this.rules.compactYear !== null && (match = /^(\d{6}|\d{8})(?= )/.exec(text)) !== null) {
      date = this.compactDate(match[1]!);
      rest = text.slice(match[0].length);
    }
    if (date === null) return Number.NaN;
    const midnight = this.midnight(date);
    if (Number.isNaN(midnight)) return Number.NaN;
    const clock = rest.replace(/^(?:[T,_-]\s*|,?\s+)/i, "");
    if (clock === "" && rest.trim() === "") return this.local(midnight, true);
    if (clock === rest) return Number.NaN;
    return this.clock(midnight, clock);
  }

  private clock(midnight: number, text: string): number {
    const hour = HOUR.exec(text);
    const compact = hour === null ? COMPACT_CLOCK.exec(text) : null;
    const match = hour === null && compact === null ? CLOCK.exec(text) : null;
    let hours: number;
    let minutes = 0;
    let seconds = 0;
    let fraction = 0;
    let half: string | undefined;
    let zone: string | undefined;
    if (hour !== null) {
      hours = Number(hour[1]);
      half = hour[2];
    } else if (compact !== null) {
      hours = Number(compact[1]);
      minutes = Number(compact[2]);
      seconds = Number(compact[3] ?? 0);
      zone = compact[4];
    } else if (match !== null) {
      hours = Number(match[1]);
      minutes = Number(match[2]);
      seconds = Number(match[3] ?? 0);
      fraction = match[4] === undefined ? 0 : Math.trunc(Number(`0.${match[4]}`) * 1_000 + 1e-6);
      half = match[5];
      zone = match[7] === undefined ? match[6] : `${match[7]}${match[8]}:${match[9] ?? "00"}`;
    } else return Number.NaN;
    if (half !== undefined) {
      if (hours < 1 || hours > 12) return Number.NaN;
      hours = (hours % 12) + (half.toLowerCase() === "p" ? 12 : 0);
    }
    if (hours > 23 || minutes > 59 || seconds > 59) return Number.NaN;
    const at = midnight + ((hours * 60 + minutes) * 60 + seconds) * 1_000 + fraction;
    if (zone === undefined) return this.local(at, false);
    const offset = offsetOf(zone);
    return offset === null ? Number.NaN : this.written(at, offset);
  }

  /** Nothing but digits: a date without separators, or time since 1970 in s, ms, µs or ns. */
  private digits(text: string): number {
    if (this.rules.serial) {
      const days = Number(text);
      if (!(days >= 20_000 && days < 80_000)) return Number.NaN;
      const ms = Math.round((days - 25_569) * 86_400) * 1_000;
      return this.local(ms, Number.isInteger(days));
    }
    const whole = text.split(".")[0]!;
    if (whole === text) {
      const compact = this.compactDate(text);
      if (compact !== null) {
        const midnight = this.midnight(compact);
        return Number.isNaN(midnight) ? Number.NaN : this.local(midnight, true);
      }
      // Sixteen digits that are a date and a clock with hundredths: as microseconds they would be a time of 2030 or later.
      if (
        text.length === 12 ||
        text.length === 14 ||
        text.length === 17 ||
        (text.length === 16 &&
          /^20\d\d[01]\d[0-3]\d[0-2]\d[0-5]\d[0-5]\d/.test(text) &&
          !Number.isNaN(this.midnight(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`)))
      ) {
        const midnight = this.midnight(`${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`);
        if (Number.isNaN(midnight) || Number(text.slice(0, 4)) < 1900) return Number.NaN;
        const time = this.clock(midnight, text.slice(8, 14));
        return text.length === 17
          ? time + Number(text.slice(14))
          : text.length === 16
            ? time + Number(text.slice(14)) * 10
            : time;
      }
    }
    // `2511200915` would be 2049: it is a date with two digits of the year, which only a format can say.
    if (
      whole.length === 10 &&
      whole.startsWith("2") &&
      !Number.isNaN(this.midnight(`20${whole.slice(0, 2)}-${whole.slice(2, 4)}-${whole.slice(4, 6)}`)) &&
      Number(whole.slice(6, 8)) < 24 &&
      Number(whole.slice(8)) < 60
    )
      return Number.NaN;
    const divisor =
      whole.length === 10
        ? 0.001
        : whole.length === 13
          ? 1
          : whole.length === 16
            ? 1_000
            : whole.length === 19
              ? 1_000_000
              : null;
    if (divisor === null) return Number.NaN;
    const ms = divisor === 0.001 ? Math.round(Number(text) * 1_000) : Math.floor(Number(text) / divisor);
    const at = ms + (this.rules.epochFrom ?? 0);
    if (!(at >= EARLIEST && at < LATEST)) return Number.NaN;
    return this.written(at, 0);
  }

  /** `YYYY-MM-DD` of a date that is written without separators; null where the text is none. */
  private compactDate(text: string): string | null {
    const { compactYear, order } = this.rules;
    if (compactYear === null)
      return text.length === 8 && /^(19|20)/.test(text)
        ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`
        : null;
    if (text.length !== compactYear + 4) return null;
    const yearAt = order === "ymd" ? 0 : 4;
    const year = text.slice(yearAt, yearAt + compactYear);
    const [first, second] =
      order === "ymd"
        ? [text.slice(compactYear, compactYear + 2), text.slice(compactYear + 2)]
        : [text.slice(0, 2), text.slice(2, 4)];
    const [month, day] = order === "dmy" ? [second, first] : [first, second];
    return `${compactYear === 4 ? year : String(Number(year) + (Number(year) < 80 ? 2_000 : 1_900))}-${month}-${day}`;
  }
}

const clockOfSeconds = (seconds: number): string =>
  [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");

const two = (text: string, at: number): number => {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
};

/** Zone offsets are quarter hours; `+05:53` is a local mean time from a library's data before zones existed. */
const isOffset = (ms: number): boolean => ms % 900_000 === 0;

/** The offset that a text writes and no clock has, such as `+05:53`; null where it writes none or a right one. */
export const wrongOffset = (text: string): string | null => {
  const written = /\d([+-]\d{2}:?\d{2})(?:\s*[[(].*)?$/.exec(text.trim())?.[1];
  const offset = written === undefined || !/[:T]\d/.test(text) ? null : offsetOf(written);
  return offset === null || isOffset(offset) ? null : written!;
};

/** Offset in ms of `Z`, `UTC`, `GMT`, `IST`, `+05:30`, `+0530`; null for anything else. */
const offsetOf = (zone: string): number | null => {
  const upper = zone.toUpperCase();
  if (upper === "Z" || upper === "UTC" || upper === "GMT") return 0;
  if (upper === "IST") return IST_OFFSET_MS;
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(upper);
  if (match === null || Number(match[2]) > 14 || Number(match[3]) > 59) return null;
  const ms = (Number(match[2]) * 60 + Number(match[3])) * 60_000;
  return match[1] === "+" ? ms : -ms;
};

/** What people call a zone: `UTC`, `IST`, `+05:30`, `Asia/Kolkata`, `America/New_York`, or `clock`; null when it is none. */
export const zoneOf = (text: string): Zone | "clock" | null => {
  if (text.trim().toLowerCase() === "clock") return "clock";
  const fixed = offsetOf(text.trim());
  if (fixed !== null) return fixed;
  if (/^(Asia\/(Kolkata|Calcutta))$/i.test(text.trim())) return IST_OFFSET_MS;
  if (!/^[A-Za-z]+\/[A-Za-z_/+-]+$/.test(text.trim())) return null;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: text.trim() }).resolvedOptions().timeZone;
  } catch {
    return null;
  }
};

const formats = new Map<string, Intl.DateTimeFormat>();

/** Offset of a zone at an instant, in ms. */
const offsetAt = (zone: string, instant: number): number => {
  let format = formats.get(zone);
  if (format === undefined)
    formats.set(zone, (format = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" })));
  const name = format.formatToParts(instant).find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  return name === "GMT" ? 0 : (offsetOf(name.slice(3)) ?? 0);
};

/** The instant at which clocks of a zone show `clock` (ms as if UTC). */
const fromZone = (clock: number, zone: string): number => {
  const first = clock - offsetAt(zone, clock);
  return clock - offsetAt(zone, first);
};

/** Possible orders of a date of three numbers; null if the text is not such a date. A two-digit year may come first. */
export const ordersOf = (text: string): DateOrder[] | null => {
  const match = NUMBERS.exec(text.trim());
  if (match === null) return null;
  const [first, second, third] = [Number(match[1]), Number(match[3]), Number(match[4])];
  const orders: DateOrder[] = [];
  if (first >= 1 && first <= 31 && second >= 1 && second <= 12) orders.push("dmy");
  if (first >= 1 && first <= 12 && second >= 1 && second <= 31) orders.push("mdy");
  if (match[1]!.length === 2 && match[4]!.length === 2 && second >= 1 && second <= 12 && third >= 1 && third <= 31)
    orders.push("ymd");
  return orders;
};

/** Rules of a format such as `DD-MM-YYYY`, `MM/DD/YY`, `%d-%m-%Y`, `YYMMDD`, `dmy`, `excel`, `epoch` or `epoch1980`; null when it is none. */
export const dateFormat = (text: string): DateRules | null => {
  const plain = text
    .trim()
    .replaceAll("%Y", "YYYY")
    .replaceAll("%y", "YY")
    .replaceAll("%m", "MM")
    .replaceAll("%d", "DD")
    .replaceAll("%b", "MMM");
  if (/^excel$/i.test(plain)) return { order: null, compactYear: null, serial: true, epochFrom: null };
  const epoch = /^epoch(1970|1980)?$/i.exec(plain);
  if (epoch !== null)
    return { order: null, compactYear: null, serial: false, epochFrom: Date.UTC(Number(epoch[1] ?? 1970), 0, 1) };
  const date = /^[^Hh%T ]*/.exec(plain)![0].toUpperCase();
  const letters = date.replaceAll(/[^YMD]/g, "");
  const order = letters.replaceAll(/(.)\1+/g, "$1").toLowerCase();
  if (order !== "dmy" && order !== "mdy" && order !== "ymd") return null;
  const years = letters.split("Y").length - 1;
  const compact = date === letters && letters.length > 3;
  if (compact && letters.length !== years + 4) return null;
  return { order, compactYear: compact ? (years === 2 ? 2 : 4) : null, serial: false, epochFrom: null };
};
