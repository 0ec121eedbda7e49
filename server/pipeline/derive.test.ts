import { describe, expect, it } from "vitest";
import { type BarBatch, type BarColumns, barColumns, CLOSE, PATCH } from "@/server/domain/bars/bar";
import { cut } from "@/server/domain/bars/bar-rows";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { resample } from "@/server/domain/bars/resample";
import { istDay } from "@/server/domain/time/session";
import { conventionOf } from "@/server/domain/instruments/source-conventions";
import { tickBatch, TRADE } from "@/server/domain/ticks/tick";
import { anyTimeframe, type AnyTimeframeName } from "@/server/domain/time/timeframe";
import { named, testInstrument } from "@/server/testing/pipeline-rig";
import { SecondBars } from "./second-bars";
import { DerivedBars } from "./derive";
import { PrintedBars } from "./print";
import { TimeframeBars } from "./resample";

const calendar = createCalendar();
const ist = (text: string): number => Date.parse(`2026-11-20T${text}+05:30`);
const clockOf = (time: number): string => new Date(time + 19_800_000).toISOString().slice(11, 19);
type Tick = readonly [clock: string, price: number, volume: number];

/** The live stages with derived bars behind them, a batch a tick; closed minutes and seconds are kept as a store would. */
class Rig {
  readonly table = new InstrumentTable();
  readonly seconds = new SecondBars();
  readonly bars = new TimeframeBars(calendar, this.table, this.seconds, true);
  readonly printed = new PrintedBars(this.bars, calendar, this.table, (_, day) => conventionOf("kite", "stock", day));
  readonly derived = new DerivedBars(this.printed, calendar, this.table);
  readonly events: string[] = [];
  readonly stored = { "1s": barColumns(4_000), "1m": barColumns(4_000) };
  private sequence = 1;

  constructor() {
    this.table.put(testInstrument(1), "NSE");
  }
  play(ticks: readonly Tick[]): void {
    for (const [clock, price, volume] of ticks) {
      const batch = tickBatch(1);
      batch.length = 1;
      batch.time[0] = ist(clock);
      batch.price[0] = price;
      batch.volume[0] = volume;
      batch.openInterest[0] = -1;
      batch.flags[0] = TRADE;
      batch.sequence = this.sequence++;
      this.seconds.on(batch, this.toBars);
    }
  }
  at(clock: string): void {
    this.seconds.at(ist(clock), this.toBars);
    this.bars.at(ist(clock), this.toPrinted);
    this.derived.at(ist(clock), this.read);
  }
  follow(name: AnyTimeframeName, now: string): void {
    const of = anyTimeframe(name);
    this.derived.follow(0, of);
    this.load(name, now);
  }
  load(name: AnyTimeframeName, now: string): void {
    const of = anyTimeframe(name);
    const wanted = this.derived.wanted(0, of, ist(now));
    const source = wanted?.source.name === "1s" ? this.stored["1s"] : this.stored["1m"];
    let first = 0;
    while (first < source.length && source.time[first]! < (wanted?.from ?? Number.POSITIVE_INFINITY)) first++;
    this.derived.load(0, of, cut(source, first, source.length));
  }
  forming(name: AnyTimeframeName): string[] {
    const into = barColumns(8);
    this.derived.forming(0, anyTimeframe(name), into);
    return rowsOf(into);
  }
  private readonly toBars = (batch: BarBatch): void => this.bars.on(batch, this.toPrinted);
  private readonly toPrinted = (batch: BarBatch): void =>
    this.printed.on(batch, (shown) => {
      for (const of of ["1s", "1m"] as const) {
        for (let row = 0; row < shown.length; row++) {
          if (shown.event[row] !== CLOSE || shown.timeframe[row] !== named(of).index) continue;
          const into = this.stored[of];
          for (const column of ["time", "open", "high", "low", "close", "volume", "ticks", "openInterest"] as const)
            into[column][into.length] = shown[column][row]!;
          into.length++;
        }
      }
      this.derived.on(shown, this.read);
    });
  private readonly read = (batch: BarBatch): void => {
    for (let row = 0; row < batch.length; row++)
      this.events.push(
        `${batch.event[row] === CLOSE ? "close" : batch.event[row] === PATCH ? "patch" : "?"} ${batch.timeframe[row]} ${rowText(batch, row)}`,
      );
  };
}
const rowText = (rows: BarColumns, row: number): string =>
  `${clockOf(rows.time[row]!)} ${rows.open[row]} ${rows.high[row]} ${rows.low[row]} ${rows.close[row]} ${rows.volume[row]}`;
const rowsOf = (rows: BarColumns): string[] => Array.from({ length: rows.length }, (_, row) => rowText(rows, row));

const at45 = anyTimeframe("45m").index;

