import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RawMessage } from "@/server/domain/ticks/tick";
import type { MalformedLine } from "@/server/files/doubt";
import type { Clock } from "@/server/ports/clock";
import { recordedInstrument, replay, replayClock, startOfRecording } from "./replay";

const at = (time: string, date = "2022-11-25"): number => Date.parse(`${date}T${time}+05:30`);
/** 09:15 to 15:30 IST, Monday to Friday. */
const inSession = (time: number): boolean => {
  if ([0, 6].includes(new Date(time + 19_800_000).getUTCDay())) return false;
  const minute = Math.floor((time + 19_800_000) / 60_000) % 1_440;
  return minute >= 555 && minute < 930;
};

/** Sleeps are granted at once, and noted. */
const eagerClock = () => {
  let now = 1_000_000;
  const sleeps: number[] = [];
  const clock: Clock = {
    now: () => now,
    after: () => () => {},
    every: () => () => {},
    sleep: async (delayMs, signal) => {
      signal?.throwIfAborted();
      sleeps.push(delayMs);
      now += delayMs;
    },
  };
  return { clock, sleeps };
};

describe("replayClock", () => {
  it("stays at the start, then shows the recording's time at its speed, and jumps on request", () => {
    const { clock: base } = eagerClock();
    const clock = replayClock(base, { start: 100_000, speed: 60 });
    void base.sleep(5_000);
    expect(clock.now()).toBe(100_000);
    clock.run();
    void base.sleep(1_000);
    expect(clock.now()).toBe(160_000);
    clock.skip(40_000);
    expect(clock.now()).toBe(200_000);
  });

  it("goes no further than it is held at, and never back", () => {
    const { clock: base } = eagerClock();
    const clock = replayClock(base, { start: 100_000, speed: 60 });
    clock.run();
    clock.holdAt(130_000);
    void base.sleep(1_000);
    expect(clock.now()).toBe(130_000);
    expect(clock.due()).toBe(160_000);
    // Held for a moment only: more is to come.
    expect(clock.rate()).toBe(60);
    clock.holdAt(120_000);
    expect(clock.now()).toBe(130_000);
  });
});

