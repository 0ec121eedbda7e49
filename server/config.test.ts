import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { feeds } from "@/server/feeds";
import { type Config, environment, loadConfig, options, readIndicators } from "./config";

const logins = feeds.flatMap(({ loginFields }) => loginFields.map(({ env }) => env));
const names = [...Object.keys(environment.shape), ...logins];
/** For tests and the runtime, not for a person's .env file. */
const internal = ["CANDELA_TEST", "TEST_CLOCK", "NODE_ENV"];

let root = "";
let before: Record<string, string | undefined> = {};
beforeEach(() => {
  before = { ...process.env };
  for (const name of names) delete process.env[name];
  root = mkdtempSync(path.join(tmpdir(), "config-"));
});
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
  rmSync(root, { recursive: true });
});

const load = (given: Record<string, string> = {}, argv: readonly string[] = []): Config => {
  const saved = { ...process.env };
  Object.assign(process.env, given);
  try {
    return loadConfig(root, argv, false);
  } finally {
    for (const name of Object.keys(given)) delete process.env[name];
    Object.assign(process.env, saved);
  }
};

const simulated = { kind: "simulated", port: 9001, seed: 7, rate: 1, stocks: undefined };
/** What an empty environment gives. */
const standard = (): Config => ({
  root,
  port: 8080,
  host: "127.0.0.1",
  dataDir: path.join(root, "data"),
  databaseUrl: undefined,
  redisUrl: undefined,
  redisPrefix: "",
  redisStreamLength: 22_500,
  recordTicks: true,
  depthSeconds: 1,
  retention: { ticks: 30, depth: 7, seconds: 30, minutes: 730 },
  feed: simulated as Config["feed"],
  indicators: { configs: "", timeframes: "1m" },
  logLevel: "warn",
  test: false,
  development: false,
});
const kite = { FEED: "kite", KITE_API_KEY: "key-1", KITE_ACCESS_TOKEN: "token-1" };
const kiteFeed = (over: object = {}) => ({
  kind: "broker",
  feed: "kite",
  login: { apiKey: "key-1", accessToken: "token-1", ...over },
});
const replay = { FEED: "replay[zone=UTC]:/recordings/day.csv" };
const replayFeed = (over: object = {}) => ({
  kind: "replay",
  file: path.resolve("/recordings/day.csv"),
  fileOptions: "zone=UTC",
  instrument: "NSE_INDEX:NIFTY 50",
  speed: 1,
  ...over,
});

