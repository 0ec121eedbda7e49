import { beforeEach, describe, expect, it } from "vitest";
import { silentLog } from "@/server/observe/log";
import type { Clock } from "@/server/ports/clock";
import type { LeaseHolder, LeaseStore } from "@/server/ports/leases";
import { Leases } from "./lease";

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 30; turn++) await Promise.resolve();
};

/** Time that advances only when told to; one clock for the store and all instances. */
const manualClock = () => {
  let now = 0;
  let timers: { at: number; every: number | null; run: () => void }[] = [];
  const add = (delayMs: number, every: number | null, run: () => void): (() => void) => {
    const timer = { at: now + delayMs, every, run };
    timers.push(timer);
    return () => {
      timers = timers.filter((other) => other !== timer);
    };
  };
  const clock: Clock = {
    now: () => now,
    after: (ms, run) => add(ms, null, run),
    every: (ms, run) => add(ms, ms, run),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const stop = (): void => {
          cancel();
          reject(signal!.reason as Error);
        };
        const cancel = add(ms, null, () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        });
        signal?.addEventListener("abort", stop, { once: true });
      }),
  };
  const advance = async (ms: number): Promise<void> => {
    const until = now + ms;
    await settle();
    for (;;) {
      const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      now = due.at;
      if (due.every === null) timers = timers.filter((timer) => timer !== due);
      else due.at += due.every;
      due.run();
      await settle();
    }
    now = until;
  };
  return { clock, advance };
};

/** A store of leases in memory that can be away. */
const memoryLeases = (clock: Clock) => {
  const held = new Map<string, { holder: LeaseHolder; since: number; until: number }>();
  const state = { away: false };
  const there = (): void => {
    if (state.away) throw new Error("away");
  };
  const store: LeaseStore = {
    async acquire(name, holder, lengthMs, dead) {
      there();
      const before = held.get(name);
      if (
        before === undefined ||
        before.until <= clock.now() ||
        [holder.instance, dead].includes(before.holder.instance)
      )
        held.set(name, { holder, since: clock.now(), until: clock.now() + lengthMs });
      const { holder: whose, since, until } = held.get(name)!;
      return { holder: whose, since, remainingMs: until - clock.now() };
    },
    async renew(name, instance, lengthMs) {
      there();
      const lease = held.get(name);
      if (lease?.holder.instance !== instance) return false;
      lease.until = clock.now() + lengthMs;
      return true;
    },
    async release(name, instance) {
      there();
      if (held.get(name)?.holder.instance === instance) held.delete(name);
    },
  };
  return { store, held, state };
};

describe("a lease on a broker login", () => {
  let time: ReturnType<typeof manualClock>;
  let shared: ReturnType<typeof memoryLeases>;
  let dead: Set<string>;
  beforeEach(() => {
    time = manualClock();
    shared = memoryLeases(time.clock);
    dead = new Set();
  });

  /** A running instance: its actions, in order. */
  const instance = (name: string, host = "desk") => {
    const self: LeaseHolder = { instance: name, host, pid: name.length, started: "" };
    const leases = new Leases({
      store: shared.store,
      self,
      isDead: (holder) => dead.has(holder.instance),
      wall: time.clock,
      log: silentLog(),
    });
    const did: string[] = [];
    const ending = new AbortController();
    const kept = leases.keep(
      "login",
      {
        held: (signal) =>
          new Promise((_, reject) => {
            did.push("works");
            signal.addEventListener(
              "abort",
              () => {
                did.push("ends");
                reject(signal.reason as Error);
              },
              { once: true },
            );
          }),
        waiting: (reason) => {
          did.push(reason);
        },
      },
      ending.signal,
    );
    kept.catch(() => {});
    return {
      did,
      kept,
      /** Like kill -9: nothing more happens, and its lease stays. */
      crash: async () => {
        const lease = shared.held.get("login")!;
        ending.abort(new Error("crash"));
        await settle();
        shared.held.set("login", lease);
      },
      stop: async () => {
        ending.abort(new Error("stop"));
        await settle();
        await leases.stop();
      },
    };
  };

  it("is used at once by the first, for as long as it lives", async () => {
    const one = instance("one");
    await time.advance(120_000);
    expect(one.did).toEqual(["works"]);
  });

  it("makes a second one stand by and say who has it; it takes over within two seconds of the first one's stop", async () => {
    const one = instance("one");
    await time.advance(0);
    const second = instance("second");
    await time.advance(60_000);
    expect(second.did).toEqual(["on standby: process 3 on desk uses this login; takes over when that process ends"]);
    await one.stop();
    expect(one.did).toEqual(["works", "ends"]);
    await time.advance(2_000);
    expect(second.did.slice(1)).toEqual(["works"]);
  });

  it("is taken from a dead process of this host without waiting", async () => {
    const one = instance("one");
    await time.advance(60_000);
    await one.crash();
    dead.add("one");
    const next = instance("next");
    await time.advance(0);
    expect(next.did).toEqual(["works"]);
  });

  it("is taken from a dead one of another host when its time is over", async () => {
    const one = instance("one", "far");
    await time.advance(60_000);
    await one.crash();
    const next = instance("next");
    await time.advance(9_000);
    expect(next.did).toEqual(["on standby: process 3 on far uses this login; takes over when that process ends"]);
    await time.advance(6_000);
    expect(next.did.slice(1)).toEqual(["works"]);
  });

  it("ends the work of a holder that has lost it, which then stands by", async () => {
    const one = instance("one");
    await time.advance(1_000);
    // It was asleep, and another took over.
    shared.held.set("login", {
      holder: { instance: "other", host: "far", pid: 9, started: "" },
      since: 0,
      until: 40_000,
    });
    await time.advance(6_000);
    expect(one.did).toEqual([
      "works",
      "ends",
      "on standby: process 9 on far uses this login; takes over when that process ends",
    ]);
    await time.advance(40_000);
    expect(one.did.slice(3)).toEqual(["works"]);
  });

  it("is not lost while the store is away: nobody can take it, and ticks would be", async () => {
    const one = instance("one");
    await time.advance(1_000);
    shared.state.away = true;
    await time.advance(600_000);
    shared.state.away = false;
    await time.advance(20_000);
    expect(one.did).toEqual(["works"]);
  });

  it("waits for a store that is away at the start", async () => {
    shared.state.away = true;
    const one = instance("one");
    await time.advance(10_000);
    expect(one.did).toEqual([]);
    shared.state.away = false;
    await time.advance(2_000);
    expect(one.did).toEqual(["works"]);
  });

  it("is freed when the work fails", async () => {
    const leases = new Leases({
      store: shared.store,
      self: { instance: "one", host: "desk", pid: 1, started: "" },
      isDead: () => false,
      wall: time.clock,
      log: silentLog(),
    });
    const failed = leases.keep(
      "login",
      { held: () => Promise.reject(new Error("no such feed")), waiting: () => {} },
      new AbortController().signal,
    );
    await expect(failed).rejects.toThrow("no such feed");
    expect(shared.held.size).toBe(0);
  });
});
