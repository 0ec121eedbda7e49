import { IST_OFFSET_MS } from "@/server/domain/time/session";

/** `YYYY-MM-DD hh:mm:ss` in IST, as Kite writes times in quotes. */
export const istText = (instant: number): string =>
  new Date(instant + IST_OFFSET_MS).toISOString().slice(0, 19).replace("T", " ");

/** `YYYY-MM-DDThh:mm:ss+0530`, as Kite labels candles. */
export const istLabel = (instant: number): string =>
  `${new Date(instant + IST_OFFSET_MS).toISOString().slice(0, 19)}+0530`;

const WRITTEN = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2})?))?$/;

/** Epoch ms of `YYYY-MM-DD[ hh:mm[:ss]]` in IST; `bareTime` fills in for a date alone. Null when it is neither. */
export const parseIst = (text: string, bareTime: string): number | null => {
  const match = WRITTEN.exec(text.trim());
  if (match === null) return null;
  const time = match[2] ?? bareTime;
  const instant = Date.parse(`${match[1]}T${time.length === 5 ? `${time}:00` : time}+05:30`);
  return Number.isNaN(instant) ? null : instant;
};
