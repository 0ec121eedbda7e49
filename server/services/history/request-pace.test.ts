import { describe, expect, it } from "vitest";
import { AppError } from "@/server/domain/basics/errors";
import type { Clock } from "@/server/ports/clock";
import { RequestPace, RequestPaces } from "./request-pace";

/** Time passes only by sleeping; sleepers wake in the order of their times. */
const fakeClock = () => {
  let now = 1_000;
  const sleepers: { at: number; wake(): void }[] = [];
  const clock = {
    now: () => now,
    sleep: (ms: number) =>
      new Promise<void>((wake) => {
        sleepers.push({ at: now + ms, wake });
      }),
  } as Clock;
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return {
    clock,
    /** Advances time until nothing sleeps. */
    async run(untilMs = Number.POSITIVE_INFINITY) {
      for (await settle(); sleepers.length > 0; await settle()) {
        sleepers.sort((a, b) => a.at - b.at);
        if (sleepers[0]!.at > untilMs) return;
        const next = sleepers.shift()!;
        now = Math.max(now, next.at);
        next.wake();
      }
    },
    now: () => now,
  };
};
const refused = (code: "rate_limited" | "broker_unreachable" | "broker_refused", retryAfterMs?: number): AppError =>
  new AppError(code, code, { details: retryAfterMs === undefined ? {} : { retryAfterMs } });
const signal = new AbortController().signal;

