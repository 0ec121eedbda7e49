import { valuesOf, indicatorOf } from "@/server/testing/indicator-values";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { columnsOfBars, talibSeries } from "@/server/testing/indicator-bars";
import {
  nameOf,
  sampledRows,
  talibCases,
  type TalibCase,
  type TalibValues,
} from "@/server/testing/indicator-talib-cases";

/** Written by `indicator-talib-record.ts` from C TA-Lib (npm talib 1.1.6), unstable period 0, prices in paise. */
const recorded = JSON.parse(readFileSync("server/testing/indicator-talib.json", "utf8")) as TalibValues;
/** TA-Lib begins the two DI lines as soon as it can; ours begin with ADX. */
const beginsEarlier = (each: TalibCase): boolean => each.call === "PLUS_DI" || each.call === "MINUS_DI";

describe.each(Object.keys(talibSeries) as (keyof typeof talibSeries)[])("C TA-Lib on the series %s", (name) => {
  const bars = talibSeries[name]();
  const columns = columnsOfBars(bars);
  it.each(talibCases.map((each) => [nameOf(each), each] as const))("%s", (text, each) => {
    const resolved = indicatorOf(each.text);
    const plot = resolved.definition.plots.findIndex(({ id }) => id === each.plot);
    const ours = valuesOf(resolved, columns)[plot]!;
    const { begin, values } = recorded[name][text]!;
    const first = ours.findIndex((value) => !Number.isNaN(value));
    if (beginsEarlier(each)) expect(first).toBeGreaterThan(begin);
    else expect(first).toBe(begin);
    const rows = sampledRows(begin, bars.length);
    expect(values.length).toBe(rows.length);
    rows.forEach((row, at) => {
      if (row < first) return;
      const wanted = values[at]!;
      const off = Math.abs(ours[row]! - wanted) / Math.max(1, Math.abs(wanted));
      if (!(off <= each.tolerance))
        expect({ row, value: ours[row], off }).toEqual({ row, value: wanted, off: `<= ${each.tolerance}` });
    });
  });
});