describe("live bars of derived timeframes", () => {
  it("go on from what closed before anybody followed, and close on the session's grid", () => {
    const rig = new Rig();
    rig.play([
      ["09:15:00", 100, 10],
      ["09:40:10", 130, 30],
    ]);
    rig.at("09:50:00");
    rig.follow("45m", "09:50:00");
    rig.play([["09:50:05", 90, 35]]);
    expect(rig.forming("45m")).toEqual(["09:15:00 100 130 90 90 25"]);
    rig.play([
      ["09:59:59", 95, 40],
      ["10:00:01", 97, 41],
    ]);
    // The watermark of 09:59:59 runs: both bars are open.
    expect(rig.forming("45m")).toEqual(["09:15:00 100 130 90 95 30", "10:00:00 97 97 97 97 1"]);
    rig.at("10:00:04");
    expect(rig.events).toEqual([`close ${at45} 09:15:00 100 130 90 95 30`]);
    expect(rig.forming("45m")).toEqual(["10:00:00 97 97 97 97 1"]);
  });

  it("close by the clock where the last minutes brought nothing, and at the session's end", () => {
    const rig = new Rig();
    rig.follow("4h", "09:15:00");
    rig.play([["09:15:01", 100, 10]]);
    rig.at("13:15:03");
    rig.play([["15:00:00", 120, 20]]);
    rig.at("15:30:05");
    expect(rig.events).toEqual([
      `close ${anyTimeframe("4h").index} 09:15:00 100 100 100 100 0`,
      `close ${anyTimeframe("4h").index} 13:15:00 120 120 120 120 10`,
    ]);
    expect(rig.forming("4h")).toEqual([]);
  });

  it("are of seconds as well", () => {
    const rig = new Rig();
    rig.follow("10s", "09:15:00");
    rig.play([
      ["09:15:00", 100, 10],
      ["09:15:09", 104, 12],
      ["09:15:10", 99, 15],
    ]);
    rig.at("09:15:12");
    expect(rig.events).toEqual([`close ${anyTimeframe("10s").index} 09:15:00 100 104 100 104 2`]);
    expect(rig.forming("10s")).toEqual(["09:15:10 99 99 99 99 3"]);
  });

  it("show nothing before they are whole, and end with their last follower", () => {
    const rig = new Rig();
    const of = anyTimeframe("45m");
    expect(rig.derived.follow(0, of)).toBe(true);
    rig.play([["09:20:00", 100, 10]]);
    expect(rig.forming("45m")).toEqual([]);
    rig.load("45m", "09:20:00");
    expect(rig.derived.follow(0, of)).toBe(false);
    rig.derived.unfollow(0, of);
    expect(rig.forming("45m")).toHaveLength(1);
    rig.derived.unfollow(0, of);
    expect(rig.forming("45m")).toEqual([]);
    rig.at("15:31:00");
    expect(rig.events).toEqual([]);
  });

  it("are loaded again after a late tick, and tell of one in a bar that has closed", () => {
    const rig = new Rig();
    rig.follow("45m", "09:15:00");
    rig.play([["09:15:00", 100, 10]]);
    rig.at("09:20:00");
    rig.play([["09:15:30", 150, 10]]); // widens a closed minute of the open bar
    expect(rig.derived.nextStale()).not.toBeNull();
    rig.stored["1m"].high[0] = 150;
    rig.load("45m", "09:20:00");
    expect(rig.derived.nextStale()).toBeNull();
    expect(rig.forming("45m")).toEqual(["09:15:00 100 150 100 100 0"]);
    rig.at("10:00:10");
    rig.play([["09:16:00", 80, 10]]);
    expect(rig.events.map((event) => event.slice(0, 19))).toEqual([`close ${at45} 09:15:00`, `patch ${at45} 09:15:00`]);
  });

  it("equal the bars that are folded on read, over a day", () => {
    const rig = new Rig();
    for (const name of ["45m", "7m", "90m"] as const) rig.follow(name, "09:15:00");
    let seed = 7;
    const random = (most: number): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % most;
    };
    let volume = 0;
    for (let second = 0; second < 375 * 60; second += 1 + random(40)) {
      const clock = clockOf(ist("09:15:00") + second * 1_000);
      rig.play([[clock, 10_000 + random(500), (volume += random(20))]]);
      rig.at(clock);
    }
    rig.at("15:35:00");
    for (const name of ["45m", "7m", "90m"] as const) {
      const of = anyTimeframe(name);
      const folded = rowsOf(resample(rig.stored["1m"], calendar, "NSE", of).bars);
      expect(
        rig.events
          .filter((event) => event.startsWith(`close ${of.index} `))
          .map((event) => event.slice(`close ${of.index} `.length)),
      ).toEqual(folded);
      expect(folded.length, name).toBe(Math.ceil(375 / (of.lengthMs / 60_000)));
    }
    expect(istDay(rig.stored["1m"].time[0]!)).toBe(istDay(ist("12:00:00")));
  });
});
