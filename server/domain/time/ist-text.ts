/** Instants, epoch ms, as text of India's clock: the server's one place that writes it. Dates are `istDate` of a day number. */
import { IST_OFFSET_MS } from "./session";

const isoOf = (instant: number): string => new Date(instant + IST_OFFSET_MS).toISOString();

/** `2026-11-20 09:15:00` */
export const istText = (instant: number): string => isoOf(instant).slice(0, 19).replace("T", " ");

/** `09:15:00` */
export const istClock = (instant: number): string => isoOf(instant).slice(11, 19);

/** `2026-11-20T09:15:00+05:30`, with milliseconds where there are any. */
export const istIso = (instant: number): string => isoOf(instant).replace(/(\.000)?Z$/, "+05:30");

/** `2026-11-20T09:15:00+0530`, as Kite labels candles. */
export const istLabel = (instant: number): string => `${isoOf(instant).slice(0, 19)}+0530`;
