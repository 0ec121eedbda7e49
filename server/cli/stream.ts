/** `candela stream`: closed bars and patches out of Redis, as lines on standard output. */
import { hostname } from "node:os";
import { type Command } from "commander";
import { Redis } from "ioredis";
import { environment } from "@/server/config";
import { parseInstant } from "@/server/contract/rest";
import { AppError, badInput } from "@/server/domain/basics/errors";
import { istText } from "@/server/domain/time/ist-text";
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
    process.stderr.write("Redis is unavailable; waiting\n");
  });
  client.on("ready", () => {
    process.stderr.write("Redis is available again\n");
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
    .description("follow closed bars and patches from a running server's Redis (REDIS_URL)")
    .option("--timeframe <list>", "timeframes, comma-separated", "1m")
    .option("--symbols <list>", "instrument keys, comma-separated (default: all, including later ones)")
    .option(
      "--from <where>",
      "now, start, an entry id, or a time (IST if it has no zone); default: now, or start with a group",
    )
    .option(
      "--group <name>",
      "share entries with other consumers of this group; each entry is delivered until a consumer has printed it",
    )
    .option(
      "--consumer <name>",
      "this consumer's name in the group; after a restart it receives what it had not printed",
      hostname(),
    )
    .option("--reclaim <seconds>", "take over entries another consumer has not finished for this long", "30")
    .option("--once", "stop after the last stored entry")
    .option("--url <url>", "Redis address (default: REDIS_URL)")
    .option("--prefix <text>", "prefix of every key (default: REDIS_PREFIX)")
    .option("--json", 'print one JSON object per line: {"id":…,"bar":{…}}')
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
                  `${ids.length} entries of ${stream} were trimmed before a consumer had finished them\n`,
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
