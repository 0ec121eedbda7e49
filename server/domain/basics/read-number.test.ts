import { describe, expect, it } from "vitest";
import { acceptedBy } from "./accepted";
import { FrameShelf, offsetOf, slotOf } from "./frame-shelf";
import { isNothing, markOf, readDecimal, readWhole } from "./read-number";
import { inTurns, jsonInTurns, Turns } from "./turns";

describe("a decimal text", () => {
  it.each([
    ["2520.5", 2, 252_050],
    ["2520", 2, 252_000],
    ["0.05", 2, 5],
    ["5.", 2, 500],
    ["0", 2, 0],
    ["2520.505", 2, 252_051],
    ["2520.5049", 2, 252_050],
    ["83.1234", 4, 831_234],
    ["123456789012345", 0, 123_456_789_012_345],
    ["-2.5", 2, -250],
    ["+2.5", 2, 250],
    [" 2.5 ", 2, 250],
    ["₹ 1,23,456.75", 2, 12_345_675],
    ["Rs. 12", 2, 1_200],
    ["INR 12", 2, 1_200],
    ["-₹12", 2, -1_200],
    ["123,456.5", 1, 1_234_565],
    ["12 345.5", 1, 123_455],
    ["12\u00A0345.5", 1, 123_455],
    ["12'345", 0, 12_345],
  ])("%s with %i decimals is %i", (text, decimals, minor) => expect(readDecimal(text, decimals)).toBe(minor));
  it.each(["", ".", ".5", "1.2.3", "1e5", "12,34", "1,2345", "abc", "1-", "--1", "1 2", "12,3456,789"])(
    "%s is none",
    (text) => expect(readDecimal(text, 2)).toBeNaN(),
  );
  it.each([
    ["2.520,50", 252_050],
    ["2520,5", 252_050],
    ["1.23.456,7", 12_345_670],
    ["2520", 252_000],
    ["1 234,5", 123_450],
  ])("%s with a decimal comma is %i", (text, minor) => expect(readDecimal(text, 2, ",")).toBe(minor));
  it.each(["2520.5", "1,2,3", ",5"])("%s with a decimal comma is none", (text) =>
    expect(readDecimal(text, 2, ",")).toBeNaN(),
  );
});

describe("a whole number", () => {
  it.each([
    ["0", 0],
    ["120", 120],
    ["120.0", 120],
    ["120.", 120],
    ["+120", 120],
    [" 120 ", 120],
    ["1,23,456", 123_456],
    ["999999999999999", 999_999_999_999_999],
    ["9007199254740991", Number.MAX_SAFE_INTEGER],
    ["1.23456E5", 123_456],
    ["2e3", 2_000],
    ["1.5E+06", 1_500_000],
    ["+1.5e6", 1_500_000],
  ])("%s is %i", (text, value) => expect(readWhole(text)).toBe(value));
  it.each(["", "-1", "1.5", "9007199254740992", "1.23E+05", "1.23456E2", "12E3", "1e500", "x", "1e-3", "/", ":"])(
    "%s is none",
    (text) => expect(readWhole(text)).toBeNaN(),
  );
  it("takes the file's decimal mark", () => {
    expect(readWhole("1.234", ",")).toBe(1_234);
    expect(readWhole("120,0", ",")).toBe(120);
    expect(readWhole("1,5E3", ",")).toBe(1_500);
    expect(readWhole("1,23E+05", ",")).toBeNaN();
    expect(readWhole("1.5E3", ",")).toBeNaN();
  });
});

describe("the decimal mark of a text", () => {
  it.each<[string, boolean, "." | "," | null]>([
    ["1234", false, null],
    ["1,234.5", false, "."],
    ["1.234,5", false, ","],
    ["1,23,456", false, "."],
    ["1.234.567", false, ","],
    ["12.5", false, "."],
    ["12,5", false, ","],
    ["1,234", false, null],
    ["1.234", false, null],
    ["1,234", true, "."],
    ["1.234", true, null],
    ["0,850", false, ","],
    ["0.850", false, "."],
    [",850", false, ","],
    ["-0.850", false, "."],
    ["1234.567", false, "."],
    ["123,456", false, null],
    ["1234,567", false, ","],
    [" 12.345 ", false, null],
  ])("%s (whole: %s): %s", (text, whole, mark) => expect(markOf(text, whole)).toBe(mark));
  it("words for nothing are nothing", () => {
    for (const text of [
      "",
      " ",
      "-",
      "--",
      "–",
      "—",
      "NaN",
      "null",
      "None",
      "nil",
      "n/a",
      "NA",
      "#N/A",
      "undefined",
      ".",
    ])
      expect(isNothing(text), text).toBe(true);
    for (const text of ["0", "-1", "nano", "..", "x-"]) expect(isNothing(text), text).toBe(false);
  });
});

