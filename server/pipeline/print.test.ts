import { describe, expect, it } from "vitest";
import { AUCTION_BAR, type BarBatch, barBatch, barColumns, CLOSE, PATCH } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { DAY_MS } from "@/server/domain/time/session";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { conventionOf } from "@/server/domain/instruments/source-conventions";
import { AUCTION, tickBatch, TRADE } from "@/server/domain/ticks/tick";
import { named, rowsOf, testInstrument } from "@/server/testing/pipeline-rig";
import { SecondBars } from "./second-bars";
import { AuctionBars } from "./auction";
import { PrintedBars } from "./print";
import { TimeframeBars } from "./resample";

const calendar = createCalendar();
const ist = (text: string): number => Date.parse(`2026-11-20T${text}+05:30`);
type Tick = readonly [clock: string, price: number, volume: number];

/** The live stages with the printed bars behind them, a batch a tick. */
class Rig {
  readonly table = new InstrumentTable();
  readonly seconds = new SecondBars();
  readonly bars: TimeframeBars;
  readonly auctions: AuctionBars;
  readonly printed: PrintedBars;
  readonly kept: string[] = [];
  readonly shown: string[] = [];
  private sequence = 1;

  constructor(source = "kite") {
    this.table.put(testInstrument(1), "NSE_CAS");
    this.bars = new TimeframeBars(calendar, this.table, this.seconds, true);
    this.auctions = new AuctionBars(new SessionWindows(calendar, this.table), this.table, this.seconds);
    this.printed = new PrintedBars(this.bars, calendar, this.table, (_, day) => conventionOf(source, "stock", day));
  }
  play(ticks: readonly Tick[], flags = TRADE): void {
    for (const [clock, price, volume] of ticks) {
      const batch = tickBatch(1);
      batch.length = 1;
      batch.time[0] = ist(clock);
      batch.price[0] = price;
      batch.volume[0] = volume;
      batch.openInterest[0] = -1;
      batch.flags[0] = flags;
      batch.sequence = this.sequence++;
      this.auctions.on(batch, this.toAuctions);
      this.seconds.on(batch, this.toBars);
    }
  }
  at(clock: string): void {
    this.auctions.at(ist(clock), this.toAuctions);
    this.seconds.at(ist(clock), this.toBars);
    this.bars.at(ist(clock), this.read);
  }
  private readonly toBars = (batch: BarBatch): void => this.bars.on(batch, this.read);
  private readonly toAuctions = (batch: BarBatch): void => {
    this.printed.onAuctions(batch, this.show);
    this.bars.onAuctions(batch, this.read);
  };
  private readonly read = (batch: BarBatch): void => {
    this.printed.on(batch, this.show);
    for (let row = 0; row < batch.length; row++)
      if (batch.event[row] === CLOSE && batch.timeframe[row] === named("1m").index) this.kept.push(text(batch, row));
  };
  private readonly show = (batch: BarBatch): void => {
    for (let row = 0; row < batch.length; row++)
      if (batch.event[row] === CLOSE || batch.event[row] === PATCH)
        this.shown.push(`${batch.event[row] === PATCH ? "patch " : ""}${batch.timeframe[row]} ${text(batch, row)}`);
  };
}
const text = (batch: BarBatch, row: number): string =>
  `${new Date(batch.time[row]! + 19_800_000).toISOString().slice(11, 16)} ${[batch.open, batch.high, batch.low, batch.close, batch.volume].map((column) => column[row]).join(" ")}`;
const of = (name: string) => `${named(name).index} `;

const PRE: readonly Tick[] = [
  ["09:00:30", 10_200, 0],
  ["09:09:30", 10_000, 400],
];
const TRADES: readonly Tick[] = [
  ["09:15:00", 10_050, 450],
  ["09:15:40", 10_100, 500],
  ["09:16:10", 10_080, 520],
];

