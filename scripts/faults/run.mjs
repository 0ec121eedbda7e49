/**
 * `npm run test:faults`: plants faults (Stryker) and says which of them no test noticed. Without a file it takes a seeded sample
 * of files; `-- server/domain/bars/bar-time.ts` or a folder takes those; `-- --all` takes everything, which needs hours.
 * The faults stand in a copy under .build/, never in the working tree.
 */
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";
import { StepError, fail, inProject } from "../steps.mjs";
import { folders, isSource, sample, score, scoreLines, survivorLines } from "./plan.mjs";

/** What a sample holds by default: on two cores, about ten minutes. */
const SAMPLE_LINES = 900;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: "string" }, lines: { type: "string" }, all: { type: "boolean" } },
});

const filesUnder = (place) => {
  const entry = statSync(inProject(place), { throwIfNoEntry: false });
  if (entry === undefined) fail(new StepError(`There is no ${place}. Name a file or folder of ${folders.join(", ")}.`));
  return entry.isFile()
    ? [place]
    : readdirSync(inProject(place), { recursive: true }).map((each) =>
        path.posix.join(place, each.split(path.sep).join("/")),
      );
};

const folderOf = (file) => folders.find((each) => file.startsWith(`${each}/`));
const whole = (name, text) => {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    fail(new StepError(`--${name} is ${text}: a whole number from 1 is accepted.`));
  return number;
};

function chosenFiles() {
  const places = positionals.length > 0 ? positionals.map((each) => path.posix.normalize(each)) : folders;
  const files = places.flatMap(filesUnder).filter(isSource);
  const stray = files.find((file) => folderOf(file) === undefined);
  if (stray !== undefined) fail(new StepError(`${stray} is outside ${folders.join(", ")}.`));
  if (files.length === 0)
    fail(new StepError(`No file of ${places.join(", ")} takes faults: tests and lists of data do not.`));
  if (values.all || positionals.length > 0) return [...new Set(files)].sort();
  const seed = values.seed === undefined ? 1 + Math.floor(Math.random() * 1_000_000) : whole("seed", values.seed);
  const lines = values.lines === undefined ? SAMPLE_LINES : whole("lines", values.lines);
  const sizes = new Map(files.map((file) => [file, readFileSync(inProject(file), "utf8").split("\n").length]));
  const drawn = sample(sizes, seed, lines);
  process.stdout.write(`${drawn.length} of ${files.length} files, drawn with --seed ${seed} --lines ${lines}\n`);
  return drawn;
}

const scratch = inProject(`.build/faults-${process.pid}`);

/** Folders whose tests take about a second. */
const quick = new Set(["server/web", "server/contract"]);

async function plant(folder, files) {
  process.env["FAULTS_FOLDER"] = folder;
  return new Stryker({
    mutate: files,
    testRunner: "vitest",
    vitest: { configFile: "scripts/faults/vitest.config.ts", related: true },
    plugins: ["@stryker-mutator/vitest-runner", inProject("scripts/faults/ignorer.mjs")],
    ignorers: ["wording"],
    coverageAnalysis: "perTest",
    // What a module computes when it is loaded needs every test of the folder once a fault: done where those take a second.
    ignoreStatic: !quick.has(folder),
    concurrency: 2,
    // A fault that loops for ever dies by this; a slow machine must not kill the others with it.
    timeoutMS: 15_000,
    tempDirName: scratch,
    cleanTempDir: "always",
    ignorePatterns: [".next", ".build", "data", "e2e/results"],
    reporters: ["progress-append-only"],
    logLevel: "warn",
    allowConsoleColors: false,
  }).runMutationTest();
}

process.chdir(inProject());
const files = chosenFiles();
const mutants = [];
try {
  for (const folder of folders) {
    const own = files.filter((file) => folderOf(file) === folder);
    if (own.length > 0) mutants.push(...(await plant(folder, own)));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const relative = mutants.map((each) => ({
  ...each,
  fileName: path.relative(inProject(), each.fileName).split(path.sep).join("/"),
}));
const sources = new Map();
const sourceOf = (file) => {
  if (!sources.has(file)) sources.set(file, readFileSync(inProject(file), "utf8").split("\n"));
  return sources.get(file);
};
const report = [
  ...survivorLines(relative, sourceOf),
  "",
  ...scoreLines(score(relative, (file) => file)),
  "",
  ...scoreLines(score(relative, folderOf)),
  "",
].join("\n");
writeFileSync(inProject(".build/faults.txt"), report);
process.stdout.write(report);
