import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { pipeline } from "./index";
import type { StageName } from "./stage";

const folder = import.meta.dirname;
const read = (name: string): string => readFileSync(path.join(folder, name), "utf8");
const none = { on() {} };
const stages = pipeline({
  collectors: { open() {}, close() {} },
  writer: none,
  recorder: none,
  latest: none,
  latestPoints: none,
  readers: { ticks: none, bars: none, derived: none, auctions: none, points: none },
} as unknown as Parameters<typeof pipeline>[0]);

/** Classes of the cores by their stage, as `index.ts` writes them. */
const cores = new Map<StageName, string>();
const table = read("index.ts");
for (const [, stage, part] of table.matchAll(/step\(\s*"(\w+)",[^)]*?parts\.(\w+)/g))
  cores.set(stage as StageName, new RegExp(`^  ${part}: (\\w+);`, "m").exec(table)![1]!);

describe("the pipeline table", () => {
  it("names, beside the topics, every stage whose core a core is built on or looks into", () => {
    expect(cores.size).toBe(7);
    const files = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
    for (const [stage, core] of cores) {
      const file = files.find((name) => new RegExp(`^export class ${core}\\b`, "m").test(read(name)))!;
      const source = read(file);
      for (const [other, otherCore] of cores) {
        if (other === stage || !new RegExp(`^import [^;]*\\b${otherCore}\\b`, "m").test(source)) continue;
        for (const row of stages.filter(({ name }) => name === stage))
          expect(row.reads, `${file} imports ${otherCore}; row of ${row.from}`).toContain(other);
      }
    }
  });

  it("gives each stage that reads a topic one that fills it", () => {
    const filled = new Set(stages.map(({ to }) => to));
    for (const { name, from } of stages) if (from !== null) expect(filled, name).toContain(from);
  });

  it("names only stages it has", () => {
    const names = new Set(stages.map(({ name }) => name));
    for (const { reads } of stages) for (const each of reads) expect(names).toContain(each);
  });
});
