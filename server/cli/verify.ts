/** `candela verify KEY`: bars rebuilt from stored ticks and compared with the stored ones. */
import path from "node:path";
import type { Command } from "commander";
import { type Config, loadConfig } from "@/server/config";
import { parseInstant } from "@/server/contract/rest";
import { hoursIfKnown } from "@/server/domain/calendar/calendar";
import { AppError, badInput, hasCode, type ErrorCode } from "@/server/domain/basics/errors";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { feeds } from "@/server/feeds";
import { systemClock } from "@/server/observe/clock";
import { silentLog } from "@/server/observe/log";
import { TickReplay } from "@/server/pipeline/rebuild";
import { Instruments } from "@/server/services/market/instruments";
import { ExchangeCalendar } from "@/server/services/market/exchange-calendar";
import { Verify, type VerifyQuestion } from "@/server/services/quality/verify";
import type { VerifyReport } from "@/server/services/quality/verify-report";
import { createStore } from "@/server/store";
import { writeLines } from "./bar-lines";
import { verdictJson, verdictLines, verifySummary } from "./verify-lines";

/** Longest the server may take to rebuild the bars asked for. */
const ANSWER_MS = 120_000;

/** Asks the running server, which has the embedded database to itself. */
const askServer = async (server: string, { key, timeframe, from, to }: VerifyQuestion): Promise<VerifyReport> => {
  const query = new URLSearchParams({
    timeframe,
    ...(from === undefined ? {} : { from: String(from) }),
    ...(to === undefined ? {} : { to: String(to) }),
  });
  let answer: { data?: VerifyReport; error?: { code: ErrorCode; message: string } };
  try {
    answer = (await (
      await fetch(`${server}/api/v1/verify/${encodeURIComponent(key)}?${query}`, {
        signal: AbortSignal.timeout(ANSWER_MS),
      })
    ).json()) as typeof answer;
  } catch (cause) {
    throw new AppError(
      "locked",
      `A running server uses the database but does not respond at ${server}. Give its address with --server URL.`,
      { cause },
    );
  }
  if (answer.data === undefined)
    throw new AppError(answer.error?.code ?? "internal", answer.error?.message ?? "the server sent no response");
  return answer.data;
};

/** Opens the store and asks the same service the server has. */
const askStore = async (config: Config, question: VerifyQuestion): Promise<VerifyReport> => {
  const clock = systemClock();
  const store = createStore({
    databaseUrl: config.databaseUrl,
    dataDir: config.dataDir,
    workerFile: path.join(config.root, "server/store/pglite-worker.mjs"),
    migrationsDir: path.join(config.root, "prisma/migrations"),
    templateFile: path.join(config.root, ".build/pglite-template.tar"),
    log: silentLog(),
    clock,
  });
  try {
    await store.start(new AbortController().signal);
    const table = new InstrumentTable();
    const hoursOfKey = (key: string): string | null => {
      const index = table.indexOf(key);
      return index === -1 ? null : table.hours(index);
    };
    const calendar = new ExchangeCalendar({
      store: store.calendarEdits,
      wall: clock,
      clock,
      changed: () => {},
      hoursOf: hoursOfKey,
    });
    await calendar.load();
    const instruments = new Instruments({
      store: store.instruments,
      table,
      clock,
      hoursOf: (instrument, closingAuction) => hoursIfKnown(instrument, { closingAuction }),
      brokers: feeds,
    });
    await instruments.load();
    return await new Verify({
      bars: store.bars,
      ticks: store.ticks,
      calendar,
      clock,
      rebuild: (request) => new TickReplay(calendar, request),
      find: (key) => {
        const index = instruments.resolve(key);
        return { instrument: table.at(index), hours: table.hours(index) };
      },
    }).ask(question);
  } finally {
    await store.stop();
  }
};

const instantOption = (option: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const instant = parseInstant(text);
  if (instant === null)
    throw badInput(option, text, "epoch ms, an ISO time with zone, or YYYY-MM-DD[ HH:MM[:SS]] (read as IST)");
  return instant;
};

interface VerifyOptions {
  timeframe: string;
  from?: string;
  to?: string;
  data?: string;
  server?: string;
  json?: boolean;
}

export const verifyCommand = (program: Command): void => {
  program
    .command("verify")
    .description("rebuild stored bars from stored ticks with the pipeline's own stages and compare them")
    .argument("<key>", "instrument, such as NSE:INFY")
    .option("--timeframe <timeframe>", "any timeframe, or auction", "1m")
    .option("--from <time>", "start of the first bar, IST if it has no zone (default: the day of the last session)")
    .option("--to <time>", "only bars that start before this time (default: now)")
    .option("--data <dir>", "folder of the embedded database, as DATA_DIR")
    .option("--server <url>", "running server to ask if it has the database open (default: PORT on this machine)")
    .option("--json", "print one JSON object per bar, prices in rupees (default: a table in IST)")
    .addHelpText(
      "after",
      "\nExit codes: 0 every comparable bar is equal, 1 a bar differs, 2 bad input.\nBars from the exchange's history and bars without stored ticks are not compared.",
    )
    .action(async (key: string, options: VerifyOptions) => {
      const config = loadConfig(
        process.cwd(),
        options.data === undefined ? [] : ["--data", options.data],
        process.env["NODE_ENV"] !== "production",
      );
      const question: VerifyQuestion = {
        key,
        timeframe: options.timeframe,
        from: instantOption("--from", options.from),
        to: instantOption("--to", options.to),
      };
      const report = await verified(config, question, options.server).catch((error: unknown) => {
        // A request for something that does not exist is bad input.
        if (hasCode(error, "unknown_instrument") || hasCode(error, "ambiguous"))
          throw new AppError("bad_input", (error as Error).message, { cause: error });
        throw error;
      });
      await writeLines(options.json === true ? report.bars.map(verdictJson) : verdictLines(report), process.stdout);
      await writeLines(verifySummary(report), process.stderr);
      if (report.differs > 0) process.exitCode = 1;
    });
};

const verified = async (
  config: Config,
  question: VerifyQuestion,
  server: string | undefined,
): Promise<VerifyReport> => {
  if (server !== undefined) return askServer(server.replace(/\/$/, ""), question);
  try {
    return await askStore(config, question);
  } catch (error) {
    if (!hasCode(error, "locked")) throw error;
    return askServer(`http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${config.port}`, question);
  }
};
