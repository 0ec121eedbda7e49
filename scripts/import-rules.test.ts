import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(path.join(tmpdir(), "candela-rules-"));

/** Each offence: the file, its content, and the rule that must catch it. */
const offences: readonly (readonly [file: string, source: string, rule: string])[] = [
  ["server/domain/a.ts", `import type { P } from "@/server/ports/p"; export type A = P;`, "domain-imports"],
  ["server/domain/b.ts", `import { z } from "zod"; export const b = z;`, "domain-packages"],
  ["server/domain/c.ts", `import { EOL } from "node:os"; export const c = EOL;`, "domain-packages"],
  ["server/ports/a.ts", `import type { C } from "@/server/contract/c"; export type A = C;`, "ports-imports"],
  ["server/ports/b.ts", `import type { Pool } from "pg"; export type B = Pool;`, "ports-packages"],
  ["server/indicators/a.ts", `import type { P } from "@/server/ports/p"; export type A = P;`, "indicators-imports"],
  ["server/indicators/b.ts", `import { EOL } from "node:os"; export const b = EOL;`, "indicators-packages"],
  ["server/contract/a.ts", `import type { P } from "@/server/ports/p"; export type A = P;`, "contract-imports"],
  ["server/contract/b.ts", `import ws from "ws"; export const b = ws;`, "contract-packages"],
  ["server/pipeline/a.ts", `import { s } from "@/server/store/s"; export const a = s;`, "pipeline-imports"],
  ["server/pipeline/b.ts", `import { EOL } from "node:os"; export const b = EOL;`, "pipeline-packages"],
  ["server/services/a.ts", `import { s } from "@/server/store/s"; export const a = s;`, "services-imports"],
  [
    "server/services/bars/a.ts",
    `import { q } from "@/server/services/quality/q"; export const a = q;`,
    "services-bars-room",
  ],
  [
    "server/services/reads/a.ts",
    `import { h } from "@/server/services/history/h"; export const a = h;`,
    "services-reads-room",
  ],
  [
    "server/services/attic/a.ts",
    `import type { D } from "@/server/domain/d"; export type A = D;`,
    "services-known-room",
  ],
  ["server/domain/time/a.ts", `import { b } from "@/server/domain/bars/b"; export const a = b;`, "domain-time-room"],
  ["server/domain/g.ts", `import { b } from "@/server/domain/bars/b"; export const a = b;`, "domain-known-room"],
  ["server/services/reads/c.ts", `import type { Q } from "../quality/q"; export type C = Q;`, "alias-across-folders"],
  ["server/services/b.ts", `import pg from "pg"; export const b = pg;`, "services-packages"],
  ["server/feeds/one/a.ts", `import { two } from "@/server/feeds/two/two"; export const a = two;`, "feed-imports"],
  ["server/feeds/one/b.ts", `import type { S } from "@/server/pipeline/stage"; export type B = S;`, "feed-imports"],
  ["server/feeds/again.ts", `import { two } from "./two/two"; export const again = two;`, "feeds-shared-imports"],
  ["server/feeds/index.ts", `import { s } from "@/server/store/s"; export const a = s;`, "feeds-registry-imports"],
  ["server/cli/feed.ts", `import { two } from "@/server/feeds/two/two"; export const feed = two;`, "feeds-folders"],
  ["server/store/a.ts", `import { w } from "@/server/web/w"; export const a = w;`, "store-imports"],
  ["server/bus/a.ts", `import { s } from "@/server/store/s"; export const a = s;`, "bus-imports"],
  ["server/latest/a.ts", `import { s } from "@/server/store/s"; export const a = s;`, "latest-imports"],
  ["server/web/a.ts", `import { x } from "@/server/services/x"; export const a = x;`, "web-imports"],
  ["server/observe/a.ts", `import { w } from "@/server/web/w"; export const a = w;`, "observe-imports"],
  ["server/web/b.ts", `import { stage } from "@/server/pipeline/stage"; export const b = stage;`, "stage-types-only"],
  ["server/exchange/a.ts", `import { w } from "@/server/feeds/two/two"; export const a = w;`, "exchange-imports"],
  ["server/main.ts", `import { x } from "@/components/x"; export const a = x;`, "container-imports"],
  ["server/parts/a.ts", `import { c } from "@/server/container"; export const a = c;`, "parts-imports"],
  ["server/cli/a.ts", `import { x } from "@/app/x"; export const a = x;`, "container-imports"],
  [
    "server/runtime.ts",
    `import type { W } from "./web/w"; import { c } from "./container"; export type R = W; export const r = c;`,
    "runtime-imports",
  ],
  ["server/config.ts", `import { s } from "@/server/store/s"; export const a = s;`, "config-imports"],
  ["app/api/a.ts", `import { s } from "@/server/store/s"; export const a = s;`, "api-imports"],
  [
    "app/api/v1/a/route.ts",
    `import type { r } from "@/server/runtime"; export type A = typeof r;`,
    "routes-no-runtime",
  ],
  ["app/metrics/a.ts", `import { x } from "@/components/x"; export const a = x;`, "api-imports"],
  ["app/a.ts", `import type { X } from "@/server/services/x"; export type A = X;`, "pages-imports"],
  ["components/a.ts", `import { c } from "@/server/runtime"; export const a = c;`, "components-imports"],
  ["components/b.ts", `import type { P } from "@/server/ports/p"; export type B = P;`, "components-imports"],
  ["components/c.ts", `import { EOL } from "node:os"; export const c = EOL;`, "components-no-node-packages"],
  ["server/start-something.ts", `import { x } from "@/components/x"; export const a = x;`, "container-imports"],
  ["server/attic/a.ts", `import type { D } from "@/server/domain/d"; export type A = D;`, "known-folder"],
  ["server/store/b.ts", `import { t } from "@/server/testing/t"; export const b = t;`, "testing-stays-out"],
  ["server/store/c.ts", `import fc from "fast-check"; export const c = fc;`, "dev-packages-stay-out"],
  ["server/store/d.ts", `import type { P } from "../ports/p"; export type D = P;`, "alias-across-folders"],
  ["server/store/e.ts", `import { gone } from "./gone"; export const e = gone;`, "no-unresolved"],
  ["server/store/f.ts", `import type { G } from "./g"; export type F = G | null;`, "no-circle"],
];

