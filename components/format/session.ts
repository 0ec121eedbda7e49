/** An exchange's state in words: `NSE open`, `continuous until 15:15`, and the time left. */
import type { SessionView } from "@/server/contract/live";
import { istDay } from "@/server/domain/time/session";
import { countdownText, timeText, waitText, weekdayTimeText } from "./times";

const phaseTitles: Record<SessionView["phase"], string> = {
  pre_open: "pre-open",
  pre_open_matching: "pre-open matching",
  buffer: "before the open",
  continuous: "continuous",
  halt: "halted",
  transition: "reference price",
  closing_auction: "closing auction",
  closing_matching: "closing match",
  post_close: "post-close",
  closed: "closed",
};

export interface SessionText {
  /** `open`, `closed`, `pre-open`, `halted` … */
  state: string;
  open: boolean;
  /** `continuous until 15:15`, `opens Mon 09:15`; empty if unknown. */
  detail: string;
  /** `01:59:31`, `in 2d 3h`; empty if unknown. */
  left: string;
}

/** No holiday list covers the day: the hours are those of a weekday on which the exchange trades. */
const unknownText = ({ open, close }: SessionView, now: number): SessionText => ({
  state: "unknown",
  open: false,
  left: "",
  detail: `no holiday list; ${istDay(open) === istDay(now) ? timeText(open) : weekdayTimeText(open)}–${timeText(close)} if it trades`,
});

export const sessionText = (session: SessionView, now: number): SessionText => {
  const { phase, until } = session;
  if (session.kind === "unknown") return unknownText(session, now);
  if (phase === "closed") {
    if (until === null) return { state: "closed", open: false, detail: "", left: "" };
    const soon = istDay(until) === istDay(now);
    return {
      state: "closed",
      open: false,
      detail: `opens ${soon ? timeText(until) : weekdayTimeText(until)}`,
      left: `in ${waitText(until - now)}`,
    };
  }
  const open = phase === "continuous";
  const name = session.kind === "regular" || session.name === "" ? "" : `${session.name}, `;
  return {
    state: open ? "open" : phaseTitles[phase],
    open,
    detail: until === null ? name.replace(/, $/, "") : `${name}${open ? "continuous " : ""}until ${timeText(until)}`,
    left: until === null ? "" : countdownText(until - now),
  };
};
