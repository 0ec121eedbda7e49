import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { BarColumns } from "@/server/domain/bars/bar";
import { fixtureLines, fixturePath, fixturesAbsent } from "@/server/testing/fixtures";
import { recordedJson } from "@/server/testing/recorded";
import { rowsOf } from "@/server/testing/pipeline-rig";
import { parseBarFile } from "@/server/history-sources/bar-file";
import { resampleLines, type ResampleReport, type ResampleRequest, resampleSummary } from "./resample";

const resample = (lines: string[], request: Partial<ResampleRequest> = {}): Promise<ResampleReport> =>
  resampleLines(lines, {
    file: "bars.csv",
    instrument: "NSE:INFY",
    from: "1m",
    to: "5m",
    now: Date.parse("2026-12-31T00:00:00Z"),
    ...request,
  });
const clock = (time: number): string => new Date(time + 19_800_000).toISOString().slice(0, 16).replace("T", " ");
const brief = (bars: BarColumns): string[] =>
  rowsOf(bars).map(
    (bar) => `${clock(bar.time).slice(11)} ${bar.open} ${bar.high} ${bar.low} ${bar.close} v${bar.volume}`,
  );
/** Minutes of a date labelled by their start (or end), from one clock minute on. */
const minutes = (count: number, first = 9 * 60 + 15, date = "2024-08-13"): string[] =>
  Array.from({ length: count }, (_, at) => {
    const minute = first + at;
    return `${date} ${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}:00,${100 + at},${101 + at},${99 + at},${100 + at},10`;
  });