/** Targets of the offences, and allowed imports: none of these may be reported. */
const lawful: readonly (readonly [file: string, source: string])[] = [
  [
    "server/ports/p.ts",
    `import type { z } from "zod"; import type { D } from "@/server/domain/d"; export type P = D | z.ZodType;`,
  ],
  ["server/domain/d.ts", `export type D = 1;`],
  ["server/contract/c.ts", `import { z } from "zod"; export const c = z; export type C = 1;`],
  [
    "server/store/s.ts",
    `import type { P } from "@/server/ports/p"; import type { S } from "@/server/pipeline/stage"; import pg from "pg"; export const s = pg; export type Q = P | S;`,
  ],
  ["server/store/g.ts", `import type { F } from "./f"; export type G = F;`],
  [
    "server/store/s.test.ts",
    `import { t } from "@/server/testing/t"; import fc from "fast-check"; export const u = [t, fc];`,
  ],
  ["server/web/w.ts", `export const w = 1; export type W = 1;`],
  ["server/pipeline/stage.ts", `export const stage = 1; export type S = 1;`],
  [
    "server/services/quality/q.ts",
    `import { b } from "@/server/services/bars/b"; export const q = b; export type Q = 1;`,
  ],
  ["server/services/bars/b.ts", `export const b = 1;`],
  ["server/services/history/h.ts", `export const h = 1;`],
  ["server/domain/bars/b.ts", `export const b = 1;`],
  ["server/services/x.ts", `export const x = 1; export type X = 1;`],
  [
    "server/feeds/two/two.ts",
    `import { define } from "@/server/feeds/define"; import ws from "ws"; export const two = [define, ws];`,
  ],
  ["server/feeds/define.ts", `export const define = 1;`],
  [
    "server/parts/p.ts",
    `import { s } from "@/server/store/s"; import { x } from "@/server/services/x"; export const p = [s, x];`,
  ],
  ["server/container.ts", `import { p } from "./parts/p"; export const c = p;`],
  [
    "server/testing/t.ts",
    `import { s } from "@/server/store/s"; import fc from "fast-check"; export const t = [s, fc];`,
  ],
  [
    "server/bench/b.ts",
    `import { t } from "@/server/testing/t"; import fc from "fast-check"; export const b = [t, fc];`,
  ],
  [
    "components/x.ts",
    `import { c } from "@/server/contract/c"; import type { D } from "@/server/domain/d"; import { useState } from "react"; export const x = [c, useState]; export type E = D;`,
  ],
  ["app/x.ts", `import { x } from "@/components/x"; import { c } from "@/server/contract/c"; export const y = [x, c];`],
  [
    "app/api/_lib/r.ts",
    `import { c } from "@/server/contract/c"; import { r } from "@/server/runtime"; export const route = [c, r];`,
  ],
];

interface Violation {
  from: string;
  rule: { name: string };
}
let violations: readonly Violation[] = [];

beforeAll(async () => {
  for (const [file, source] of [...offences, ...lawful]) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), source);
  }
  for (const file of [".dependency-cruiser.cjs", "tsconfig.json", "package.json"])
    copyFileSync(file, path.join(folder, file));
  symlinkSync(path.resolve("node_modules"), path.join(folder, "node_modules"), "junction");
  const cruise = path.resolve("node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const answer = await promisify(execFile)(
    process.execPath,
    [cruise, "--config", ".dependency-cruiser.cjs", "--output-type", "json", "app", "components", "server"],
    { cwd: folder, maxBuffer: 64e6 },
  ).catch((error: { stdout: string }) => error);
  violations = (JSON.parse(answer.stdout) as { summary: { violations: Violation[] } }).summary.violations;
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const caught = (file: string): string[] =>
  violations.filter((each) => each.from === file).map((each) => each.rule.name);

describe("the import rules", () => {
  it.each(offences)("catch %s: %s", (file, _source, rule) => expect(caught(file)).toContain(rule));
  it.each(lawful.filter(([file]) => file !== "server/store/g.ts"))("let %s pass", (file) =>
    expect(caught(file)).toEqual([]),
  );
});
