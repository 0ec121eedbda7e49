import path from "node:path";
import { parseArgs } from "node:util";
import { badInput } from "@/server/domain/errors";
import { MEASURE } from "./child";
import { compileFloor } from "./floor";
import { measureHotPath } from "./hot";
import { measureIndicators } from "./indicators";
import { measureHot, type HotJob } from "./measure-hot";
import { measureIndicator, type IndicatorJob } from "./measure-indicators";
import { goalTable, hotGoals, hotTable, indicatorGoals, indicatorTable, machineFacts, type Goal } from "./report";

const HELP = `Ratios of Candela's hot path to other ways of doing the same, measured in one run

  npm run bench                       everything: about ten minutes
  npm run bench -- --only PART        hot, indicators or latency
  npm run bench -- --quick            one round instead of five
  npm run bench -- --json             one JSON object on standard output
`;

const parts = ["hot", "indicators", "latency"] as const;
type Part = (typeof parts)[number];

/** What a child process of the bench does. */
const measurements: Record<string, (job: never) => unknown> = {
  hot: (job: HotJob) => measureHot(job),
  indicator: (job: IndicatorJob) => measureIndicator(job),
};

const bench = async (args: string[], program: string): Promise<void> => {
  const { values } = parseArgs({ args, options: { only: { type: "string" }, quick: { type: "boolean" }, json: { type: "boolean" }, help: { type: "boolean" } } });
  if (values.help === true) { process.stdout.write(HELP); return; }
  if (values.only !== undefined && !parts.includes(values.only as Part)) throw badInput("--only", values.only, parts.join(", "));
  const wanted = (part: Part): boolean => values.only === undefined || values.only === part;
  const rounds = values.quick === true ? 1 : 5;
  const say = (text: string): void => { process.stderr.write(`… ${text}\n`); };

  const floor = wanted("hot") ? await compileFloor(path.resolve(program, "../..")) : null;
  const facts = machineFacts(floor?.compiler ?? null);
  const tables: string[] = [];
  const goals: Goal[] = [];
  const measured: Record<string, unknown> = {};
  try {
    if (wanted("hot")) {
      const rows = await measureHotPath({ program, floor, rounds, onProgress: say });
      measured.hot = rows;
      tables.push(hotTable(rows));
      goals.push(...hotGoals(rows));
    }
    if (wanted("indicators")) {
      const rows = await measureIndicators(program, rounds, say);
      measured.indicators = rows;
      tables.push(indicatorTable(rows));
      goals.push(...indicatorGoals(rows));
    }
  } finally {
    floor?.remove();
  }
  if (values.json === true) { process.stdout.write(`${JSON.stringify({ machine: facts, ...measured, goals })}\n`); return; }
  const { node, cpu, cores, load, compiler } = facts;
  process.stdout.write(`Node ${node}, ${cores} cores (${cpu}), load ${load}, ${compiler ?? "no C compiler"}; medians of ${rounds} round${rounds === 1 ? "" : "s"}\n\n`);
  process.stdout.write(`${[...tables, goalTable(goals)].join("\n\n")}\n`);
};

const [, program = "", first, part = "", job = ""] = process.argv;
const running = first === MEASURE
  ? Promise.resolve(measurements[part]!(JSON.parse(job) as never)).then((result) => { process.stdout.write(JSON.stringify(result)); })
  : bench(process.argv.slice(2), program);
running.catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