describe("replay", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "replay-"));
    file = path.join(folder, "ticks.csv");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Plays the lines to the end; returns what arrived, and the real waits in between. */
  const playAll = async (lines: string[], speed: number) => {
    writeFileSync(file, lines.join("\n"));
    const { clock: base, sleeps } = eagerClock();
    const clock = replayClock(base, {
      start: await startOfRecording({ file, instrument: recordedInstrument("NSE:INFY") }, inSession),
      speed,
    });
    const rows: { time: number; price: number; received: number; token: number; volume: number }[] = [];
    const events: string[] = [];
    const malformed: MalformedLine[] = [];
    const abort = new AbortController();
    let ended!: () => void;
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const onMessage = (message: RawMessage): void => {
      if (message.kind !== "ticks") {
        events.push(message.recorded === true ? `${message.kind}, recorded` : message.kind);
        if (message.kind === "ended") ended();
        return;
      }
      for (let row = 0; row < message.length; row++) {
        rows.push({
          time: message.exchangeTime[row]!,
          price: message.price[row]!,
          received: message.receivedTime,
          token: message.token[row]!,
          volume: message.volume[row]!,
        });
      }
    };
    const feed = replay({
      file,
      instrument: recordedInstrument("NSE_INDEX:NIFTY 50"),
      clock,
      inSession,
      onMalformed: (line) => malformed.push(line),
    });
    const connection = await feed.connect(
      {},
      { collector: 0, now: clock.now, onMessage, onReject: () => {}, signal: abort.signal },
    );
    connection.subscribe([1], "full");
    await end;
    abort.abort();
    return { rows, events, malformed, sleeps, closed: await connection.closed };
  };

  it("begins with the first tick of the session: what came before is handed over at once", async () => {
    const { rows, sleeps } = await playAll(
      ["2022-11-25 09:07:00,1", "2022-11-25 09:15:00,2", "2022-11-25 09:15:01,3"],
      1,
    );
    expect(rows.map((row) => row.time)).toEqual([at("09:07:00"), at("09:15:00"), at("09:15:01")]);
    expect(rows.map((row) => row.received)).toEqual([at("09:15:00"), at("09:15:00"), at("09:15:01")]);
    expect(sleeps).toEqual([1_000]);
  });

  it("keeps the recording's spacing at its speed, holes inside the session included", async () => {
    const { sleeps } = await playAll(["2022-11-25 10:00:00,1", "2022-11-25 10:01:00,2", "2022-11-25 10:31:00,3"], 60);
    expect(sleeps).toEqual([1_000, 30_000]);
  });

  it("shows no time before its ticks are handed over, however late the machine is", async () => {
    const seen: [shown: number, told: number][] = [];
    let told = 0;
    writeFileSync(
      file,
      Array.from(
        { length: 300 },
        (_, second) =>
          `2022-11-25 10:${String(Math.floor(second / 60)).padStart(2, "0")}:${String(second % 60).padStart(2, "0")},${second + 1}`,
      ).join("\n"),
    );
    let real = 1_000_000;
    // Every sleep lasts a tenth of a second longer than asked for, which is six recorded seconds; then others look at the clock.
    const base: Clock = {
      now: () => real,
      after: () => () => {},
      every: () => () => {},
      sleep: async (delayMs) => {
        real += delayMs + 100;
        seen.push([clock.now(), told]);
      },
    };
    const clock = replayClock(base, {
      start: await startOfRecording({ file, instrument: recordedInstrument("NSE:INFY") }, inSession),
      speed: 60,
    });
    const abort = new AbortController();
    const feed = replay({
      file,
      instrument: recordedInstrument("NSE:RELIANCE"),
      clock,
      inSession,
      onMalformed: () => {},
    });
    await new Promise<void>((resolve) => {
      void feed
        .connect(
          {},
          {
            collector: 0,
            now: clock.now,
            onReject: () => {},
            signal: abort.signal,
            onMessage: (message) => {
              if (message.kind === "ticks")
                for (let row = 0; row < message.length; row++) {
                  told = message.exchangeTime[row]!;
                  expect(message.receivedTime).toBeGreaterThanOrEqual(told);
                }
              else if (message.kind === "ended") resolve();
            },
          },
        )
        .then((connection) => connection.subscribe([1], "full"));
    });
    abort.abort();
    expect(seen.length).toBeGreaterThan(10);
    for (const [shown, handedOver] of seen) expect(shown).toBeLessThanOrEqual(handedOver + 1_000);
  });

  it("shows no time before its first rows are read, and stops where the recording ends inside a session", async () => {
    const lines = ["2022-11-25 10:00:00,1", "2022-11-25 10:00:01,2"];
    writeFileSync(file, lines.join("\n"));
    let real = 1_000_000;
    // Each read of the machine's clock is a minute later, as on a busy machine.
    const base: Clock = {
      now: () => (real += 1_000),
      after: () => () => {},
      every: () => () => {},
      sleep: async (ms) => {
        real += ms;
      },
    };
    const clock = replayClock(base, { start: at("10:00:00"), speed: 60 });
    const abort = new AbortController();
    const feed = replay({
      file,
      instrument: recordedInstrument("NSE:RELIANCE"),
      clock,
      inSession,
      onMalformed: () => {},
    });
    let ended!: () => void;
    const end = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const connection = await feed.connect(
      {},
      {
        collector: 0,
        now: clock.now,
        onReject: () => {},
        signal: abort.signal,
        onMessage: (message) => {
          if (message.kind === "ended") ended();
        },
      },
    );
    connection.subscribe([1], "full");
    expect(clock.now()).toBe(at("10:00:00"));
    await end;
    real += 600_000;
    expect([clock.now(), clock.rate()]).toEqual([at("10:00:05"), 0]);
    abort.abort();
  });

  it("sends ticks minutes apart in separate batches", async () => {
    const { rows } = await playAll(["2022-11-25 10:00:00,1", "2022-11-25 10:00:30,2", "2022-11-25 10:01:00,3"], 1e9);
    expect(rows.map(({ time, received }) => received - time)).toEqual([0, 0, 0]);
  });

  it("does not wait for closed hours", async () => {
    const { rows, sleeps } = await playAll(["2022-11-25 15:29:59,1", "2022-11-28 09:15:00,2"], 1);
    expect(rows[1]).toMatchObject({ time: at("09:15:00", "2022-11-28") });
    expect(sleeps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(120_000);
  });

  it("carries token, volume of the day and minor units, says how it went, and stays connected at the end", async () => {
    const { rows, events, malformed, closed } = await playAll(["2022-11-25 10:00:00,18528.45,77", "oops"], 1);
    expect(rows).toEqual([{ time: at("10:00:00"), price: 1_852_845, received: at("10:00:00"), token: 1, volume: 77 }]);
    expect(malformed).toMatchObject([{ file, line: 2, text: "oops" }]);
    expect(events).toEqual(["connected, recorded", "ended", "disconnected"]);
    expect(closed).toEqual({ code: "stopped", reason: "stopped by Candela", expired: false });
  });

  it("refuses a recording without a tick in a session, and a key that is none", async () => {
    writeFileSync(file, "2022-11-25 18:00:00,1\n");
    await expect(
      startOfRecording({ file, instrument: recordedInstrument("NSE:INFY") }, inSession),
    ).rejects.toMatchObject({ code: "bad_input" });
    expect(() => recordedInstrument("NIFTY")).toThrow("EXCHANGE:SYMBOL");
  });
});
