import type { RejectReason } from "@/server/domain/ticks/tick";

/** What a row was, and what became of it: nothing, a move of the quote without a bar, a bar of another kind, or a bar all the same. */
export const rejectWords: Readonly<Record<RejectReason, string>> = {
  unknown_token: "unknown token: refused",
  zero_price: "zero price: refused",
  impossible_price: "price no market knows: refused",
  off_tick: "price off the tick size: refused",
  outside_limits: "price beyond the day's limits: refused",
  doubtful_price: "price ten times the last one, or a tenth of it: not believed until the next packet agrees",
  future_time: "stamp in the future: refused",
  other_feed: "another feed is its source: refused",
  duplicate: "sent twice: refused",
  bad_packet: "packet of unknown length: refused",
  bad_frame: "frame cut short: refused",
  empty_frame: "frame of no packets: nothing in it",
  trailing_bytes: "bytes after the last packet: the packets taken",
  bad_text: "text that is not the broker's JSON: refused",
  bad_history_row: "row of a history that cannot be: refused",
  malformed_line: "line that is no tick: refused",
  stale_time: "of another day: quote only",
  outside_session: "outside the session: quote only",
  first_after_connect: "last known, sent on connecting: quote only",
  auction: "of an auction: in a bar of its own",
  late: "late for its second: patched in",
  clock_skew: "stamp far behind our clock: taken",
  volume_back: "day volume went back: not believed until the next packet agrees, bars marked",
  volume_jump: "day volume leapt too far: not believed until the next packet agrees, bars marked",
  volume_wrap: "day volume began anew at 0: not believed until the next packet agrees, bars marked",
  volume_missing: "without a volume: taken by price",
};

/** Reasons newer than this page are told by their names. */
export const wordsOfReject = (reason: string): string =>
  rejectWords[reason as RejectReason] ?? reason.replaceAll("_", " ");
