/** Columns without names: open and close, volume and open interest are taken by their place only where the rows fit that clearly better. */
import { describe, expect, it } from "vitest";
import { barsOf, refusal } from "@/server/testing/file-cases";

/** Days of a random walk whose nights move by `night` and whose days by `move` (shares), the same each time. */
const walk = (seed: number, night: number, move: number, days = 60): number[][] => {
  let state = seed;
  const gauss = (): number =>
    Array.from({ length: 6 }, () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647 - 0.5).reduce(
      (sum, each) => sum + each,
      0,
    ) * 1.41;
  let price = 1_500;
  return Array.from({ length: days }, () => {
    const open = price * (1 + gauss() * night);
    const close = (price = open * (1 + gauss() * move));
    return [open, Math.max(open, close) * 1.003, Math.min(open, close) * 0.997, close].map((each) =>
      Number(each.toFixed(2)),
    );
  });
};
const dated = (bars: readonly number[][]): string[] =>
  bars.map(
    ([open, high, low, close], at) =>
      `${new Date(Date.UTC(2025, 7, 1 + at)).toISOString().slice(0, 10)},${open},${high},${low},${close},${1_000 + at}`,
  );
const swapped = (bars: readonly number[][]): number[][] =>
  bars.map(([open, high, low, close]) => [close!, high!, low!, open!]);
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];

describe("open and close without names", () => {
  it.each([
    [0.006, 0.012],
    [0.008, 0.01],
    [0.01, 0.01],
    [0.0002, 0.0005],
  ])("nights of %d, days of %d: read as they stand, never the other way round", async (night, move) => {
    for (const seed of seeds) {
      expect((await barsOf(dated(walk(seed, night, move)))).length).toBe(60);
      expect(await refusal(barsOf(dated(swapped(walk(seed, night, move)))))).toMatchObject({
        line: 1,
        field: "columns",
        option: expect.stringContaining("--columns time,close,high,low,open,volume") as unknown,
      });
    }
  });
  it("a few rows that fit either way are asked for", async () => {
    const rows = [
      "2026-11-18,1510,1520,1490,1500,1000",
      "2026-11-19,1525,1530,1500,1512,2000",
      "2026-11-20,1505,1535,1500,1528,3000",
    ];
    expect(await refusal(barsOf(rows))).toMatchObject({
      line: 1,
      option: expect.stringContaining("--columns time,close,high,low,open,volume") as unknown,
    });
    expect((await barsOf(rows, { columns: "time,close,high,low,open,volume" }))[0]).toBe(
      "2026-11-18 09:15 1500 1520 1490 1510 1000",
    );
    expect(
      await refusal(barsOf(["2026-11-18,1500,1520,1490,1510,1000", "2026-11-19,1506,1530,1500,1509,2000"])),
    ).toMatchObject({ field: "columns", message: expect.stringContaining("both orders fit") as unknown });
    expect(await barsOf(["2026-11-18,1500,1520,1490,1510,1000", "2026-11-19,1511,1530,1500,1525,2000"])).toHaveLength(
      2,
    );
  });
  it("of several instruments each follows itself", async () => {
    const rows = [
      "INFY,2026-11-18,1500,1520,1490,1510,1000",
      "TCS,2026-11-18,1480,1520,1470,1490,5",
      "INFY,2026-11-19,1511,1530,1500,1525,2000",
      "TCS,2026-11-19,1491,1530,1490,1520,5",
    ];
    expect(await barsOf(rows)).toEqual([
      "2026-11-18 09:15 1500 1520 1490 1510 1000",
      "2026-11-19 09:15 1511 1530 1500 1525 2000",
    ]);
    expect(
      (
        await refusal(
          barsOf(
            rows.map((row) => {
              const [symbol, date, open, high, low, close, volume] = row.split(",");
              return [symbol, date, close, high, low, open, volume].join(",");
            }),
          ),
        )
      ).option,
    ).toContain("--columns symbol,time,close,high,low,open,volume");
  });
  it("a broker's list of candles is believed, unless it speaks against itself", async () => {
    const list = (bars: number[][]) =>
      JSON.stringify({ data: { candles: bars.map((bar, at) => [`2026-11-${16 + at}T00:00:00+0530`, ...bar, 5]) } });
    expect(
      await barsOf(
        list([
          [1_500, 1_520, 1_490, 1_510],
          [1_506, 1_530, 1_500, 1_509],
        ]),
      ),
    ).toHaveLength(2);
    expect(await refusal(barsOf(list(swapped(walk(3, 0.004, 0.012, 5)))))).toMatchObject({ field: "columns" });
  });
});

describe("volume and open interest without names", () => {
  const rows = (...pairs: [number, number][]) =>
    pairs.map((pair, at) => `20251120,09:${15 + at},100,101,99,100,${pair.join(",")}`);
  const minute = { from: "1m", to: "1m" };
  it("are asked for unless the volume clearly is the restless one", async () => {
    expect(await refusal(barsOf(rows([50_000, 10], [50_010, 20], [50_010, 30]), minute))).toMatchObject({
      line: 1,
      field: "columns",
      option: expect.stringContaining("--columns time,clock,open,high,low,close,-,volume") as unknown,
    });
    expect(
      (
        await barsOf(rows([50_000, 10], [50_010, 20], [50_010, 30]), {
          ...minute,
          columns: "time,clock,open,high,low,close,-,volume",
        })
      )[0],
    ).toMatch(/ 10$/);
    expect((await barsOf(rows([10, 50_000], [20, 50_010], [30, 50_010]), minute))[0]).toMatch(/ 10$/);
    expect((await barsOf(rows([10, 0], [20, 0], [30, 0]), minute))[0]).toMatch(/ 10$/);
    expect(await refusal(barsOf(rows([10, 50_000]), minute))).toMatchObject({ field: "columns" });
  });
  it("a turnover behind the volume is known by the price", async () => {
    expect((await barsOf(rows([10, 1_000], [11, 1_100]), minute))[0]).toMatch(/ 10$/);
    expect(await refusal(barsOf(rows([1_000, 10], [1_100, 11]), minute))).toMatchObject({ field: "columns" });
  });
  it("a price behind the close is no volume", async () => {
    expect(
      await refusal(
        barsOf(
          dated(walk(1, 0.004, 0.01)).map((row) => {
            const [date, open, high, low, close] = row.split(",");
            return [date, open, high, low, close, Math.round((Number(high) + Number(low)) / 2)].join(",");
          }),
        ),
      ),
    ).toMatchObject({ field: "columns", message: expect.stringContaining("between low and high") as unknown });
  });
});
