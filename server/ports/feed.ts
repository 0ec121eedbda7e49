import type { BarColumns } from "@/server/domain/bars/bar";
import type { BrokerList } from "@/server/domain/instruments/broker-list";
import type { TimeframeName } from "@/server/domain/time/timeframe";
import type { RefusedRows } from "@/server/domain/bars/told-rows";
import type { FeedMode, RawMessage } from "@/server/domain/ticks/tick";
import type { z } from "zod";

/**
 * A broker. The adapter handles one connection; `feeds/reconnect.ts` handles back-off, reconnecting and resubscribing
 * for all. Frames are passed by a call, not an async iterator: the decoder's buffers are reused, so a frame must be
 * read before the next one is decoded.
 */
export interface FeedDefinition<Login = unknown> {
  id: string;
  title: string;
  /** What a collector needs to log in; `secretFields` marks secrets. */
  login: z.ZodType<Login>;
  secretFields: readonly string[];
  /** How people state the login's fields: as variables, in the help, on the command line and in the browser. */
  loginFields: readonly LoginField[];
  /** The login of the simulated exchange on a port of this machine, where it speaks this broker's protocol. */
  simulated?(port: number): Record<string, string>;
  limits: { instrumentsPerConnection: number; connections: number };
  /** Rejects with `login_expired` when the broker refuses the login. */
  check?(login: Login, signal: AbortSignal): Promise<void>;
  /** Opens one connection; rejects with `login_expired`, `broker_refused` or `broker_unreachable`. */
  connect(login: Login, options: ConnectOptions): Promise<FeedConnection>;
  /** Everything the broker lists today; a row that cannot be read is counted and stops nothing. Rejects when the answer is no list. */
  instruments(login: Login, signal: AbortSignal): Promise<BrokerList>;
  history: HistoryDefinition<Login>;
  /** The day's circuit limits by name (`NSE:INFY`), if the broker provides them; `sleep` keeps its rate. */
  priceLimits?(
    login: Login,
    instruments: readonly { name: string; decimals: number }[],
    sleep: (ms: number) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Map<string, PriceLimits>>;
  /** The broker's token of an exchange's own number (2475 on NSE); null where it has none. */
  tokenOfNumber?(exchange: string, number: number): number | null;
  /** What is in a frame, for `candela decode`; absent where the broker's frames are text. */
  frames?: FrameReader;
  /** Day figures and depth of one packet of a frame, decoded only when read. */
  quote(frame: Uint8Array, offset: number): QuoteDetails | null;
  /** The order book of one packet in wire integers, as a row of `Book`; false where the packet carries none. For every instrument once a second. */
  book?(frame: Uint8Array, offset: number, into: Float64Array): boolean;
}

export interface LoginField {
  /** Its name in the login schema. */
  field: string;
  /** What people call it: a label. */
  title: string;
  /** Its variable in the environment and in .env. */
  env: string;
  /** Stands for its value in the help text, as KEY. */
  value: string;
  /** What holds when it is not set, in words; `none` where it must be set. */
  standard: string;
  /** What it is, one line of the help text. */
  means: string;
  /** The broker wants another every day: it may be handed over while the server runs. */
  daily?: boolean;
}

/** Fields a login cannot do without: those its schema misses in an empty one. */
export const requiredFields = ({ login }: Pick<FeedDefinition, "login">): string[] => [
  ...new Set(login.safeParse({}).error?.issues.map(({ path }) => String(path[0]))),
];

export interface FrameReader {
  /** What the frames are, for the command's help. */
  about: string;
  /** A line a packet, or `{ skipped: reason }`. */
  describe(frame: Uint8Array): Iterable<Record<string, unknown>>;
  /** True where bytes are one frame with nothing missing or left over. */
  isWhole(bytes: Uint8Array): boolean;
  /** Puts a bare packet into a frame of its own; other bytes are returned as they are. */
  framed(bytes: Uint8Array): Uint8Array;
}

/** Lowest and highest price the exchange takes today, minor units, both inclusive. */
export interface PriceLimits {
  lower: number;
  upper: number;
}

export interface ConnectOptions {
  /** Dense collector number to put on every message. */
  collector: number;
  /** Epoch ms with fractions. */
  now(): number;
  onMessage(message: RawMessage): void;
  /** Packets or frames that could not be decoded, by reason. */
  onReject(reason: "bad_packet" | "bad_frame" | "empty_frame" | "trailing_bytes" | "bad_text", count: number): void;
  signal: AbortSignal;
}

export interface FeedConnection {
  subscribe(tokens: readonly number[], mode: FeedMode): void;
  unsubscribe(tokens: readonly number[]): void;
  /** Resolves when the connection has ended, for whatever reason; never rejects. */
  closed: Promise<{ code: string; reason: string; expired: boolean }>;
  close(): void;
}

export interface HistoryDefinition<Login> {
  requestsPerSecond: number;
  /** Days one request may span, per timeframe the broker serves. */
  daysPerRequest: Partial<Record<TimeframeName, number>>;
  /** Bars in wire order turned oldest first, prices in minor units of `decimals`, labelled by START. */
  bars(login: Login, request: HistoryRequest, signal: AbortSignal): Promise<BarColumns>;
}

export interface HistoryRequest {
  token: number;
  decimals: number;
  timeframe: TimeframeName;
  /** Epoch ms, both inclusive as the broker reads them. */
  from: number;
  to: number;
  /** Takes rows of the answer that cannot be read; the others are answered. */
  refused?: RefusedRows;
}

/** Minor units of the wire (before `wireDivisor`); absent where the packet does not carry it. */
export interface QuoteDetails {
  open?: number;
  high?: number;
  low?: number;
  /** Previous day's close while the session runs. */
  close?: number;
  averagePrice?: number;
  buyQuantity?: number;
  sellQuantity?: number;
  lastQuantity?: number;
  lastTradeTime?: number | null;
  depth?: { buy: DepthLevel[]; sell: DepthLevel[] };
}
export interface DepthLevel {
  price: number;
  quantity: number;
  orders: number;
}
