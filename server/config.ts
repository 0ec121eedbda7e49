import path from "node:path";
import { parseArgs } from "node:util";
import nextEnv from "@next/env";
import { z } from "zod";
import { acceptedBy } from "@/server/domain/basics/accepted";
import { AppError } from "@/server/domain/basics/errors";
import { feeds } from "@/server/feeds";
import { type FeedDefinition, requiredFields } from "@/server/ports/feed";

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);

const port = z.coerce.number().int().min(0).max(65_535);
/** How long something is kept; the longest is as good as for ever. */
const days = z.coerce.number().int().min(1).max(36_500);
const url = (...protocols: string[]) =>
  z.string().refine(
    (text) => {
      try {
        return protocols.includes(new URL(text).protocol);
      } catch {
        return false;
      }
    },
    `a URL that starts with ${protocols.map((each) => `${each}//`).join(" or ")}`,
  );

const REPLAY = /^replay(?:\[([^\]]*)\])?:(.+)$/s;

const brokers = feeds.map(({ id }) => id);

/** The environment, by variable; those of the brokers' logins stand beside each broker (`FeedDefinition.loginFields`). What a person sees of an error is the variable's name and the description here. */
export const environment = z.object({
  PORT: port.default(8080),
  HOST: z
    .string()
    .default("127.0.0.1")
    .refine(
      isLoopback,
      "a loopback address (127.0.0.1, ::1, localhost): access from other machines needs authentication, which this version lacks",
    ),
  DATA_DIR: z.string().min(1).default("./data"),
  DATABASE_URL: url("postgres:", "postgresql:").optional(),
  REDIS_URL: url("redis:", "rediss:").optional(),
  REDIS_PREFIX: z.string().max(64).default(""),
  REDIS_STREAM_LENGTH: z.coerce.number().int().min(1).max(1_000_000).default(22_500),
  FEED: z
    .string()
    .default("")
    .refine(
      (text) => text === "" || text === "simulated" || brokers.includes(text) || REPLAY.test(text),
      `simulated, ${brokers.join(", ")} or replay:FILE`,
    ),
  SPEED: z.coerce.number().positive().max(10_000).default(1),
  INSTRUMENT: z.string().min(3).default("NSE_INDEX:NIFTY 50"),
  EXCHANGE_PORT: port.default(9001),
  EXCHANGE_SEED: z.coerce.number().int().nonnegative().default(7),
  EXCHANGE_STOCKS: z.coerce.number().int().min(1).max(400).optional(),
  EXCHANGE_RATE: z.coerce.number().positive().max(1_000).default(1),
  INDICATOR_CONFIGS: z.string().default(""),
  INDICATOR_TIMEFRAMES: z.string().default("1m"),
  TICK_STORE: z.enum(["on", "off"]).default("on"),
  TICK_RETENTION_DAYS: days.default(30),
  DEPTH_SECONDS: z.coerce.number().min(0).max(3_600).default(1),
  DEPTH_RETENTION_DAYS: days.default(7),
  SECOND_RETENTION_DAYS: days.default(30),
  MINUTE_RETENTION_DAYS: days.default(730),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("warn"),
  CANDELA_TEST: z.enum(["0", "1"]).default("0"),
  TEST_CLOCK: z
    .string()
    .regex(
      /^\d+,\d+,\d+(\.\d+)?$/,
      "REAL,SHOWN,SPEED: at REAL (epoch ms, this machine's clock) the server's clock shows SHOWN and runs SPEED times as fast",
    )
    .optional(),
  NODE_ENV: z.string().default("development"),
});

export type FeedChoice =
  | { kind: "simulated"; port: number; seed: number; rate: number; stocks?: number | undefined }
  /** A broker's login, checked by the schema of its feed. */
  | { kind: "broker"; feed: string; login: Record<string, string> }
  /** `fileOptions`: how the file is to be read, as in `replay[zone=UTC]:FILE`. */
  | { kind: "replay"; file: string; fileOptions: string; instrument: string; speed: number };

