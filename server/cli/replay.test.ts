import { describe, expect, it } from "vitest";
import type { BarColumns } from "@/server/domain/bars/bar";
import { fixtureLines, fixturesAbsent } from "@/server/testing/fixtures";
import { recordedJson, recordedText } from "@/server/testing/recorded";
import { rowsOf } from "@/server/testing/pipeline-rig";
import { parseBarFile } from "@/server/history-sources/bar-file";
import { barJson, barTable } from "./bar-lines";
import { replayLines, replaySummary, type ReplayReport } from "./replay";

const at = (text: string): number => Date.parse(`${text.replace(" ", "T")}+05:30`);
const now = at("2026-11-21 10:00:00");
const replay = (lines: string[], instrument = "NSE:INFY", timeframe = "1m"): Promise<ReplayReport> =>
  replayLines(lines, { file: "ticks.csv", instrument, timeframe, now });
const brief = (bars: BarColumns): string[] =>
  rowsOf(bars).map(
    (bar) =>
      `${new Date(bar.time + 19_800_000).toISOString().slice(11, 16)} ${bar.open} ${bar.high} ${bar.low} ${bar.close} v${bar.volume} t${bar.ticks}`,
  );

describe("candela replay", () => {
  it("builds bars from ticks, the last one as it is when the recording ends", async () => {
    const { bars } = await replay([
      "2022-11-25 09:15:00,100,0",
      "2022-11-25 09:15:30,101.5,50",
      "2022-11-25 09:15:59,99,70",
      "2022-11-25 09:16:01,99.05,100",
    ]);
    expect(brief(bars)).toEqual(["09:15 10000 10150 9900 9900 v70 t3", "09:16 9905 9905 9905 9905 v30 t1"]);
  });

  it("keeps every tick of a recording with long silences", async () => {
    const { bars } = await replay([
      "2022-11-25 09:15:00,100",
      "2022-11-25 09:20:00,101",
      "2022-11-25 11:00:00,102",
      "2022-11-25 15:29:59,103",
    ]);
    expect(brief(bars).map((text) => text.slice(0, 11))).toEqual([
      "09:15 10000",
      "09:20 10100",
      "11:00 10200",
      "15:29 10300",
    ]);
  });

  it("prints prices as plain numbers of rupees, in the documented order", async () => {
    const { bars, decimals } = await replay(["2022-11-25 09:15:00,18484.1"], "NSE_INDEX:NIFTY 50");
    expect(barJson(bars, 0, decimals)).toBe(
      '{"time":1669347900000,"open":18484.1,"high":18484.1,"low":18484.1,"close":18484.1,"volume":0,"ticks":1}',
    );
    expect([...barTable(bars, decimals)]).toEqual([
      "time (IST)               open      high       low     close  volume  ticks",
      "2022-11-25 09:15:00  18484.10  18484.10  18484.10  18484.10       0      1",
    ]);
  });

  it("keeps four decimals of currency, whose day begins at 09:00", async () => {
    const { bars, decimals } = await replay(["2022-11-25 09:00:00,81.7025"], "CDS:USDINR22NOVFUT");
    expect(barJson(bars, 0, decimals)).toContain('"open":81.7025');
  });

  describe("volume", () => {
    it("of the pre-open's auction enters no bar, as Kite prints it: its price is the first bar's open", async () => {
      const { bars } = await replay([
        "2022-11-25 09:08:00,100,5000",
        "2022-11-25 09:08:01,100,8000",
        "2022-11-25 09:15:02,101,8100",
      ]);
      expect(brief(bars)).toEqual(["09:15 10000 10100 10000 10100 v100 t1"]);
    });
    it("of a recording that begins with the session counts from 0", async () => {
      expect((await replay(["2022-11-25 09:15:00.400,101,8100", "2022-11-25 09:15:10,101,8200"])).bars.volume[0]).toBe(
        8_200,
      );
    });
    it("of a recording that begins later counts from its first tick: the day so far is not one trade", async () => {
      const { bars } = await replay([
        "2022-11-25 11:00:05,101,90000",
        "2022-11-25 11:00:10,101,90010",
        "2022-11-25 11:01:00,101,90015",
      ]);
      expect(Array.from(bars.volume)).toEqual([10, 5]);
    });
    it("of a day is what its counter says at the end, also where the recording begins late", async () => {
      const late = ["2025-11-20 10:02:00,10,75", "2025-11-20 11:00:00,10.2,150"];
      const of = async (lines: string[], timeframe: string) =>
        Array.from((await replay(lines, "NSE:INFY", timeframe)).bars.volume);
      expect([await of(late, "1m"), await of(late, "1d"), await of(late, "1W"), await of(late, "1M")]).toEqual([
        [0, 75],
        [150],
        [150],
        [150],
      ]);
      const two = [
        ...late,
        "2025-11-21 09:15:04,102,300",
        "2025-11-21 09:15:09,102,500",
        "2025-11-21 15:29:00,103,6000",
      ];
      expect([await of(two, "1d"), await of(two, "1W")]).toEqual([[150, 6_000], [6_150]]);
      // The step back that two packets agree on stays counted once.
      expect(
        await of(["2022-11-25 09:15:00,101,1000", "2022-11-25 09:16:00,102,400", "2022-11-25 09:16:30,103,450"], "1d"),
      ).toEqual([1_050]);
    });
    it("starts again on each date", async () => {
      const { bars } = await replay([
        "2022-11-25 15:29:59,101,0",
        "2022-11-25 15:29:59,102,500",
        "2022-11-28 09:15:00,101,700",
        "2022-11-29 12:00:00,101,9000",
        "2022-11-29 12:00:01,102,9100",
      ]);
      expect(Array.from(bars.volume)).toEqual([500, 700, 100]);
    });
    it("after the close enters no bar", async () => {
      const { bars } = await replay([
        "2022-11-25 15:29:00,101,0",
        "2022-11-25 15:29:58,101,10",
        "2022-11-25 15:45:00,101,99999",
      ]);
      expect(Array.from(bars.volume)).toEqual([10]);
    });
    it("that decreases is counted and continues from there", async () => {
      const { bars, refused } = await replay([
        "2022-11-25 09:15:00,101,1000",
        "2022-11-25 09:16:00,102,400",
        "2022-11-25 09:16:30,103,450",
      ]);
      expect([Array.from(bars.volume), refused.volume_back]).toEqual([[1_000, 50], 1]);
    });
  });

  it("rejects rows that are not ticks of the session, each with its reason, and continues", async () => {
    const { bars, refused, malformed } = await replay([
      "2022-11-25 09:00:00,99",
      "2022-11-25 09:15:00,100",
      "2022-11-25 09:15:00,100",
      "2022-11-25 09:15:01,0",
      "2022-11-25 09:15:02,-5",
      "2099-01-01 10:00:00,100",
      "rubbish",
      "2022-11-25 09:15:03,abc",
      "2022-11-25 25:00:00,1",
      "2022-11-25 15:30:01,100",
      "2022-11-25 09:15:09,101",
    ]);
    expect(brief(bars)).toEqual(["09:15 10000 10100 10000 10100 v0 t2"]);
    expect(refused).toMatchObject({ auction: 1, outside_session: 1, duplicate: 1, zero_price: 2, future_time: 1 });
    expect(malformed.map(({ file, line }) => `${file}:${line}`)).toEqual(["ticks.csv:7", "ticks.csv:8", "ticks.csv:9"]);
  });

  it("names file, line and reason of a malformed line, and counts", async () => {
    const report = await replay(["2022-11-25 09:15:00,100", "2022-11-25 09:15:03,abc"]);
    expect(replaySummary(report).slice(0, 2)).toEqual([
      'ticks.csv:2: price "abc" is not a number',
      "1 bar from 1 tick, 1 malformed line",
    ]);
  });

  it("does not call a whole recording of a later date the future: then it is the clock that is wrong", async () => {
    expect((await replay(["2027-01-04 09:15:00,100"])).bars.length).toBe(1);
  });

  it("gives the same bars from shuffled lines as from sorted ones", async () => {
    const lines = Array.from(
      { length: 200 },
      (_, at) =>
        `2022-11-25 09:${15 + Math.floor(at / 20)}:${String((at % 20) * 3).padStart(2, "0")},${100 + ((at * 37) % 91)},${at * 10}`,
    );
    const shuffled = lines
      .map((line, at) => ({ line, key: (at * 7_919) % 200 }))
      .sort((a, b) => a.key - b.key)
      .map(({ line }) => line);
    const [sorted, report] = [await replay(lines), await replay(shuffled)];
    expect(report.bars).toEqual(sorted.bars);
    expect(report.notes[0]).toMatch(/out of order; sorted by time/);
  });

  it("reads a bridge's JSON lines", async () => {
    const { bars } = await replay([
      '{"token":"1594","ltp":1402.5,"volume":0,"timestamp":1669347900000}',
      '{"token":"1594","ltp":1403.05,"volume":25,"timestamp":1669347901000}',
    ]);
    expect(brief(bars)).toEqual(["09:15 140250 140305 140250 140305 v25 t2"]);
  });

  it("makes bars of any timeframe, counted from the open", async () => {
    const ticks = [
      "2022-11-25 09:15:00,100",
      "2022-11-25 10:29:59,101",
      "2022-11-25 10:30:00,102",
      "2022-11-25 15:29:00,103",
    ];
    expect(brief((await replay(ticks, "NSE:INFY", "75m")).bars)).toEqual([
      "09:15 10000 10100 10000 10100 v0 t2",
      "10:30 10200 10200 10200 10200 v0 t1",
      "14:15 10300 10300 10300 10300 v0 t1",
    ]);
    expect(brief((await replay(ticks, "NSE:INFY", "1d")).bars)).toEqual(["09:15 10000 10300 10000 10300 v0 t4"]);
    expect((await replay(ticks, "NSE:INFY", "1W")).bars.length).toBe(1);
    expect((await replay(ticks, "NSE:INFY", "1s")).bars.length).toBe(4);
    expect(brief((await replay(ticks, "NSE:INFY", "4h")).bars)).toEqual([
      "09:15 10000 10200 10000 10200 v0 t3",
      "13:15 10300 10300 10300 10300 v0 t1",
    ]);
    expect((await replay(ticks, "NSE:INFY", "5minute")).bars.length).toBe(4);
  });

  it("assumes the regular session on a day the calendar has closed, and says so", async () => {
    const { bars, notes } = await replay(["2022-11-26 09:15:00,100", "2022-11-26 15:30:01,101"]);
    expect([bars.length, notes]).toEqual([
      1,
      ["2022-11-26: the calendar says NSE_CAS is closed, but the file has rows; the regular session is assumed"],
    ]);
  });

  it("knows special sessions: the muhurat evening is a session, the closing auction is none", async () => {
    expect(brief((await replay(["2024-11-01 18:00:00,100", "2024-11-01 12:00:00,99"])).bars)).toEqual([
      "18:00 10000 10000 10000 10000 v0 t1",
    ]);
    expect((await replay(["2026-08-03 15:14:59,100", "2026-08-03 15:31:00,101"])).bars.length).toBe(1);
  });

  it("reports minutes without ticks as spans from tick to tick", async () => {
    const { gaps } = await replay([
      "2022-11-25 09:17:10,100",
      "2022-11-25 09:18:00,101",
      "2022-11-25 15:20:30,101",
      "2022-11-25 15:29:01,100",
    ]);
    const span = (from: string, to: string, minutes: number) => ({
      from: at(`2022-11-25 ${from}`),
      to: at(`2022-11-25 ${to}`),
      minutes,
    });
    expect(gaps).toEqual([
      span("09:15:00", "09:17:10", 2),
      span("09:18:00", "15:20:30", 361),
      span("15:20:30", "15:29:01", 8),
    ]);
  });

  it("gives the auctions as bars of their own, in no other timeframe but the day's and longer", async () => {
    const lines = [
      "2026-09-10 09:04:00,99,0",
      "2026-09-10 09:10:30,100,40",
      "2026-09-10 09:15:10,101,50",
      "2026-09-10 15:14:00,102,90",
      "2026-09-10 15:21:00,102,90",
      "2026-09-10 15:31:00,105,190",
      "2026-09-10 15:52:00,105,200",
    ];
    expect(brief((await replay(lines, "NSE:RELIANCE", "auction")).bars)).toEqual([
      "09:00 10000 10000 10000 10000 v40 t2",
      "15:20 10500 10500 10500 10500 v100 t2",
      "15:50 10500 10500 10500 10500 v10 t1",
    ]);
    expect(brief((await replay(lines, "NSE:RELIANCE", "1m")).bars)).toEqual([
      "09:15 10000 10100 10000 10100 v10 t1",
      "15:14 10200 10200 10200 10200 v40 t1",
    ]);
    expect(brief((await replay(lines, "NSE:RELIANCE", "1d")).bars)).toEqual(["09:15 10000 10500 10000 10500 v200 t7"]);
    await expect(
      replayLines(lines, {
        file: "ticks.csv",
        instrument: "NSE:RELIANCE",
        timeframe: "auction",
        indicators: "EMA:9",
        now,
      }),
    ).rejects.toMatchObject({ details: { field: "--indicators" } });
  });

  it("accounts for every tick, those that changed nothing too", async () => {
    const { bars, refused } = await replay([
      "2022-11-25 09:15:00,101,10",
      "2022-11-25 09:15:10,101,10",
      "2022-11-25 09:16:00,101,10",
      "2022-11-25 09:16:30,102,10",
      "2022-11-25 09:16:40,102,15",
    ]);
    expect([brief(bars), refused.unchanged]).toEqual([
      ["09:15 10100 10100 10100 10100 v10 t1", "09:16 10200 10200 10200 10200 v5 t2"],
      2,
    ]);
  });

  it("does not call an index's silence during its stocks' closing auction a gap", async () => {
    const minute = (of: number): string =>
      `${String(Math.floor(of / 60)).padStart(2, "0")}:${String(of % 60).padStart(2, "0")}`;
    const until = (date: string, close: number): string[] =>
      Array.from({ length: close - 555 }, (_, at) => `${date} ${minute(555 + at)}:00,${25_000 + at}`);
    const nifty = async (lines: string[]) =>
      (await replay(lines, "NSE_INDEX:NIFTY 50")).gaps.map(({ minutes }) => minutes);
    expect(await nifty(until("2026-09-10", 915))).toEqual([]);
    expect(await nifty([...until("2026-09-10", 910), "2026-09-10 15:29:00,25400"])).toEqual([5]);
    expect(await nifty(until("2026-07-31", 915))).toEqual([15]);
  });

  it("does not call a halt a gap", async () => {
    const lines = [
      ...Array.from({ length: 7 }, (_, at) => `2020-03-13 09:${15 + at}:00,100`),
      ...Array.from({ length: 309 }, (_, at) => {
        const minute = 10 * 60 + 21 + at;
        return `2020-03-13 ${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}:00,${90 + (at % 5)}`;
      }),
    ];
    const { bars, gaps } = await replay(lines, "NSE_INDEX:NIFTY 50");
    expect([bars.length, gaps]).toEqual([316, []]);
  });

  it("refuses a file without ticks, an unknown instrument or timeframe, naming what it got", async () => {
    await expect(replay([])).rejects.toMatchObject({
      code: "bad_input",
      message: expect.stringContaining("it is empty"),
    });
    await expect(replay(["x"])).rejects.toMatchObject({
      code: "bad_input",
      message: expect.stringContaining("ticks.csv:1"),
    });
    await expect(replay(["2022-11-25 09:15:00,100"], "INFY")).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "instrument", value: "INFY" },
    });
    await expect(replay(["2022-11-25 09:15:00,100"], "LSE:VOD")).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "exchange" },
    });
    await expect(replay(["2022-11-25 09:15:00,100"], "NSE:INFY", "7q")).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "--timeframe", value: "7q" },
    });
    await expect(
      replayLines(["2022-11-25 09:15:00,100"], {
        file: "t.csv",
        instrument: "NSE:INFY",
        timeframe: "45m",
        indicators: "EMA:9",
        now,
      }),
    ).rejects.toMatchObject({ details: { field: "--indicators" } });
  });
});