interface Case {
  /** A value no other variable has, and what the configuration then is; `among`: what else must be set for it to matter. */
  value: string;
  gives: () => Partial<Config>;
  among?: Record<string, string>;
  /** Values that are refused; none where every text is accepted. */
  refused: string[];
}
/** Every variable of the environment: one that is missing here fails. */
const cases: Record<string, Case> = {
  PORT: { value: "8101", gives: () => ({ port: 8101 }), refused: ["x", "-1", "65536", "80.5"] },
  HOST: {
    value: "127.0.0.9",
    gives: () => ({ host: "127.0.0.9" }),
    refused: ["0.0.0.0", "192.168.1.5", "example.com"],
  },
  DATA_DIR: { value: "elsewhere", gives: () => ({ dataDir: path.join(root, "elsewhere") }), refused: [] },
  DATABASE_URL: {
    value: "postgres://u:p@127.0.0.1:5432/one",
    gives: () => ({ databaseUrl: "postgres://u:p@127.0.0.1:5432/one" }),
    refused: ["mysql://127.0.0.1/x", "no url"],
  },
  REDIS_URL: {
    value: "redis://127.0.0.1:6380",
    gives: () => ({ redisUrl: "redis://127.0.0.1:6380" }),
    refused: ["http://127.0.0.1", "127.0.0.1:6379"],
  },
  REDIS_PREFIX: { value: "desk:", gives: () => ({ redisPrefix: "desk:" }), refused: ["p".repeat(65)] },
  REDIS_STREAM_LENGTH: {
    value: "111",
    gives: () => ({ redisStreamLength: 111 }),
    refused: ["0", "1000001", "1.5", "many"],
  },
  FEED: {
    value: replay.FEED,
    gives: () => ({ feed: replayFeed() as Config["feed"] }),
    refused: ["zerodha", "replay:", "file.csv"],
  },
  SPEED: {
    value: "12.5",
    among: replay,
    gives: () => ({ feed: replayFeed({ speed: 12.5 }) as Config["feed"] }),
    refused: ["0", "-1", "10001", "fast"],
  },
  INSTRUMENT: {
    value: "NSE:INFY",
    among: replay,
    gives: () => ({ feed: replayFeed({ instrument: "NSE:INFY" }) as Config["feed"] }),
    refused: ["AB"],
  },
  EXCHANGE_PORT: {
    value: "9102",
    gives: () => ({ feed: { ...simulated, port: 9102 } as Config["feed"] }),
    refused: ["65536", "x"],
  },
  EXCHANGE_SEED: {
    value: "13",
    gives: () => ({ feed: { ...simulated, seed: 13 } as Config["feed"] }),
    refused: ["-1", "1.5"],
  },
  EXCHANGE_STOCKS: {
    value: "21",
    gives: () => ({ feed: { ...simulated, stocks: 21 } as Config["feed"] }),
    refused: ["0", "401", "1.5"],
  },
  EXCHANGE_RATE: {
    value: "2.5",
    gives: () => ({ feed: { ...simulated, rate: 2.5 } as Config["feed"] }),
    refused: ["0", "1001", "x"],
  },
  KITE_API_KEY: { value: "key-1", among: kite, gives: () => ({ feed: kiteFeed() as Config["feed"] }), refused: [] },
  KITE_ACCESS_TOKEN: {
    value: "token-1",
    among: kite,
    gives: () => ({ feed: kiteFeed() as Config["feed"] }),
    refused: [],
  },
  KITE_ROOT: {
    value: "https://one.example",
    among: kite,
    gives: () => ({ feed: kiteFeed({ root: "https://one.example" }) as Config["feed"] }),
    refused: ["wss://one.example", "one"],
  },
  KITE_SOCKET: {
    value: "wss://two.example",
    among: kite,
    gives: () => ({ feed: kiteFeed({ socket: "wss://two.example" }) as Config["feed"] }),
    refused: ["https://two.example", "two"],
  },
  INDICATOR_CONFIGS: {
    value: "SMA:9,EMA:20",
    gives: () => ({ indicators: { configs: "SMA:9,EMA:20", timeframes: "1m" } }),
    refused: [],
  },
  INDICATOR_TIMEFRAMES: {
    value: "5m,1d",
    gives: () => ({ indicators: { configs: "", timeframes: "5m,1d" } }),
    refused: [],
  },
  TICK_STORE: { value: "off", gives: () => ({ recordTicks: false }), refused: ["no", "OFF", "1"] },
  TICK_RETENTION_DAYS: {
    value: "31",
    gives: () => ({ retention: { ...standard().retention, ticks: 31 } }),
    refused: ["0", "36501", "x"],
  },
  DEPTH_SECONDS: { value: "3.5", gives: () => ({ depthSeconds: 3.5 }), refused: ["-1", "3601", "x"] },
  DEPTH_RETENTION_DAYS: {
    value: "32",
    gives: () => ({ retention: { ...standard().retention, depth: 32 } }),
    refused: ["0", "36501", "x"],
  },
  SECOND_RETENTION_DAYS: {
    value: "33",
    gives: () => ({ retention: { ...standard().retention, seconds: 33 } }),
    refused: ["0", "36501", "1.5"],
  },
  MINUTE_RETENTION_DAYS: {
    value: "34",
    gives: () => ({ retention: { ...standard().retention, minutes: 34 } }),
    refused: ["0", "36501", "x"],
  },
  LOG_LEVEL: { value: "debug", gives: () => ({ logLevel: "debug" }), refused: ["loud", "WARN"] },
  CANDELA_TEST: { value: "1", gives: () => ({ test: true }), refused: ["yes", "2"] },
  TEST_CLOCK: {
    value: "100,200,2.5",
    among: { CANDELA_TEST: "1" },
    gives: () => ({ test: true, testClock: { real: 100, shown: 200, speed: 2.5 } }),
    refused: ["now", "1,2"],
  },
  // Of Next and Node: our own mode is an argument.
  NODE_ENV: { value: "production", gives: () => ({}), refused: [] },
};

