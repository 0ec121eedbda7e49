/** Instants (epoch ms) and spans as text. Times are IST unless another zone is named; 24 hours; dates as `18 Nov 2026`. */
import { MISSING } from "./numbers";

export type Zone = "IST" | "UTC" | "browser";

type Known = number | null | undefined;
const known = (value: Known): value is number => value !== null && value !== undefined && Number.isFinite(value);

const formats = new Map<Zone, Intl.DateTimeFormat>();
const partsOf = (instant: number, zone: Zone): Record<string, string> => {
  let format = formats.get(zone);
  if (format === undefined) {
    const timeZone = zone === "IST" ? "Asia/Kolkata" : zone === "UTC" ? "UTC" : undefined;
    format = new Intl.DateTimeFormat("en-GB", {
      ...(timeZone === undefined ? {} : { timeZone }),
      hourCycle: "h23",
      weekday: "short",
      year: "numeric",
      month: "short",
      day: "numeric",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(instant).map((part) => [part.type, part.value]));
  // ICU writes the ninth month `Sept` in British English; every other has three letters.
  return { ...parts, month: parts.month!.slice(0, 3) };
};

/** `10:15` */
export const timeText = (instant: Known, zone: Zone = "IST"): string => {
  if (!known(instant)) return MISSING;
  const { hour, minute } = partsOf(instant, zone);
  return `${hour}:${minute}`;
};

/** `13:15:29` */
export const clockText = (instant: Known, zone: Zone = "IST"): string => {
  if (!known(instant)) return MISSING;
  const { hour, minute, second } = partsOf(instant, zone);
  return `${hour}:${minute}:${second}`;
};

/** `13:15:29`, of another day `17 Nov 15:30`: until when something is known. */
export const untilText = (instant: Known, now: number, zone: Zone = "IST"): string =>
  dayText(instant, zone) === dayText(now, zone) || !known(instant)
    ? clockText(instant, zone)
    : `${dayText(instant, zone)} ${timeText(instant, zone)}`;

/** `18 Nov 2026` */
export const dateText = (instant: Known, zone: Zone = "IST"): string => {
  if (!known(instant)) return MISSING;
  const { day, month, year } = partsOf(instant, zone);
  return `${day} ${month} ${year}`;
};

/** `18 Nov`, for axes and for prices of another day. */
export const dayText = (instant: Known, zone: Zone = "IST"): string => {
  if (!known(instant)) return MISSING;
  const { day, month } = partsOf(instant, zone);
  return `${day} ${month}`;
};

/** `Mon 09:15` */
export const weekdayTimeText = (instant: Known, zone: Zone = "IST"): string => {
  if (!known(instant)) return MISSING;
  const { weekday, hour, minute } = partsOf(instant, zone);
  return `${weekday} ${hour}:${minute}`;
};

/** `Wed 18 Nov '26 10:15`, under a crosshair; `seconds` for timeframes below a minute. */
export const crosshairText = (instant: Known, zone: Zone = "IST", seconds = false): string => {
  if (!known(instant)) return MISSING;
  const { weekday, day, month, year, hour, minute, second } = partsOf(instant, zone);
  return `${weekday} ${day} ${month} '${year!.slice(2)} ${hour}:${minute}${seconds ? `:${second}` : ""}`;
};

/** `0.4s`, `12s`, `3m`; an hour and more is for the clock: see `ageText`. */
export const spanText = (ms: number): string => {
  const span = Math.max(0, ms);
  if (span < 9_950) return `${(span / 1_000).toFixed(1)}s`;
  if (span < 60_000) return `${Math.floor(span / 1_000)}s`;
  return `${Math.floor(span / 60_000)}m`;
};

/** How old something is: `0.4s`, `12s`, `3m`, after an hour the time it happened, another day its date. */
export const ageText = (instant: Known, now: number, zone: Zone = "IST"): string => {
  if (!known(instant)) return MISSING;
  const age = now - instant;
  if (age < 3_600_000) return spanText(age);
  return dayText(instant, zone) === dayText(now, zone) ? timeText(instant, zone) : dayText(instant, zone);
};

const two = (value: number): string => String(value).padStart(2, "0");

/** Time left as `01:59:31`, below an hour `04:31`. Rounds up to whole seconds so that it never shows 0 too early. */
export const countdownText = (ms: number): string => {
  const left = Math.max(0, Math.ceil(ms / 1_000));
  const hours = Math.floor(left / 3_600);
  const rest = `${two(Math.floor((left % 3_600) / 60))}:${two(left % 60)}`;
  return hours === 0 ? rest : `${two(hours)}:${rest}`;
};

/** `2d 3h`, `3h 12m`, `14m`: a long wait in its two largest units. */
export const waitText = (ms: number): string => {
  const minutes = Math.max(0, Math.ceil(ms / 60_000));
  const days = Math.floor(minutes / 1_440);
  const hours = Math.floor((minutes % 1_440) / 60);
  if (days > 0) return `${days}d ${hours}h`;
  return hours > 0 ? `${hours}h ${minutes % 60}m` : `${minutes}m`;
};
