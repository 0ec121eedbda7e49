import { QUIET_MS } from "@/components/client/silence";
import { changePercent, countText, MISSING, percentText, priceText } from "@/components/format/numbers";
import { ageText } from "@/components/format/times";
import { marketOf, muteText, sinceText } from "@/components/chart/feed-light";
import type { FeedFrame, QuoteRow } from "@/server/contract/live";

/** True for a price from a stored close, with no tick in this run. It must not look live. */
export const isKept = (row: QuoteRow): boolean => row.received === 0;

/** Direction since the row was last drawn: from one tick to the next, never from a stored close. */
export const moveOf = (row: QuoteRow, before: QuoteRow | null): number =>
  before === null || isKept(before) || row.price === null || before.price === null
    ? 0
    : Math.sign(row.price - before.price);

/** Text of the change column: the change, or for a stored close its time. */
export const changeCell = (row: QuoteRow, now: number): string =>
  isKept(row)
    ? row.price === null
      ? MISSING
      : ageText(row.time, now)
    : percentText(changePercent(row.price, row.previousClose), "");

const dayText = ({ low, high, decimals }: QuoteRow): string =>
  low > 0 && high > 0 ? ` · day ${priceText(low, decimals)} – ${priceText(high, decimals)}` : "";

/** What the feed frame says about a row besides its quote. */
export interface RowState {
  /** Since when the instrument has been silent while its feed sends others; null if it is not mute. */
  muteSince: number | null;
  /** `since 15:30` while its market is closed, "" where no close is known; null while it is not. */
  closed: string | null;
}

export const rowState = (
  row: Pick<QuoteRow, "key" | "exchange" | "live">,
  frame: Pick<FeedFrame, "markets" | "mute"> | null,
  now: number,
): RowState => {
  const market = marketOf(frame?.markets, row.exchange);
  const closed = market !== undefined && market.session.phase === "closed";
  return {
    muteSince: row.live && !closed ? (frame?.mute.find(({ key }) => key === row.key)?.since ?? null) : null,
    closed: closed ? sinceText(market.closedSince, now) : null,
  };
};

const open: RowState = { muteSince: null, closed: null };

/** Texts that change with age, updated once a second. `mute`: word and age in the row, "" if it is not mute. */
export const ageTexts = (
  row: QuoteRow,
  now: number,
  { muteSince, closed }: RowState = open,
): { quiet: boolean; mute: string; exchange: string; title: string } => {
  const kept = isKept(row);
  const mute = muteSince === null ? "" : `mute ${ageText(muteSince, now)}`;
  const shut = closed === null ? "" : `market closed${closed === "" ? "" : ` ${closed}`} · `;
  const age = kept ? (row.price === null ? MISSING : ageText(row.time, now)) : ageText(row.received, now);
  const said = !kept ? `last tick ${age} ago` : row.price === null ? "no price yet" : `no tick yet, last close ${age}`;
  return {
    quiet: row.live && !kept && closed === null && now - row.received > QUIET_MS,
    mute,
    exchange: `${row.exchange} · ${closed !== null ? "closed, " : ""}${mute !== "" ? mute : age}`,
    title: `${row.name} · ${shut}${mute === "" ? "" : `${muteText(muteSince!, now)} while its feed delivers others · `}${said}${dayText(row)}${row.volume > 0 ? ` · volume ${countText(row.volume)}` : ""}`,
  };
};
