/**
 * Keeps one connection of any broker alive: connects, subscribes, and after a loss comes back with everything it had.
 * An adapter knows one connection; this file knows the next one.
 */
import type { AppError } from "@/server/domain/basics/errors";
import { type FeedMode, feedModes, type RawMessage } from "@/server/domain/ticks/tick";
import type { Clock } from "@/server/ports/clock";
import type { ConnectOptions, FeedConnection, FeedDefinition } from "@/server/ports/feed";

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;
/** A connection that lived this long was healthy: the next loss starts counting from one. */
const HEALTHY_MS = 30_000;

export interface LinkState {
  phase: "connecting" | "live" | "reconnecting" | "failed";
  /** Attempts since the last healthy connection; 0 while live. */
  attempt: number;
  /** Epoch ms of the next attempt while waiting for it, otherwise null. */
  nextAttempt: number | null;
  /** One sentence: why it is so. */
  reason: string;
  /** True when only a new login helps. */
  expired: boolean;
}

export interface Subscription {
  tokens: readonly number[];
  mode: FeedMode;
}

export interface KeepConnectedOptions<Login> {
  feed: Pick<FeedDefinition<Login>, "connect">;
  login: Login;
  /** Dense collector number. */
  collector: number;
  /** The wanted subscriptions, read after each connect and at `refresh`. Of several modes the strongest applies. */
  subscriptions(): readonly Subscription[];
  clock: Clock;
  /** 0 <= value < 1. */
  random(): number;
  onMessage(message: RawMessage): void;
  onState(state: LinkState): void;
  onReject: ConnectOptions["onReject"];
  /** Given to the adapter: aborting it closes the connection, and ends the link. */
  signal: AbortSignal;
}

export interface Link {
  /** Asks `subscriptions()` again and sends the difference, without dropping the connection. */
  refresh(): void;
  /** Resolves when the link has ended: aborted, or failed for good. Rejects only when `onMessage` or `onState` throws. */
  ended: Promise<void>;
}

/**
 * Back-off with full jitter: a random part of 1, 2, 4 … 60 s, so that many clients do not come back at once.
 * Ends with `failed` when trying again cannot help (login expired, login that does not parse).
 */
export const keepConnected = <Login>(options: KeepConnectedOptions<Login>): Link => {
  const { feed, login, clock, onState, signal } = options;
  let connection: FeedConnection | null = null;
  let sent = new Map<number, FeedMode>();

  const refresh = (): void => {
    if (connection === null) return;
    const wanted = strongest(options.subscriptions());
    const gone = [...sent.keys()].filter((token) => !wanted.has(token));
    if (gone.length > 0) connection.unsubscribe(gone);
    for (const mode of feedModes) {
      const tokens = [...wanted]
        .filter(([token, want]) => want === mode && sent.get(token) !== mode)
        .map(([token]) => token);
      if (tokens.length > 0) connection.subscribe(tokens, mode);
    }
    sent = wanted;
  };

  /** One connection from start to end: how it ended, or why there was none. */
  const live = async (): Promise<{ healthy: boolean; failure: Failure }> => {
    let opened: FeedConnection;
    try {
      opened = await feed.connect(login, {
        collector: options.collector,
        now: () => clock.now(),
        onMessage: options.onMessage,
        onReject: options.onReject,
        signal,
      });
    } catch (cause) {
      return { healthy: false, failure: failureOf(cause) };
    }
    const since = clock.now();
    connection = opened;
    sent = new Map();
    onState({ phase: "live", attempt: 0, nextAttempt: null, reason: "connected", expired: false });
    refresh();
    const { reason, expired } = await opened.closed;
    connection = null;
    return { healthy: clock.now() - since >= HEALTHY_MS, failure: { reason, expired, final: expired, waitMs: 0 } };
  };

  const run = async (): Promise<void> => {
    onState({ phase: "connecting", attempt: 0, nextAttempt: null, reason: "first connection", expired: false });
    for (let attempt = 1; !signal.aborted; attempt++) {
      const {
        healthy,
        failure: { reason, expired, final, waitMs },
      } = await live();
      if (signal.aborted) return;
      if (healthy) attempt = 1;
      if (final) return onState({ phase: "failed", attempt, nextAttempt: null, reason, expired });
      const delay = Math.max(
        waitMs,
        options.random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1)),
      );
      onState({ phase: "reconnecting", attempt, nextAttempt: clock.now() + delay, reason, expired: false });
      try {
        await clock.sleep(delay, signal);
      } catch {
        return;
      }
      onState({ phase: "reconnecting", attempt, nextAttempt: null, reason, expired: false });
    }
  };
  return { refresh, ended: run() };
};

interface Failure {
  reason: string;
  expired: boolean;
  /** Trying again cannot help. */
  final: boolean;
  /** What the broker asks us to wait at least. */
  waitMs: number;
}

const failureOf = (cause: unknown): Failure => {
  const { code, message, details } = cause as Partial<AppError>;
  const waitMs = typeof details?.retryAfterMs === "number" ? details.retryAfterMs : 0;
  const expired = code === "login_expired";
  return { reason: message ?? String(cause), expired, final: expired || code === "bad_input", waitMs };
};

const strongest = (subscriptions: readonly Subscription[]): Map<number, FeedMode> => {
  const modes = new Map<number, FeedMode>();
  for (const { tokens, mode } of subscriptions) {
    for (const token of tokens) {
      const had = modes.get(token);
      if (had === undefined || feedModes.indexOf(mode) > feedModes.indexOf(had)) modes.set(token, mode);
    }
  }
  return modes;
};
