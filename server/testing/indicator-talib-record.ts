/**
 * Writes `indicator-talib.json`: values of C TA-Lib over the series of `indicator-bars.ts`.
 *
 *   npx tsx server/testing/indicator-talib-record.ts FOLDER    a folder in which `npm install talib@1.1.6` has been run
 *
 * The package is native and builds for minutes, so the project does not depend on it.
 */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { talibSeries } from "./indicator-bars";
import { nameOf, sampledRows, talibCases, type TalibValues } from "./indicator-talib-cases";

/** It returns garbage for typed arrays: inputs are plain ones. */
interface Talib {
  execute(call: Record<string, unknown>): { begIndex: number; nbElement: number; result: Record<string, number[]> };
}

const [, program = "", folder = "."] = process.argv;
const talib = createRequire(path.resolve(folder, "package.json"))("talib") as Talib;

const record = (name: keyof typeof talibSeries): TalibValues[keyof TalibValues] => {
  const bars = talibSeries[name]();
  return Object.fromEntries(
    talibCases.map((each) => {
      const { begIndex, result } = talib.execute({
        name: each.call,
        startIdx: 0,
        endIdx: bars.length - 1,
        ...each.inputs(bars),
        ...each.options,
      });
      const values = result[each.output];
      if (values === undefined)
        throw new Error(`${each.call} has no output ${each.output}: ${Object.keys(result).join(", ")}`);
      return [
        nameOf(each),
        { begin: begIndex, values: sampledRows(begIndex, bars.length).map((row) => values[row - begIndex]!) },
      ];
    }),
  );
};

const recorded: TalibValues = { walk: record("walk"), quiet: record("quiet"), wild: record("wild") };
const lines = Object.entries(recorded).map(
  ([name, cases]) =>
    `${JSON.stringify(name)}: {\n${Object.entries(cases)
      .map(([text, values]) => `${JSON.stringify(text)}: ${JSON.stringify(values)}`)
      .join(",\n")}\n}`,
);
writeFileSync(path.join(path.dirname(program), "indicator-talib.json"), `{\n${lines.join(",\n")}\n}\n`);
