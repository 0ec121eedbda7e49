import { QUIET_MS } from "@/components/client/silence";
import { changePercent, countText, MISSING, percentText, priceText } from "@/components/format/numbers";
import { ageText } from "@/components/format/times";
import type { QuoteRow } from "@/server/contract/live";

/** A price no tick of this run has brought: the last close that is kept. It must not look live. */
export const isKept = (row: QuoteRow): boolean => row.received === 0;

/** Which way the price moved since the row drawn before: from one tick to the next, never from a kept close. */
export const moveOf = (row: QuoteRow, before: QuoteRow | null): number =>
  before === null || isKept(before) || row.price === null || before.price === null ? 0 : Math.sign(row.price - before.price);

/** What the change column says: the change, or for a kept close its time. */
export const changeCell = (row: QuoteRow, now: number): string =>
  isKept(row) ? (row.price === null ? MISSING : ageText(row.time, now)) : percentText(changePercent(row.price, row.previousClose), "");

const dayText = ({ low, high, decimals }: QuoteRow): string => (low > 0 && high > 0 ? ` · day ${priceText(low, decimals)} – ${priceText(high, decimals)}` : "");

/** The texts that grow old: once a second. */
export const ageTexts = (row: QuoteRow, now: number): { quiet: boolean; exchange: string; title: string } => {
  const kept = isKept(row);
  const age = kept ? (row.price === null ? MISSING : ageText(row.time, now)) : ageText(row.received, now);
  const said = !kept ? `last tick ${age} ago` : row.price === null ? "no price yet" : `no tick yet, last close of ${age}`;
  return {
    quiet: row.live && !kept && now - row.received > QUIET_MS, exchange: `${row.exchange} · ${age}`,
    title: `${row.name} · ${said}${dayText(row)}${row.volume > 0 ? ` · volume ${countText(row.volume)}` : ""}`,
  };
};
