import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("../server/feeds/", import.meta.url);
/** The brokers and what their logins need, as each states it beside its code: this runs before anything is built. */
const brokers = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ name, login: JSON.parse(readFileSync(new URL(`${name}/login.json`, folder), "utf8")) }));
const names = brokers.map(({ name }) => name).join(", ");

/**
 * Everything a person can set, in one table: what `npm start -- --help` prints and what `.env.example` lists.
 * `option` is the command-line form, `env` the variable of the same setting; the command line wins.
 */
export const settings = [
  { option: "--port", value: "N", env: "PORT", standard: "8080", means: "port of the pages and the API" },
  { option: "--host", value: "ADDRESS", env: "HOST", standard: "127.0.0.1", means: "loopback address to listen on" },
  {
    option: "--data",
    value: "DIR",
    env: "DATA_DIR",
    standard: "./data",
    means: "folder of the embedded database and its lock",
  },
  {
    option: "--feed",
    value: "FEED",
    env: "FEED",
    standard: `${names} when its keys are set`,
    means: `source of ticks: simulated, ${names} or replay:FILE`,
  },
  {
    option: "--speed",
    value: "N",
    env: "SPEED",
    standard: "1",
    means: "how many times faster than life a replay runs",
  },
  {
    option: "--instrument",
    value: "KEY",
    env: "INSTRUMENT",
    standard: "NSE_INDEX:NIFTY 50",
    means: "instrument of a replayed file",
  },
  {
    env: "DATABASE_URL",
    value: "URL",
    standard: "embedded",
    means: "PostgreSQL or TimescaleDB: postgres://user:password@host/db",
  },
  {
    env: "REDIS_URL",
    value: "URL",
    standard: "none",
    means: "Redis for other programs to read bars and prices from: redis://host:6379",
  },
  { env: "REDIS_PREFIX", value: "TEXT", standard: "none", means: "what Redis keys and channels begin with" },
  {
    env: "REDIS_STREAM_LENGTH",
    value: "N",
    standard: "22500",
    means: "bars kept in each Redis stream: an NSE session of seconds",
  },
  ...brokers.flatMap(({ login }) => login),
  { env: "EXCHANGE_PORT", value: "N", standard: "9001", means: "port of the simulated exchange" },
  { env: "EXCHANGE_SEED", value: "N", standard: "7", means: "which simulated market: a number names one for ever" },
  {
    env: "EXCHANGE_STOCKS",
    value: "N",
    standard: "the real 50",
    means: "stocks the simulated exchange lists, up to 400",
  },
  { env: "EXCHANGE_RATE", value: "N", standard: "1", means: "ticks a second for each simulated instrument" },
  {
    env: "INDICATOR_CONFIGS",
    value: "LIST",
    standard: "none",
    means: "run on every instrument: SMA:9,RSI:14,MACD:12:26:9,BB:20:2@5m",
  },
  { env: "INDICATOR_TIMEFRAMES", value: "LIST", standard: "1m", means: "timeframes of those without one of their own" },
  { env: "TICK_STORE", value: "on|off", standard: "on", means: "whether every tick is kept" },
  { env: "TICK_RETENTION_DAYS", value: "N", standard: "30", means: "days that ticks are kept" },
  {
    env: "DEPTH_SECONDS",
    value: "N",
    standard: "1",
    means: "an order book is kept at most once in so many seconds; 0: never",
  },
  { env: "DEPTH_RETENTION_DAYS", value: "N", standard: "7", means: "days that order books are kept" },
  { env: "SECOND_RETENTION_DAYS", value: "N", standard: "30", means: "days that one-second bars are kept" },
  { env: "MINUTE_RETENTION_DAYS", value: "N", standard: "730", means: "days that bars of 1 and 15 minutes are kept" },
  { env: "LOG_LEVEL", value: "LEVEL", standard: "warn", means: "fatal, error, warn, info, debug, trace or silent" },
];

const options = settings.filter((each) => each.option !== undefined);

const line = (left, { means, standard }) =>
  `  ${left.padEnd(27)}${means}${standard === "none" ? "" : ` (default: ${standard})`}`;

/** The text of `npm start -- --help`. */
export const help = () =>
  [
    "Candela: live bars and charts on your own machine.",
    "",
    "Usage: npm start -- [options]",
    "",
    "Options:",
    ...options.map((each) => line(`${each.option} ${each.value}`, each)),
    `  ${"--help".padEnd(27)}this text`,
    "",
    "Environment, or a .env file beside package.json (an option wins over its variable):",
    ...settings.map((each) =>
      each.option === undefined
        ? line(`${each.env}=${each.value}`, each)
        : `  ${`${each.env}=${each.value}`.padEnd(27)}as ${each.option}`,
    ),
    "",
  ].join("\n");

/** The first argument that is no option of ours, or null: said before a minute of building, not after. */
export function unknownOption(args) {
  const known = new Set(["--help", "-h", ...options.map((each) => each.option)]);
  return args.find((each) => each.startsWith("--") && !known.has(each.split("=")[0])) ?? null;
}
