import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOSE } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { istDay } from "@/server/domain/time/session";
import { timeframes } from "@/server/domain/time/timeframe";
import { oracleBars, type OracleBar } from "@/server/testing/bar-oracle";
import { named, PipelineRig } from "@/server/testing/pipeline-rig";
import { type ArrivingTick, randomTrading } from "@/server/testing/random-session";

const calendar = createCalendar();
const at = (text: string): number => Date.parse(`${text}+05:30`);
/** SIM trades through midnight; NSE closes each day; MCX's day is long; the auction stocks end at 15:15. */
const markets = [
  { hours: "SIM", start: at("2026-07-31T18:00:00") },
  { hours: "NSE", start: at("2024-10-31T09:00:00") }, // a muhurat session follows, a weekend and a new month
  { hours: "NSE_CAS", start: at("2026-07-30T09:00:00") },
  { hours: "MCX", start: at("2026-10-29T12:00:00") },
];
const byTime = (a: OracleBar, b: OracleBar): number => a.time - b.time;
const arrival = (tick: ArrivingTick): number => (Math.floor(tick.time / 1_000) + tick.delay) * 1_000;

describe.each(markets)("bars of $hours", ({ hours, start }) => {
  const trading = randomTrading(calendar, hours, start);

  it("are what sorting, grouping and folding the ticks gives, in every timeframe, however they come in batches", () => {
    fc.assert(
      fc.property(
        trading,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        fc.boolean(),
        (ticks, sizes, clocked) => {
          const rig = new PipelineRig(calendar, hours);
          for (let from = 0, turn = 0; from < ticks.length; turn++) {
            const size = sizes[turn % sizes.length]!;
            if (clocked) rig.at(arrival(ticks[from]!));
            rig.ticks(ticks.slice(from, from + size));
            from += size;
          }
          rig.finish();
          for (const of of timeframes) {
            expect(rig.closed(of), of.name).toEqual(oracleBars(ticks, calendar, hours, of));
            const starts = rig.events
              .filter(({ event, timeframe }) => event === CLOSE && timeframe === of.index)
              .map(({ time }) => time);
            expect(starts, `${of.name} closed once, in order`).toEqual([...new Set(starts)].sort((a, b) => a - b));
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("are at any instant the closed ones and the forming ones of the ticks so far, without hole or overlap", () => {
    fc.assert(
      fc.property(trading, fc.nat(), (ticks, seed) => {
        const rig = new PipelineRig(calendar, hours);
        const cut = 1 + (seed % ticks.length);
        for (const tick of ticks.slice(0, cut)) {
          rig.at(arrival(tick));
          rig.ticks([tick]);
        }
        for (const of of timeframes) {
          expect([...rig.closed(of), ...rig.forming(of)].sort(byTime), of.name).toEqual(
            oracleBars(ticks.slice(0, cut), calendar, hours, of),
          );
        }
      }),
      { numRuns: 30 },
    );
  });

  it("asking for forming bars changes nothing", () => {
    fc.assert(
      fc.property(trading, (ticks) => {
        const [asked, silent] = [new PipelineRig(calendar, hours), new PipelineRig(calendar, hours)];
        for (const tick of ticks) {
          asked.ticks([tick]);
          silent.ticks([tick]);
          for (const of of timeframes) asked.forming(of);
        }
        asked.finish();
        silent.finish();
        expect(asked.events).toEqual(silent.events);
      }),
      { numRuns: 10 },
    );
  });

  it("go on from stored minutes and days as if the stage had never stopped", () => {
    fc.assert(
      fc.property(trading, trading, (before, after) => {
        // The second part begins in a later minute, so that all minutes of the first are closed and stored.
        const stop = Math.max(...before.map(arrival));
        const minuteAfter = (Math.floor(stop / 60_000) + 1) * 60_000 + 5_000;
        const resume = Math.max(minuteAfter, calendar.next(hours, minuteAfter)!.open);
        const shift = resume - Math.min(...after.map(({ time }) => time));
        const later = after
          .map((tick) => ({ ...tick, time: tick.time + shift }))
          .filter(
            ({ time }) =>
              (calendar.on(hours, istDay(time))?.close ?? 0) > time && calendar.on(hours, istDay(time))!.open <= time,
          );
        fc.pre(later.length > 0);
        const [whole, stopped] = [new PipelineRig(calendar, hours), new PipelineRig(calendar, hours)];
        for (const rig of [whole, stopped]) {
          for (const tick of before) rig.ticks([tick]);
          rig.at(resume);
        }
        stopped.restart();
        const session = calendar.previous(hours, resume)!;
        stopped.bars.rebuild(
          0,
          stopped.stored(named("1m"), session.open),
          stopped.stored(named("1d"), session.open - 40 * 86_400_000, session.open),
        );
        for (const rig of [whole, stopped]) {
          for (const tick of later) rig.ticks([tick]);
          rig.finish();
        }
        for (const of of timeframes.filter(({ index }) => index >= named("1m").index))
          expect(stopped.closed(of), of.name).toEqual(whole.closed(of));
      }),
      { numRuns: 30 },
    );
  });
});
