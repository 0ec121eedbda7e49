import { describe, expect, it } from "vitest";
import { AUCTION_BAR, CLOSE } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { SessionWindows } from "@/server/domain/calendar/session-window";
import { AUCTION, SUSPECT, tickBatch, UNBELIEVED } from "@/server/domain/ticks/tick";
import { named, PipelineRig, testInstrument } from "@/server/testing/pipeline-rig";
import { SecondBars } from "./second-bars";
import { AuctionBars } from "./auction";

const ist = (text: string): number => Date.parse(`2026-11-20T${text}+05:30`);
const tick = (text: string, price: number, volume: number) => ({ time: ist(text), price, volume });
const auctionsOf = (rig: PipelineRig) =>
  rig.events
    .filter(({ timeframe }) => timeframe === AUCTION_BAR)
    .map(({ time, open, high, low, close, volume, event }) => ({
      at: new Date(time + 19_800_000).toISOString().slice(11, 16),
      ohlc: [open, high, low, close],
      volume,
      event,
    }));

/** A stock with a closing auction: pre-open 09:00, continuous 09:15 to 15:15, closing auction 15:20, post-close 15:50. */
const day = (): PipelineRig => {
  const rig = new PipelineRig(createCalendar(), "NSE_CAS");
  rig.ticks(
    [
      tick("09:00:30", 10_200, 0),
      tick("09:05:00", 9_700, 0),
      tick("09:10:30", 10_000, 400),
      tick("09:13:00", 10_000, 400),
    ],
    AUCTION,
  );
  rig.ticks([tick("09:15:00", 10_050, 450), tick("10:00:00", 10_100, 900), tick("15:14:59", 10_080, 1_000)]);
  rig.ticks(
    [tick("15:21:00", 10_300, 1_000), tick("15:31:00", 10_090, 1_700), tick("15:51:00", 10_090, 1_750)],
    AUCTION,
  );
  rig.at(ist("16:00:03"));
  return rig;
};

