import { beforeEach, describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { joinStretches } from "@/server/domain/bars/completeness";
import { concerns, type Gap } from "@/server/domain/bars/gap";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { QuoteBoard } from "@/server/domain/ticks/quote-board";
import { type Calendar, istDay } from "@/server/domain/time/session";
import { silentLog } from "@/server/observe/log";
import { Metrics } from "@/server/observe/metrics";
import type { Clock } from "@/server/ports/clock";
import type { AnsweredSpan, DayTally, GapStore } from "@/server/ports/gap-stores";
import type { BarStore } from "@/server/ports/stores";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { Gaps } from "./gaps";
import { GapCounter } from "./gap-count";

const MINUTE = 60_000;
const at = (clock: string): number => Date.parse(`2026-11-18T${clock}+05:30`);

/** A store in memory: minutes by instrument (true: whole), rows, answers. It outlives a `Gaps`, as a disk does. */
const disk = () => {
  const rows: Gap[] = [];
  const minutes = new Map<number, Map<number, boolean>>();
  const answers: AnsweredSpan[] = [];
  const put = (instrument: number, from: string, to: string, whole = true): void => {
    const own = minutes.get(instrument) ?? new Map<number, boolean>();
    for (let time = at(from); time < at(to); time += MINUTE) own.set(time, whole);
    minutes.set(instrument, own);
  };
  const store: GapStore = {
    open: async (gaps) =>
      gaps.map((gap) => {
        const row: Gap = {
          ...gap,
          id: rows.length + 1,
          state: "open",
          closedAt: null,
          healedBy: null,
          missing: null,
          filled: 0,
          remaining: null,
          remainingIn: null,
        };
        rows.push(row);
        return row;
      }),
    change: async (id, change) => (rows[id - 1] = { ...rows[id - 1]!, ...change }),
    get: async (id) => rows[id - 1] ?? null,
    list: async ({ states, instrument }) =>
      rows.filter(
        (row) =>
          (states === undefined || states.includes(row.state)) &&
          (instrument === undefined || concerns(row, instrument.id, instrument.collectors)),
      ),
    answered: async (_, span) => void answers.push(span),
    answers: async (_, instruments) =>
      instruments.flatMap((instrument) =>
        joinStretches(answers.filter((each) => each.instrument === instrument)).map((each) => ({
          instrument,
          ...each,
        })),
      ),
    cut: async () => [],
    tally: async (_, instruments, from, to) =>
      instruments.flatMap((instrument): DayTally[] => {
        const own = [...(minutes.get(instrument) ?? [])];
        const inside = own.filter(([time]) => time >= from && time < to);
        return own.length === 0
          ? []
          : [
              {
                instrument,
                day: istDay(from),
                whole: inside.filter(([, whole]) => whole).length,
                incomplete: inside.filter(([, whole]) => !whole).length,
                all: own.length,
                streamed: own.length,
              },
            ];
      }),
  };
  const bars: Pick<BarStore, "lastTimes"> = {
    lastTimes: async (name) =>
      new Map(name === "1s" ? [] : [...minutes].map(([id, own]) => [id, Math.max(...own.keys())])),
  };
  return { rows, put, answers, store, bars };
};

type Disk = ReturnType<typeof disk>;

/**
 * One run of the server over a disk: instruments 1 and 2 of the collector "main", on NSE. `history` is what a fetch
 * does; false: not everything was fetched.
 */
const run = (
  { store, bars }: Disk,
  start: string,
  history: ((instruments: readonly number[], from: number, to: number) => boolean | void) | null = () => {},
  calendar = createCalendar(),
) => {
  let now = at(start);
  let look = (): void => {};
  const sleepers: { until: number; wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after: () => () => {},
    every: (_, work) => {
      look = work;
      return () => {};
    },
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers.push({ until: now + ms, wake });
      }),
  };
  const table = new InstrumentTable();
  table.put(testInstrument(1), "NSE");
  table.put(testInstrument(2), "NSE");
  const asked: string[] = [];
  const gaps = new Gaps({
    store,
    bars,
    recent: { settled: () => Promise.resolve() },
    live: { table, board: new QuoteBoard() },
    calendar,
    clock,
    log: silentLog(),
    meter: new Metrics(),
    instrumentsOf: () => [0, 1],
    collectorsOf: () => ["main"],
    collectors: () => ["main"],
    changed() {},
    healing: {
      source: () => (history === null ? null : "kite"),
      async heal(_, instruments, from, to) {
        asked.push(
          `${instruments.join()} ${new Date(from + 19_800_000).toISOString().slice(11, 19)}-${new Date(to + 19_800_000).toISOString().slice(11, 19)}`,
        );
        return history?.(instruments, from, to) ?? true;
      },
    },
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 60; turn++) await Promise.resolve();
  };
  /** Advances time and waits for all that follows. */
  const until = async (clockText: string): Promise<void> => {
    now = at(clockText);
    for (const sleeper of sleepers.splice(0).filter((each) => each.until <= now || (sleepers.push(each), false)))
      sleeper.wake();
    look();
    await settle();
  };
  return { gaps, asked, until, settle };
};

