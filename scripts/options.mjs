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
    means: "replay speed, as a multiple of real time",
  },
  {
    option: "--instrument",
    value: "KEY",
    env: "INSTRUMENT",
    standard: "NSE_INDEX:NIFTY 50",
    means: "instrument of the replayed file",
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
  { env: "REDIS_PREFIX", value: "TEXT", standard: "none", means: "prefix of Redis keys and channels" },
  {
    env: "REDIS_STREAM_LENGTH",
    value: "N",
    standard: "22500",
    means: "bars kept in each Redis stream; the default is one NSE session of 1 s bars",
  },
  ...brokers.flatMap(({ login }) => login),
  { env: "EXCHANGE_PORT", value: "N", standard: "9001", means: "port of the simulated exchange" },
  {
    env: "EXCHANGE_SEED",
    value: "N",
    standard: "7",
    means: "seed of the simulated market; the same seed gives the same market",
  },
  {
    env: "EXCHANGE_STOCKS",
    value: "N",
    standard: "the real 50",
    means: "stocks the simulated exchange lists, up to 400",
  },
  { env: "EXCHANGE_RATE", value: "N", standard: "1", means: "ticks per second for each simulated instrument" },
  {
    env: "INDICATOR_CONFIGS",
    value: "LIST",
    standard: "none",
    means: "indicators to run on every instrument: SMA:9,RSI:14,MACD:12:26:9,BB:20:2@5m",
  },
  { env: "INDICATOR_TIMEFRAMES", value: "LIST", standard: "1m", means: "timeframes for indicators that name none" },
  { env: "TICK_STORE", value: "on|off", standard: "on", means: "store every tick" },
  { env: "TICK_RETENTION_DAYS", value: "N", standard: "30", means: "days to keep ticks" },
  {
    env: "DEPTH_SECONDS",
    value: "N",
    standard: "1",
    means: "seconds between stored order books; 0: none",
  },
  { env: "DEPTH_RETENTION_DAYS", value: "N", standard: "7", means: "days to keep order books" },
  { env: "SECOND_RETENTION_DAYS", value: "N", standard: "30", means: "days to keep one-second bars" },
  { env: "MINUTE_RETENTION_DAYS", value: "N", standard: "730", means: "days to keep 1 and 15 minute bars" },
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
