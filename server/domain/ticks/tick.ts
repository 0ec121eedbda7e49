/**
 * Ticks travel in columns, one batch per socket frame; a row is one update of one instrument. Batches and their arrays
 * are reused, so a consumer copies what it needs before it returns.
 */

/** How much data a subscription includes. The strongest mode any consumer requests applies. */
export const feedModes = ["ltp", "quote", "full"] as const;
export type FeedMode = (typeof feedModes)[number];

/**
 * Columns of doubles are consecutive in a batch's `figures`: column c of row r is at c x rows + r. A loop over several
 * of them then needs one array instead of four. Code that is not time-critical uses the columns.
 */
export const enum Figure {
  time,
  price,
  volume,
  openInterest,
  count,
}

/**
 * How packets are laid out in a feed's frames. Only the feed knows; all other code stores, copies and compares bytes.
 */
export interface Framing {
  /** Bytes in front of `offset` that belong to the packet. */
  readonly prefix: number;
  /** Bytes of the packet whose body begins at `offset`. */
  length(frame: Uint8Array, offset: number): number;
}

/** A frame as the broker's decoder leaves it: the broker's tokens and integers, nothing judged yet. */
export interface RawBatch {
  kind: "ticks";
  /** Dense number of the collector, see `CollectorRow.index`. */
  collector: number;
  /** Epoch ms when the frame was read from the socket (with fractions). */
  receivedTime: number;
  length: number;
  token: Uint32Array;
  /** Wire integers: the alias's `wireDivisor` turns them into minor units. */
  price: Float64Array;
  /** Volume of the DAY so far; -1 when the packet carries none. */
  volume: Float64Array;
  /** Epoch ms; 0 when the packet carries none. */
  exchangeTime: Float64Array;
  /** -1 when the packet carries none. */
  openInterest: Float64Array;
  /** Where each packet is in `frame`; depth and day figures are decoded only when read. */
  offset: Int32Array;
  frame: Uint8Array | null;
  /** Null where there is no frame. */
  framing: Framing | null;
  /** `exchangeTime`, `price`, `volume`, `openInterest`. */
  figures: Float64Array;
}

/** What a collector sends besides ticks. A disconnect is data, so gaps are visible in the stream itself. */
export interface FeedEvent {
  /** `silent`: connected, but what must trade has not for too long. `ended`: a recording has been played to its end. */
  kind: "connected" | "disconnected" | "silent" | "heartbeat" | "message" | "ended";
  collector: number;
  /** For `silent`, and for a connection closed because of its silence: when the last data came. */
  receivedTime: number;
  detail: string;
  /** With `connected`: a recording. Its first row is a tick as any other, not the last one known to a broker that is asked. */
  recorded?: true;
}

export type RawMessage = RawBatch | FeedEvent;

/** Why a row was refused or taken apart. Every reason is a counter on /status and in /metrics. */
export const rejectReasons = [
  "unknown_token", // no instrument in force has this token
  "zero_price",
  "impossible_price", // more than any price is: a negative one read without its sign
  "off_tick", // not a multiple of the instrument's tick size
  "outside_limits", // beyond the day's circuit limits, where they are known
  "doubtful_price", // … where none are known: further from the last known price than ten times, or a tenth; until a second packet agrees
  "future_time", // exchange time ahead of the receive time by more than the allowed skew
  "stale_time", // exchange time older than anything a feed may send (another day): moves the quote, no bar
  "clock_skew", // exchange time behind the receive time by more than the allowed lag; taken, in its own second
  "other_feed", // another collector is the instrument's source now
  "duplicate", // same exchange time, price and day volume as the row before
  "outside_session", // a closed day, or a phase without trades: moves the quote, no bar
  "auction", // pre-open, closing auction, post-close: enters that phase's auction bar, no continuous one
  "first_after_connect", // the last packet known, sent at once and without a time: no tick of now
  "volume_back", // day volume went back inside a session: not believed until the next packet agrees; its bars are marked
  "volume_jump", // … or jumped further than one packet plausibly can
  "volume_wrap", // … or restarted at 0, as a counter of 31 or 32 bits does
  "volume_missing", // a row of a traded instrument without volume (another mode): enters with price alone
  "late", // older than the watermark: its second has been closed, it becomes a patch
  "bad_packet", // a packet of unknown length
  "bad_frame", // a frame that ends inside a packet
  "empty_frame", // a frame of no packets: no byte, or two; a heartbeat has one
  "trailing_bytes", // bytes after a frame's last packet: its packets are taken
  "bad_text", // a text on the line that is not the broker's JSON
  "bad_history_row", // a row of a broker's history that is invalid, contradictory or at an impossible time
  "malformed_line", // a line of a file or a child process that is not a tick
] as const;
export type RejectReason = (typeof rejectReasons)[number];