describe("auctions", () => {
  it("become bars of their own, at their equilibrium price and with what was matched", () => {
    expect(auctionsOf(day())).toEqual([
      { at: "09:00", ohlc: [10_000, 10_000, 10_000, 10_000], volume: 400, event: CLOSE },
      { at: "15:20", ohlc: [10_090, 10_090, 10_090, 10_090], volume: 700, event: CLOSE },
      { at: "15:50", ohlc: [10_090, 10_090, 10_090, 10_090], volume: 50, event: CLOSE },
    ]);
  });
  it("enter no continuous bar: neither indicative prices nor their volume", () => {
    expect(
      day()
        .closed(named("1m"))
        .map(({ open, high, low, close, volume }) => [open, high, low, close, volume]),
    ).toEqual([
      [10_050, 10_050, 10_050, 10_050, 50],
      [10_100, 10_100, 10_100, 10_100, 450],
      [10_080, 10_080, 10_080, 10_080, 100],
    ]);
  });
  it("are in the day: it opens at the equilibrium price, closes at the closing auction's, and has the exchange's volume", () => {
    expect(day().closed(named("1d"))).toEqual([
      { time: ist("09:15:00"), open: 10_000, high: 10_100, low: 10_000, close: 10_090, volume: 1_750, ticks: 10 },
    ]);
  });
  it("leave a bar still forming whole", () => {
    const rig = new PipelineRig(createCalendar(), "NSE_CAS");
    rig.ticks([tick("09:10:30", 10_000, 400)], AUCTION);
    rig.at(ist("09:15:03"));
    rig.ticks([tick("09:15:04", 10_050, 450)]);
    for (const name of ["1d", "1W"])
      expect(rig.forming(named(name)), name).toMatchObject([
        { open: 10_000, high: 10_050, close: 10_050, volume: 450 },
      ]);
    expect(rig.forming(named("1h"))).toMatchObject([{ open: 10_050, volume: 50 }]);
  });
  it("in which nothing was matched give no bar, and the day opens with its first trade", () => {
    const rig = new PipelineRig(createCalendar(), "NSE_CAS");
    rig.ticks([tick("09:00:30", 10_200, 0), tick("09:13:00", 9_900, 0)], AUCTION);
    rig.ticks([tick("09:15:00", 10_050, 50)]);
    rig.finish();
    expect(auctionsOf(rig)).toEqual([]);
    expect(rig.closed(named("1d"))).toMatchObject([{ open: 10_050, low: 10_050, volume: 50 }]);
  });
  it("joined after the match count what the day had before as no part of them", () => {
    const rig = new PipelineRig(createCalendar(), "NSE_CAS");
    rig.ticks([tick("09:11:00", 10_000, 400)], AUCTION);
    rig.ticks([tick("15:14:00", 10_080, 1_000)]);
    rig.ticks([tick("15:31:00", 10_090, 1_700)], AUCTION);
    rig.finish();
    expect(auctionsOf(rig).map(({ volume }) => volume)).toEqual([400, 700]);
  });

  const closing = (rig: PipelineRig) => {
    rig.finish();
    return rig.events
      .filter(({ timeframe, time }) => timeframe === AUCTION_BAR && time === ist("15:20:00"))
      .map(({ volume, incomplete }) => [volume, incomplete]);
  };
  const trading = (): PipelineRig => {
    const rig = new PipelineRig(createCalendar(), "NSE_CAS");
    rig.ticks([tick("15:14:59", 10_080, 1_000)]);
    rig.ticks([tick("15:21:00", 10_300, 1_000)], AUCTION);
    return rig;
  };
  it("are whole, unless the line was new or silent in the middle of them", () => {
    const whole = trading();
    whole.ticks([tick("15:31:00", 10_090, 1_700)], AUCTION);
    expect(closing(whole)).toEqual([[700, false]]);
    const joined = trading();
    joined.event("connected");
    joined.ticks([tick("15:31:00", 10_090, 1_700)], AUCTION);
    expect(closing(joined)).toEqual([[700, true]]);
    for (const kind of ["silent", "disconnected"] as const) {
      const quiet = trading();
      quiet.auctions.on({ kind, collector: 0, receivedTime: ist("15:25:00"), detail: "" }, () => undefined);
      quiet.ticks([tick("15:31:00", 10_090, 1_700)], AUCTION);
      expect(closing(quiet), kind).toEqual([[700, true]]);
    }
  });
  it("do not begin at a day volume that nobody believes, and are marked where one was in doubt", () => {
    const rig = new PipelineRig(createCalendar(), "NSE_CAS");
    rig.ticks([tick("15:14:59", 10_080, 1_000)]);
    rig.ticks([tick("15:21:00", 10_300, 5_000_000)], AUCTION | SUSPECT | UNBELIEVED);
    rig.ticks([tick("15:31:00", 10_090, 1_700)], AUCTION);
    expect(closing(rig)).toEqual([[700, true]]);
  });
  it("joined late on another day than the last known one count from there on only", () => {
    const rig = new PipelineRig(createCalendar(), "NSE_CAS");
    rig.ticks([{ time: ist("15:14:00") - 86_400_000, price: 10_000, volume: 900 }]);
    rig.ticks([tick("15:31:00", 10_090, 1_700), tick("15:32:00", 10_090, 1_750)], AUCTION);
    expect(closing(rig)).toEqual([[50, true]]);
  });
  it("of an index end at its last value after the match: those before are the last close, or indicative", () => {
    const values = (told: readonly (readonly [clock: string, value: number])[]): number[] => {
      const table = new InstrumentTable();
      table.put(testInstrument(1, { key: "NSE_INDEX:NIFTY 50", exchange: "NSE_INDEX", segment: "index" }), "NSE_INDEX");
      const auctions = new AuctionBars(new SessionWindows(createCalendar(), table), table, new SecondBars());
      const closes: number[] = [];
      const keep = (bars: Parameters<Parameters<AuctionBars["finish"]>[0]>[0]): void => {
        for (let row = 0; row < bars.length; row++) closes.push(bars.close[row]!);
      };
      for (const [clock, value] of told) {
        const batch = tickBatch(1);
        batch.length = 1;
        batch.time[0] = ist(clock);
        batch.price[0] = value;
        batch.volume[0] = -1;
        batch.openInterest[0] = -1;
        batch.flags[0] = AUCTION;
        auctions.on(batch, keep);
      }
      auctions.finish(keep);
      return closes;
    };
    expect(
      values([
        ["09:00:30", 2_400_000],
        ["09:05:00", 2_410_000],
      ]),
    ).toEqual([]);
    expect(
      values([
        ["09:00:30", 2_400_000],
        ["09:05:00", 2_410_000],
        ["09:12:30", 2_395_000],
      ]),
    ).toEqual([2_395_000]);
    expect(
      values([
        ["15:21:00", 2_400_000],
        ["15:29:59", 2_405_000],
      ]),
    ).toEqual([2_405_000]);
  });
});
