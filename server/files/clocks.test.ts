/** Clocks of zones that a file does not write, or writes wrongly: half a day may not go missing in silence. */
import { describe, expect, it } from "vitest";
import { inspectFile } from "@/server/cli/inspect";
import { barsOf, refusal, replayed } from "@/server/testing/file-cases";

const names = "datetime,open,high,low,close,volume";
/** Minutes from a clock minute on, of a date, as they are written. */
const minutes = (
  from: number,
  count: number,
  date = "2025-11-20",
  stamp: (text: string) => string = (text) => text,
): string[] =>
  Array.from(
    { length: count },
    (_, at) =>
      `${stamp(new Date(Date.parse(`${date}T00:00:00Z`) + (from + at) * 60_000).toISOString().slice(0, 19).replace("T", " "))},100,101,99,100,1`,
  );
const minute = { from: "1m", to: "1m" };
const of = (rows: string[], more = {}) => barsOf([names, ...rows], { ...minute, ...more });

describe("clocks of other zones", () => {
  it.each([
    ["Dubai", 465, "+04:00"],
    ["a trading terminal's server", 405, "+03:00"],
    ["London in summer", 285, "+01:00"],
    ["Singapore", 705, "+08:00"],
    ["Nepal", 570, "+05:45"],
    ["Bangladesh", 585, "+06:00"],
  ])("%s", async (_, from, zone) => {
    const rows = minutes(from, 375);
    expect(await refusal(of(rows))).toMatchObject({
      field: "time",
      option: expect.stringContaining(`--zone ${zone}`) as unknown,
      message: expect.stringMatching(/\d+ of 375 bars/) as unknown,
    });
    const bars = await of(rows, { zone });
    expect([bars.length, bars[0]!.slice(11, 16), bars.at(-1)!.slice(11, 16)]).toEqual([375, "09:15", "15:29"]);
  });
  it("of one day among many", async () => {
    const good = ["2025-11-17", "2025-11-18", "2025-11-19"].flatMap((date) => minutes(555, 375, date));
    expect(await refusal(of([...good, ...minutes(225, 375)]))).toMatchObject({
      line: 1_127,
      value: "2025-11-20 03:45:00",
      option: expect.stringContaining("--zone UTC") as unknown,
    });
    expect(await refusal(of([...minutes(225, 375, "2025-11-14"), ...good]))).toMatchObject({
      line: 2,
      option: expect.stringContaining("--zone UTC") as unknown,
    });
    expect(await refusal(of([...good, ...minutes(465, 375)]))).toMatchObject({
      line: 1_127,
      option: expect.stringContaining("--zone +04:00") as unknown,
    });
  });
  it("Indian clocks of a long evening that are written as UTC", async () => {
    const mcx = { instrument: "MCX:GOLD26DECFUT" };
    const rows = ["2026-11-18", "2026-11-19"].flatMap((date) =>
      minutes(540, 895, date, (text) => `${text.replace(" ", "T")}Z`),
    );
    expect(await refusal(of(rows, mcx))).toMatchObject({
      option: expect.stringContaining("--zone clock") as unknown,
      message: expect.stringMatching(/\d+ of \d+ bars/) as unknown,
    });
    expect((await of(rows, { ...mcx, zone: "clock" })).length).toBe(1_790);
    expect((await of(minutes(540, 895, "2026-11-19"), mcx)).length).toBe(895);
  });
  it("of twelve hours without AM and PM", async () => {
    const rows = minutes(555, 375).map((row) =>
      row.replace(" 13:", " 01:").replace(" 14:", " 02:").replace(" 15:", " 03:"),
    );
    expect(await refusal(of(rows))).toMatchObject({
      line: 227,
      field: "time",
      message: expect.stringContaining("12-hour clock") as unknown,
    });
  });
  it("rows that fit no zone", async () => {
    expect(await refusal(of([...minutes(555, 375), ...minutes(1_200, 20)]))).toMatchObject({
      line: expect.any(Number) as unknown,
      message: expect.stringContaining("20 of 395 bars are outside") as unknown,
      option: expect.stringContaining("--zone IST") as unknown,
    });
    expect((await of([...minutes(555, 375), ...minutes(1_200, 20)], { zone: "IST" })).length).toBe(375);
    expect((await of([...minutes(555, 375), ...minutes(1_200, 2)])).length).toBe(375);
  });
  it("dates alone are days, not clocks", async () => {
    expect(
      await refusal(of(["2026-11-18,100,101,99,100,1", "2026-11-19,100,101,99,100,1", "2026-11-20,100,101,99,100,1"])),
    ).toMatchObject({ field: "--from", option: expect.stringContaining("1d") as unknown });
  });
  it("an offset that no clock has", async () => {
    const rows = minutes(555, 375, "2025-11-20", (text) => `${text}+05:53`);
    expect((await refusal(of(rows))).message).toMatch(/f\.csv:2: time ".*\+05:53.*--zone clock/);
    expect((await of(rows, { zone: "clock" }))[0]).toBe("2025-11-20 09:15 100 101 99 100 1");
    expect((await of(minutes(570, 375, "2025-11-20", (text) => `${text}+05:45`)))[0]).toBe(
      "2025-11-20 09:15 100 101 99 100 1",
    );
  });
  it("ticks before and after a session are no other zone", async () => {
    const ticks = (clocks: string[]) =>
      replayed(["time,price,volume", ...clocks.map((clock, at) => `2025-11-20 ${clock},${100 + at},${at}`)]);
    expect(
      (await ticks(["08:30:00", "08:45:00", "08:59:00", "09:15:01", "12:00:00", "15:29:00", "16:30:00"])).length,
    ).toBe(3);
    expect(await refusal(ticks(["07:45:01", "08:00:00", "08:30:00", "12:00:00", "13:59:30"]))).toMatchObject({
      option: expect.stringContaining("--zone +04:00") as unknown,
    });
  });
  it("are counted in the preview", async () => {
    const found = await inspectFile(() => [names, ...minutes(465, 375)], {
      file: "f.csv",
      instrument: "NSE:INFY",
      now: Date.parse("2026-12-31T00:00:00Z"),
    });
    expect(found.notes).toContain("75 of 375 rows are outside the session");
    expect(found.doubts.join()).toContain("--zone +04:00");
  });
});
