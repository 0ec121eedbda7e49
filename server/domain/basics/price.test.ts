import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decimalsOfTick, fixedText, fromRupees, parseDecimal, toDecimalText, toRupees } from "./price";

const minor = fc.integer({ min: -9_000_000_000, max: 9_000_000_000 });
const decimals = fc.integer({ min: 0, max: 8 });

describe("prices", () => {
  it("come back from their text exactly, whatever the decimals", () => {
    fc.assert(
      fc.property(minor, decimals, (price, digits) => {
        expect(parseDecimal(toDecimalText(price, digits), digits)! + 0).toBe(price + 0);
      }),
    );
  });
  it("come back from rupees as a number, and print without dust", () => {
    fc.assert(
      fc.property(minor, fc.integer({ min: 0, max: 4 }), (price, digits) => {
        expect(fromRupees(toRupees(price, digits), digits) + 0).toBe(price + 0);
        expect((String(toRupees(price, digits)).split(".")[1] ?? "").length).toBeLessThanOrEqual(digits);
      }),
    );
  });
  it.each([
    ["1573.15", 2, 157_315],
    ["11397.1", 2, 1_139_710],
    ["84.339999", 2, 8_434],
    ["-0.005", 2, -1],
    ["+7", 2, 700],
    ["81.7025", 4, 817_025],
    ["5.", 2, 500],
    [" 1 ", 0, 1],
  ] as const)("read %s with %d decimals", (text, digits, expected) => {
    expect(parseDecimal(text, digits)).toBe(expected);
  });
  it("print without a sign when they round to zero", () =>
    expect([
      fixedText(-0.004, 2),
      fixedText(-0, 2),
      fixedText(-0.4, 0),
      fixedText(-0.006, 2),
      fixedText(1.5, 2),
    ]).toEqual(["0.00", "0.00", "0", "-0.01", "1.50"]));
  it.each(["", "abc", "1,5", "1e5", "0x10", ".", "--1", "NaN", "Infinity"])("refuse %s", (text) =>
    expect(parseDecimal(text, 2)).toBeNull(),
  );
  it.each([
    [0.05, 2],
    [0.0025, 4],
    [1, 2],
    [0.01, 2],
    [0.005, 3],
  ] as const)("need for a tick of %d %d decimals", (tick, expected) => expect(decimalsOfTick(tick)).toBe(expected));
});
