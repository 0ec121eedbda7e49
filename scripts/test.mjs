// `npm test`: everything, from the packages to the browser. `npm test -- unit int` runs parts.
import { requireNode } from "./node-version.mjs";

requireNode();
const { mkdtempSync, rmSync } = await import("node:fs");
const { tmpdir } = await import("node:os");
const path = await import("node:path");
const { findChromium } = await import("./browser.mjs");
const { missingLines } = await import("./missing-servers.mjs");
const { prepare } = await import("./prepare.mjs");
const { StepError, endWithChildren, fail, inProject, run } = await import("./steps.mjs");
const { closing, counts, failureLines, listedTests, playwrightCounts, skipLines, total, vitestCounts } =
  await import("./test-counts.mjs");
const { provideBrowser, startServers } = await import("./test-servers.mjs");

const out = process.stdout;
const scratch = mkdtempSync(path.join(tmpdir(), "candela-test-"));
const bin = (file) => inProject("node_modules", file);
// The programs write into our pipe: whether there is a person's terminal behind it, only we know.
const colours = out.isTTY ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" };
const node = (args, env = {}) =>
  run(process.execPath, args, { echo: out, env: { ...process.env, ...colours, ...env } });

const whole = async (args) => ((await node(args)).code === 0 ? counts({ passed: 1 }) : counts({ failed: 1 }));

async function vitest(project, env, options = []) {
  const file = path.join(scratch, `${project}.json`);
  const reporters = ["--reporter=default", `--reporter=${inProject("scripts/vitest-counts.mjs")}`];
  const { code } = await node(
    [bin("vitest/vitest.mjs"), "run", "--project", project, "--passWithNoTests", ...reporters, ...options],
    { ...env, COUNTS_FILE: file },
  );
  return vitestCounts(file, code);
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
      skipped: [{ where: "e2e", reason: "there is no Chromium here (set CHROMIUM_PATH)", count: listedTests(output) }],
    });
  }
  await prepare(["pages", "server"], out);
  const file = inProject("e2e/results/report.json");
  rmSync(file, { force: true });
  const { code } = await node(playwright);
  return playwrightCounts(file, code);
}

const steps = {
  typecheck: { title: "Types", work: () => whole([inProject("scripts/typecheck.mjs")]) },
  lint: { title: "Lint and import rules", work: () => whole([inProject("scripts/lint.mjs")]) },
  unit: { title: "Unit tests", work: () => vitest("unit", {}) },
  int: {
    title: "Integration tests",
    async work() {
      servers = await startServers(out);
      for (const line of missingLines({ ...process.env, ...servers.env })) out.write(`${line}\n`);
      await prepare(["pages", "server"], out);
      const results = [
        await vitest("clock", servers.env, ["--maxWorkers=3"]),
        await vitest("integration", servers.env),
      ];
      await servers.stop();
      return total(results);
    },
  },
  e2e: { title: "Browser tests", work: browser },
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
const chosen = process.argv.slice(2);
const wrong = chosen.find((name) => !Object.hasOwn(steps, name));
if (wrong !== undefined)
  fail(new StepError(`There is no part "${wrong}": choose from ${Object.keys(steps).join(", ")}.`));
await prepare(["packages", "client"], out).catch(fail);

const results = [];
for (const [name, each] of Object.entries(steps)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const one = await result(each);
  results.push(one);
  out.write(`${each.title}: ${closing(one)}\n`);
}
await stopAll();
const sum = total(results);
for (const line of ["", ...failureLines(sum.failures), ...skipLines(sum.skipped), closing(sum)]) out.write(`${line}\n`);
process.exitCode = sum.failed > 0 ? 1 : 0;
