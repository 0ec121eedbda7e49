/** Bars as JSON text. Written by hand: thousands of rows as objects through JSON.stringify cost three times as much. */
import { type BarColumns, type BarPassport, barStates } from "@/server/domain/bar";
import { IST_OFFSET_MS } from "@/server/domain/session";
import type { BarsReading } from "@/server/ports/reads";
import { passportView } from "./reads-passport";

export type Zone = "Asia/Kolkata" | "UTC" | undefined;

/** An instant as the reader asked for it: epoch ms, or ISO text of a zone. */
export const timeIn = (zone: Zone, instant: number): number | string => {
  if (zone === undefined) return Math.round(instant);
  if (zone === "UTC") return new Date(instant).toISOString().replace(/\.000Z$/, "Z");
  return new Date(instant + IST_OFFSET_MS).toISOString().replace(/(\.000)?Z$/, "+05:30");
};

const fractions = new Map<number, readonly string[]>();
/** `.15` for 15 hundredths, nothing for 0: a price is then two pieces of text, and no search for a shortest fraction. */
const fractionsOf = (decimals: number): readonly string[] => {
  let made = fractions.get(decimals);
  if (made === undefined) {
    made = Array.from({ length: 10 ** decimals }, (_, rest) => (rest === 0 ? "" : `.${String(rest).padStart(decimals, "0").replace(/0+$/, "")}`));
    fractions.set(decimals, made);
  }
  return made;
};

/** How minor units become JSON: rupees, `null` for what is no number. */
export const priceText = (decimals: number): (minor: number) => string => {
  const scale = 10 ** decimals;
  const rests = decimals <= 4 ? fractionsOf(decimals) : null;
  return (minor) => {
    if (Number.isNaN(minor)) return "null";
    if (rests === null || minor < 0 || !Number.isInteger(minor)) return String(minor / scale);
    const whole = Math.floor(minor / scale);
    return whole + rests[minor - whole * scale]!;
  };
};

/** Traded value over volume in rupees with two digits more than prices have; null where the value is not known. */
export const vwapOf = (value: number, volume: number, decimals: number): number | null =>
  volume > 0 && value > 0 ? Math.round((value / volume) * 100) / 10 ** (decimals + 2) : null;

const stateNames = [...barStates];
const stateAt = (bars: BarColumns, filled: Uint8Array | null, row: number): string => (filled?.[row] === 1 ? "filled" : stateNames[bars.state[row]!] ?? "closed");

/** A list of `RestBar`. */
export const barRows = ({ bars, filled, passports }: BarsReading, decimals: number, zone: Zone): string => {
  const price = priceText(decimals);
  const time = zone === undefined ? String : (instant: number): string => `"${timeIn(zone, instant)}"`;
  const told = passports === null ? () => "" : (at: number): string => `,"passport":${JSON.stringify(told1(passports.get(at), zone))}`;
  let text = "[";
  for (let row = 0; row < bars.length; row++) {
    const at = bars.time[row]!;
    const openInterest = bars.openInterest[row]!;
    text += `${row === 0 ? "" : ","}{"time":${time(at)},"open":${price(bars.open[row]!)},"high":${price(bars.high[row]!)},"low":${price(bars.low[row]!)},"close":${price(bars.close[row]!)
    },"volume":${bars.volume[row]!},"vwap":${vwapOf(bars.value[row]!, bars.volume[row]!, decimals)},"openInterest":${openInterest < 0 ? "null" : openInterest},"ticks":${bars.ticks[row]!
    },"state":"${stateAt(bars, filled, row)}","rev":${bars.rev[row]!},"incomplete":${bars.incomplete[row] === 1}${told(at)}}`;
  }
  return `${text}]`;
};

const told1 = (passport: BarPassport | undefined, zone: Zone) => (passport === undefined ? null : passportView(passport, (instant) => timeIn(zone, instant)));

/** The same as one list a field. */
export const barColumnsText = ({ bars, filled, passports }: BarsReading, decimals: number, zone: Zone): string => {
  const price = priceText(decimals);
  const list = (name: string, value: (row: number) => string | number | boolean | null): string => {
    let text = `"${name}":[`;
    for (let row = 0; row < bars.length; row++) text += row === 0 ? value(row) : `,${value(row)}`;
    return `${text}]`;
  };
  const lists = [
    list("time", (row) => (zone === undefined ? bars.time[row]! : `"${timeIn(zone, bars.time[row]!)}"`)),
    ...(["open", "high", "low", "close"] as const).map((name) => list(name, (row) => price(bars[name][row]!))),
    list("volume", (row) => bars.volume[row]!), list("vwap", (row) => vwapOf(bars.value[row]!, bars.volume[row]!, decimals)),
    list("openInterest", (row) => (bars.openInterest[row]! < 0 ? null : bars.openInterest[row]!)), list("ticks", (row) => bars.ticks[row]!),
    list("state", (row) => `"${stateAt(bars, filled, row)}"`), list("rev", (row) => bars.rev[row]!), list("incomplete", (row) => bars.incomplete[row] === 1),
    ...(passports === null ? [] : [list("passport", (row) => JSON.stringify(told1(passports.get(bars.time[row]!), zone)))]),
  ];
  return `{${lists.join(",")}}`;
};