describe("candela resample", () => {
  it("folds bars from the session's open, in whatever order the file has them", async () => {
    const { bars } = await resample(minutes(7).reverse());
    expect(brief(bars)).toEqual(["09:15 10000 10500 9900 10400 v50", "09:20 10500 10700 10400 10600 v20"]);
  });

  it("keeps the short bar at the end of a session", async () => {
    const { bars } = await resample(minutes(375), { to: "30m" });
    expect([bars.length, brief(bars).at(-1)]).toEqual([13, "15:15 46000 47500 45900 47400 v150"]);
  });

  it("makes bars of any count of minutes, and takes brokers' names of timeframes", async () => {
    const rows = minutes(375);
    const clocks = async (to: string, from = "1m") =>
      brief((await resample(rows, { from, to })).bars).map((text) => text.slice(0, 5));
    expect(await clocks("45m", "minute")).toEqual([
      "09:15",
      "10:00",
      "10:45",
      "11:30",
      "12:15",
      "13:00",
      "13:45",
      "14:30",
      "15:15",
    ]);
    expect(await clocks("4h")).toEqual(["09:15", "13:15"]);
    expect(brief((await resample(rows, { from: "ONE_MINUTE", to: "240" })).bars)).toEqual([
      "09:15 10000 34000 9900 33900 v2400",
      "13:15 34000 47500 33900 47400 v1350",
    ]);
    expect((await clocks("60minute")).length).toBe(7);
    expect(
      brief(
        (
          await resample(
            minutes(8).filter((_, at) => at % 4 === 0),
            { from: "4m", to: "8m" },
          )
        ).bars,
      ),
    ).toEqual(["09:15 10000 10500 9900 10400 v20"]);
    await expect(resample(rows, { to: "90s" })).rejects.toMatchObject({
      details: { field: "--to", accepted: expect.stringContaining("45m or 4h") as unknown },
    });
  });

  it("decides by a day's first label whether times label the start or the end of a bar", async () => {
    const starts = await resample(minutes(375));
    const ends = await resample(minutes(375, 9 * 60 + 16));
    expect(ends.bars).toEqual(starts.bars);
    expect([starts.notes[0], ends.notes[0]]).toEqual([
      expect.stringContaining("times label the start"),
      expect.stringContaining("times label the end"),
    ]);
    // A quiet first minute, or a quiet last one with end labels: the labels' meaning does not show.
    await expect(resample(minutes(374, 9 * 60 + 16))).rejects.toMatchObject({
      code: "bad_input",
      details: { line: 1, field: "time", option: "--labels start or --labels end" },
    });
    expect(clock((await resample(minutes(5, 9 * 60 + 16), { labels: "start" })).bars.time[0]!)).toBe(
      "2024-08-13 09:15",
    );
  });

  it("drops equal rows, refuses different ones of one time, or lets the last hold, and counts both", async () => {
    const rows = minutes(3);
    const repeated = [...rows, rows[0]!, rows[1]!.replace(/,10$/, ",70")];
    await expect(resample(repeated)).rejects.toMatchObject({
      message: expect.stringContaining("lines 2 and 5 have the same time and different values") as unknown,
      details: { line: 5, field: "time", option: expect.stringContaining("--lenient") as unknown },
    });
    const { bars, left } = await resample(repeated, { to: "5m", lenient: true });
    expect([brief(bars), left]).toEqual([
      ["09:15 10000 10300 9900 10200 v90"],
      {
        pre_open: 0,
        closing_auction: 0,
        outside_session: 0,
        off_grid: 0,
        untraded: 0,
        equal_duplicate: 1,
        replaced_duplicate: 1,
      },
    ]);
  });

  it("leaves out what is not continuous trading, and counts it", async () => {
    const { bars, left } = await resample([...minutes(1, 9 * 60 + 8), ...minutes(375), ...minutes(2, 15 * 60 + 31)], {
      to: "1h",
    });
    expect([bars.length, bars.ticks[0], left.pre_open, left.outside_session]).toEqual([7, 0, 1, 2]);
  });

  it("opens a day at the pre-open's price and closes it at the closing auction's", async () => {
    const preOpen = ["2026-09-10 09:05:00,90,95,80,92,0", "2026-09-10 09:10:00,96,96,96,96,40"];
    const closing = ["2026-09-10 15:31:00,150,150,150,150,70"];
    const { bars, left } = await resample([...minutes(2, 9 * 60 + 15, "2026-09-10"), ...closing, ...preOpen], {
      to: "1d",
    });
    expect([brief(bars), left]).toEqual([
      ["09:15 9600 15000 9600 15000 v130"],
      {
        pre_open: 0,
        closing_auction: 0,
        outside_session: 0,
        off_grid: 0,
        untraded: 0,
        auction: 3,
        equal_duplicate: 0,
        replaced_duplicate: 0,
      },
    ]);
    const unmatched = await resample([...minutes(2, 9 * 60 + 15, "2026-09-10"), preOpen[0]!], { to: "1W" });
    expect(brief(unmatched.bars)).toEqual(["09:15 10000 10200 9900 10100 v20"]);
  });

  describe("of files with auctions", () => {
    const named = (lines: string[], request: Partial<ResampleRequest>): Promise<ResampleReport> =>
      resample(["time,open,high,low,close,volume", ...lines], request);
    /** A row each: clock, open, high, low, close in rupees, volume. */
    const rows = (date: string, ...each: (readonly [string, number, number, number, number, number])[]): string[] =>
      each.map(([time, ...figures]) => `${date} ${time}:00,${figures.join(",")}`);
    const flat = (date: string, from: number, count: number, price: number): string[] =>
      Array.from({ length: count }, (_, at) => `${date} 15:${from + at}:00,${price},${price},${price},${price},0`);

    it("reads Upstox's minutes: the pre-open in 09:15, flat rows, and the closing auction in 15:29", async () => {
      const file = [
        ...rows(
          "2026-08-31",
          ["09:15", 1_300, 1_301, 1_298, 1_299, 1_500],
          ["15:14", 1_295, 1_295, 1_294, 1_294.9, 200],
        ),
        ...flat("2026-08-31", 15, 14, 1_294.9),
        ...rows("2026-08-31", ["15:29", 1_277, 1_277, 1_277, 1_277, 26_600_000]),
      ];
      const of = (to: string, broker?: "upstox" | "kite") =>
        named(file, { instrument: "NSE:RELIANCE", to, ...(broker === undefined ? {} : { broker }) });
      const day = await of("1d", "upstox");
      expect([brief(day.bars), day.left]).toMatchObject([
        ["09:15 130000 130100 127700 127700 v26601700"],
        { pre_open: 0, closing_auction: 0, outside_session: 0, auction: 15, equal_duplicate: 0, replaced_duplicate: 0 },
      ]);
      // No longer bar of the session contains flat rows or the jump to the auction's price.
      const quarters = await of("15m", "upstox");
      expect([brief(quarters.bars), quarters.left.closing_auction]).toEqual([
        ["09:15 130000 130100 129800 129900 v1500", "15:00 129500 129500 129400 129490 v200"],
        15,
      ]);
      // By the calendar alone the rows from 15:20 on are of the auction.
      expect([brief((await of("1d")).bars), (await of("1d")).left]).toMatchObject([
        brief(day.bars),
        { auction: 10, closing_auction: 0, outside_session: 5 },
      ]);
    });

    it("reads Angel's one row of 15:28", async () => {
      const { bars } = await named(
        rows(
          "2026-08-31",
          ["09:15", 264, 265, 263, 264.4, 100],
          ["15:14", 264.4, 264.4, 264.4, 264.4, 50],
          ["15:28", 255.5, 255.5, 255.5, 255.5, 5_460_000],
        ),
        { instrument: "NSE:ITC", to: "1d", broker: "angel" },
      );
      expect(brief(bars)).toEqual(["09:15 26400 26500 25550 25550 v5460150"]);
    });

    it.each([
      ["2026-09-18", 23_341.85, 23_346.4, 23_341.85, 23_346.4],
      ["2026-09-21", 23_429, 23_429, 23_414.3, 23_414.3],
      ["2026-09-22", 23_349.5, 23_349.5, 23_329, 23_329],
    ])("reads Kite's index candle of 15:15 on %s", async (date, open, high, low, close) => {
      const file = rows(
        date,
        ["09:15", 23_400, 23_450, 23_300, 23_400, 0],
        ["15:00", 23_400, 23_450, 23_300, open, 0],
        ["15:15", open, high, low, close, 0],
      );
      const of = (to: string, broker: "kite" | "unknown" = "kite") =>
        named(file, { instrument: "NSE_INDEX:NIFTY 50", from: "15m", to, broker });
      const paise = (...prices: number[]): number[] => prices.map((price) => Math.round(price * 100));
      const closing = `15:15 ${paise(open, high, low, close).join(" ")} v0`;
      for (const to of ["15m", "30m", "45m", "1h"]) {
        const { bars, left } = await of(to);
        expect([brief(bars).at(-1), brief(bars).length, left.closing_auction], to).toEqual([closing, 3, 0]);
      }
      expect(brief((await of("1d")).bars)).toEqual([`09:15 2340000 2345000 2330000 ${paise(close)[0]} v0`]);
      // If the file is not known to be Kite's, the row is before orders are collected and belongs to no auction.
      expect([brief((await of("1d", "unknown")).bars)[0], (await of("15m", "unknown")).left.closing_auction]).toEqual([
        `09:15 2340000 2345000 2330000 ${paise(open)[0]} v0`,
        1,
      ]);
    });

    it("takes no value of an unfinished auction for its price", async () => {
      const file = [
        ...rows(
          "2026-09-18",
          ["09:15", 23_400, 23_450, 23_300, 23_400, 0],
          ["15:14", 23_400, 23_400, 23_341, 23_341.85, 0],
        ),
        ...rows(
          "2026-09-18",
          ["15:15", 23_341.85, 23_341.85, 23_341.85, 23_341.85, 0],
          ["15:18", 23_390, 23_390, 23_390, 23_390, 0],
        ),
      ];
      expect(brief((await named(file, { instrument: "NSE_INDEX:NIFTY 50", to: "1d", broker: "kite" })).bars)).toEqual([
        "09:15 2340000 2345000 2330000 2334185 v0",
      ]);
    });

    it("says what days made of Kite's candles lack", async () => {
      const file = rows(
        "2026-08-10",
        ["09:15", 292, 294, 291.5, 293, 367_153],
        ["15:00", 293.4, 293.6, 293.1, 293.5, 3_668_963],
      );
      const { bars, notes } = await named(file, { instrument: "NSE:ANGELONE", from: "15m", to: "1d", broker: "kite" });
      expect([brief(bars), notes.at(-1)]).toEqual([
        ["09:15 29200 29400 29150 29350 v4036116"],
        "candles of kite include neither the post-close nor the pre-open's volume nor the closing auction, so days built from them exclude these too",
      ]);
    });

    it("refuses a broker that is in no table", async () => {
      await expect(resample(minutes(3), { broker: "zerodha" as never })).rejects.toMatchObject({
        details: {
          field: "--broker",
          value: "zerodha",
          accepted: "kite, upstox, angel, fivepaisa, dhan, yahoo, unknown",
        },
      });
    });
  });

  it("names malformed lines and continues", async () => {
    const report = await resample([...minutes(5), "2024-08-13 09:20:00,abc,1,1,1,1"]);
    expect(resampleSummary(report)).toEqual([
      'bars.csv:6: open "abc" is not a number',
      expect.stringContaining("times label"),
      "1 bar from 5 rows, 1 malformed line",
    ]);
  });

  it("refuses a --from that is not the file's, and a --to that does not hold it whole", async () => {
    await expect(resample(minutes(20), { from: "5m", to: "15m" })).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "--from", value: "5m", accepted: expect.stringContaining("1m") },
    });
    await expect(resample(["2024-08-12,1,1,1,1,1", "2024-08-13,1,1,1,1,1"])).rejects.toMatchObject({
      details: { field: "--from", accepted: expect.stringContaining("1d") },
    });
    await expect(resample(minutes(20), { from: "1d", to: "1W" })).rejects.toMatchObject({
      details: { field: "--from", accepted: expect.stringContaining("1m") },
    });
    await expect(resample(minutes(20), { from: "2m", to: "5m" })).rejects.toMatchObject({ details: { field: "--to" } });
    await expect(resample(minutes(20), { from: "1W", to: "1M" })).rejects.toMatchObject({
      details: { field: "--from" },
    });
    await expect(resample([])).rejects.toMatchObject({
      code: "bad_input",
      message: expect.stringContaining("it is empty"),
    });
  });

  it("takes a quiet instrument's minutes that are not all there", async () => {
    const rows = minutes(30);
    expect((await resample([rows[0]!, rows[1]!, rows[9]!, rows[29]!])).bars.length).toBe(3);
  });

  it("labels days, weeks and months by the open of their first session", async () => {
    const days = ["2024-10-31,10,10,10,10,1", "2024-11-01,11,11,11,11,2", "2024-11-04,12,12,12,12,4"];
    const of = async (to: string) =>
      rowsOf((await resample(days, { from: "1d", to })).bars).map(({ time, volume }) => `${clock(time)} v${volume}`);
    expect(await of("1d")).toEqual(["2024-10-31 09:15 v1", "2024-11-01 18:00 v2", "2024-11-04 09:15 v4"]);
    expect(await of("1W")).toEqual(["2024-10-28 09:15 v3", "2024-11-04 09:15 v4"]);
    expect(await of("1M")).toEqual(["2024-10-01 09:15 v1", "2024-11-01 18:00 v6"]);
  });

  it("reads longer bars by their end too, the short last one included", async () => {
    const rows = ["09:45", "10:15", "10:45", "15:15", "15:30"].map(
      (time, at) => `2024-08-13 ${time}:00,${at + 1},${at + 1},${at + 1},${at + 1},1`,
    );
    expect(brief((await resample(rows, { from: "30m", to: "30m" })).bars).map((text) => text.slice(0, 5))).toEqual([
      "09:15",
      "09:45",
      "10:15",
      "14:45",
      "15:15",
    ]);
  });

  it("assumes the regular session on a day the calendar has closed, and says so", async () => {
    const { bars, notes } = await resample(minutes(5, 555, "2024-08-17"));
    expect([bars.length, notes[0]]).toEqual([
      1,
      "2024-08-17: the calendar says NSE_CAS is closed, but the file has rows; the regular session is assumed",
    ]);
  });
});

