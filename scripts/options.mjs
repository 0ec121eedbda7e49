/**
 * Everything a person can set, in one table: what `npm start -- --help` prints and what `.env.example` lists.
 * `option` is the command-line form, `env` the variable of the same setting; the command line wins.
 */
export const settings = [
  { option: "--port", value: "N", env: "PORT", standard: "8080", means: "port of the pages and the API" },
  { option: "--host", value: "ADDRESS", env: "HOST", standard: "127.0.0.1", means: "address to listen on; 0.0.0.0 lets other machines in" },
  { option: "--data", value: "DIR", env: "DATA_DIR", standard: "./data", means: "folder of the embedded database and its lock" },
  { option: "--feed", value: "FEED", env: "FEED", standard: "the simulated exchange, or Kite when its keys are set", means: "where ticks come from: simulated, kite, or replay:FILE" },
  { option: "--speed", value: "N", env: "SPEED", standard: "1", means: "how many times faster than life a replay runs" },
  { option: "--instrument", value: "KEY", env: "INSTRUMENT", standard: "taken from the file", means: "instrument of a replayed file, such as \"NSE_INDEX:NIFTY 50\"" },
  { env: "DATABASE_URL", value: "URL", standard: "the embedded database", means: "PostgreSQL or TimescaleDB to keep bars in: postgres://user:password@host:5432/name" },
  { env: "REDIS_URL", value: "URL", standard: "none", means: "Redis that other programs read the latest prices from: redis://host:6379" },
  { env: "LOG_LEVEL", value: "LEVEL", standard: "info", means: "fatal, error, warn, info, debug or trace" },
  { env: "EXCHANGE_PORT", value: "N", standard: "9001", means: "port of the simulated exchange" },
  { env: "KITE_API_KEY", value: "KEY", standard: "none", means: "Zerodha Kite Connect key; with KITE_ACCESS_TOKEN it replaces the simulated exchange" },
  { env: "KITE_ACCESS_TOKEN", value: "TOKEN", standard: "none", means: "the day's access token of that key" },
];

const options = settings.filter((each) => each.option !== undefined);

const line = (left, { means, standard }) => `  ${left.padEnd(27)}${means} (default: ${standard})`;

/** The text of `npm start -- --help`. */
export const help = () => [
  "Candela: live bars and charts on your own machine.",
  "",
  "Usage: npm start -- [options]",
  "",
  "Options:",
  ...options.map((each) => line(`${each.option} ${each.value}`, each)),
  `  ${"--help".padEnd(27)}this text`,
  "",
  "Environment, or a .env file beside package.json (an option wins over its variable):",
  ...settings.map((each) => (each.option === undefined ? line(`${each.env}=${each.value}`, each) : `  ${`${each.env}=${each.value}`.padEnd(27)}as ${each.option}`)),
  "",
].join("\n");

/** The first argument that is no option of ours, or null: said before a minute of building, not after. */
export function unknownOption(args) {
  const known = new Set(["--help", "-h", ...options.map((each) => each.option)]);
  return args.find((each) => each.startsWith("--") && !known.has(each.split("=")[0])) ?? null;
}