describe("a recorded morning of our own making, one value a second", () => {
  const morning = () => replay([recordedText("ticks.csv.gz")], "NSE_INDEX:NIFTY 50");
  const hole = { from: at("2026-11-20 09:40:09"), to: at("2026-11-20 09:52:20"), minutes: 11 };

  it("gives the exchange's minutes: each closes where its own does, and is enclosed by it", async () => {
    const series = recordedJson<Record<string, Record<string, [string, ...number[]][]>>>("minutes.json.gz");
    const minutes = new Map(
      series["NSE:NIFTY 50"]!["1m"]!.map(([label, ...prices]) => [
        Date.parse(label.replace("+0530", "+05:30")),
        prices.map((price) => Math.round(price * 100)),
      ]),
    );
    const { bars, refused } = await morning();
    const whole = rowsOf(bars).filter(({ time }) => time + 60_000 <= hole.from || time > hole.to);
    expect(bars.length).toBe(65 - 11);
    expect(whole.length).toBe(65 - 13);
    for (const bar of whole) {
      const [, high, low] = minutes.get(bar.time)!;
      expect([low! <= bar.low, bar.high <= high!]).toEqual([true, true]);
    }
    expect(whole.filter((bar) => bar.close === minutes.get(bar.time)![3]).length).toBe(whole.length);
    expect(refused.auction).toBeGreaterThan(60);
  });

  it("shows its hole as a gap, not as bars", async () => {
    // Where the recording ends, the rest of the session is one too.
    expect((await morning()).gaps).toEqual([hole, expect.objectContaining({ from: at("2026-11-20 10:19:59") })]);
  });
});

