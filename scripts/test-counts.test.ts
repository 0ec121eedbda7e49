import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  closing,
  counts,
  failureLines,
  playwrightCounts,
  skipLines,
  slowestLines,
  total,
  vitestCounts,
  withinBudget,
} from "./test-counts.mjs";
import { suiteBudgets } from "./test-times.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "candela-counts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, content: unknown): string => {
  const file = path.join(folder, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
};

describe("counting what the tests came to", () => {
  it("takes a run that ended badly without a failed test as one failure", () => {
    const file = written("quiet.json", { passed: 3, failed: 0, skipped: [] });
    expect(vitestCounts(file, 1)).toEqual({ passed: 3, failed: 1, failures: [], skipped: [], times: [] });
    expect(vitestCounts(file, 0)).toEqual({ passed: 3, failed: 0, failures: [], skipped: [], times: [] });
  });

  it("takes a run that left no report as one failure", () => {
    expect(vitestCounts(path.join(folder, "none.json"), 0).failed).toBe(1);
    expect(playwrightCounts(path.join(folder, "none.json"), 0).failed).toBe(1);
  });

  it("reads Playwright's nested suites, a flaky test being a failed one", () => {
    const test = (status: string, description?: string): object => ({
      status,
      results: status === "flaky" ? [{ errors: [{ message: "\u001B[31mit wavered\u001B[39m\nat line 1" }] }, {}] : [],
      annotations: description === undefined ? [] : [{ type: "skip", description }],
    });
    const file = written("browser.json", {
      suites: [
        {
          specs: [{ file: "a.spec.ts", title: "looks", tests: [test("expected")] }],
          suites: [
            {
              specs: [
                { file: "a.spec.ts", title: "wavers", tests: [test("flaky")] },
                { file: "a.spec.ts", title: "waits", tests: [test("skipped", "no broker")] },
              ],
            },
          ],
        },
      ],
    });
    const read = playwrightCounts(file, 1);
    expect(read).toMatchObject({
      passed: 1,
      failed: 1,
      skipped: [{ where: "e2e/a.spec.ts: waits", reason: "no broker", count: 1 }],
    });
    expect(failureLines(read.failures)).toEqual(["Failed: e2e/a.spec.ts: wavers: it wavered", "  at line 1"]);
  });

  it("names the ten slowest tests, the slowest first", () => {
    const times = Array.from({ length: 12 }, (_, at) => ({ where: `test ${at}`, ms: at * 1_000 + 40 }));
    const lines = slowestLines(total([counts({ times: times.slice(6) }), counts({ times: times.slice(0, 6) })]).times);
    expect(lines).toHaveLength(11);
    expect(lines.slice(0, 2)).toEqual(["The 10 slowest tests:", "   11.0 s  test 11"]);
    expect(lines.at(-1)).toBe("    2.0 s  test 2");
    expect(slowestLines([])).toEqual([]);
  });

  it("fails a suite that takes longer than its budget, and each suite has one", () => {
    const result = counts({ passed: 3 });
    expect(withinBudget(result, "unit", 240, 240)).toBe(result);
    expect(withinBudget(result, "unit", 9_999, undefined)).toBe(result);
    const late = withinBudget(result, "unit", 240.6, 240);
    expect(closing(late)).toBe("3 passed, 1 failed, 0 skipped");
    expect(failureLines(late.failures)).toEqual([
      "Failed: unit: time budget: It took 241 s, and its budget is 240 s (scripts/test-times.mjs).",
    ]);
    expect(Object.keys(suiteBudgets)).toEqual(["typecheck", "lint", "unit", "integration", "alone", "e2e"]);
  });

  it("adds the steps up, gives each reason once and closes with the three numbers", () => {
    const skip = (where: string): { where: string; reason: string; count: number } => ({
      where,
      reason: "no fixtures",
      count: 2,
    });
    const sum = total([
      counts({ passed: 1 }),
      counts({ passed: 4, failed: 1, failures: [{ where: "a", why: "x" }], skipped: [skip("a"), skip("b")] }),
      counts({ skipped: [skip("c"), skip("d")] }),
    ]);
    expect(skipLines(sum.skipped)).toEqual(["Skipped 8: no fixtures (a, b, c, and 1 more)"]);
    expect(failureLines(sum.failures)).toEqual(["Failed: a: x"]);
    expect(closing(sum)).toBe("5 passed, 1 failed, 8 skipped");
  });
});
