import { describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar";
import { AppError } from "@/server/domain/errors";
import { InstrumentTable } from "@/server/domain/instrument-table";
import { istDate } from "@/server/domain/session";
import { silentLog } from "@/server/observe/log";
import type { Clock } from "@/server/ports/clock";
import type { CompareRun } from "@/server/ports/gaps";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { type DayOutcome, DayQuality } from "./quality";

interface Disk { settings: Map<string, unknown>; runs: CompareRun[] }

/** Instruments 1 and 2 on NSE, 3 on MCX; `holes` and `streamed` by instrument. */
const run = (disk: Disk, start: string, more: { holes?: number[]; streamed?: number[]; busy?: boolean; compare?: (instrument: number) => void } = {}) => {
  let now = Date.parse(`${start}+05:30`);
  const said: string[] = [];
  const done: [string, string, DayOutcome][] = [];
  const table = new InstrumentTable();
  ["NSE", "NSE", "MCX"].forEach((hours, index) => table.put(testInstrument(index + 1), hours));
  const state = { busy: more.busy ?? false };
  const quality = new DayQuality({
    live: { table }, calendar: createCalendar(), log: silentLog(), clock: { now: () => now, every: () => () => {} } as unknown as Clock,
    settings: { get: async (name) => structuredClone(disk.settings.get(name) ?? null), set: async (name, value) => void disk.settings.set(name, structuredClone(value)) },
    instruments: () => [0, 1, 2], busy: () => state.busy,
    holes: async (instrument) => (more.holes?.includes(instrument) === true ? [{ from: 1, to: 2 }] : []),
    missing: async (instrument, _, note) => void said.push(`${instrument} lacks bars: ${note}`),
    streamed: async (instrument) => more.streamed?.includes(instrument) ?? true,
    lastCompare: async (instrument, day) => disk.runs.findLast((each) => each.instrument === instrument && each.day === day) ?? null,
    async compare(instrument, day) {
      more.compare?.(instrument);
      said.push(`${instrument} compared ${istDate(day)}`);
      const made: CompareRun = { id: disk.runs.length, instrument, day, at: now, by: "", bars: 1, equal: 0, kept: 0, corrected: 1, flagged: 0 };
      disk.runs.push(made);
      return made;
    },
    review: async () => void said.push("gaps reviewed"), done: (...told) => void done.push(told),
  });
  return { quality, said, done, state, at: (clock: string) => { now = Date.parse(`${clock}+05:30`); return quality.look(); } };
};
const disk = (): Disk => ({ settings: new Map(), runs: [] });

describe("a day's bars", () => {
  it("are judged once, twenty minutes after its last auction, by each exchange's own hours", async () => {
    const { said, done, at } = run(disk(), "2026-11-18T15:30:00", { holes: [1] });
    await at("2026-11-18T10:00:00");
    expect(said.splice(0), "the day before is made up for").toEqual(["0 compared 2026-11-17", "1 lacks bars: found after the close of 2026-11-17", "1 compared 2026-11-17", "gaps reviewed", "2 compared 2026-11-17", "gaps reviewed"]);
    await at("2026-11-18T16:19:00");
    expect(said).toEqual([]);
    await at("2026-11-18T16:21:00");
    await at("2026-11-18T16:22:00");
    expect(said.splice(0)).toEqual(["0 compared 2026-11-18", "1 lacks bars: found after the close of 2026-11-18", "1 compared 2026-11-18", "gaps reviewed"]);
    await at("2026-11-19T00:14:00");
    expect(said).toEqual([]);
    await at("2026-11-19T00:16:00");
    expect(said).toEqual(["2 compared 2026-11-18", "gaps reviewed"]);
    expect(done.at(-1)).toEqual(["MCX", "2026-11-18", { instruments: 1, incomplete: 0, compared: 1, corrected: 1, flagged: 0, failed: 0 }]);
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
    const first = run(kept, "2026-11-18T16:30:00", { compare: (instrument) => { if (instrument === 1) throw new AppError("login_expired", "the token is gone"); } });
    await first.at("2026-11-18T16:30:00");
    expect(first.said).toEqual(["0 compared 2026-11-18"]);
    const second = run(kept, "2026-11-18T17:00:00", { compare: (instrument) => { if (instrument === 2) throw new AppError("broker_refused", "no such token"); } });
    await second.at("2026-11-18T17:00:00");
    expect(second.said).toEqual(["1 compared 2026-11-18", "gaps reviewed", "gaps reviewed"]);
    expect(second.done.map(([hours, , { compared, failed }]) => [hours, compared, failed])).toEqual([["NSE", 1, 0], ["MCX", 0, 1]]);
    const third = run(kept, "2026-11-18T18:00:00");
    await third.at("2026-11-18T18:00:00");
    expect(third.said).toEqual([]);
  });
});
