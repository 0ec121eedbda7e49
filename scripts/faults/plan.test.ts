import { describe, expect, it } from "vitest";
import { isSource, sample, score, scoreLines, survivorLines } from "./plan.mjs";

const at = (line: number, from: number, to: number) => ({
  start: { line, column: from },
  end: { line, column: to },
});
const mutants = [
  { fileName: "b.ts", status: "Survived", replacement: "a <= b", location: at(2, 5, 10) },
  {
    fileName: "a.ts",
    status: "NoCoverage",
    replacement: "{}",
    location: { start: { line: 1, column: 1 }, end: { line: 2, column: 2 } },
  },
  { fileName: "a.ts", status: "Killed", replacement: "1", location: at(1, 1, 2) },
  { fileName: "a.ts", status: "Timeout", replacement: "2", location: at(1, 1, 2) },
  { fileName: "a.ts", status: "Ignored", replacement: "3", location: at(1, 1, 2) },
  { fileName: "a.ts", status: "CompileError", replacement: "4", location: at(1, 1, 2) },
];

describe("planted faults", () => {
  it("go into sources, not into tests or lists of data", () => {
    expect(
      [
        "server/domain/bars/bar.ts",
        "server/domain/bars/bar.test.ts",
        "server/domain/calendar/holiday-lists.ts",
        "server/README.md",
      ].filter(isSource),
    ).toEqual(["server/domain/bars/bar.ts"]);
  });
  it("are drawn by the seed alone, and no more than was asked for", () => {
    const sizes = new Map(
      Array.from({ length: 50 }, (_, at) => [`f${String(at).padStart(2, "0")}.ts`, 10 + at] as [string, number]),
    );
    const drawn = sample(sizes, 7, 300);
    const sum = drawn.reduce((lines, file) => lines + sizes.get(file)!, 0);
    expect(sum).toBeGreaterThan(280);
    expect(sum).toBeLessThanOrEqual(300);
    expect(sample(new Map([...sizes].reverse()), 7, 300)).toEqual(drawn);
    expect(sample(sizes, 8, 300)).not.toEqual(drawn);
    expect(sample(sizes, 7, 1)).toHaveLength(1);
  });
  it("are counted where they were tried: what was ignored or did not compile is none", () => {
    const rows = score(mutants, (file) => file);
    expect([...rows]).toEqual([
      ["b.ts", { planted: 1, dead: 0, unreached: 0 }],
      ["a.ts", { planted: 3, dead: 2, unreached: 1 }],
    ]);
    expect(scoreLines(rows)).toEqual([
      "a.ts   66.7 %  2 of 3 died, 1 in code no test reaches",
      "b.ts    0.0 %  0 of 1 died, 0 in code no test reaches",
      "all    50.0 %  2 of 4 died, 1 in code no test reaches",
    ]);
    expect(scoreLines(new Map())).toEqual(["No faults could be planted here."]);
  });
  it("that live are shown with the code they replaced", () => {
    expect(survivorLines(mutants, () => ["while (x) {", "if (a < b) {"])).toEqual([
      "a.ts:1:1  while (x) {  →  {}  (no test reaches it)",
      "b.ts:2:5  a < b  →  a <= b",
    ]);
  });
});