describe("RequestPace", () => {
  it("lets any number wait on one signal, without a warning", async () => {
    const warnings: string[] = [];
    const hear = (warning: Error): void => {
      warnings.push(warning.message);
    };
    process.on("warning", hear);
    try {
      const time = fakeClock();
      const pace = new RequestPace(time.clock, 4);
      const one = new AbortController().signal;
      const all = Promise.all(Array.from({ length: 40 }, () => pace.ask(async () => {}, { signal: one })));
      await time.run();
      await all;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
      expect(warnings).toEqual([]);
    } finally {
      process.off("warning", hear);
    }
  });

  it("waits as long as a broker asks for, but not for centuries", async () => {
    const time = fakeClock();
    const pace = new RequestPace(time.clock, 4);
    const starts: number[] = [];
    let attempt = 0;
    const asked = pace.ask(
      async () => {
        starts.push(time.now() - 1_000);
        if (attempt++ < 2) throw refused("rate_limited", attempt === 1 ? 45_000 : 9_999_999_999_000);
      },
      { signal },
    );
    await time.run();
    await asked;
    expect(starts).toEqual([0, 45_000, 105_000]);
  });

  it("spaces requests evenly, however many ask at once and however long each takes", async () => {
    const time = fakeClock();
    const pace = new RequestPace(time.clock, 4);
    const starts: number[] = [];
    const all = Promise.all(
      Array.from({ length: 9 }, () =>
        pace.ask(
          async () => {
            starts.push(time.now() - 1_000);
            await time.clock.sleep(700);
          },
          { signal },
        ),
      ),
    );
    await time.run();
    await all;
    expect(starts).toEqual([0, 250, 500, 750, 1_000, 1_250, 1_500, 1_750, 2_000]);
  });

  it("lets urgent requests pass those that wait", async () => {
    const time = fakeClock();
    const pace = new RequestPace(time.clock, 1);
    const order: string[] = [];
    const ask = (name: string, urgent: boolean) => pace.ask(async () => void order.push(name), { signal, urgent });
    const all = [
      ask("past 1", false),
      ask("past 2", false),
      ask("heal 1", true),
      ask("past 3", false),
      ask("heal 2", true),
    ];
    await time.run();
    await Promise.all(all);
    expect(order).toEqual(["past 1", "heal 1", "heal 2", "past 2", "past 3"]);
  });

  it("holds every request back when the broker says too fast, longer each time, and starts anew after an answer", async () => {
    const time = fakeClock();
    const pace = new RequestPace(time.clock, 10);
    const tries: number[] = [];
    const answers = [
      refused("rate_limited"),
      refused("broker_unreachable"),
      refused("rate_limited"),
      null,
      refused("rate_limited"),
      null,
    ];
    const ask = () =>
      pace.ask(
        async () => {
          tries.push(Math.round(time.now() - 1_000));
          const cause = answers.shift();
          if (cause !== null && cause !== undefined) throw cause;
        },
        { signal },
      );
    const first = ask();
    await time.run();
    await first;
    expect(tries).toEqual([0, 1_000, 3_000, 7_000]);
    const second = ask();
    await time.run();
    await second;
    expect(tries.slice(4), "the wait begins at a second again").toEqual([7_100, 8_100]);
  });

  it("counts requests that fail together once", async () => {
    const time = fakeClock();
    const pace = new RequestPace(time.clock, 100);
    let failing = 5;
    const done: number[] = [];
    const all = Array.from({ length: 5 }, () =>
      pace.ask(
        async () => {
          await time.clock.sleep(100);
          if (failing-- > 0) throw refused("rate_limited");
          done.push(time.now());
        },
        { signal },
      ),
    );
    await time.run();
    await Promise.all(all);
    expect(Math.max(...done) - 1_000, "one pause of a second, not five doublings").toBeLessThan(1_500);
  });

  it("tells whoever waits for a bounded time what held it up, in the broker's words", async () => {
    const { clock, run } = fakeClock();
    const pace = new RequestPace(clock, 3);
    const patience = new AbortController();
    const late = pace.ask(() => Promise.reject(refused("rate_limited", 60_000)), { signal: patience.signal });
    late.catch(() => {});
    await run(30_000);
    const behind = pace.ask(() => Promise.resolve(1), { signal: patience.signal });
    behind.catch(() => {});
    patience.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
    for (const each of [late, behind, pace.ask(() => Promise.resolve(1), { signal: patience.signal })]) {
      await expect(each).rejects.toMatchObject({
        code: "broker_unreachable",
        retryable: true,
        message: `The broker did not respond in time: ${refused("rate_limited").message}`,
      });
    }
    // Once the broker responds again, its old errors delay nobody.
    const next = pace.ask(() => Promise.resolve(2), { signal });
    await run();
    expect(await next).toBe(2);
    await expect(pace.ask(() => Promise.resolve(1), { signal: patience.signal })).rejects.toThrow(
      "The broker did not respond in time: other requests were ahead, or it is slow",
    );
    const gone = new AbortController();
    gone.abort(new Error("the client disconnected"));
    await expect(pace.ask(() => Promise.resolve(1), { signal: gone.signal })).rejects.toThrow(
      "the client disconnected",
    );
  });

  it("waits as long as the broker asks, where it says", async () => {
    const time = fakeClock();
    const pace = new RequestPace(time.clock, 10);
    let asked = 0;
    const answer = pace.ask(
      async () => {
        if (asked++ === 0) throw refused("rate_limited", 12_000);
        return time.now() - 1_000;
      },
      { signal },
    );
    await time.run();
    expect(await answer).toBe(12_000);
  });

  it("gives up after so many tries, and at once on what waiting does not mend", async () => {
    const time = fakeClock();
    const pace = new RequestPace(time.clock, 10);
    let asked = 0;
    const patient = expect(
      pace.ask(
        async () => {
          asked++;
          throw refused("broker_unreachable");
        },
        { signal, attempts: 3 },
      ),
    ).rejects.toMatchObject({ code: "broker_unreachable" });
    await time.run();
    await patient;
    expect(asked).toBe(3);
    const other = expect(
      pace.ask(
        async () => {
          asked++;
          throw refused("broker_refused");
        },
        { signal },
      ),
    ).rejects.toMatchObject({ code: "broker_refused" });
    await time.run();
    await other;
    expect(asked).toBe(4);
  });

  it("lets go of a request that is no longer wanted, without taking its turn", async () => {
    const time = fakeClock();
    const pace = new RequestPace(time.clock, 1);
    const unwanted = new AbortController();
    const starts: string[] = [];
    const first = pace.ask(async () => void starts.push("first"), { signal });
    const second = expect(
      pace.ask(async () => void starts.push("second"), { signal: unwanted.signal }),
    ).rejects.toThrow("not wanted");
    const third = pace.ask(async () => void starts.push(`third at ${time.now() - 1_000}`), { signal });
    unwanted.abort(new Error("not wanted"));
    await time.run();
    await Promise.all([first, second, third]);
    expect(starts).toEqual(["first", "third at 1000"]);
  });

  it("is one for everybody who asks with the same login", () => {
    const paces = new RequestPaces(fakeClock().clock);
    const login = {};
    expect(paces.of(login, 3)).toBe(paces.of(login, 3));
    expect(paces.of({}, 3)).not.toBe(paces.of(login, 3));
  });
});
