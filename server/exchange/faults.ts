import { badInput } from "@/server/domain/basics/errors";
import { bitsAt } from "./hash";
import type { Cursor } from "./cursor";

/**
 * What can be made to go wrong. Faults change what is sent, never the record.
 * `mute`: no ticks, heartbeats go on. `silent`: nothing at all. `disconnect`: lines are cut, and with `ms` refused so long.
 * `expired`: every access token is refused and lines are cut. `late`: packets wait `delayMs`; `lag`: all of them do.
 * `half_open`: lines that are open say nothing more and are not closed, new ones work. `text_error`: the broker's words on the
 * line, and in place of quotes and the list. `short_frames`: empty ones, two bytes, bytes after the last packet.
 * Of the instrument list: `half_list`, `empty_list` (headers alone), `html_list` (an error page), `bad_rows`, `unknown_exchange`
 * (rows of exchanges nobody has told of), `renamed` (symbols end in `-NEW`). The rest name themselves.
 */
export const faultKinds = [
  "mute",
  "silent",
  "disconnect",
  "expired",
  "drop",
  "duplicate",
  "reorder",
  "late",
  "volume_back",
  "zero_time",
  "future_time",
  "zero_price",
  "garbage",
  "lag",
  "half_open",
  "text_error",
  "short_frames",
  "half_list",
  "empty_list",
  "html_list",
  "bad_rows",
  "unknown_exchange",
  "renamed",
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  kind: FaultKind;
  /** Symbols it is limited to, as in `RELIANCE`; null: all. */
  symbols: ReadonlySet<string> | null;
  /** Machine time in epoch ms at which it ends by itself; Infinity: at reset. */
  until: number;
  /** Share of packets it hits, 0 to 1. */
  ratio: number;
  delayMs: number;
}

export interface Faults {
  add(fault: Fault): void;
  reset(): void;
  list(): Fault[];
  /** True while any fault is active; the hot path checks nothing else. */
  readonly any: boolean;
  active(kind: FaultKind): Fault | null;
  /** The fault of this kind if it hits this packet. */
  hits(kind: FaultKind, cursor: Cursor): Fault | null;
}

export const faults = (real: () => number): Faults => {
  let on: Fault[] = [];
  let draws = 0;
  const active = (kind: FaultKind): Fault | null => {
    const now = real();
    if (on.some((fault) => fault.until <= now)) on = on.filter((fault) => fault.until > now);
    return on.find((fault) => fault.kind === kind) ?? null;
  };
  return {
    add(fault) {
      on = [...on.filter(({ kind }) => kind !== fault.kind), fault];
    },
    reset() {
      on = [];
    },
    list: () => on.filter((fault) => fault.until > real()),
    get any() {
      return on.length > 0;
    },
    active,
    hits(kind, cursor) {
      const fault = active(kind);
      if (fault === null || (fault.symbols !== null && !fault.symbols.has(cursor.listing.symbol))) return null;
      return fault.ratio >= 1 || bitsAt(0x777, draws++) / 4_294_967_296 < fault.ratio ? fault : null;
    },
  };
};

const DEFAULT_RATIO: Partial<Record<FaultKind, number>> = {
  drop: 0.2,
  duplicate: 0.2,
  reorder: 0.2,
  late: 0.2,
  volume_back: 0.05,
  zero_time: 0.1,
  future_time: 0.05,
  zero_price: 0.05,
  garbage: 0.05,
  short_frames: 0.05,
};

const positive = (body: Record<string, unknown>, field: string, fallback: number): number => {
  const value = body[field];
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !(value > 0)) throw badInput(field, value, "a number above 0");
  return value;
};

/** A fault from the body of `POST /sim/fault`: `{kind, symbols?, ms?, ratio?, delayMs?}`. */
export const parseFault = (body: Record<string, unknown>, now: number): Fault => {
  const kind = faultKinds.find((name) => name === body["kind"]);
  if (kind === undefined) throw badInput("kind", body["kind"], faultKinds.join(", "));
  const symbols = body["symbols"];
  if (symbols !== undefined && !(Array.isArray(symbols) && symbols.every((symbol) => typeof symbol === "string"))) {
    throw badInput("symbols", symbols, 'a list of symbols, as in ["RELIANCE"]');
  }
  const ratio = positive(body, "ratio", DEFAULT_RATIO[kind] ?? 1);
  if (ratio > 1) throw badInput("ratio", ratio, "a share above 0 and up to 1");
  return {
    kind,
    ratio,
    symbols: symbols === undefined ? null : new Set(symbols.map((symbol: string) => symbol.replace(/^[A-Z]+:/, ""))),
    until: now + positive(body, "ms", Infinity),
    delayMs: positive(body, "delayMs", 3_000),
  };
};
