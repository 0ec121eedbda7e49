import type { RejectReason } from "@/server/domain/ticks/tick";

/** What a row was, and what happened to it: rejected, a quote without a bar, a bar of another kind, or a normal bar. */
const rejectWords: Readonly<Record<RejectReason, string>> = {
  unknown_token: "unknown token: rejected",
  zero_price: "zero price: rejected",
  impossible_price: "implausible price: rejected",
  off_tick: "price not a multiple of the tick size: rejected",
  outside_limits: "price outside the day's limits: rejected",
  doubtful_price: "price ten times or a tenth of the last one: held until the next packet confirms it",
  future_time: "timestamp in the future: rejected",
  other_feed: "instrument is fed by another feed: rejected",
  duplicate: "sent twice: rejected",
  bad_packet: "packet of unknown length: rejected",
  bad_frame: "truncated frame: rejected",
  empty_frame: "frame without packets: ignored",
  trailing_bytes: "bytes after the last packet: packets accepted",
  bad_text: "text that is not the broker's JSON: rejected",
  bad_history_row: "invalid history row: rejected",
  malformed_line: "line without a valid tick: rejected",
  stale_time: "from another day: quote only",
  outside_session: "outside the session: quote only",
  first_after_connect: "last price sent on connecting: quote only",
  auction: "auction: in a bar of its own",
  late: "late for its second: bar patched",
  clock_skew: "timestamp far behind our clock: accepted",
  volume_back: "day volume decreased: held until the next packet confirms it, bars marked",
  volume_jump: "day volume jumped too far: held until the next packet confirms it, bars marked",
  volume_wrap: "day volume restarted at 0: held until the next packet confirms it, bars marked",
  volume_missing: "without volume: accepted for its price",
};

/** Reasons newer than this page are shown by their names. */
export const wordsOfReject = (reason: string): string =>
  rejectWords[reason as RejectReason] ?? reason.replaceAll("_", " ");
