import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { divisorOf, InstrumentTable, Target, TokenMap } from "./instrument-table";

describe("TokenMap", () => {
  it("finds what a plain map finds, for any tokens, the last setting of each", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.nat(5_000), fc.constantFrom(1, 1_000)), {
          maxLength: 300,
        }),
        fc.array(fc.integer({ min: 0, max: 0xffffffff })),
        (rows, strangers) => {
          const map = new TokenMap();
          const plain = new Map<number, readonly [number, number]>();
          for (const [token, index, divisor] of rows) {
            map.set(token, index, divisor);
            plain.set(token, [index, divisor]);
          }
          for (const token of [...plain.keys(), ...strangers]) {
            const target = map.target(token);
            expect(target === -1 ? undefined : [target & Target.instrument, divisorOf(target)]).toEqual(
              plain.get(token),
            );
          }
          expect(map.size).toBe(plain.size);
        },
      ),
    );
  });
});

describe("InstrumentTable", () => {
  it("gives dense numbers in order of arrival and keeps them when an instrument is renamed", () => {
    const table = new InstrumentTable();
    expect([
      table.put(testInstrument(7), "NSE"),
      table.put(testInstrument(9, { segment: "index" }), "NSE_INDEX"),
    ]).toEqual([0, 1]);
    expect(table.put(testInstrument(7, { key: "NSE:NEW", symbol: "NEW" }), "NSE_CAS")).toBe(0);
    expect([
      table.indexOf("NSE:NEW"),
      table.indexOf("NSE:TEST7"),
      table.indexOfId(9),
      table.hours(0),
      table.size,
    ]).toEqual([0, -1, 1, "NSE_CAS", 2]);
    expect(Array.from(table.traded.slice(0, 2))).toEqual([1, 0]);
    expect(() => table.at(5)).toThrow("no instrument number 5");
  });
  it("holds more than it has room for at first", () => {
    const table = new InstrumentTable();
    for (let id = 1; id <= 500; id++) table.put(testInstrument(id), "NSE");
    expect([table.indexOf("NSE:TEST500"), table.traded[499]]).toEqual([499, 1]);
  });
});
