import { describe, expect, it } from "vitest";
import { sessionOpens } from "@/server/domain/bars/bar-time";
import { spanAt } from "@/server/domain/bars/resample";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { CONTINUOUS_BAR, SessionWindows } from "@/server/domain/calendar/session-window";
import { type OracleTick, oracleBars } from "@/server/testing/bar-oracle";
import { named, PipelineRig } from "@/server/testing/pipeline-rig";

const DATE = "2026-09-07";
const at = (time: string): number => Date.parse(`${DATE}T${time}+05:30`);
const openingAt = (from: string) => ({
  id: 1,
  type: "open" as const,
  kind: "special" as const,
  date: DATE,
  hours: ["NSE"],
  name: "Late start",
  phases: [{ phase: "continuous" as const, from, to: "15:30" }],
});

/** One tick every seven seconds. */
const ticksBetween = (from: string, to: string): OracleTick[] =>
  Array.from({ length: Math.floor((at(to) - at(from)) / 7_000) }, (_, row) => ({
    time: at(from) + row * 7_000,
    price: 10_000 + ((row * 37) % 50) * 5,
    volume: Math.floor((at(from) + row * 7_000 - at("09:00:00")) / 100),
  }));

describe("an edit that moves today's open while it trades", () => {
  it.each(["09:20", "09:16", "09:07"])("to %s puts bars that form and come on the new grid", (open) => {
    const calendar = createCalendar();
    const rig = new PipelineRig(calendar, "NSE");
    const windows = new SessionWindows(calendar, rig.table);
    const play = (ticks: readonly OracleTick[]): void => {
      for (const tick of ticks) {
        rig.at(tick.time);
        rig.ticks([tick]);
      }
    };
    const before = ticksBetween("09:21:00", "09:26:30");
    const after = ticksBetween("09:26:37", "10:00:00");
    play(before);
    expect(windows.entry(0, at("09:17:00"))).toBe(CONTINUOUS_BAR);
    expect(rig.forming(named("15m")).map(({ time }) => time)).toEqual([at("09:15:00")]);

    // As the server does it: the edit is in force, caches are dropped, what is open is made anew from stored minutes.
    calendar.setEdits([openingAt(open)]);
    windows.reset();
    rig.bars.forgetSessions();
    const start = at(`${open}:00`);
    rig.bars.rebuild(0, rig.stored(named("1m"), start), rig.stored(named("1d"), 0, start));

    // What has ended on the new grid closes with the clock's next turn.
    rig.at(before.at(-1)!.time + 4_000);
    expect([windows.entry(0, start - 1), windows.entry(0, start)]).toEqual([
      windows.entry(0, at("03:00:00")),
      CONTINUOUS_BAR,
    ]);
    expect(sessionOpens(calendar, "NSE", at("00:00:00"), at("23:59:59"))).toEqual([start]);
    for (const name of ["3m", "5m", "15m", "30m", "1h", "1d", "1W", "1M"]) {
      const of = named(name);
      const span = spanAt(calendar, "NSE", of, before.at(-1)!.time)!;
      expect(rig.forming(of), `${name} forming`).toEqual(
        oracleBars(before, calendar, "NSE", of).filter(({ time }) => time === span.start),
      );
    }

    play(after);
    rig.at(at("10:00:00"));
    for (const name of ["3m", "5m", "15m", "30m"]) {
      const of = named(name);
      // Bars that were closed on the old grid stay in the store as they were; what ends later is on the new one.
      const edited = spanAt(calendar, "NSE", of, before.at(-1)!.time)!.start;
      const expected = oracleBars([...before, ...after], calendar, "NSE", of).filter(({ time }) => time >= edited);
      const got = [...rig.closed(of), ...rig.forming(of)].filter(({ time }) => time >= edited);
      expect(got, name).toEqual(expected);
      expect(got.length, name).toBeGreaterThan(1);
    }
    for (const name of ["1h", "1d", "1W", "1M"])
      expect(rig.forming(named(name)), name).toEqual(oracleBars([...before, ...after], calendar, "NSE", named(name)));
  });
});