describe("on a day that no holiday list covers", () => {
  const nothingKnown = createCalendar({ days: { lists: [], specials: [] } });

  it("no gap is noted while nothing comes, and history is asked once something does", async () => {
    const kept = disk();
    const { gaps, until, asked } = run(kept, "09:00:00", () => {}, nothingKnown);
    await gaps.start();
    gaps.lost("main", at("09:00:00"), "disconnect", "1006");
    await until("10:00:00");
    expect(kept.rows).toEqual([]);
    gaps.back("main", at("10:00:10"));
    await until("10:01:00");
    expect([kept.rows, asked]).toEqual([[], ["0,1 09:00:00-10:00:10"]]);
  });

  it("a gap counts only where there are bars of the day", async () => {
    const kept = disk();
    kept.put(1, "09:15:00", "10:00:00");
    const table = new InstrumentTable();
    for (const id of [1, 2]) table.put(testInstrument(id), "NSE");
    const counter = (calendar: Calendar) =>
      new GapCounter({
        store: kept.store,
        recent: { settled: () => Promise.resolve() },
        live: { table, board: new QuoteBoard() },
        calendar,
      });
    const [unknown, known] = [counter(nothingKnown), counter(createCalendar())];
    const span = [at("09:55:00"), at("10:05:00")] as const;
    expect(await unknown.count([0, 1], ...span)).toEqual({ expected: 10, whole: 5, remaining: 5, remainingIn: [1] });
    expect(await known.count([0, 1], ...span)).toMatchObject({ expected: 20, whole: 5, remaining: 15 });
    expect([unknown, known].map((each) => [each.expected([0, 1], ...span), each.reachesUnknown([0], ...span)])).toEqual(
      [
        [0, true],
        [20, false],
      ],
    );
  });
});

