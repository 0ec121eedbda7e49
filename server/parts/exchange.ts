import path from "node:path";
import type { Config } from "@/server/config";
import { simulatedLogin } from "@/server/feeds";
import type { Log } from "@/server/ports/observe";
import { type ExchangeChild, startExchange } from "./exchange-child";
import type { Base } from "./base";
import type { Part } from "./lifecycle";

type Simulated = Extract<Config["feed"], { kind: "simulated" }>;

/** Starts the simulated exchange of the configuration. Returns the login it takes, the feed that speaks its protocol, and what ends it. */
export const startSimulated = async (
  { root, development }: Pick<Config, "root" | "development">,
  { port, seed, rate, stocks }: Simulated,
  log: Log,
  say: (step: string) => void,
  onExit: (code: number | null) => void,
): Promise<{ feed: string; login: Record<string, string>; child: ExchangeChild }> => {
  const child = await startExchange(
    {
      file: path.join(root, development ? "server/exchange/main.ts" : ".build/exchange.js"),
      execArgv: development ? ["--import", "tsx"] : [],
      port,
      seed,
      rate,
      stocks,
      onExit,
    },
    log,
  );
  say(`Simulated exchange on http://127.0.0.1:${child.port}`);
  return { ...simulatedLogin(child.port), child };
};

export type Exchange = ReturnType<typeof createExchange>;

/** The simulated exchange: started when the configured login is built, stopped after everything that may call it. */
export const createExchange = ({ config, log, say, eventLog }: Base) => {
  let starting: ReturnType<typeof startSimulated> | null = null;
  const lifecycle: Part[] = [
    {
      name: "simulated exchange",
      async stop() {
        const started = await starting?.catch(() => null);
        await started?.child.stop();
      },
    },
  ];
  return {
    /** Resolves with the login it takes, and the feed that speaks its protocol. */
    start(feed: Simulated): ReturnType<typeof startSimulated> {
      starting = startSimulated(config, feed, log, say, (code) => {
        eventLog.add("error", "exchange", `the simulated exchange ended with code ${code}`);
        log.error("the simulated exchange ended", { code });
      });
      return starting;
    },
    lifecycle,
  };
};