/** Rows that passed: our instruments, minor units, one time each. */
export interface TickBatch {
  kind: "ticks";
  collector: number;
  receivedTime: number;
  length: number;
  /** Dense instrument number (`InstrumentTable`). */
  instrument: Int32Array;
  /** Epoch ms that assigns the row to a bar: the exchange's time if the packet has one, otherwise the receive time. */
  time: Float64Array;
  /**
   * Sum of `TRADE`, `AUCTION`, `EXCHANGE_CLOCK`, `JOINED`, `IN_TIME`, `SUSPECT`, `UNBELIEVED`, `RESET`: the kind of row
   * and how it arrived.
   */
  flags: Uint8Array;
  price: Float64Array;
  /** Volume of the day so far, as sent; -1 when the row carries none. */
  volume: Float64Array;
  openInterest: Float64Array;
  /** Our own count of accepted rows, over all collectors, of the first row; grows by one a row, also over restarts. */
  sequence: number;
  /** `time`, `price`, `volume`, `openInterest`. */
  figures: Float64Array;
}

/**
 * Flags of an accepted row. Without `TRADE` and `AUCTION`, only the book moved (same price, same day volume) or the
 * market does not trade. Such a row updates the age but enters no bar, as the exchange has no bar for a minute without
 * a trade.
 */
export const TRADE = 1;
/** A value of a pre-open, a closing auction or a post-close. */
export const AUCTION = 2;
/** `time` is the exchange's; otherwise it is ours, because the packet had none. */
export const EXCHANGE_CLOCK = 4;
/** The instrument's first row over this connection: the next day volume is not a difference. */
export const JOINED = 8;
/**
 * With `JOINED`: it arrived before the day's continuous trading, or after it, so nothing that trades next has been
 * missed.
 */
export const IN_TIME = 16;
/** The day's volume is in doubt: bars the row enters are marked incomplete, to be filled later. */
export const SUSPECT = 32;
/**
 * The row's volume is not used. With `SUSPECT` it may be wrong; alone, it was overtaken by a later row of the same time
 * or belongs to the previous date.
 */
export const UNBELIEVED = 64;
/** With `SUSPECT`: two packets agree on a different level, so counting restarts at the value doubted last. */
export const RESET = 128;

/** Passed through in order, so that every later stage sees where the stream was cut. */
export type TickMessage = TickBatch | FeedEvent;

export const tickBatch = (capacity: number): TickBatch => {
  const { time, ...figures } = figureColumns(capacity);
  return {
    kind: "ticks",
    collector: 0,
    receivedTime: 0,
    length: 0,
    sequence: 0,
    instrument: new Int32Array(capacity),
    flags: new Uint8Array(capacity),
    time,
    ...figures,
  };
};

export const rawBatch = (capacity: number): RawBatch => {
  const { time: exchangeTime, ...figures } = figureColumns(capacity);
  return {
    kind: "ticks",
    collector: 0,
    receivedTime: 0,
    length: 0,
    frame: null,
    framing: null,
    token: new Uint32Array(capacity),
    offset: new Int32Array(capacity),
    exchangeTime,
    ...figures,
  };
};

const figureColumns = (rows: number) => {
  const figures = new Float64Array(rows * Figure.count);
  const column = (figure: Figure): Float64Array => figures.subarray(figure * rows, (figure + 1) * rows);
  return {
    figures,
    time: column(Figure.time),
    price: column(Figure.price),
    volume: column(Figure.volume),
    openInterest: column(Figure.openInterest),
  };
};
