import { describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { AppError } from "@/server/domain/basics/errors";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { dayOfDate, istDate } from "@/server/domain/time/session";
import { conventionOf, settledFrom } from "@/server/domain/instruments/source-conventions";
import { silentLog } from "@/server/observe/log";
import type { Clock } from "@/server/ports/clock";
import type { CompareRun } from "@/server/ports/gap-stores";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { type DayOutcome, DayQuality } from "./day-quality";

interface Disk {
  settings: Map<string, unknown>;
  runs: CompareRun[];
}

/** Instruments 1 and 2 on NSE, 3 on MCX; `holes` and `streamed` by instrument. */
const run = (
  disk: Disk,
  start: string,
  more: { holes?: number[]; streamed?: number[]; busy?: boolean; compare?: (instrument: number) => void } = {},
) => {
  let now = Date.parse(`${start}+05:30`);
  const said: string[] = [];
  const done: [string, string, DayOutcome][] = [];
  const table = new InstrumentTable();
  ["NSE", "NSE", "MCX"].forEach((hours, index) => table.put(testInstrument(index + 1), hours));
  const state = { busy: more.busy ?? false };
  const quality = new DayQuality({
    live: { table },
    calendar: createCalendar(),
    log: silentLog(),
    clock: { now: () => now, every: () => () => {} } as unknown as Clock,
    settings: {
      get: async (name) => structuredClone(disk.settings.get(name) ?? null),
      set: async (name, value) => void disk.settings.set(name, structuredClone(value)),
    },
    instruments: () => [0, 1, 2],
    busy: () => state.busy,
    holes: async (instrument) => (more.holes?.includes(instrument) === true ? [{ from: 1, to: 2 }] : []),
    missing: async (instrument, _, note) => void said.push(`${instrument} lacks bars: ${note}`),
    streamed: async (instrument) => more.streamed?.includes(instrument) ?? true,
    lastCompare: async (instrument, day) =>
      disk.runs.findLast((each) => each.instrument === instrument && each.day === day) ?? null,
    async compare(instrument, day) {
      more.compare?.(instrument);
      said.push(`${instrument} compared ${istDate(day)}`);
      const made: CompareRun = {
        id: disk.runs.length,
        instrument,
        day,
        at: now,
        by: "",
        bars: 1,
        equal: 0,
        kept: 0,
        corrected: 1,
        flagged: 0,
      };
      disk.runs.push(made);
      return made;
    },
    review: async () => void said.push("gaps reviewed"),
    done: (...told) => void done.push(told),
  });
  return {
    quality,
    said,
    done,
    state,
    at: (clock: string) => {
      now = Date.parse(`${clock}+05:30`);
      return quality.look();
    },
  };
};
const disk = (): Disk => ({ settings: new Map(), runs: [] });

describe("a day's bars", () => {
  it("are judged once, twenty minutes after its last auction, by each exchange's own hours", async () => {
    const { said, done, at } = run(disk(), "2026-11-18T15:30:00", { holes: [1] });
    await at("2026-11-18T10:00:00");
    expect(said.splice(0), "the day before is made up for").toEqual([
      "0 compared 2026-11-17",
      "1 lacks bars: found after the close on 2026-11-17",
      "1 compared 2026-11-17",
      "gaps reviewed",
      "2 compared 2026-11-17",
      "gaps reviewed",
    ]);
    await at("2026-11-18T16:19:00");
    expect(said).toEqual([]);
    await at("2026-11-18T16:21:00");
    await at("2026-11-18T16:22:00");
    expect(said.splice(0)).toEqual([
      "0 compared 2026-11-18",
      "1 lacks bars: found after the close on 2026-11-18",
      "1 compared 2026-11-18",
      "gaps reviewed",
    ]);
    await at("2026-11-19T00:14:00");
    expect(said).toEqual([]);
    await at("2026-11-19T00:16:00");
    expect(said).toEqual(["2 compared 2026-11-18", "gaps reviewed"]);
    expect(done.at(-1)).toEqual([
      "MCX",
      "2026-11-18",
      { instruments: 1, incomplete: 0, compared: 1, corrected: 1, flagged: 0, failed: 0 },
    ]);
  });

  it("are judged also where what was kept of earlier days is broken in part, or as a whole", async () => {
    const kept = disk();
    kept.settings.set("quality.judged", { NSE: "yesterday", MCX: dayOfDate("2026-11-17") });
    kept.settings.set("quality.settled", "x");
    const { said, at } = run(kept, "2026-11-18T10:00:00");
    await at("2026-11-18T10:00:00");
    expect(said).toEqual(["0 compared 2026-11-17", "1 compared 2026-11-17", "gaps reviewed"]);
    expect(kept.settings.get("quality.judged")).toEqual({ NSE: dayOfDate("2026-11-17"), MCX: dayOfDate("2026-11-17") });
  });

  it("wait while history is being fetched for something else", async () => {
    const { said, state, at } = run(disk(), "2026-11-18T16:30:00", { busy: true });
    await at("2026-11-18T16:30:00");
    expect(said).toEqual([]);
    state.busy = false;
    await at("2026-11-18T16:31:00");
    expect(said.length).toBeGreaterThan(0);
  });

  it("are not compared where no tick of ours made one: history would be held against itself", async () => {
    const { said, at } = run(disk(), "2026-11-18T16:30:00", { streamed: [] });
    await at("2026-11-18T16:30:00");
    expect(said).toEqual(["gaps reviewed", "gaps reviewed"]);
  });

  it("go on where a stop or an expired login broke them off, and no instrument's fault stops the others", async () => {
    const kept = disk();
    const first = run(kept, "2026-11-18T16:30:00", {
      compare: (instrument) => {
        if (instrument === 1) throw new AppError("login_expired", "the token is gone");
      },
    });
    await first.at("2026-11-18T16:30:00");
    expect(first.said).toEqual(["0 compared 2026-11-18"]);
    const second = run(kept, "2026-11-18T17:00:00", {
      compare: (instrument) => {
        if (instrument === 2) throw new AppError("broker_refused", "no such token");
      },
    });
    await second.at("2026-11-18T17:00:00");
    expect(second.said).toEqual(["1 compared 2026-11-18", "gaps reviewed", "gaps reviewed"]);
    expect(second.done.map(([hours, , { compared, failed }]) => [hours, compared, failed])).toEqual([
      ["NSE", 1, 0],
      ["MCX", 0, 1],
    ]);
    const third = run(kept, "2026-11-18T18:00:00");
    await third.at("2026-11-18T18:00:00");
    expect(third.said).toEqual([]);
  });
});

/** RELIANCE (hours with a closing auction), SMALLCO (pre-open and post-close) and a metal (neither), whose settled days are written down. */
const mornings = (disk: Disk, settle: (instrument: number) => void = () => {}) => {
  let now = 0;
  const settled: string[] = [];
  const table = new InstrumentTable();
  ["NSE_CAS", "NSE", "MCX"].forEach((hours, index) => table.put(testInstrument(index + 1), hours));
  const state = { busy: false };
  const quality = new DayQuality({
    live: { table },
    calendar: createCalendar(),
    log: silentLog(),
    clock: { now: () => now, every: () => () => {} } as unknown as Clock,
    settings: {
      get: async (name) => structuredClone(disk.settings.get(name) ?? null),
      set: async (name, value) => void disk.settings.set(name, structuredClone(value)),
    },
    instruments: () => [0, 1, 2],
    busy: () => state.busy,
    holes: async () => [],
    missing: async () => {},
    streamed: async () => false,
    lastCompare: async () => null,
    compare: () => Promise.reject(new Error("nothing was streamed")),
    review: async () => {},
    done() {},
    settledAt: (_, day) => settledFrom(conventionOf("kite", "stock", day), day),
    async settle(instrument, day) {
      settle(instrument);
      settled.push(`${instrument} ${istDate(day)}`);
    },
  });
  return {
    state,
    at: async (clock: string) => {
      now = Date.parse(`${clock}+05:30`);
      await quality.look();
      return settled.splice(0);
    },
  };
};

describe("day bars of the day before", () => {
  it("are read again once, at six in the morning, where the day has auctions", async () => {
    const { at } = mornings(disk());
    // Wednesday, 2026-11-18; it makes up for Tuesday.
    expect(await at("2026-11-18T20:00:00")).toEqual(["0 2026-11-17", "1 2026-11-17"]);
    expect(await at("2026-11-19T05:59:00")).toEqual([]);
    expect(await at("2026-11-19T06:00:00")).toEqual(["0 2026-11-18", "1 2026-11-18"]);
    expect(await at("2026-11-19T06:01:00")).toEqual([]);
  });

  it("are read after a weekend on Saturday already, and on Monday if the machine was off", async () => {
    const kept = disk();
    expect(await mornings(kept).at("2026-11-20T20:00:00")).toEqual(["0 2026-11-19", "1 2026-11-19"]);
    expect(await mornings(kept).at("2026-11-23T08:00:00")).toEqual(["0 2026-11-20", "1 2026-11-20"]);
    expect(await mornings(kept).at("2026-11-23T08:05:00")).toEqual([]);
  });

  it("wait for history, for a login, and do without one bar that cannot be read", async () => {
    const kept = disk();
    let fault: AppError | null = new AppError("login_expired", "the token is of yesterday");
    const { at, state } = mornings(kept, (instrument) => {
      if (instrument === 0 && fault !== null) throw fault;
    });
    state.busy = true;
    expect(await at("2026-11-19T06:00:00")).toEqual([]);
    state.busy = false;
    expect(await at("2026-11-19T06:01:00")).toEqual([]);
    fault = new AppError("broker_refused", "no such day");
    expect(await at("2026-11-19T08:30:00")).toEqual(["1 2026-11-18"]);
    fault = null;
    expect(await at("2026-11-19T08:31:00"), "a day is settled once").toEqual([]);
  });
});
