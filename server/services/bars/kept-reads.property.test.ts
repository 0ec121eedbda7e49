import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AUCTION_BAR, barAt, type BarColumns, CLOSE, PATCH, barStates } from "@/server/domain/bars/bar";
import { kindNamed, isStoredKind } from "@/server/domain/bars/stored-bars";
import type { CalendarEdit } from "@/server/domain/calendar/calendar-edits";
import { checkedEdit } from "@/server/domain/calendar/calendar-edit-rules";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { conventionOf } from "@/server/domain/instruments/source-conventions";
import { QuoteBoard } from "@/server/domain/ticks/quote-board";
import { AUCTION } from "@/server/domain/ticks/tick";
import { anyTimeframe, timeframes } from "@/server/domain/time/timeframe";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import { BarWriter } from "@/server/pipeline/persist";
import type { StoredBar } from "@/server/ports/stores";
import { ModelStore } from "@/server/testing/model-store";
import { PipelineRig } from "@/server/testing/pipeline-rig";
import { VirtualTime } from "@/server/testing/virtual-time";
import { Bars, type BarsQuery } from "./bars";
import { KeptBars } from "./kept-bars";

const HOURS = "NSE_CAS";
const ist = (text: string): number => Date.parse(`${text}+05:30`);
const START = ist("2026-11-18T09:00:10"); // a Wednesday
const DAYS = ["2026-11-18", "2026-11-19", "2026-11-20", "2026-11-23"];

/** What may happen between two reads; `skip`: how far the clock goes first. */
const step = fc.record({
  skip: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 90_000 }) },
    { weight: 2, arbitrary: fc.integer({ min: 90_000, max: 3_600_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 3_600_000, max: 24 * 3_600_000 }) },
  ),
  does: fc.constantFrom(
    "tick",
    "tick",
    "tick",
    "tick",
    "late",
    "heal",
    "remove",
    "outage",
    "back",
    "edit",
    "prune",
    "day",
  ),
  price: fc.integer({ min: 9_000, max: 11_000 }),
  traded: fc.nat(500),
  /** Which of the bars that exist is changed. */
  which: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  /** Bars at once. */
  many: fc.integer({ min: 1, max: 5 }),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
const query = fc.record({
  timeframe: fc.constantFrom(...timeframes, ...(["45m", "7m"] as const).map(anyTimeframe)),
  limit: fc.option(fc.integer({ min: 1, max: 80 })),
  from: fc.option(fc.integer({ min: 0, max: 6 * 24 * 60 })),
  to: fc.option(fc.integer({ min: 0, max: 6 * 24 * 60 })),
  auctions: fc.constantFrom("broker", "merged", "apart"),
});

const columnsText = (rows: BarColumns): unknown[] => Array.from({ length: rows.length }, (_, row) => barAt(rows, row));

