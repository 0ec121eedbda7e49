import { existsSync, readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/** What a step of the tests came to. */
export const counts = ({ passed = 0, failed = 0, failures = [], skipped = [], times = [] } = {}) => ({
  passed,
  failed,
  failures,
  skipped,
  times,
});

/** What scripts/vitest-counts.mjs wrote; a run that ended badly without counting a failure is one failure. */
export function vitestCounts(file, code) {
  if (!existsSync(file)) return counts({ failed: 1 });
  const read = JSON.parse(readFileSync(file, "utf8"));
  return counts({ ...read, failed: code !== 0 && read.failed === 0 ? 1 : read.failed });
}

function* testsOf(suite) {
  for (const spec of suite.specs ?? [])
    for (const test of spec.tests) yield { file: spec.file, title: spec.title, test };
  for (const inner of suite.suites ?? []) yield* testsOf(inner);
}

/** What Playwright's JSON report says; `code` as above. */
export function playwrightCounts(file, code) {
  if (!existsSync(file)) return counts({ failed: 1 });
  const report = JSON.parse(readFileSync(file, "utf8"));
  const result = counts();
  for (const suite of report.suites) {
    for (const { file: spec, title, test } of testsOf(suite)) {
      const ms = (test.results ?? []).reduce((sum, { duration = 0 }) => sum + duration, 0);
      if (ms > 0) result.times.push({ where: `e2e/${spec}: ${title}`, ms });
      if (test.status === "expected") result.passed += 1;
      else if (test.status === "skipped")
        result.skipped.push({
          where: `e2e/${spec}: ${title}`,
          reason: test.annotations.find((each) => each.type === "skip")?.description ?? "its own condition",
          count: 1,
        });
      else {
        result.failed += 1;
        result.failures.push({
          where: `e2e/${spec}: ${title}`,
          why: test.results?.flatMap((each) => each.errors ?? []).at(0)?.message ?? "",
        });
      }
    }
  }
  if (code !== 0 && result.failed === 0) result.failed = 1;
  return result;
}

/** How many tests Playwright would run, from its JSON listing. */
export const listedTests = (json) => JSON.parse(json).suites.flatMap((suite) => [...testsOf(suite)]).length;

const some = (places) =>
  [...places.slice(0, 3), ...(places.length > 3 ? [`and ${places.length - 3} more`] : [])].join(", ");

/** One line for each reason, with how many tests it kept from running and where. */
export function skipLines(skipped) {
  const byReason = new Map();
  for (const { where, reason, count } of skipped) {
    const entry = byReason.get(reason) ?? { count: 0, places: new Set() };
    entry.count += count;
    entry.places.add(where);
    byReason.set(reason, entry);
  }
  return [...byReason].map(([reason, { count, places }]) => `Skipped ${count}: ${reason} (${some([...places])})`);
}

const MOST_LINES = 12;
// Colours of a terminal are no part of a sentence.
const plain = (text) =>
  stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.trimEnd().slice(0, 200))
    .filter((line) => line !== "");

/** Each failed test: which, and the first lines of why. The whole stands further up, where a log may have been cut. */
export const failureLines = (failures) =>
  failures.flatMap(({ where, why }) => {
    const [first = "", ...rest] = plain(why);
    return [`Failed: ${where}: ${first}`, ...rest.slice(0, MOST_LINES).map((line) => `  ${line}`)];
  });

const MOST_SLOW = 10;

/** The ten tests that took longest, the slowest first. */
export const slowestLines = (times) => {
  const slow = times.toSorted((a, b) => b.ms - a.ms).slice(0, MOST_SLOW);
  return slow.length === 0
    ? []
    : [
        `The ${slow.length} slowest tests:`,
        ...slow.map(({ where, ms }) => `${(ms / 1_000).toFixed(1).padStart(7)} s  ${where}`),
      ];
};

/** A suite that took longer than its budget has one failure more. `budget` undefined: it may take as long as it likes. */
export const withinBudget = (result, name, seconds, budget) =>
  budget === undefined || seconds <= budget
    ? result
    : counts({
        ...result,
        failed: result.failed + 1,
        failures: [
          ...result.failures,
          {
            where: `${name}: time budget`,
            why: `It took ${Math.round(seconds)} s, and its budget is ${budget} s (scripts/test-times.mjs).`,
          },
        ],
      });

/** The sum over all steps. */
export const total = (results) =>
  results.reduce(
    (sum, each) =>
      counts({
        passed: sum.passed + each.passed,
        failed: sum.failed + each.failed,
        failures: [...sum.failures, ...each.failures],
        skipped: [...sum.skipped, ...each.skipped],
        times: [...sum.times, ...each.times],
      }),
    counts(),
  );

/** The closing line. */
export const closing = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped.reduce((sum, each) => sum + each.count, 0)} skipped`;
