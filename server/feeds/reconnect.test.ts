import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "@/server/domain/basics/errors";
import type { RawMessage } from "@/server/domain/ticks/tick";
import type { Clock } from "@/server/ports/clock";
import type { ConnectOptions, FeedConnection } from "@/server/ports/feed";
import { keepConnected, type Link, type LinkState, type Subscription } from "./reconnect";

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** Time that advances only when told to. */
const manualClock = () => {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  const after = (delayMs: number, run: () => void): (() => void) => {
    const timer = { at: now + delayMs, run };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  };
  const clock: Clock = {
    now: () => now,
    after,
    every: () => () => {},
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const cancel = after(delayMs, resolve);
        signal?.addEventListener(
          "abort",
          () => {
            cancel();
            reject(signal.reason);
          },
          { once: true },
        );
      }),
  };
  const advance = async (ms: number): Promise<void> => {
    const until = now + ms;
    await settle();
    for (;;) {
      const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      timers = timers.filter((timer) => timer !== due);
      now = due.at;
      due.run();
      await settle();
    }
    now = until;
  };
  return { clock, advance };
};

/** A broker that answers each connection attempt as scripted: with an error, or with a connection. */
const fakeFeed = () => {
  const answers: AppError[] = [];
  const connections: { sent: unknown[]; options: ConnectOptions; drop(end?: { expired?: boolean }): void }[] = [];
  let attempts = 0;
  return {
    answers,
    connections,
    get attempts() {
      return attempts;
    },
    connect: async (_login: unknown, options: ConnectOptions): Promise<FeedConnection> => {
      attempts++;
      const error = answers.shift();
      if (error !== undefined) throw error;
      const sent: unknown[] = [];
      let drop!: (end?: { expired?: boolean }) => void;
      const closed = new Promise<{ code: string; reason: string; expired: boolean }>((resolve) => {
        drop = (end) => resolve({ code: "1006", reason: "line lost", expired: end?.expired ?? false });
      });
      options.signal.addEventListener("abort", () => drop(), { once: true });
      connections.push({ sent, options, drop });
      return {
        subscribe: (tokens, mode) => sent.push(["subscribe", mode, [...tokens]]),
        unsubscribe: (tokens) => sent.push(["unsubscribe", [...tokens]]),
        closed,
        close: () => drop(),
      };
    },
  };
};

const unreachable = (): AppError => new AppError("broker_unreachable", "no answer", { retryable: true });