export interface Config {
  /** Project folder: migrations, build output. */
  root: string;
  port: number;
  host: string;
  dataDir: string;
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  redisPrefix: string;
  /** Entries kept per stream: an NSE session of seconds. */
  redisStreamLength?: number;
  feed: FeedChoice;
  /** Indicators that run on every live instrument, as written: `services/indicators/configs.ts` reads them. */
  indicators: { configs: string; timeframes: string };
  /** Whether every tick is kept. */
  recordTicks: boolean;
  /** An instrument's order book is kept at most once in so many seconds; 0: never. */
  depthSeconds: number;
  /** Days that ticks, order books, seconds and minutes (1m and 15m) are kept; days are kept for ever. */
  retention: { ticks: number; depth: number; seconds: number; minutes: number };
  logLevel: string;
  /** Test bridge in the page and fault controls. */
  test: boolean;
  /** Tests only: another market time than the machine's. */
  testClock?: { real: number; shown: number; speed: number };
  development: boolean;
}

export const options = {
  port: "PORT",
  host: "HOST",
  data: "DATA_DIR",
  feed: "FEED",
  speed: "SPEED",
  instrument: "INSTRUMENT",
} as const;

/** Reads .env files, the environment and the command line (which wins), validates and freezes. Throws `bad_input` naming the variable. */
export const loadConfig = (root: string, argv: readonly string[], development: boolean): Config => {
  nextEnv.loadEnvConfig(root, development, { info: () => {}, error: (...text: unknown[]) => console.error(...text) });
  const given: Record<string, string | undefined> = { ...process.env };
  const { values } = parseOptions(argv);
  for (const [option, variable] of Object.entries(options)) {
    const value = values[option as keyof typeof options];
    if (typeof value === "string") given[variable] = value;
  }
  // An empty variable is an unset one.
  for (const [name, value] of Object.entries(given)) if (value === "") delete given[name];
  const parsed = environment.safeParse(given, { error: acceptedBy });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const name = String(issue.path[0]);
    const option = Object.entries(options).find(([, variable]) => variable === name)?.[0];
    const secret = /TOKEN|KEY|URL/.test(name);
    throw new AppError(
      "bad_input",
      `${name}${option === undefined ? "" : ` (--${option})`}: ${secret ? "its value" : JSON.stringify(given[name])} is not accepted; use ${issue.message}`,
      {
        details: { field: name, accepted: issue.message },
      },
    );
  }
  const env = parsed.data;
  return Object.freeze({
    root,
    port: env.PORT,
    host: env.HOST,
    dataDir: path.resolve(root, env.DATA_DIR),
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    redisPrefix: env.REDIS_PREFIX,
    redisStreamLength: env.REDIS_STREAM_LENGTH,
    recordTicks: env.TICK_STORE === "on",
    depthSeconds: env.DEPTH_SECONDS,
    retention: {
      ticks: env.TICK_RETENTION_DAYS,
      depth: env.DEPTH_RETENTION_DAYS,
      seconds: env.SECOND_RETENTION_DAYS,
      minutes: env.MINUTE_RETENTION_DAYS,
    },
    feed: feedOf(env, given),
    indicators: { configs: env.INDICATOR_CONFIGS, timeframes: env.INDICATOR_TIMEFRAMES },
    logLevel: env.LOG_LEVEL,
    test: env.CANDELA_TEST === "1",
    ...testClockOf(env),
    development,
  });
};

/** What .env files and the environment say of the indicators at this moment: they may be changed without a restart. */
export const readIndicators = (root: string, development: boolean): Config["indicators"] => {
  const { combinedEnv } = nextEnv.loadEnvConfig(root, development, { info: () => {}, error: () => {} }, true);
  const { INDICATOR_CONFIGS: configs, INDICATOR_TIMEFRAMES: timeframes } = combinedEnv;
  const standard = environment.parse({});
  return { configs: configs || standard.INDICATOR_CONFIGS, timeframes: timeframes || standard.INDICATOR_TIMEFRAMES };
};

