/** Checks a person's request and resolves it into what a job needs to start and to resume. */
import { AppError, badInput, hasCode } from "@/server/domain/basics/errors";
import type { BackfillEstimate } from "@/server/domain/basics/job";
import { nifty50 } from "@/server/domain/instruments/nifty50";
import { istDate, istDay } from "@/server/domain/time/session";
import { dayFrom } from "@/server/domain/calendar/session-lines";
import type { TimeframeName } from "@/server/domain/time/timeframe";
import type { Watchlist } from "@/server/domain/instruments/watchlist";

/** As it is written in a request or on the command line. */
export interface BackfillRequest {
  /** Name or title of a list; `NIFTY50` is always there. */
  watchlist?: string | undefined;
  /** Keys or symbols; of a watchlist only these. */
  symbols?: readonly string[] | undefined;
  /** `YYYY-MM-DD`, IST, both included. */
  from: string;
  to: string;
  timeframe: TimeframeName;
  /** Without one: the broker whose login is connected. */
  source?: string | undefined;
  /** Requests under way at once; the source may allow fewer. */
  concurrency: number;
  /** Also days that are complete. */
  force: boolean;
  /** Also make day bars of the minutes, where none is stored. */
  daily: boolean;
}

/** Resolved; kept with the job. */
export interface BackfillOrder {
  title: string;
  /** Ids in the store. */
  instruments: number[];
  leftOut: BackfillEstimate["leftOut"];
  timeframe: TimeframeName;
  /** IST day numbers, both included. */
  first: number;
  last: number;
  source: string;
  concurrency: number;
  force: boolean;
  daily: boolean;
}

/** Stored timeframes that history provides; it has no seconds. */
export const backfilled: readonly TimeframeName[] = ["1m", "15m", "1d"];
/** More instrument-days than this are a mistake: forty years of fifty stocks are half of it. */
const MOST_DAYS = 1_000_000;

export interface Names {
  /** The source of a request that names none. */
  standardSource(): string;
  /** Store id of what a person wrote; throws `unknown_instrument` or `ambiguous`. */
  resolve(text: string): number;
  watchlists(): Promise<Watchlist[]>;
  /** Takes an instrument no broker has listed into the store, by its key; null when it is not `EXCHANGE:SYMBOL` of a known exchange. */
  introduce(key: string): Promise<number | null>;
}

/** Throws `bad_input`, `unknown_instrument`, `not_found` (a watchlist) or `ambiguous`, naming the field. `now`: market time. */
export const resolveOrder = async (request: BackfillRequest, names: Names, now: number): Promise<BackfillOrder> => {
  const first = dayFrom("from", request.from);
  const last = dayFrom("to", request.to);
  if (last < first) throw badInput("to", request.to, `a date on or after ${request.from}`);
  const today = istDay(now);
  if (first > today) throw badInput("from", request.from, `a date up to today, ${istDate(today)}`);
  if (!backfilled.includes(request.timeframe)) throw badInput("timeframe", request.timeframe, backfilled.join(", "));
  if (request.daily && request.timeframe !== "1m")
    throw badInput("daily", request.daily, "false, or timeframe 1m: day bars are built from minutes");
  const source = request.source ?? names.standardSource();
  const { instruments, leftOut, title } = await whatOf(request, source, names);
  if (instruments.length * (last - first + 1) > MOST_DAYS) {
    throw badInput(
      "to",
      request.to,
      `a date nearer to ${request.from}: ${instruments.length} instruments over ${last - first + 1} days are more than ${MOST_DAYS.toLocaleString("en-IN")} days to look at`,
    );
  }
  const { timeframe, concurrency, force, daily } = request;
  return {
    title: `Backfill ${title} ${timeframe}, ${request.from} to ${request.to}`,
    instruments,
    leftOut,
    timeframe,
    first,
    last: Math.min(last, today),
    source,
    concurrency,
    force,
    daily,
  };
};

const squeeze = (text: string): string => text.replaceAll(/[^A-Za-z0-9]/g, "").toUpperCase();

const whatOf = async (
  { watchlist, symbols }: BackfillRequest,
  source: string,
  names: Names,
): Promise<Pick<BackfillOrder, "instruments" | "leftOut" | "title">> => {
  if (watchlist === undefined) {
    if (symbols === undefined || symbols.length === 0)
      throw badInput("symbols", symbols ?? null, "a watchlist, or symbols such as NSE:RELIANCE");
    const ids: number[] = [];
    for (const symbol of symbols) ids.push(await named(symbol, source, names));
    return {
      instruments: [...new Set(ids)],
      leftOut: [],
      title: symbols.length === 1 ? symbols[0]! : `${symbols.length} instruments`,
    };
  }
  const { title, rows } = await listNamed(watchlist, names);
  const instruments = new Set<number>();
  const leftOut: BackfillEstimate["leftOut"] = [];
  for (const row of rows) {
    try {
      instruments.add(names.resolve(row));
    } catch (cause) {
      leftOut.push({ name: row, reason: (cause as Error).message });
    }
  }
  if (instruments.size === 0)
    throw badInput("watchlist", watchlist, `a list with known instruments (${leftOut[0]?.reason ?? "it is empty"})`);
  if (symbols === undefined || symbols.length === 0) return { instruments: [...instruments], leftOut, title };
  const chosen = symbols.map((symbol) => {
    const id = names.resolve(symbol);
    if (!instruments.has(id)) throw badInput("symbols", symbol, `a symbol on watchlist ${title}`);
    return id;
  });
  return { instruments: [...new Set(chosen)], leftOut: [], title: `${chosen.length} of ${title}` };
};

/** The rows of a list as names to resolve. A stored list goes before the one every installation knows. */
const listNamed = async (wanted: string, names: Names): Promise<{ title: string; rows: readonly string[] }> => {
  const lists = await names.watchlists();
  const name = squeeze(wanted);
  const found = lists.find((list) => squeeze(list.name) === name) ?? lists.find((list) => squeeze(list.title) === name);
  if (found !== undefined) return { title: found.title, rows: found.rows.map(({ key }) => key) };
  if (name === "NIFTY50") return { title: "NIFTY50", rows: nifty50 };
  throw new AppError(
    "not_found",
    `no watchlist ${JSON.stringify(wanted)}; available: ${["NIFTY50", ...lists.map((list) => list.name)].join(", ")}`,
    {
      details: {
        field: "watchlist",
        value: wanted,
        accepted: ["NIFTY50", ...lists.map((list) => list.name)].join(", "),
      },
    },
  );
};

/** A file may contain an instrument no broker lists here; then its key defines it. */
const named = async (symbol: string, source: string, names: Names): Promise<number> => {
  try {
    return names.resolve(symbol);
  } catch (cause) {
    const introduced =
      source.includes(":") && hasCode(cause, "unknown_instrument") ? await names.introduce(symbol) : null;
    if (introduced === null) throw cause;
    return introduced;
  }
};
