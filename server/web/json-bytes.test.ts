import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ascii, JsonBytes } from "./json-bytes";

const written = (write: (json: JsonBytes) => void): string => {
  const json = new JsonBytes();
  write(json);
  return new TextDecoder().decode(json.done());
};

describe("JSON in bytes", () => {
  it("writes whole numbers and decimals as JSON.stringify does", () => {
    const whole = fc.oneof(
      fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }),
      fc.maxSafeInteger(),
      fc.constantFrom(0, 999_999_999, 1_000_000_000, 10_000_000_000, 1_780_000_000_000),
    );
    fc.assert(
      fc.property(whole, (value) => {
        expect(written((json) => json.int(value))).toBe(JSON.stringify(value));
      }),
      { numRuns: 2_000 },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: -100_000_000_000, max: 100_000_000_000 }),
        fc.integer({ min: 0, max: 6 }),
        (value, decimals) => {
          // Printed as a plain decimal, where JSON.stringify would change to 1e-7.
          expect(Number(written((json) => json.decimal(value, 10 ** decimals)))).toBe(value / 10 ** decimals);
          if (Math.abs(value) >= 1_000)
            expect(written((json) => json.decimal(value, 10 ** decimals))).toBe(JSON.stringify(value / 10 ** decimals));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("says null where there is no number, and grows", () => {
    expect(
      written((json) => {
        json.decimal(Number.NaN, 100);
        json.raw(ascii(","));
        json.bool(true);
      }),
    ).toBe("null,true");
    const long = "₹".repeat(50_000);
    expect(
      written((json) => {
        json.text(long);
        json.int(7);
      }),
    ).toBe(`${long}7`);
  });

  it.each([
    [1, 1e77],
    [100.3, 100],
    [0.5, 1],
    [-2.5, 100],
    [1e300, 100],
    [1, Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY, 100],
  ])("ends with JSON also for %d of scale %d", (value, scale) => {
    const text = written((json) => json.decimal(value, scale));
    expect(Number.isFinite(value) ? Math.abs((JSON.parse(text) as number) - value / scale) : JSON.parse(text)).toEqual(
      Number.isFinite(value) ? (expect.closeTo(0, 0) as unknown) : null,
    );
  });
});