describe("printed bars", () => {
  it("open at the pre-open's price in every timeframe of the day's first bar; what is kept does not", () => {
    const rig = new Rig();
    rig.play(PRE, AUCTION);
    rig.play(TRADES);
    rig.at("09:20:03");
    expect(rig.kept.slice(0, 2)).toEqual(["09:15 10050 10100 10050 10100 100", "09:16 10080 10080 10080 10080 20"]);
    for (const name of ["1m", "5m"])
      expect(
        rig.shown.find((line) => line.startsWith(of(name))),
        name,
      ).toBe(`${of(name)}09:15 10000 10100 10000 ${name === "1m" ? "10100 100" : "10080 120"}`);
    expect(rig.shown.find((line) => line.startsWith("0 "))).toBe("0 09:15 10000 10050 10000 10050 50");
    expect(rig.shown.filter((line) => line.startsWith(of("1m")))[1]).toBe(
      `${of("1m")}09:16 10080 10080 10080 10080 20`,
    );
  });

  it("form so from the first second on", () => {
    const rig = new Rig();
    rig.play(PRE, AUCTION);
    rig.at("09:15:00");
    rig.play([["09:15:00", 10_050, 450]]);
    rig.at("09:15:03");
    rig.play([["09:15:04", 10_060, 460]]);
    for (const name of ["1m", "15m"]) {
      const columns = barColumns(16);
      rig.printed.forming(0, named(name), columns);
      expect(rowsOf(columns), name).toMatchObject([{ open: 10_000, low: 10_000, high: 10_060, volume: 60 }]);
      columns.length = 0;
      rig.printed.forming(0, named(name), columns, false);
      expect(rowsOf(columns), name).toMatchObject([{ open: 10_050, low: 10_050, volume: 60 }]);
    }
  });

  it("hold the pre-open's volume where the broker's do", () => {
    const rig = new Rig("upstox");
    rig.play(PRE, AUCTION);
    rig.play(TRADES);
    rig.at("09:17:03");
    expect(rig.shown.find((line) => line.startsWith(of("1m")))).toBe(`${of("1m")}09:15 10000 10100 10000 10100 500`);
  });

  it("open at the first trade where nothing was matched", () => {
    const rig = new Rig();
    rig.play(
      [
        ["09:00:30", 10_200, 0],
        ["09:12:00", 10_000, 0],
      ],
      AUCTION,
    );
    rig.play([["09:15:00", 10_050, 50]]);
    rig.at("09:17:03");
    expect(rig.shown.find((line) => line.startsWith(of("1m")))).toBe(`${of("1m")}09:15 10050 10050 10050 10050 50`);
  });

  it("are told again where the auction becomes known after them", () => {
    const rig = new Rig();
    rig.play([
      ["09:15:00", 10_050, 450],
      ["09:15:40", 10_100, 500],
    ]);
    rig.at("09:16:03");
    expect(rig.shown.some((line) => line.startsWith("patch"))).toBe(false);
    const told: string[] = [];
    rig.printed.onAuctions(rowOf(AUCTION_BAR, ist("09:00:00"), ist("09:15:00"), 10_000), (batch) => {
      for (let row = 0; row < batch.length; row++)
        told.push(
          `${batch.event[row] === PATCH ? "patch" : "?"} ${batch.timeframe[row]} ${text(batch, row).slice(0, 5)}`,
        );
    });
    for (const name of ["1s", "1m", "15m"]) expect(told).toContain(`patch ${named(name).index} 09:15`);
    expect(told.every((line) => line.startsWith("patch"))).toBe(true);
    // Sent again, it adds nothing.
    rig.printed.onAuctions(rowOf(AUCTION_BAR, ist("09:00:00"), ist("09:15:00"), 10_000), () => {
      throw new Error("nothing changed");
    });
  });

  it("leave the batch as it was for whoever reads it next", () => {
    const rig = new Rig("upstox");
    rig.play(PRE, AUCTION);
    rig.at("09:15:03");
    rig.printed.on(rowOf(0, ist("09:15:00"), ist("09:15:01"), 10_050), () => undefined);
    const minute = rowOf(named("1m").index, ist("09:15:00"), ist("09:16:00"), 10_050);
    minute.volume[0] = 5;
    minute.value[0] = 50_250;
    const figures = (batch: BarBatch) =>
      [batch.open, batch.high, batch.low, batch.close, batch.volume, batch.value].map((column) => column[0]);
    const before = figures(minute);
    const seen: unknown[] = [];
    rig.printed.on(minute, (batch) => {
      seen.push(...figures(batch));
    });
    expect([seen, figures(minute)]).toEqual([[10_000, 10_050, 10_000, 10_050, 405, 50_250 + 400 * 10_000], before]);
  });

  it("begin with the first second that traded: a mark on a second without ticks is none, and an older day's auction is no news", () => {
    const rig = new Rig();
    rig.play(PRE, AUCTION);
    rig.at("09:15:03");
    const mark = rowOf(0, ist("09:15:00"), ist("09:15:01"), 10_050);
    mark.event[0] = PATCH;
    mark.ticks[0] = 0;
    rig.printed.on(mark, () => undefined);
    rig.printed.onAuctions(rowOf(AUCTION_BAR, ist("09:00:00") - DAY_MS, ist("09:15:00") - DAY_MS, 9_000), () => {
      throw new Error("of yesterday");
    });
    const opens: number[] = [];
    for (const second of ["09:15:05", "09:15:06"])
      rig.printed.on(rowOf(0, ist(second), ist(second) + 1_000, 10_050), (batch) => {
        opens.push(batch.open[0]!);
      });
    expect(opens).toEqual([10_000, 10_050]);
  });

  it("begin anew each day: yesterday's auction opens no bar of today", () => {
    const rig = new Rig();
    rig.play(PRE, AUCTION);
    rig.play(TRADES);
    rig.at("15:35:03");
    const opens: number[] = [];
    rig.printed.on(rowOf(0, ist("09:15:00") + 3 * DAY_MS, ist("09:15:01") + 3 * DAY_MS, 10_500), (batch) => {
      opens.push(batch.open[0]!);
    });
    expect(opens).toEqual([10_500]);
  });
});

/** One closed bar at one price. */
const rowOf = (timeframe: number, time: number, end: number, price: number): BarBatch => {
  const batch = barBatch(1);
  batch.length = 1;
  batch.event[0] = CLOSE;
  batch.timeframe[0] = timeframe;
  batch.time[0] = time;
  batch.end[0] = end;
  batch.ticks[0] = 1;
  for (const column of [batch.open, batch.high, batch.low, batch.close]) column[0] = price;
  return batch;
};
