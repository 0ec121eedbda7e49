import { parseArgs } from "node:util";
import { badInput } from "@/server/domain/basics/errors";
import { DEMO_CREDENTIALS, createExchange } from "./exchange";
import { MOST_STOCKS } from "./listing";
import type { CalendarName } from "./calendar";
import type { ExchangeOptions } from "./exchange";
import type { MarketOptions } from "./market";

const HELP = `Simulated exchange that speaks Zerodha Kite, on 127.0.0.1 only

  --port N            port (default 9001; 0: any free one)
  --seed N            the market's seed (default 7): the same seed is the same market, past and future
  --rate N            ticks a second of each instrument, on average (default 1)
  --total N           instead: ticks a second of all instruments together, up to 50,000
  --stocks N          number of listed stocks, up to ${MOST_STOCKS}: beyond the real ones, copies of them (default: those)
  --calendar NAME     SIM: round the clock (default); NSE: its trading days and hours, auctions included
  --start TIME        initial clock time (ISO; default: now)
  --speed N           clock speed (default 1)
  --api-key, --api-secret, --access-token    the login (default ${DEMO_CREDENTIALS.apiKey}, ${DEMO_CREDENTIALS.apiSecret}, ${DEMO_CREDENTIALS.accessToken})
  --no-limits         disable Kite's rate limits
  --help
`;

const MOST_TICKS = 50_000;

const numeric = (name: string, text: string, accepted: string, holds: (value: number) => boolean): number => {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || !holds(value)) throw badInput(`--${name}`, text, accepted);
  return value;
};

const rateOf = (rate: string | undefined, total: string | undefined): MarketOptions["rate"] => {
  if (total !== undefined)
    return {
      total: numeric(
        "total",
        total,
        `a number above 0 and up to ${MOST_TICKS}`,
        (value) => value > 0 && value <= MOST_TICKS,
      ),
    };
  return {
    perInstrument:
      rate === undefined
        ? 1
        : numeric("rate", rate, "a number above 0 and up to 700", (value) => value > 0 && value <= 700),
  };
};

const calendarOf = (name: string): CalendarName => {
  if (name !== "SIM" && name !== "NSE") throw badInput("--calendar", name, "SIM or NSE");
  return name;
};

const startOf = (text: string): number => {
  const instant = Date.parse(text);
  if (Number.isNaN(instant)) throw badInput("--start", text, "an ISO time such as 2026-11-20T09:15:00+05:30");
  return instant;
};

/** The command line as options; null when help is asked for. */
const optionsOf = (args: string[]): ExchangeOptions | null => {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args,
    options: {
      port: text,
      host: text,
      seed: text,
      rate: text,
      total: text,
      stocks: text,
      calendar: text,
      start: text,
      speed: text,
      "api-key": text,
      "api-secret": text,
      "access-token": text,
      "no-limits": { type: "boolean" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return null;
  if (values.host !== undefined && values.host !== "127.0.0.1" && values.host !== "localhost")
    throw badInput("--host", values.host, "127.0.0.1; it serves this machine only");
  return {
    port: numeric(
      "port",
      values.port ?? "9001",
      "a port from 0 to 65535",
      (value) => Number.isInteger(value) && value >= 0 && value <= 65_535,
    ),
    seed: numeric("seed", values.seed ?? "7", "a whole number", Number.isInteger),
    rate: rateOf(values.rate, values.total),
    ...(values.stocks === undefined
      ? {}
      : {
          stocks: numeric(
            "stocks",
            values.stocks,
            `a whole number from 1 to ${MOST_STOCKS}`,
            (value) => Number.isInteger(value) && value >= 1 && value <= MOST_STOCKS,
          ),
        }),
    calendar: calendarOf(values.calendar ?? "SIM"),
    start: values.start === undefined ? null : startOf(values.start),
    speed: numeric(
      "speed",
      values.speed ?? "1",
      "a number above 0 and up to 10000",
      (value) => value > 0 && value <= 10_000,
    ),
    limits: values["no-limits"] !== true,
    credentials: {
      apiKey: values["api-key"] ?? DEMO_CREDENTIALS.apiKey,
      apiSecret: values["api-secret"] ?? DEMO_CREDENTIALS.apiSecret,
      accessToken: values["access-token"] ?? DEMO_CREDENTIALS.accessToken,
    },
  };
};

const run = async (): Promise<void> => {
  const options = optionsOf(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const exchange = await createExchange(options);
  const stop = (): void => {
    exchange.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  // Started by another process of the project: it ends when that one does.
  process.once("disconnect", stop);
  process.stdout.write(`exchange listening on http://127.0.0.1:${exchange.port}\n`);
  process.send?.({ ready: true, port: exchange.port });
};

run().catch((error: unknown) => {
  process.stderr.write(`exchange: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
