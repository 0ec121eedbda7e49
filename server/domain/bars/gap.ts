/** The gap ledger: every time a feed, or one of its instruments, sent nothing while its market traded. */

export const gapCauses = [
  "disconnect", // the line was lost
  "silence", // the line was up and said nothing, longer than the market and the instrument lead one to expect
  "restart", // nothing was received: from the last stored bar to the first tick of a start
  "missing_sequence", // numbers of a feed that counts its messages were left out
  "completeness", // bars that a session should have are not there, whatever the reason
] as const;
export type GapCause = (typeof gapCauses)[number];

/**
 * Note of a restart's row before which nothing was ever received: from the session's open to the first tick of the
 * first start with these instruments.
 */
export const FIRST_START = "no bar of them was stored";

export const gapStates = [
  "open", // nothing has been done about it yet, or not with success
  "healing", // history is being asked
  "healed", // every bar of the span is there, or nothing was missing
  "no_trade", // proved: nothing that traded in it was missed
  "ignored", // a person has closed it, with a note
] as const;
export type GapState = (typeof gapStates)[number];

export const isClosed = (state: GapState): boolean => state === "healed" || state === "no_trade" || state === "ignored";

/** A gap of one instrument (`instrument`), of some of a collector's (`instruments`), or of all a collector delivers. */
export interface Gap {
  id: number;
  /** Store id; null when it is not of one instrument. */
  instrument: number | null;
  collector: string | null;
  /** Store ids; null: all of the collector's. */
  instruments: readonly number[] | null;
  /** Epoch ms: the last tick before, or the start of the first missing bar. */
  from: number;
  /** The first tick after; null while it lasts. */
  to: number | null;
  cause: GapCause;
  openedAt: number;
  state: GapState;
  closedAt: number | null;
  /** `history of kite`, a job, `the day's volume`, or a person; null until closed. */
  healedBy: string | null;
  note: string;
  /** Minutes of continuous trading in the span, over its instruments, without a whole bar when it ended; null until counted. */
  missing: number | null;
  /** Those among them whose bar arrived later. */
  filled: number;
  /** Minutes that are still neither there whole nor proved to have had no trade; null until counted. */
  remaining: number | null;
  /** Store ids of the instruments those belong to; null until counted. */
  remainingIn: readonly number[] | null;
}

/** True if a gap concerns an instrument. The caller knows which collector delivers it. */
export const concerns = (gap: Gap, instrument: number, collectors: readonly string[]): boolean => {
  if (gap.instrument !== null) return gap.instrument === instrument;
  if (gap.instruments !== null) return gap.instruments.includes(instrument);
  return gap.collector !== null && collectors.includes(gap.collector);
};

/** Number of minutes a span touches; bars are missing or cut in each of them. */
export const minutesTouched = (from: number, to: number): { from: number; to: number } => ({
  from: Math.floor(from / 60_000) * 60_000,
  to: Math.ceil(to / 60_000) * 60_000,
});