describe.skipIf(fixturesAbsent)("a recorded day of NIFTY, one value a second", () => {
  const nifty = "NSE_INDEX:NIFTY 50";
  const minutesOf = async (date: string) => {
    const { bars } = await parseBarFile(fixtureLines("ticks/nifty-1s/NIFTY_2022-11_1m.txt"), {
      decimals: 2,
      fileName: "minutes",
    });
    return new Map(
      bars
        .filter(({ label }) => label > at(`${date} 09:15:00`) && label <= at(`${date} 15:30:00`))
        .map((bar) => [bar.label - 60_000, bar]),
    );
  };

  it("gives 375 minutes, each closing where the independent minute file does and enclosed by its bar", async () => {
    const { bars, gaps, refused } = await replay(fixtureLines("ticks/nifty-1s/2022-11-25.csv"), nifty);
    const minutes = await minutesOf("2022-11-25");
    const pairs = rowsOf(bars).map((bar) => [bar, minutes.get(bar.time)!] as const);
    expect([bars.length, gaps, pairs[0]![0].time]).toEqual([375, [], at("2022-11-25 09:15:00")]);
    expect(pairs.filter(([bar, minute]) => bar.close === minute.close).length).toBe(375);
    expect(pairs.filter(([bar, minute]) => minute.low <= bar.low && bar.high <= minute.high).length).toBe(375);
    expect((refused.auction ?? 0) + (refused.outside_session ?? 0)).toBeGreaterThan(800);
  });

  it("shows the recording's hole of 2022-11-28 as a gap, not as bars", async () => {
    const { bars, gaps } = await replay(fixtureLines("ticks/nifty-1s/2022-11-28.csv"), nifty);
    expect(bars.length).toBe(360);
    expect(gaps).toEqual([{ from: at("2022-11-28 10:11:17"), to: at("2022-11-28 10:27:48"), minutes: 15 }]);
    const minutes = await minutesOf("2022-11-28");
    const broken = new Set([at("2022-11-28 10:11:00")]);
    expect(rowsOf(bars).filter((bar) => !broken.has(bar.time) && bar.close !== minutes.get(bar.time)!.close)).toEqual(
      [],
    );
  });
});