const parseOptions = (argv: readonly string[]) => {
  try {
    return parseArgs({
      args: [...argv],
      strict: true,
      allowPositionals: false,
      options: Object.fromEntries(Object.keys(options).map((name) => [name, { type: "string" as const }])),
    });
  } catch (cause) {
    throw new AppError("bad_input", `${(cause as Error).message.split(". ")[0]}; see npm start -- --help`, { cause });
  }
};

const testClockOf = (env: z.infer<typeof environment>): Pick<Config, "testClock"> => {
  if (env.TEST_CLOCK === undefined) return {};
  if (env.CANDELA_TEST !== "1")
    throw new AppError("bad_input", "TEST_CLOCK: only tests may change the clock (CANDELA_TEST=1)", {
      details: { field: "TEST_CLOCK" },
    });
  const [real, shown, speed] = env.TEST_CLOCK.split(",").map(Number) as [number, number, number];
  return { testClock: { real, shown, speed } };
};

/** What is set of a broker's login, by field. Throws `bad_input` naming the variable, never its value: it may be a secret. */
const loginOf = (feed: FeedDefinition, given: Given): Record<string, string> => {
  const login: Record<string, string> = {};
  for (const { field, env } of feed.loginFields) {
    const value = given[env];
    if (value !== undefined) login[field] = value;
  }
  for (const { path, message } of feed.login.safeParse(login, { error: acceptedBy }).error?.issues ?? []) {
    const name = feed.loginFields.find(({ field }) => field === path[0])?.env;
    if (name !== undefined && given[name] !== undefined)
      throw new AppError("bad_input", `${name}: its value is not accepted; use ${message}`, {
        details: { field: name, accepted: message },
      });
  }
  return login;
};

/** The broker that is named, else the one whose keys are set; null where there is none. */
export const brokerOf = (named: string, given: Given, among: readonly FeedDefinition[] = feeds): FeedChoice | null => {
  const logins = among.map((feed) => {
    const required = requiredFields(feed);
    const variables = feed.loginFields.filter(({ field }) => required.includes(field)).map(({ env }) => env);
    return { feed, login: loginOf(feed, given), variables };
  });
  const chosen = logins.filter(({ feed, variables }) =>
    named === "" ? variables.some((name) => given[name] !== undefined) : feed.id === named,
  );
  if (chosen.length === 0) return null;
  if (chosen.length > 1) {
    const accepted = chosen.map(({ feed }) => feed.id).join(" or ");
    throw new AppError("bad_input", `FEED is missing: the keys of several brokers are set; use ${accepted}`, {
      details: { field: "FEED", accepted },
    });
  }
  const { feed, login, variables } = chosen[0]!;
  const missing = variables.find((name) => given[name] === undefined);
  if (missing !== undefined)
    throw new AppError("bad_input", `${missing} is missing: a ${feed.title} login needs ${variables.join(" and ")}`, {
      details: { field: missing, accepted: "all of them, or none for the simulated exchange" },
    });
  return { kind: "broker", feed: feed.id, login };
};

type Given = Readonly<Record<string, string | undefined>>;

const feedOf = (env: z.infer<typeof environment>, given: Given): FeedChoice => {
  const recording = REPLAY.exec(env.FEED);
  if (recording !== null) {
    return {
      kind: "replay",
      file: path.resolve(recording[2]!),
      fileOptions: recording[1] ?? "",
      instrument: env.INSTRUMENT,
      speed: env.SPEED,
    };
  }
  // Also where the simulated exchange is named: a variable that is wrong is said at once.
  const broker = brokerOf(env.FEED, given);
  if (broker !== null) return broker;
  return {
    kind: "simulated",
    port: env.EXCHANGE_PORT,
    seed: env.EXCHANGE_SEED,
    rate: env.EXCHANGE_RATE,
    stocks: env.EXCHANGE_STOCKS,
  };
};