describe("bars of our own making", () => {
  const series = recordedJson<Record<string, Record<string, [string, ...number[]][]>>>("minutes.json.gz");
  it.each(["NSE:INFY", "NSE:NIFTY 50"])("of %s: its minutes give the exchange's own half hours", async (key) => {
    const instrument = key === "NSE:INFY" ? key : "NSE_INDEX:NIFTY 50";
    const lines = series[key]!["1m"]!.map((row) => row.join(","));
    const { bars } = await resample(lines, { instrument, to: "30m" });
    // An index's row of the closing auction stands behind its last half hour and is no bar of ours.
    const theirs = series[key]!["30m"]!.filter(([label]) => !label.includes("T15:15")).map(([label, ...figures]) => [
      Date.parse(label.replace("+0530", "+05:30")),
      ...figures,
    ]);
    const ours = rowsOf(bars).map(({ time, open, high, low, close, volume }) => [
      time,
      ...[open, high, low, close].map((price) => price / 100),
      volume,
    ]);
    expect(ours).toHaveLength(3 * 12);
    expect(ours).toEqual(theirs);
  });
});

const symbols = fixturesAbsent
  ? []
  : readdirSync(fixturePath("candles/kite-2016/30m")).map((file) => file.slice(0, -4));
describe.skipIf(fixturesAbsent)("recorded bars", () => {
  it.each(symbols)("of %s: Kite's minutes give Kite's own 30 minutes, 234 of 234, volume included", async (symbol) => {
    const instrument = `NSE:${symbol}`;
    const ours = rowsOf(
      (await resample(fixtureLines(`candles/kite-2016/1m/${symbol}.csv`), { instrument, to: "30m" })).bars,
    );
    const theirs = await parseBarFile(fixtureLines(`candles/kite-2016/30m/${symbol}.csv`), {
      decimals: 2,
      fileName: symbol,
    });
    const days = new Set(ours.map(({ time }) => clock(time).slice(0, 10)));
    const common = theirs.bars
      .filter(({ label }) => days.has(clock(label).slice(0, 10)))
      .sort((a, b) => a.label - b.label)
      .map(({ label, line: _, ...bar }) => ({ time: label, ...bar, ticks: 0 }));
    expect([common.length, ours]).toEqual([234, common]);
  });

  const index = (name: string, instrument: string, to: string) =>
    resample(fixtureLines(`candles/index-special-days/${name}`), { instrument, to });
  it("of halted days: no bar while trading stood still, the grid runs on", async () => {
    const { bars, left } = await index("NIFTY_2020-03_1m.txt", "NSE_INDEX:NIFTY 50", "15m");
    const of = (date: string) =>
      rowsOf(bars)
        .map(({ time }) => clock(time))
        .filter((text) => text.startsWith(date))
        .map((text) => text.slice(11));
    expect(of("2020-03-13").slice(0, 3)).toEqual(["09:15", "10:15", "10:30"]);
    expect(of("2020-03-23").slice(0, 5)).toEqual(["09:15", "09:30", "09:45", "10:45", "11:00"]);
    expect(left.outside_session).toBeGreaterThan(30);
  });
  it("of days with auctions: they open at the pre-open's price, and a reopening's price is the low where nothing traded lower", async () => {
    const { bars, left } = await index("NIFTY_2020-03_1m.txt", "NSE_INDEX:NIFTY 50", "1d");
    const of = (date: string) =>
      rowsOf(bars)
        .filter(({ time }) => clock(time).startsWith(date))
        .map(({ open, high, low }) => [open, high, low]);
    expect([of("2020-03-02")[0]![0], of("2020-03-13"), left.auction]).toEqual([
      1_138_735,
      [[910_760, 1_015_940, 855_515]],
      37,
    ]);
  });
  it("of a Saturday with a budget: a full day", async () => {
    const { bars, notes } = await index("BANKNIFTY_2020-02_1m.txt", "NSE_INDEX:NIFTY BANK", "30m");
    expect(rowsOf(bars).filter(({ time }) => clock(time).startsWith("2020-02-01")).length).toBe(13);
    expect(notes).toEqual([expect.stringContaining("times label the end")]);
  });
  it("of an unfinished day: the last bar holds what there is", async () => {
    const { bars } = await resample(fixtureLines("candles/nifty-2025-07-21/1m.csv"), {
      instrument: "NSE_INDEX:NIFTY 50",
      to: "1h",
    });
    expect(brief(bars).map((text) => text.slice(0, 5))).toEqual(["09:15", "10:15", "11:15"]);
  });
  it("of days: every row has a session of the calendar", async () => {
    const { bars, notes, left } = await resample(fixtureLines("candles/daily-2024-25/RELIANCE.csv"), {
      instrument: "NSE:RELIANCE",
      from: "1d",
      to: "1d",
    });
    expect([bars.length, notes, left.outside_session]).toEqual([249, [], 0]);
  });
});
