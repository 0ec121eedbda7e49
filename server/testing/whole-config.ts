import { type Config, loadConfig } from "@/server/config";

/** Configuration of a whole server on a folder of its own, with the simulated exchange. */
export const wholeConfig = (dataDir: string, more: Partial<Config> = {}): Config => ({
  ...loadConfig(process.cwd(), ["--port", "0", "--data", dataDir], true),
  databaseUrl: undefined,
  redisUrl: undefined,
  feed: { kind: "simulated", port: 0, seed: 11, rate: 1 },
  logLevel: "silent",
  test: true,
  ...more,
});
