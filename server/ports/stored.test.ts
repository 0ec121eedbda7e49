import { describe, expect, it } from "vitest";
import { z } from "zod";
import { badInput } from "@/server/domain/basics/errors";
import {
  dayEdit,
  lastDay,
  readByName,
  readCheckpoint,
  readRows,
  readStored,
  rememberedList,
  watchlistRow,
} from "./stored";

const listening = () => {
  const told: [string, string, number | undefined][] = [];
  return { told, tell: (...said: [string, string, number?]) => void told.push([said[0], said[1], said[2]]) };
};

describe("what is stored as JSON", () => {
  it("gives the rows of a list that can be read, in their order, and tells the others together", () => {
    const { told, tell } = listening();
    const rows = [
      { key: "NSE:TCS", section: "IT" },
      { section: "IT" },
      null,
      { key: "NSE:INFY", section: 7 },
      "NSE:SBIN",
      { key: "NSE:SBIN", section: "" },
    ];
    expect(readRows('watchlist "mine"', rows, watchlistRow, tell)).toEqual([
      { key: "NSE:TCS", section: "IT" },
      { key: "NSE:INFY", section: "" },
      { key: "NSE:SBIN", section: "" },
    ]);
    expect(told).toEqual([['watchlist "mine"', expect.stringMatching(/^row 2: key: /), 3]]);
  });

  it.each([{}, "text", 7, true])("has no rows where %j stands in place of a list, and says so", (value) => {
    const { told, tell } = listening();
    expect(readRows("a list", value, watchlistRow, tell)).toEqual([]);
    expect(told).toEqual([["a list", "it is not a list", undefined]]);
  });

  it("is silent about what was never set", () => {
    const { told, tell } = listening();
    expect([
      readRows("a", null, watchlistRow, tell),
      [...readByName("b", undefined, lastDay, tell)],
      readStored("c", null, rememberedList, tell),
    ]).toEqual([[], [], null]);
    expect(told).toEqual([]);
  });

  it("takes a row by a function that refuses as the server refuses, and hides no fault of ours", () => {
    const { told, tell } = listening();
    const even = (row: unknown): number => {
      if (Number(row) % 2 !== 0) throw badInput("number", row, "an even one");
      return Number(row);
    };
    expect(readRows("numbers", [2, 3, 4], even, tell)).toEqual([2, 4]);
    expect(told).toEqual([["numbers", expect.stringContaining("row 2"), 1]]);
    expect(() =>
      readRows(
        "numbers",
        [1],
        () => {
          throw new TypeError("ours");
        },
        tell,
      ),
    ).toThrow("ours");
  });

  it("gives values by name without those that cannot be read", () => {
    const { told, tell } = listening();
    expect([
      ...readByName(
        "setting quality.judged",
        { NSE: 20_780, MCX: "yesterday", BSE: -1, ["__proto__x"]: 3 },
        lastDay,
        tell,
      ),
    ]).toEqual([
      ["NSE", 20_780],
      ["__proto__x", 3],
    ]);
    expect(told).toEqual([["setting quality.judged", expect.stringMatching(/^MCX: /), 2]]);
    expect([...readByName("a list", [1, 2], lastDay, tell)]).toEqual([]);
  });

  it("keeps the instruments of a checkpoint whose other rows are broken", () => {
    const { told, tell } = listening();
    expect(
      readCheckpoint("setting history.first", { "1m": [7, "8", 9.5, 10], "1d": "none", from: "monday" }, tell),
    ).toEqual({ "1m": [7, 10], "1d": [] });
    expect(told.map(([what]) => what)).toEqual([
      "setting history.first, from",
      "setting history.first, 1m",
      "setting history.first, 1d",
    ]);
  });

  it.each([
    { type: "closed", date: "2026-02-30", hours: ["NSE"], name: "No such day" },
    { type: "closed", date: "2026-11-20", hours: "NSE", name: "x" },
    { type: "halt", date: "2026-11-20", hours: ["NSE"], name: "x", from: "noon", to: null, reopening: [] },
    { type: "open", date: "2026-11-20", hours: ["NSE"], name: "x", kind: "special", phases: [] },
    { type: "party" },
  ])("does not take %j for an edit of the calendar", (edit) => expect(dayEdit.safeParse(edit).success).toBe(false));

  it("says where a fault is", () => {
    const { told, tell } = listening();
    expect(
      readStored("a thing", { rows: { more: "x" } }, z.object({ rows: z.object({ more: z.number() }) }), tell),
    ).toBeNull();
    expect(told[0]![1]).toMatch(/^rows\.more: /);
  });
});
