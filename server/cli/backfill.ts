/** `candela backfill --watchlist NIFTY50 --from DATE --to DATE …`: fills the past from a broker's history or from files. */
import type { Command } from "commander";
import { loadConfig } from "@/server/config";
import { backfillBody, STANDARD_CONCURRENCY } from "@/server/contract/backfill";
import { feeds } from "@/server/feeds";
import { acceptedBy } from "@/server/domain/basics/accepted";
import { badInput, hasCode } from "@/server/domain/basics/errors";
import type { JobProgress } from "@/server/domain/basics/job";
import { dayFrom } from "@/server/domain/calendar/session-lines";
import { fileRules } from "@/server/files/options";
import { absoluteSource, type BackfillDoor, openDoor } from "./backfill-door";
import { type FileCommandOptions, fileOptions, given } from "./file-options";
import { estimateLines, progressBar, progressLine, summaryLines, troubleLines } from "./backfill-lines";

interface Options extends FileCommandOptions {
  watchlist?: string;
  symbols?: string;
  from?: string;
  to?: string;
  timeframe: string;
  source?: string;
  concurrency: string;
  dryRun?: boolean;
  force?: boolean;
  daily?: boolean;
  resume?: string;
  server?: string;
  data?: string;
  json?: boolean;
}

/** Done; some days failed; not started because of bad input; interrupted, to be continued. */
const exits = { done: 0, failed: 1, badInput: 2, interrupted: 3 } as const;

/** Between two lines of progress in a log. */
const LINE_EVERY_MS = 5_000;

/** Options as the contract of the REST door has them; throws `bad_input` naming the option. */
const requestOf = (options: Options) => {
  const { watchlist, symbols, from, to, timeframe, source, concurrency, force = false, daily = false } = options;
  fileRules(given(options)); // a wrong option is named here, not by the job
  const asked = {
    ...(watchlist === undefined ? {} : { watchlist }),
    ...(symbols === undefined
      ? {}
      : {
          symbols: symbols
            .split(",")
            .map((each) => each.trim())
            .filter((each) => each !== ""),
        }),
    from,
    to,
    timeframe,
    source: absoluteSource(source, given(options)),
    concurrency,
    force,
    daily,
  };
  const parsed = backfillBody.safeParse(asked, { error: acceptedBy });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const field = String(issue.path[0] ?? "options");
    throw badInput(`--${field}`, (asked as Record<string, unknown>)[field] ?? null, issue.message);
  }
  const { dryRun: _, ...request } = parsed.data;
  dayFrom("--from", request.from);
  dayFrom("--to", request.to);
  if (request.watchlist === undefined && request.symbols === undefined)
    throw badInput("--watchlist", null, "a watchlist, or --symbols such as NSE:RELIANCE,NSE:INFY");
  return request;
};

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Shows a job until it has ended or `interrupted` is; answers it as it is then. */
const follow = async (door: BackfillDoor, first: JobProgress, interrupted: AbortSignal): Promise<JobProgress> => {
  const terminal = process.stderr.isTTY;
  let job = first;
  let told = Date.now();
  for (const note of job.notes) say(note);
  for (;;) {
    if (job.finished || job.state === "paused") break;
    if (interrupted.aborted) {
      job = await door.pause(job.id);
      continue;
    }
    if (terminal) process.stderr.write(`\r\u001b[2K${progressBar(job, process.stderr.columns)}`);
    else if (Date.now() - told >= LINE_EVERY_MS) {
      say(progressLine(job));
      told = Date.now();
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, door.lookEveryMs);
      function done(): void {
        clearTimeout(timer);
        interrupted.removeEventListener("abort", done);
        resolve();
      }
      interrupted.addEventListener("abort", done, { once: true });
    });
    job = await door.get(job.id);
  }
  if (terminal) process.stderr.write(`\r\u001b[2K${progressBar(job, process.stderr.columns)}\n`);
  else say(progressLine(job));
  return job;
};

const run = async (options: Options): Promise<number> => {
  const request = options.resume === undefined ? requestOf(options) : null;
  const interruption = new AbortController();
  const stop = (): void => {
    if (interruption.signal.aborted) process.exit(exits.interrupted); // asked twice
    interruption.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  const config = () =>
    loadConfig(
      process.cwd(),
      options.data === undefined ? [] : ["--data", options.data],
      process.env["NODE_ENV"] !== "production",
    );
  const door = await openDoor({
    server: options.server,
    wanted: request === null ? { job: options.resume! } : { source: request.source },
    config,
    say,
  });
  try {
    if (options.dryRun === true && request !== null) {
      const estimate = await door.estimate(request);
      process.stdout.write(
        options.json === true ? `${JSON.stringify(estimate)}\n` : `${estimateLines(estimate).join("\n")}\n`,
      );
      return exits.done;
    }
    const job = request === null ? await door.resume(options.resume!) : await door.order(request);
    const ended = await follow(door, job, interruption.signal);
    const report = await door.report(ended.id);
    process.stdout.write(
      options.json === true ? `${JSON.stringify(report)}\n` : `${summaryLines(report).join("\n")}\n`,
    );
    for (const line of troubleLines(report)) say(line);
    return report.state === "done" ? exits.done : report.state === "failed" ? exits.failed : exits.interrupted;
  } finally {
    await door.close();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
  }
};

/** Registers `backfill` with the command line. */
export const backfillCommand = (program: Command): void => {
  fileOptions(program.command("backfill"))
    .description("load past bars from a broker's history or from files; complete days are skipped")
    .option("--watchlist <name>", "a watchlist; NIFTY50 always exists")
    .option(
      "--symbols <list>",
      "instruments, such as NSE:RELIANCE,NSE:INFY; with --watchlist, only these instruments of the list",
    )
    .option("--from <date>", "first date, YYYY-MM-DD (IST)")
    .option("--to <date>", "last date, inclusive")
    .option("--timeframe <timeframe>", "1m, 15m or 1d; from 1m, 15m bars are built too", "1m")
    .option(
      "--source <source>",
      `${feeds.map(({ id }) => id).join(", ")}, csv:FILE or parquet:FILE; {symbol} in FILE stands for the symbol (default: the broker that is logged in)`,
    )
    .option(
      "--concurrency <n>",
      "concurrent requests, never faster than the broker allows",
      String(STANDARD_CONCURRENCY),
    )
    .option("--dry-run", "print the cost only: requests, bars, minutes, disk")
    .option("--force", "fetch complete days too")
    .option("--daily", "also build day bars from minutes where none is stored")
    .option("--resume <job>", "continue a job, such as backfill-3; failed days are tried again")
    .option(
      "--server <url>",
      "use this running server; by default the data folder is opened, or the server that uses it",
    )
    .option("--data <dir>", "data folder, as for npm start")
    .option("--json", "print the result as one JSON object")
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 some days failed, 2 bad input, 3 interrupted (--resume or the same command continues).",
    )
    .action(async (options: Options) => {
      try {
        process.exitCode = await run(options);
      } catch (cause) {
        // A name that is not known is bad input like any other.
        if (!(["unknown_instrument", "ambiguous", "not_found"] as const).some((code) => hasCode(cause, code)))
          throw cause;
        say((cause as Error).message);
        process.exitCode = exits.badInput;
      }
    });
};