const play = () => {
  const edits: CalendarEdit[] = [];
  const calendar = createCalendar();
  const time = new VirtualTime(START);
  const model = new ModelStore();
  const kept = new KeptBars(model.store);
  const rig = new PipelineRig(calendar, HOURS);
  const writer = new BarWriter(kept.store, rig.table, time, silentLog(), new Metrics());
  writer.start();
  const parts = {
    recent: writer,
    calendar,
    clock: time,
    convention: (_: number, day: number) => conventionOf("kite", "stock", day),
    live: { table: rig.table, board: new QuoteBoard(), bars: rig.bars },
  };
  const [cached, plain] = [kept.store, model.store].map((store) => new Bars({ ...parts, store })) as [Bars, Bars];
  let told = 0;
  let volume = 0;
  let day = "";
  const known: StoredBar[] = [];

  /** Hands what the stages have said since to the writer. */
  const hand = (): void => {
    for (; told < rig.events.length; told++) {
      const { event, timeframe, end: _, passport, ...bar } = rig.events[told]!;
      if ((event !== CLOSE && event !== PATCH) || !(timeframe === AUCTION_BAR || isStoredKind(timeframe))) continue;
      const stored: StoredBar = {
        ...bar,
        passport,
        instrumentId: 1,
        timeframe: kindNamed(timeframe),
        value: 0,
        openInterest: -1,
        rev: 1,
        state: "closed",
      };
      writer.enqueue([stored], event === CLOSE ? "merge" : "patch");
      if (event === CLOSE) known.push(stored);
    }
  };
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn++) await setImmediate();
  };
  return {
    cached,
    plain,
    kept,
    model,
    async step({ skip, does, price, traded, which, many }: Step): Promise<void> {
      time.show(time.now() + skip);
      rig.at(time.now());
      hand();
      time.turn();
      await settle();
      const now = time.now();
      const session = calendar.on(HOURS, Math.floor((now + 19_800_000) / 86_400_000));
      const today = new Date(now + 19_800_000).toISOString().slice(0, 10);
      if (today !== day) [day, volume] = [today, 0];
      const first = Math.min(known.length - 1, Math.floor(which * known.length));
      const chosen = known.slice(Math.max(0, first), first + many);
      if (does === "tick" && session !== null) {
        volume += traded;
        const tick = { time: now, price, volume };
        if (now >= session.open && now < session.close) rig.ticks([tick]);
        else if (session.phases.some(({ from, to, phase }) => phase !== "continuous" && from <= now && now < to))
          rig.ticks([tick], AUCTION);
      } else if (does === "late" && session !== null && now - 60_000 * many >= session.open && now < session.close)
        rig.ticks([{ time: now - 60_000 * many, price, volume }]);
      else if (does === "heal")
        writer.enqueue(
          chosen.map((bar) => ({ ...bar, close: price, volume: traded, state: barStates[4] })),
          "replace",
        );
      else if (does === "remove") writer.enqueue(chosen, "remove");
      else if (does === "outage") model.outage = which < 0.5 ? "before" : "after";
      else if (does === "back") model.outage = "none";
      else if (does === "prune" && model.outage === "none") await kept.store.prune("1m", now - many * 86_400_000);
      else if (does === "day") {
        // History tells the day that is over, its minutes with it.
        const open = (session?.open ?? now) - many * 60_000;
        writer.enqueue(
          Array.from({ length: many }, (_, each) => ({
            instrumentId: 1,
            timeframe: "1m" as const,
            time: Math.floor(open / 60_000) * 60_000 + each * 60_000,
            open: price,
            high: price + 10,
            low: price - 10,
            close: price,
            volume: traded,
            value: 0,
            ticks: 0,
            openInterest: -1,
            rev: 1,
            state: "backfilled" as const,
            incomplete: false,
          })),
          "replace",
        );
      } else if (does === "edit") {
        try {
          const date = DAYS[Math.floor(which * DAYS.length)]!;
          const edit = checkedEdit(
            traded % 2 === 0
              ? { type: "closed", exchanges: ["NSE"], date, name: "Closed" }
              : {
                  type: "open",
                  exchanges: ["NSE"],
                  date,
                  name: "Short",
                  kind: "special",
                  phases: [{ phase: "continuous", from: "10:00", to: "13:00" }],
                },
            createCalendar({ edits }),
          );
          edits.push({ ...edit, id: edits.length + 1 });
          calendar.setEdits(edits);
          rig.bars.forgetSessions();
        } catch {
          // A day may be edited once only.
        }
      }
      hand();
      await settle();
    },
    same: async (asked: BarsQuery, where: string): Promise<void> => {
      const one = await cached.read(asked);
      const other = await plain.read(asked);
      for (const part of ["closed", "forming", "closing"] as const)
        expect(columnsText(one[part]!), `${where} ${part}`).toEqual(columnsText(other[part]!));
    },
  };
};

describe("Bars.read from kept columns", () => {
  it("equals store, queue and forming bars, whatever closes, is patched, healed, removed, edited or fails", async () => {
    let fromMemory = 0;
    let fromStore = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(step, fc.array(query, { maxLength: 3 })), { minLength: 20, maxLength: 60, size: "max" }),
        async (steps) => {
          const run = play();
          for (const [place, [does, queries]] of steps.entries()) {
            await run.step(does);
            // While the store is away nobody can say what it holds.
            if (run.model.outage !== "none") continue;
            for (const { timeframe, limit, from, to, auctions } of queries) {
              const [start, end] = [from, to].map((minutes) =>
                minutes === null ? null : START + minutes * 60_000,
              ) as [number | null, number | null];
              const asked = run.model.reads;
              const wish: BarsQuery = {
                instrument: 0,
                timeframe,
                auctions,
                closingRows: true,
                ...(limit === null ? {} : { limit }),
                ...(start === null ? {} : { from: start }),
                ...(end === null || (start !== null && end <= start) ? {} : { to: end }),
              };
              await run.same(
                wish,
                `step ${place}, ${does.does}, ${JSON.stringify({ ...wish, timeframe: timeframe.name })}`,
              );
              // Both have asked; one of them did not have to.
              fromStore += run.model.reads - asked;
              await run.cached.read(wish);
              const again = run.model.reads;
              await run.cached.read(wish);
              if (run.model.reads === again) fromMemory++;
            }
          }
        },
      ),
      { numRuns: 60 },
    );
    // The comparison means nothing where all is read from the store.
    expect(fromMemory).toBeGreaterThan(fromStore / 10);
  });
});
