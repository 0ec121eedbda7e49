/** `candela stream`: closed bars and patches out of Redis, as lines on standard output. */
import { hostname } from "node:os";
import { type Command } from "commander";
import { Redis } from "ioredis";
import { environment } from "@/server/config";
import { parseInstant } from "@/server/contract/rest";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { istText } from "@/server/domain/time/session";
import { parseTimeframe, type TimeframeName, timeframeNames } from "@/server/domain/time/timeframe";
import { followBars, type StreamEntry } from "@/server/latest/bar-streams";
import { writeLines } from "./bar-lines";

/** Only bars that are built live have a stream. */
const streamed = (name: string): TimeframeName => {
  const found = parseTimeframe(name);
  if (found === undefined) throw badInput("timeframe", name, timeframeNames.join(", "));
  return found.name;
};

interface Options {
  timeframe: string;
  symbols?: string;
  from?: string;
  group?: string;
  consumer: string;
  reclaim: string;
  once?: boolean;
  json?: boolean;
  url?: string;
  prefix?: string;
}

const LONGEST_RECLAIM_S = 86_400;

/** `now`, `start`, an entry's id, or an instant: a Redis stream counts in epoch ms. */
const fromOption = (text: string): string => {
  if (text === "now") return "$";
  if (text === "start") return "0";
  if (/^\d+-\d+$/.test(text)) return text;
  const instant = parseInstant(text);
  if (instant === null)
    throw badInput(
      "from",
      text,
      "now, start, an entry's id (1763710200000-0), epoch ms, or YYYY-MM-DD[ HH:MM[:SS]] (read as IST)",
    );
  return `${instant - 1}-18446744073709551615`; // entries after the last id before it
};

const connect = async (url: string | undefined): Promise<Redis> => {
  const parsed = environment.shape.REDIS_URL.safeParse(url);
  if (url === undefined || !parsed.success)
    throw badInput("REDIS_URL", url ?? "", "redis://host:6379, in the environment or as --url");
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectionName: "candela-stream",
    retryStrategy: (attempt) => Math.min(5_000, 100 * 2 ** Math.min(attempt, 10)),
  });
  let reason = "";
  const first = (error: Error): void => {
    reason = error.message;
  };
  client.on("error", first);
  try {
    await client.connect();
  } catch (cause) {
    client.disconnect();
    throw new AppError(
      "internal",
      `Redis at ${new URL(url).host} does not answer: ${reason === "" ? (cause as Error).message : reason}`,
      { cause },
    );
  }
  client.off("error", first);
  client.on("error", () => {}); // "close" tells
  client.on("close", () => {
    process.stderr.write("Redis is away; waiting for it\n");
  });
  client.on("ready", () => {
    process.stderr.write("Redis is back\n");
  });
  return client;
};

const jsonLine = ({ id, text }: StreamEntry): string => `{"id":"${id}","bar":${text}}`;
const textLine = ({ text }: StreamEntry): string => {
  const bar = JSON.parse(text) as Record<"event" | "instrument" | "timeframe", string> &
    Record<"time" | "open" | "high" | "low" | "close" | "volume", number>;
  return `${istText(bar.time)}  ${bar.instrument} ${bar.timeframe}  ${bar.open} ${bar.high} ${bar.low} ${bar.close}  ${bar.volume}${bar.event === "patch" ? "  patch" : ""}`;
};

/** Registers `stream`. Its exit code is 0 after `--once` or a signal, 1 when Redis is not there, 2 for bad input. */
export const streamCommand = (program: Command): void => {
  program
    .command("stream")
    .description("closed bars and patches from the Redis of a running server (REDIS_URL), as they come")
    .option("--timeframe <list>", "timeframes, with commas between", "1m")
    .option("--symbols <list>", "instruments by key, with commas between; without it all, also those that begin later")
    .option(
      "--from <where>",
      "now, start, an entry's id, or an instant (IST where it has no zone); default now, with a group start",
    )
    .option(
      "--group <name>",
      "share the entries with the other consumers of this group; each is delivered until one has printed it",
    )
    .option(
      "--consumer <name>",
      "this consumer's name in the group: on a new start it gets what it had not printed",
      hostname(),
    )
    .option("--reclaim <seconds>", "take over what another consumer has not finished for so long", "30")
    .option("--once", "end when nothing more is there")
    .option("--url <url>", "Redis; default REDIS_URL")
    .option("--prefix <text>", "before every name; default REDIS_PREFIX")
    .option("--json", 'one JSON object a line: {"id":…,"bar":{…}}')
    .action(
      async ({
        timeframe,
        symbols,
        from,
        group,
        consumer,
        reclaim,
        once = false,
        json = false,
        url,
        prefix,
      }: Options) => {
        const timeframes = timeframe.split(",").map((name) => streamed(name.trim()));
        const keys =
          symbols === undefined
            ? null
            : symbols.split(",").map((key) => {
                if (!/^[A-Z_]+:.+$/.test(key.trim())) throw badInput("symbols", key, "keys such as NSE:RELIANCE");
                return key.trim();
              });
        const start = fromOption(from ?? (group === undefined ? "now" : "start"));
        const seconds = Number(reclaim);
        if (!(seconds >= 0.001 && seconds <= LONGEST_RECLAIM_S))
          throw badInput("reclaim", reclaim, `seconds, up to ${LONGEST_RECLAIM_S}`);
        const client = await connect(url ?? process.env["REDIS_URL"]);
        const stopping = new AbortController();
        for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort());
        try {
          const batches = followBars(
            {
              client,
              prefix: prefix ?? process.env["REDIS_PREFIX"] ?? "",
              timeframes,
              keys,
              from: start,
              once,
              group:
                group === undefined
                  ? undefined
                  : { name: group, consumer, reclaimAfterMs: Math.round(seconds * 1_000) },
              lost: (stream, ids) => {
                process.stderr.write(
                  `${ids.length} entries of ${stream} were trimmed before anybody had finished them\n`,
                );
              },
            },
            stopping.signal,
          );
          for await (const batch of batches) {
            await writeLines(batch.map(json ? jsonLine : textLine), process.stdout);
            await new Promise<void>((resolve) => process.stdout.write("", () => resolve())); // printed, then acknowledged
          }
        } finally {
          client.removeAllListeners("close");
          client.disconnect();
        }
      },
    );
};