describe("the gap ledger", () => {
  let kept: Disk;
  beforeEach(() => {
    kept = disk();
    kept.put(1, "09:15:00", "10:00:00");
    kept.put(2, "09:15:00", "10:00:00");
  });

  it("has a row while a line is lost, and closes it when history has brought every minute", async () => {
    const { gaps, until, asked } = run(kept, "10:00:30", () => {
      kept.put(1, "10:00:00", "10:05:00");
      kept.put(2, "10:00:00", "10:05:00");
    });
    await gaps.start();
    gaps.lost("main", at("10:00:20"), "disconnect", "1006");
    await until("10:01:00");
    expect(kept.rows).toMatchObject([
      {
        state: "open",
        collector: "main",
        instrument: null,
        cause: "disconnect",
        from: at("10:00:20"),
        to: null,
        note: "1006",
      },
    ]);
    gaps.lost("main", at("10:00:20"), "disconnect", "503");
    gaps.back("main", at("10:04:10"));
    await until("10:05:10");
    expect(asked).toEqual(["0,1 10:00:20-10:04:10"]);
    expect(kept.rows).toMatchObject([
      {
        state: "healed",
        to: at("10:04:10"),
        note: "1006; 503",
        missing: 10,
        filled: 10,
        remaining: 0,
        healedBy: "history of kite",
      },
    ]);
  });

  it("stays open while something of it could not be fetched, though every minute is there: the day's bar may be what is missing", async () => {
    const whole: boolean[] = [false, true];
    const { gaps, until, asked } = run(kept, "10:00:30", () => {
      kept.put(1, "10:00:00", "10:05:00");
      kept.put(2, "10:00:00", "10:05:00");
      return whole.shift()!;
    });
    await gaps.start();
    gaps.lost("main", at("10:00:20"), "disconnect", "1006");
    await until("10:01:00");
    gaps.back("main", at("10:04:10"));
    await until("10:05:10");
    expect(kept.rows).toMatchObject([{ state: "open", missing: 10, filled: 10, remaining: 0 }]);
    await until("10:06:20");
    expect(asked).toEqual(["0,1 10:00:20-10:04:10", "0,1 10:00:20-10:04:10"]);
    expect(kept.rows).toMatchObject([
      { state: "healed", missing: 10, filled: 10, remaining: 0, healedBy: "history of kite" },
    ]);
  });

  it("has none for a line lost at night, and one from the open on when it stays lost", async () => {
    const night = run(kept, "07:00:00");
    await night.gaps.start();
    night.gaps.lost("main", at("07:00:00"), "disconnect", "1006");
    await night.until("08:00:00");
    night.gaps.back("main", at("08:00:10"));
    await night.until("08:01:00");
    expect([kept.rows, night.asked]).toEqual([[], []]);
    night.gaps.lost("main", at("09:00:00"), "disconnect", "1006");
    await night.until("09:14:00");
    expect(kept.rows).toEqual([]);
    await night.until("09:15:05");
    expect(kept.rows).toMatchObject([{ from: at("09:00:00"), to: null, state: "open" }]);
  });

  it("is closed as no trade when history answers and has no bar, and stays open until it has answered for all of it", async () => {
    let gaps: Gaps | null = null;
    const one = run(kept, "10:03:00", (instruments, from, to) => {
      for (const each of instruments)
        void gaps!.answered(each, "1m", Math.floor(from / MINUTE) * MINUTE, Math.ceil(to / MINUTE) * MINUTE, {
          length: 0,
          time: new Float64Array(0),
        });
    });
    gaps = one.gaps;
    await gaps.start();
    gaps.lost("main", at("10:00:20"), "silence", "no tick for 5 s");
    gaps.back("main", at("10:02:50"));
    await one.until("10:03:10");
    // History may lag: what it says about the newest minute is no proof yet.
    expect(kept.rows).toMatchObject([{ state: "open", missing: 6, remaining: 2, remainingIn: [1, 2] }]);
    await one.until("10:04:05");
    await one.until("10:04:20");
    expect(kept.rows).toMatchObject([{ state: "no_trade", missing: 6, filled: 0, remaining: 0 }]);
    expect(one.asked).toHaveLength(2);
  });

  it("is proved to have had no trade by a day volume that did not change: nobody is asked", async () => {
    const { gaps, until, asked, settle } = run(kept, "10:05:30");
    await gaps.start();
    gaps.silent("main", 0, at("10:00:10"), "no tick for 290 s");
    gaps.returned(0, at("10:05:20"), true);
    await settle();
    kept.put(1, "10:05:00", "10:06:00");
    await until("10:06:04");
    expect(kept.rows).toMatchObject([
      { instrument: 1, state: "no_trade", cause: "silence", healedBy: "the day's volume", missing: 6, remaining: 0 },
    ]);
    expect(asked).toEqual([]);
  });

  it("tries again what history could not bring, and only where something remains", async () => {
    let tries = 0;
    const { gaps, until, asked } = run(kept, "10:03:00", () => {
      tries++;
      kept.put(tries === 1 ? 1 : 2, "10:00:00", "10:03:00");
    });
    await gaps.start();
    gaps.lost("main", at("10:00:20"), "disconnect", "1006");
    gaps.back("main", at("10:02:50"));
    await until("10:03:10");
    expect(kept.rows).toMatchObject([{ state: "open", missing: 6, filled: 3, remaining: 3, remainingIn: [2] }]);
    await until("10:03:40");
    expect(asked).toHaveLength(1);
    await until("10:04:20");
    expect(asked).toEqual(["0,1 10:00:20-10:02:50", "1 10:00:20-10:02:50"]);
    expect(kept.rows).toMatchObject([{ state: "healed", filled: 6, remaining: 0 }]);
  });

  it("keeps a person's word: what is ignored is not healed behind their back", async () => {
    const { gaps, until, asked } = run(kept, "10:03:00", null);
    await gaps.start();
    gaps.lost("main", at("10:00:20"), "disconnect", "1006");
    gaps.back("main", at("10:02:50"));
    await until("10:03:10");
    await gaps.ignore(1, "local user", "the broker's outage");
    await gaps.review("a backfill");
    await until("11:00:00");
    expect(kept.rows).toMatchObject([{ state: "ignored", healedBy: "local user", note: "1006; the broker's outage" }]);
    expect([asked, gaps.open]).toEqual([[], 0]);
    await expect(gaps.healNow(1)).rejects.toMatchObject({ code: "unsupported" });
    await expect(gaps.healNow(2)).rejects.toMatchObject({ code: "not_found" });
  });

  it("is closed by whatever brings the bars", async () => {
    const { gaps, until } = run(kept, "10:03:00", null);
    await gaps.start();
    await gaps.missing(0, [{ from: at("10:00:00"), to: at("10:03:00") }], "found after the close");
    expect(
      await gaps.missing(0, [{ from: at("10:01:00"), to: at("10:02:00") }], "again"),
      "an open row covers it",
    ).toEqual([]);
    kept.put(1, "10:00:00", "10:03:00");
    await until("10:04:00");
    await gaps.review("backfill 7");
    expect(kept.rows).toMatchObject([
      { cause: "completeness", instrument: 1, missing: 3, filled: 3, state: "healed", healedBy: "backfill 7" },
    ]);
  });

  describe("of a start", () => {
    const fetch = () => {
      kept.put(1, "10:00:00", "10:20:00");
      kept.put(2, "10:00:00", "10:20:00");
      return Promise.resolve(true);
    };

    it("has a row from the last stored bar to the first tick, counted before anything is fetched", async () => {
      const { gaps, until, asked, settle } = run(kept, "10:20:10", () => {
        kept.put(1, "10:20:00", "10:21:00");
        kept.put(2, "10:20:00", "10:21:00");
      });
      await gaps.start();
      gaps.connecting("main");
      gaps.firstTick("main", at("10:20:11")); // sooner than the ledger has counted
      await gaps.starting("main", async () => fetch());
      await settle();
      await until("10:21:10");
      expect(kept.rows).toMatchObject([
        {
          cause: "restart",
          from: at("10:00:00"),
          to: at("10:20:11"),
          missing: 42,
          filled: 42,
          remaining: 0,
          state: "healed",
        },
      ]);
      expect(asked, "the minutes around the start only: the rest has been fetched").toEqual(["0,1 10:18:10-10:20:11"]);
    });

    it("goes on with the row an earlier run left without an end", async () => {
      const before = run(kept, "10:00:30");
      await before.gaps.start();
      before.gaps.lost("main", at("10:00:00"), "disconnect", "1006");
      await before.until("10:01:00");
      before.gaps.stop();
      const { gaps, until } = run(kept, "10:20:10", () => {
        kept.put(1, "10:20:00", "10:21:00");
        kept.put(2, "10:20:00", "10:21:00");
      });
      await gaps.start();
      gaps.connecting("main");
      await gaps.starting("main", async () => fetch());
      gaps.firstTick("main", at("10:20:12"));
      await until("10:21:10");
      expect(kept.rows).toMatchObject([
        {
          cause: "disconnect",
          from: at("10:00:00"),
          to: at("10:20:12"),
          note: "1006; the server stopped in the meantime",
          state: "healed",
          missing: 42,
          filled: 42,
        },
      ]);
    });

    it("has none when the market was closed all the time, and says which instruments are new", async () => {
      const early = run(kept, "09:14:00");
      await early.gaps.start();
      await early.gaps.starting("main", () => Promise.resolve(true));
      early.gaps.firstTick("main", at("09:14:01"));
      await early.until("09:14:10");
      expect([kept.rows, early.asked]).toEqual([[], []]);

      const fresh = disk();
      fresh.put(1, "09:15:00", "10:00:00");
      const { gaps, until } = run(fresh, "10:20:10");
      await gaps.start();
      await gaps.starting("main", () => Promise.resolve(true));
      gaps.firstTick("main", at("10:20:11"));
      await until("10:21:10");
      expect(fresh.rows.map(({ instruments, from, note }) => ({ instruments, from, note }))).toEqual([
        { instruments: [1], from: at("10:00:00"), note: "" },
        { instruments: [2], from: at("09:15:00"), note: "no bar of them was stored" },
      ]);
    });
  });
});
