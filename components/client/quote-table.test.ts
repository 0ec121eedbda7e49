import { describe, expect, test } from "vitest";
import type { QuoteRow } from "@/server/contract/live";
import { applyQuotes, quotesOf } from "./quote-table";

const row = (key: string, price: number): QuoteRow => ({
  key,
  price,
  previousClose: 100,
  open: 100,
  high: price,
  low: 100,
  volume: 10,
  time: 1,
  received: 2,
  decimals: 2,
  symbol: key.slice(4),
  exchange: "SIM",
  name: key,
  spark: [100],
  live: true,
  simulated: true,
});
const table = quotesOf({ rows: [row("SIM:A", 100), row("SIM:B", 200)], unknown: ["SIM:X"], seq: 7, serverTime: 0 });

describe("a frame", () => {
  test("changes the rows it names, by their place in the snapshot, and no other", () => {
    const { table: next, changed } = applyQuotes(table, {
      seq: 8,
      rows: [[1, 205, 12, 5, 6, 206, 99, 101, 100]],
      spark: [],
    });
    expect(changed).toEqual([1]);
    expect(next.rows[1]).toMatchObject({
      key: "SIM:B",
      price: 205,
      volume: 12,
      time: 5,
      received: 6,
      high: 206,
      low: 99,
      open: 101,
      previousClose: 100,
    });
    expect(next.rows[0]).toBe(table.rows[0]);
    expect(next.seq).toBe(8);
  });
  test("the snapshot already contains changes nothing", () => {
    expect(applyQuotes(table, { seq: 7, rows: [[0, 1, 1, 1, 1, 1, 1, 1, 1]], spark: [] })).toEqual({
      table,
      changed: [],
    });
  });
  test("about a row that is not there is left alone", () => {
    expect(applyQuotes(table, { seq: 8, rows: [[9, 1, 1, 1, 1, 1, 1, 1, 1]], spark: [[9, [1]]] }).changed).toEqual([]);
  });
  test("puts a new sparkline in the place of the old one", () => {
    const { table: next, changed } = applyQuotes(table, { seq: 8, rows: [], spark: [[0, [100, 101, 99]]] });
    expect(changed).toEqual([0]);
    expect(next.rows[0]!.spark).toEqual([100, 101, 99]);
    expect(table.rows[0]!.spark).toEqual([100]);
  });
});