describe("keepConnected", () => {
  let feed: ReturnType<typeof fakeFeed>;
  let time: ReturnType<typeof manualClock>;
  let states: LinkState[];
  let wanted: Subscription[];
  let abort: AbortController;
  const start = (random = 1): Link =>
    keepConnected({
      feed,
      login: {},
      collector: 3,
      subscriptions: () => wanted,
      clock: time.clock,
      random: () => random,
      onMessage: (_: RawMessage) => {},
      onState: (state) => states.push(state),
      onReject: () => {},
      signal: abort.signal,
    });
  const phases = (): string[] => states.map((state) => state.phase);

  beforeEach(() => {
    feed = fakeFeed();
    time = manualClock();
    states = [];
    wanted = [
      { tokens: [1, 2], mode: "full" },
      { tokens: [2, 3], mode: "ltp" },
    ];
    abort = new AbortController();
  });

  it("subscribes everything once connected, each token in the strongest mode asked for", async () => {
    start();
    await settle();
    expect(feed.connections[0]!.sent).toEqual([
      ["subscribe", "ltp", [3]],
      ["subscribe", "full", [1, 2]],
    ]);
    expect(feed.connections[0]!.options.collector).toBe(3);
    expect(phases()).toEqual(["connecting", "live"]);
  });

  it("comes back within a second of a loss and subscribes everything with its modes again", async () => {
    start();
    await settle();
    feed.connections[0]!.drop();
    await time.advance(1_000);
    expect(feed.connections[1]!.sent).toEqual(feed.connections[0]!.sent);
    expect(phases()).toEqual(["connecting", "live", "reconnecting", "reconnecting", "live"]);
    expect(states[2]).toEqual({
      phase: "reconnecting",
      attempt: 1,
      nextAttempt: 1_000,
      reason: "line lost",
      expired: false,
    });
    expect(states[3]!.nextAttempt).toBeNull();
  });

  it("sends only the difference when subscriptions change at run time, on the same connection", async () => {
    const link = start();
    await settle();
    feed.connections[0]!.sent.length = 0;
    wanted = [
      { tokens: [2, 4], mode: "full" },
      { tokens: [1], mode: "quote" },
    ];
    link.refresh();
    expect(feed.connections[0]!.sent).toEqual([
      ["unsubscribe", [3]],
      ["subscribe", "quote", [1]],
      ["subscribe", "full", [4]],
    ]);
    expect(feed.attempts).toBe(1);
  });

  it("takes a change made while away into the next connection", async () => {
    const link = start();
    await settle();
    feed.connections[0]!.drop();
    await settle();
    wanted = [{ tokens: [9], mode: "quote" }];
    link.refresh();
    await time.advance(1_000);
    expect(feed.connections[1]!.sent).toEqual([["subscribe", "quote", [9]]]);
  });

  it("doubles the longest wait from 1 s to at most 60 s", async () => {
    for (let failure = 0; failure < 9; failure++) feed.answers.push(unreachable());
    start();
    await time.advance(1_000_000);
    const waits = states.filter((state) => state.nextAttempt !== null);
    expect(waits.map((state) => state.attempt)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const times = waits.map((state) => state.nextAttempt!);
    expect(times.map((at, row) => at - (times[row - 1] ?? 0))).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
    expect(states.at(-1)!.phase).toBe("live");
  });

  it("waits a random part of that, so that clients do not return together", async () => {
    feed.answers.push(unreachable());
    start(0.25);
    await time.advance(0);
    expect(states.at(-1)!.nextAttempt).toBe(250);
  });

  it("waits at least as long as a broker that limits it asks", async () => {
    feed.answers.push(new AppError("rate_limited", "slowly", { details: { retryAfterMs: 7_000 } }));
    start(0);
    await time.advance(0);
    expect(states.at(-1)!.nextAttempt).toBe(7_000);
  });

  it("starts counting from one after 30 s of health, and not before", async () => {
    feed.answers.push(unreachable(), unreachable());
    start();
    await time.advance(3_000);
    await time.advance(29_999);
    feed.connections[0]!.drop();
    await settle();
    expect(states.at(-1)).toMatchObject({ phase: "reconnecting", attempt: 3 });
    await time.advance(4_000);
    await time.advance(30_000);
    feed.connections[1]!.drop();
    await settle();
    expect(states.at(-1)).toMatchObject({ phase: "reconnecting", attempt: 1 });
  });

  it("gives up when the login has expired: only a new login helps", async () => {
    feed.answers.push(unreachable(), new AppError("login_expired", "token refused"));
    const link = start();
    await time.advance(1_000_000);
    await link.ended;
    expect(states.at(-1)).toEqual({
      phase: "failed",
      attempt: 2,
      nextAttempt: null,
      reason: "token refused",
      expired: true,
    });
    expect(feed.attempts).toBe(2);
  });

  it("gives up when the connection itself says that the login has expired", async () => {
    const link = start();
    await settle();
    feed.connections[0]!.drop({ expired: true });
    await link.ended;
    expect(states.at(-1)).toMatchObject({ phase: "failed", expired: true });
  });

  it("ends without another word when aborted, live or waiting", async () => {
    const link = start();
    await settle();
    abort.abort();
    await link.ended;
    expect(phases()).toEqual(["connecting", "live"]);

    abort = new AbortController();
    feed.answers.push(unreachable());
    const waiting = start();
    await settle();
    abort.abort();
    await waiting.ended;
    expect(states.at(-1)!.phase).toBe("reconnecting");
    expect(feed.attempts).toBe(2);
  });
});
