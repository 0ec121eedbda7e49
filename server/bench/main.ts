import path from "node:path";
import { parseArgs } from "node:util";
import { badInput } from "@/server/domain/basics/errors";
import { MEASURE, ROLE } from "./child";
import { compileFloor } from "./floor";
import { measureHotPath } from "./hot";
import { indicatorGoals, indicatorTable } from "./indicator-report";
import { measureIndicators } from "./indicators";
import { measureLatency } from "./latency/latency";
import { latencyGoals, latencyTable } from "./latency/report";
import { measureHot, type HotJob } from "./measure-hot";
import type { ReadsJob } from "./reads/measure-reads";
import { measureReadsLive, readsGoals, readsTable } from "./reads/reads";
import { measureIndicator, type IndicatorJob } from "./measure-indicators";
import { storeGoals, storeTable } from "./store/report";
import { goalTable, hotGoals, hotTable, machineFacts, type Goal } from "./report";

const HELP = `Ratios of Candela's hot path and store to other ways of doing the same, measured in one run

  npm run bench                       everything: about a quarter of an hour
  npm run bench -- --only PART        hot, indicators, latency, reads, restart or store
  npm run bench -- --quick            one round instead of three
  npm run bench -- --json             one JSON object on standard output
`;

const parts = ["hot", "indicators", "latency", "reads", "restart", "store"] as const;
type Part = (typeof parts)[number];

/** Work of a bench's child process. */
const measurements: Record<string, (job: never) => unknown> = {
  hot: (job: HotJob) => measureHot(job),
  indicator: (job: IndicatorJob) => measureIndicator(job),
  reads: async (job: ReadsJob) => (await import("./reads/measure-reads")).measureReads(job),
};

/** Processes of the latency measurement. Each loads its imports only when it needs them. */
const roles: Record<string, (options: never) => Promise<void>> = {
  broker: async (instruments: number) => (await import("./latency/broker")).runBroker(instruments),
  relay: async (options: { brokerPort: number; instruments: number }) =>
    (await import("./latency/relay")).runRelay(options),
  app: async (root: string) => (await import("./latency/app")).runApp(root),
  client: async (options: { port: number; instruments: number; charts: number }) =>
    (await import("./latency/client")).runClient(options),
};

const bench = async (args: string[], program: string): Promise<void> => {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string" },
      quick: { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  if (values.only !== undefined && !parts.includes(values.only as Part))
    throw badInput("--only", values.only, parts.join(", "));
  const wanted = (part: Part): boolean => values.only === undefined || values.only === part;
  const rounds = values.quick === true ? 1 : 3;
  const say = (text: string): void => {
    process.stderr.write(`… ${text}\n`);
  };

  const root = path.resolve(program, "../..");
  const floor = wanted("hot") ? await compileFloor(root) : null;
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
    if (wanted("latency")) {
      const rows = await measureLatency({
        program,
        root,
        rates: [10_000, 100_000, 200_000],
        seconds: 10,
        rounds,
        onProgress: say,
      });
      measured.latency = rows;
      tables.push(latencyTable(rows));
      goals.push(...latencyGoals(rows));
    }
    if (wanted("reads")) {
      const rows = await measureReadsLive({ program, root, rounds, onProgress: say });
      measured.reads = rows;
      tables.push(readsTable(rows));
      goals.push(...readsGoals(rows));
    }
    if (wanted("restart")) {
      const { measureEmbeddedRestart, restartGoals, restartTable } = await import("./restart/embedded");
      const result = await measureEmbeddedRestart({ root, restarts: 3 * rounds, onProgress: say });
      measured.restart = result;
      tables.push(
        result === null ? "restart: npm run build makes the pages of the server first" : restartTable(result),
      );
      if (result !== null) goals.push(...restartGoals(result));
    }
    if (wanted("store")) {
      const { measureStore } = await import("./store/store");
      const result = await measureStore({ root, rounds, onProgress: say });
      measured.store = result;
      tables.push(result === null ? "no database server: the store was not measured" : storeTable(result));
      if (result !== null) goals.push(...storeGoals(result));
    }
  } finally {
    floor?.remove();
  }
  if (values.json === true) {
    process.stdout.write(`${JSON.stringify({ machine: facts, ...measured, goals })}\n`);
    return;
  }
  const { node, cpu, cores, load, compiler } = facts;
  process.stdout.write(
    `Node ${node}, ${cores} cores (${cpu}), load ${load}${wanted("hot") ? `, ${compiler ?? "no C compiler: no floor"}` : ""}; medians of ${rounds} round${rounds === 1 ? "" : "s"}\n\n`,
  );
  process.stdout.write(`${[...tables, goalTable(goals)].join("\n\n")}\n`);
};

const [, program = "", first, part = "", job = ""] = process.argv;
const running =
  first === ROLE
    ? roles[part]!(JSON.parse(job) as never)
    : first === MEASURE
      ? Promise.resolve(measurements[part]!(JSON.parse(job) as never)).then((result) => {
          process.stdout.write(JSON.stringify(result));
        })
      : bench(process.argv.slice(2), program);
running.catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
