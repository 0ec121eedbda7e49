// `npm test`: everything, from the packages to the browser. `npm test -- unit int` runs parts, `npm test -- --deep` all
// rounds of the long random suites (docs/testing.md).
import { requireNode } from "./node-version.mjs";

requireNode();
const { mkdtempSync, rmSync } = await import("node:fs");
const { tmpdir } = await import("node:os");
const path = await import("node:path");
const { parseArgs } = await import("node:util");
const { findChromium } = await import("./browser.mjs");
const { missingLines } = await import("./missing-servers.mjs");
const { prepare } = await import("./prepare.mjs");
const { StepError, endWithChildren, fail, inProject, run } = await import("./steps.mjs");
const counting = await import("./test-counts.mjs");
const { closing, counts, failureLines, listedTests, playwrightCounts, skipLines, slowestLines, total, vitestCounts } =
  counting;
const { suiteBudgets } = await import("./test-times.mjs");
const { provideBrowser, startServers } = await import("./test-servers.mjs");

const out = process.stdout;
function options() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { deep: { type: "boolean", default: false }, seed: { type: "string" } },
    });
  } catch (error) {
    return fail(new StepError(`${error.message.split(". ")[0]}.`));
  }
}
const { values: given, positionals: chosen } = options();
const { deep } = given;
// The usual run repeats itself. A deep one takes the day's number, so that each night tries others.
const seed = Number(given.seed ?? (deep ? new Date().toISOString().slice(0, 10).replaceAll("-", "") : 1));
if (!Number.isSafeInteger(seed) || seed < 0) fail(new StepError(`--seed=${given.seed} is not a whole number.`));
const runSize = { TEST_SEED: String(seed), ...(deep ? { TEST_DEEP: "1" } : {}) };
const scratch = mkdtempSync(path.join(tmpdir(), "candela-test-"));
const bin = (file) => inProject("node_modules", file);
// The programs write into our pipe: whether there is a person's terminal behind it, only we know.
const colours = out.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" };
const node = (args, env = {}) =>
  run(process.execPath, args, { echo: out, env: { ...process.env, ...colours, ...env } });

const whole = async (args) => ((await node(args)).code === 0 ? counts({ passed: 1 }) : counts({ failed: 1 }));

/** One suite of scripts/test-times.mjs: says how long it took, and fails where that is too long. */
async function suite(name, work) {
  const from = performance.now();
  const result = await work();
  const seconds = (performance.now() - from) / 1_000;
  const budget = suiteBudgets[name];
  out.write(`${name} took ${Math.round(seconds)} s (budget ${deep ? "none with --deep" : `${budget} s`})\n`);
  return counting.withinBudget(result, name, seconds, deep ? undefined : budget);
}

async function vitest(project, env) {
  const file = path.join(scratch, `${project}.json`);
  const reporters = ["--reporter=default", `--reporter=${inProject("scripts/vitest-counts.mjs")}`];
  const { code } = await node(
    [bin("vitest/vitest.mjs"), "run", "--project", project, "--passWithNoTests", ...reporters],
    { ...env, ...runSize, COUNTS_FILE: file },
  );
  return vitestCounts(file, code);
}

// Lint and its like keep one core busy: what is to be built is built beside them. Not beside the types, which write into .next too.
let building;
const build = () => (building ??= prepare(["pages", "server"], { write: (text) => out.write(text) }));
const isWanted = (name) => chosen.length === 0 || chosen.includes(name);
function buildBeside() {
  if (isWanted("int") || isWanted("e2e")) build().catch(() => {});
}

let servers = { env: {}, stop: async () => {} };

async function browser() {
  const playwright = [
    bin("@playwright/test/cli.js"),
    "test",
    "--config",
    "e2e/playwright.config.ts",
    "--pass-with-no-tests",
  ];
  await provideBrowser(out, findChromium);
  if ((await findChromium()) === null) {
    const { output } = await run(process.execPath, [...playwright, "--list", "--reporter=json"]);
    return counts({
      skipped: [{ where: "e2e", reason: "Chromium is not installed (set CHROMIUM_PATH)", count: listedTests(output) }],
    });
  }
  const file = inProject("e2e/results/report.json");
  rmSync(file, { force: true });
  const { code } = await node(playwright, runSize);
  return playwrightCounts(file, code);
}

const steps = {
  typecheck: { title: "Types", work: () => suite("typecheck", () => whole([inProject("scripts/typecheck.mjs")])) },
  lint: {
    title: "Lint and import rules",
    work() {
      buildBeside();
      return suite("lint", () => whole([inProject("scripts/lint.mjs")]));
    },
  },
  unit: { title: "Unit tests", work: () => suite("unit", () => vitest("unit", {})) },
  int: {
    title: "Integration tests",
    async work() {
      servers = await startServers(out);
      for (const line of missingLines({ ...process.env, ...servers.env })) out.write(`${line}\n`);
      await build();
      const results = [
        await suite("integration", () => vitest("integration", servers.env)),
        await suite("alone", () => vitest("alone", servers.env)),
      ];
      await servers.stop();
      return total(results);
    },
  },
  e2e: {
    title: "Browser tests",
    async work() {
      await build();
      return suite("e2e", browser);
    },
  },
};

async function stopAll() {
  await servers.stop();
  rmSync(scratch, { recursive: true, force: true });
}

// A step that cannot even run is one failure, and the next one still runs: a person wants the whole picture.
async function result({ title, work }) {
  out.write(`\n── ${title} ──\n`);
  try {
    return await work();
  } catch (error) {
    out.write(
      error instanceof StepError ? `${error.output.trimEnd()}\n${error.message}\n` : `${error?.stack ?? error}\n`,
    );
    return counts({ failed: 1 });
  }
}

endWithChildren(stopAll);
const wrong = chosen.find((name) => !Object.hasOwn(steps, name));
if (wrong !== undefined) fail(new StepError(`Unknown part "${wrong}"; choose from ${Object.keys(steps).join(", ")}.`));
await prepare(["packages", "client"], out).catch(fail);

out.write(
  `Random tests start from seed ${seed}${deep ? ", all rounds" : ""}: npm test -- ${deep ? "--deep " : ""}--seed=${seed} repeats them.\n`,
);
const results = [];
for (const [name, each] of Object.entries(steps)) {
  if (!isWanted(name)) continue;
  const one = await result(each);
  results.push(one);
  out.write(`${each.title}: ${closing(one)}\n`);
}
await stopAll();
const sum = total(results);
out.write(`\n${slowestLines(sum.times).join("\n")}\n`);
for (const line of ["", ...failureLines(sum.failures), ...skipLines(sum.skipped), closing(sum)]) out.write(`${line}\n`);
process.exitCode = sum.failed > 0 ? 1 : 0;