describe("the configuration", () => {
  it("is the standard one where nothing is set, or only empty variables are", () => {
    expect(load()).toEqual(standard());
    expect(load(Object.fromEntries(names.map((name) => [name, ""])))).toEqual(standard());
    expect(Object.isFrozen(load())).toBe(true);
    expect(loadConfig(root, [], true).development).toBe(true);
  });

  it("has a case here for every variable that is read", () => {
    expect(Object.keys(cases).sort()).toEqual([...names].sort());
    const values = Object.values(cases).map(({ value }) => value);
    expect(new Set(values).size).toBe(values.length);
  });

  it.each(Object.entries(cases))("puts %s into its field and no other", (name, { value, among = {}, gives }) => {
    const without = load(
      Object.fromEntries(Object.entries(among).filter(([each]) => each !== name && !(name in kite))),
    );
    expect(load({ ...among, [name]: value })).toEqual({
      ...(name in kite ? standard() : without),
      ...gives(),
    });
  });

  const refusals = Object.entries(cases).flatMap(([name, { refused, among = {} }]) =>
    refused.map((value) => ({ name, value, among })),
  );
  it.each(refusals)("refuses $value as $name, naming the variable and what is accepted", ({ name, value, among }) => {
    let error: unknown;
    try {
      load({ ...among, [name]: value });
    } catch (cause) {
      error = cause;
    }
    expect(error).toMatchObject({ code: "bad_input", details: { field: name } });
    const { message, details } = error as { message: string; details: { accepted: string } };
    expect(message.startsWith(name)).toBe(true);
    expect(details.accepted.length).toBeGreaterThan(1);
    expect(message).toContain(details.accepted);
    // A login, or a URL that may hold one, is never shown.
    const isSecret = /TOKEN|KEY|URL/.test(name) || logins.includes(name);
    expect(message.includes(JSON.stringify(value))).toBe(!isSecret);
    const option = Object.entries(options).find(([, variable]) => variable === name)?.[0];
    if (option !== undefined) expect(message).toContain(`(--${option})`);
  });

  it("takes a Kite login where keys are set, and refuses half of one", () => {
    const { KITE_API_KEY, KITE_ACCESS_TOKEN } = kite;
    expect(load({ KITE_API_KEY, KITE_ACCESS_TOKEN }).feed).toEqual(kiteFeed());
    // Keys that lie about do not keep from the simulated exchange.
    expect(load({ FEED: "simulated", KITE_API_KEY, KITE_ACCESS_TOKEN }).feed).toEqual(simulated);
    for (const [given, missing] of [
      [{ KITE_API_KEY }, "KITE_ACCESS_TOKEN"],
      [{ KITE_ACCESS_TOKEN }, "KITE_API_KEY"],
      [{ FEED: "kite" }, "KITE_API_KEY"],
    ] as const)
      expect(() => load(given)).toThrow(new RegExp(`^${missing} is missing`));
  });

  it("refuses another clock outside tests", () => {
    expect(() => load({ TEST_CLOCK: "100,200,1" })).toThrow("TEST_CLOCK: only tests may change the clock");
  });
});

describe("the command line", () => {
  const others: Record<keyof typeof options, string> = {
    port: "8199",
    host: "localhost",
    data: "other",
    feed: "simulated",
    speed: "3",
    instrument: "NSE:TCS",
  };
  it.each(Object.entries(options))("--%s goes before %s", (option, variable) => {
    const { value, among = {}, gives } = cases[variable]!;
    const given = { ...among, [variable]: others[option as keyof typeof options] };
    expect(load(given, [`--${option}`, value])).toEqual({ ...load(among), ...gives() });
  });

  it("sets the variables that --help names", () =>
    expect(options).toEqual({
      port: "PORT",
      host: "HOST",
      data: "DATA_DIR",
      feed: "FEED",
      speed: "SPEED",
      instrument: "INSTRUMENT",
    }));

  it("is refused where an option is unknown or has no value", () => {
    for (const argv of [["--prot", "1"], ["--port"], ["stray"]])
      expect(() => load({}, argv), argv.join(" ")).toThrow("see npm start -- --help");
  });
});

describe("the example of a .env file", () => {
  const text = readFileSync(path.resolve(import.meta.dirname, "../.env.example"), "utf8");
  const listed = [...text.matchAll(/^# ([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => ({ name: name!, value: value! }));

  it("lists every variable that is read, each once, and none that is not", () => {
    expect(listed.map(({ name }) => name).sort()).toEqual(names.filter((name) => !internal.includes(name)).sort());
  });

  it("shows values that are accepted, and the standard where there is one", () => {
    const shown = Object.fromEntries(listed.map(({ name, value }) => [name, value]));
    for (const login of ["KITE_API_KEY", "KITE_ACCESS_TOKEN"]) expect(shown[login]).toBe("");
    const examples = ["DATABASE_URL", "REDIS_URL", "INDICATOR_CONFIGS"]; // without a standard
    for (const name of examples) expect(() => load({ [name]: shown[name]! })).not.toThrow();
    for (const name of examples) delete shown[name];
    expect(load(shown)).toEqual(standard());
  });
});

describe("indicators of the .env file", () => {
  it("are reloaded while the server runs, and fall back to the defaults when removed", () => {
    const file = path.join(root, ".env");
    writeFileSync(file, "INDICATOR_CONFIGS=SMA:9\nINDICATOR_TIMEFRAMES=5m\n");
    expect(readIndicators(root, false)).toEqual({ configs: "SMA:9", timeframes: "5m" });
    writeFileSync(file, "INDICATOR_CONFIGS=EMA:20\n");
    expect(readIndicators(root, false)).toEqual({ configs: "EMA:20", timeframes: "1m" });
    writeFileSync(file, "");
    expect(readIndicators(root, false)).toEqual({ configs: "", timeframes: "1m" });
  });
});