describe("what a field takes, in words", () => {
  it.each([
    [{ code: "invalid_type", expected: "int" }, "a whole number"],
    [{ code: "invalid_type", expected: "map" }, "kind"],
    [{ code: "invalid_type" }, "kind"],
    [{ code: "invalid_value", values: ["a", 1] }, "a, 1"],
    [{ code: "too_small", origin: "string", minimum: 2 }, "text of at least 2 characters"],
    [{ code: "too_small", origin: "array", minimum: 2 }, "a list of at least 2"],
    [{ code: "too_small", origin: "object", minimum: 2 }, "at least 2 fields"],
    [{ code: "too_small", origin: "number", minimum: 2 }, "2 or more"],
    [{ code: "too_small", origin: "number", minimum: 2, inclusive: false }, "more than 2"],
    [{ code: "too_big", origin: "string", maximum: 2 }, "text of at most 2 characters"],
    [{ code: "too_big", origin: "set", maximum: 2 }, "a list of at most 2"],
    [{ code: "too_big", origin: "map", maximum: 2 }, "at most 2 fields"],
    [{ code: "too_big", origin: "number", maximum: 2 }, "2 or less"],
    [{ code: "too_big", origin: "number", maximum: 2, inclusive: false }, "less than 2"],
    [{ code: "not_multiple_of", divisor: 5 }, "a multiple of 5"],
    [{ code: "unrecognized_keys" }, "no other fields"],
    [{ code: "custom" }, "no words"],
    [{ code: "invalid_format" }, "form"],
  ])("%j: %s", (issue, words) => expect(acceptedBy(issue) ?? "no words").toContain(words));
  it("names each kind of value", () => {
    expect(
      ["string", "number", "boolean", "array", "object", "record", "date", "null"].map((expected) =>
        acceptedBy({ code: "invalid_type", expected }),
      ),
    ).toEqual(["a text", "a number", "true or false", "a list", "an object", "an object", "a date", "nothing"]);
  });
});

describe("long work in turns", () => {
  const counted = (size?: number) => {
    const pauses = { count: 0 };
    const turns = new Turns(() => {
      pauses.count++;
      return Promise.resolve();
    }, size);
    return { pauses, turns };
  };
  it("pauses when the units of a turn are done, and counts again", () => {
    const { pauses, turns } = counted(10);
    expect([turns.take(9), pauses.count]).toEqual([undefined, 0]);
    expect(turns.take(1)).toBeInstanceOf(Promise);
    expect([turns.take(9), pauses.count]).toEqual([undefined, 1]);
    expect(turns.take(5)).toBeInstanceOf(Promise);
    const standard = counted();
    expect(standard.turns.take(2_999)).toBeUndefined();
    expect(standard.turns.take(1)).toBeInstanceOf(Promise);
  });
  it("makes a list row by row, pausing after each 1,500", async () => {
    const { pauses, turns } = counted();
    expect(await inTurns(turns, 4_500, (row) => row * 2)).toEqual(Array.from({ length: 4_500 }, (_, row) => row * 2));
    expect(pauses.count).toBe(3);
  });
  it("writes the JSON that JSON.stringify writes, pausing after each 1,000 rows", async () => {
    const { pauses, turns } = counted();
    for (const length of [0, 1, 499, 500, 501, 2_000]) {
      const rows = Array.from({ length }, (_, row) => ({ row, text: `"${row}` }));
      expect(await jsonInTurns(turns, rows)).toBe(JSON.stringify(rows));
    }
    expect(pauses.count).toBe(4);
  });
});

describe("the shelf of frames", () => {
  it("names a frame by its slot, and a place in it by an offset", () => {
    const shelf = new FrameShelf(() => {});
    const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)];
    const [a, b] = [shelf.put(one), shelf.put(two)];
    expect([slotOf(a), slotOf(b), slotOf(b + 77), offsetOf(b + 77), offsetOf(a), slotOf(0)]).toEqual([
      0, 1, 1, 77, 0, -1,
    ]);
    expect([shelf.at(0), shelf.at(1), shelf.at(2), shelf.at(-1)]).toEqual([one, two, null, null]);
  });
  it("lets the older half go when all slots are taken, and says which", () => {
    const gone: number[][] = [];
    const shelf = new FrameShelf((isLeaving) =>
      gone.push(Array.from({ length: 1_024 }, (_, slot) => slot).filter(isLeaving)),
    );
    for (let at = 0; at < 1_024; at++) shelf.put(Uint8Array.of(at & 255));
    expect(gone).toEqual([]);
    expect(slotOf(shelf.put(Uint8Array.of(9)))).toBe(0);
    expect(gone).toEqual([Array.from({ length: 512 }, (_, slot) => slot)]);
    expect([shelf.at(0), shelf.at(1), shelf.at(511), shelf.at(512)]).toEqual([
      Uint8Array.of(9),
      null,
      null,
      Uint8Array.of(0),
    ]);
    for (let at = 1; at < 512; at++) shelf.put(Uint8Array.of(at & 255));
    expect(gone).toHaveLength(1);
    shelf.put(Uint8Array.of(8));
    expect(gone[1]).toEqual(Array.from({ length: 512 }, (_, slot) => 512 + slot));
  });
  it("lets frames go as soon as they hold more than 16 MB of sockets' buffers", () => {
    let times = 0;
    const shelf = new FrameShelf(() => times++);
    const mb = () => new Uint8Array(1_024 * 1_024).subarray(0, 10);
    for (let at = 0; at < 17; at++) shelf.put(mb());
    expect(times).toBe(0);
    shelf.put(mb());
    expect([times, shelf.at(7), shelf.at(8)?.length]).toEqual([1, null, 10]);
    for (let at = 0; at < 7; at++) shelf.put(mb());
    expect(times).toBe(1);
    shelf.put(mb());
    expect(times).toBe(2);
  });
});
