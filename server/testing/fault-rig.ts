import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Store } from "@/server/ports/stores";
import { type Comparison, compareAll, type Listening } from "./fault-compare";
import { ExchangeProgram, type Listed, project, ServerProgram } from "./fault-programs";
import { rounds, testSeed } from "./run-size";
import { storeAt } from "./store-open";

/**
 * Settings of a run from the environment: FAULT_SEED to repeat one, FAULT_KILLS (12, with `--deep` 50), FAULT_SPEED of
 * the market's clock, FAULT_LOG for a file with the servers' output.
 */
export const faultSettings = (
  environment: Record<string, string | undefined>,
): { seed: number; kills: number; speed: number; log?: string } => ({
  seed: Number(environment["FAULT_SEED"] ?? testSeed),
  kills: Number(environment["FAULT_KILLS"] ?? rounds(12, 50)),
  speed: Number(environment["FAULT_SPEED"] ?? 1),
  ...(environment["FAULT_LOG"] === undefined ? {} : { log: environment["FAULT_LOG"] }),
});

/** The exchange's evening of the run: a day ends while things go wrong. */
const BEFORE_MIDNIGHT_MS = 100_000;
const MIDNIGHT = Date.parse("2026-11-20T00:00:00+05:30");
/** Liquid and quiet stocks, an index, a volatility; a future is added. */
const SYMBOLS = ["SIM:RELIANCE", "SIM:HDFCBANK", "SIM:M&M", "SIM:BAJAJ-AUTO", "SIM:NIFTY 50", "SIM:INDIA VIX"];

/** `rate`: ticks a second of each instrument. */
export interface RigOptions {
  seed: number;
  speed: number;
  rate?: number;
  beforeMidnightMs?: number;
  log?: string;
  dataDir?: string;
  databaseUrl?: string;
  settings?: Record<string, string>;
}

/** An exchange, a server with its folder and database, and the record of when the server listened. */
export class FaultRig {
  readonly listened: Listening[] = [];
  listed: Listed[] = [];
  from = 0;
  private listeningFrom: number | null = null;

  private constructor(
    readonly exchange: ExchangeProgram,
    readonly server: ServerProgram,
    private readonly speed: number,
    private readonly databaseUrl: string | undefined,
    private readonly ownFolder: boolean,
  ) {}

  static async create({
    seed,
    speed,
    rate = 2,
    beforeMidnightMs = BEFORE_MIDNIGHT_MS,
    log,
    dataDir,
    databaseUrl,
    settings,
  }: RigOptions): Promise<FaultRig> {
    const exchange = await ExchangeProgram.start({ seed, start: MIDNIGHT - beforeMidnightMs * speed, speed, rate });
    const folder = dataDir ?? mkdtempSync(path.join(tmpdir(), "candela-fault-"));
    const server = new ServerProgram(
      folder,
      { ...settings, ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }) },
      log,
    );
    const rig = new FaultRig(exchange, server, speed, databaseUrl, dataDir === undefined);
    const all = await exchange.listed();
    rig.listed = [
      ...SYMBOLS.map((key) => all.find((each) => each.key === key)!),
      all.find((each) => each.type === "FUT")!,
    ];
    rig.from = await exchange.now();
    // The server's Kite login subscribes what its collector's row says.
    await rig.withStore((store) =>
      store.collectors.save(
        {
          name: "kite-1",
          feed: "kite",
          mode: "full",
          autoStart: true,
          subscriptions: rig.listed.map(({ key }) => key),
        },
        {},
      ),
    );
    return rig;
  }

  /** The server's store in this process, while the server does not run. */
  async withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const store = storeAt(this.server.dataDir, {
      templateFile: path.join(project, ".build/pglite-template.tar"),
      ...(this.databaseUrl === undefined ? {} : { databaseUrl: this.databaseUrl }),
    });
    await store.start(new AbortController().signal);
    try {
      return await work(store);
    } finally {
      await store.stop();
    }
  }

  async launch(skewMs = 0): Promise<void> {
    await this.server.launch(await this.exchange.environment(skewMs));
  }

  /** From here on the server misses nothing; `until` marks the end. Half a second is allowed for data in transit. */
  async listens(): Promise<void> {
    this.listeningFrom = Math.ceil(((await this.exchange.now()) + 500 * this.speed) / 1_000) * 1_000;
  }
  /** The server has been cut off, or is about to be: seconds that were being closed and written (`openMs`) are not counted on. */
  async deaf(openMs = 0): Promise<void> {
    if (this.listeningFrom === null) return;
    this.listened.push({ from: this.listeningFrom, to: (await this.exchange.now()) - openMs });
    this.listeningFrom = null;
  }

  /** Resolves when everything missed has been fetched: the minute of the last return is over and no job is running. */
  async healed(limitMs = 180_000): Promise<void> {
    const back = Math.ceil((await this.exchange.now()) / 60_000) * 60_000;
    await this.exchange.until(back + 5_000);
    const end = Date.now() + limitMs;
    do {
      let quiet = 0;
      await this.server.until(
        "every gap filled",
        ({ jobs, feed, failing, spooled }) => {
          quiet =
            feed?.state === "LIVE" && !failing && !spooled && jobs.length > 0 && jobs.every((job) => job.finished)
              ? quiet + 1
              : 0;
          return quiet >= 20;
        },
        end - Date.now(),
      );
      // Open gaps are retried every minute; a comparison reports those that never close.
    } while ((await this.server.openGaps()) !== 0 && Date.now() < end - 5_000);
  }

  /** Stops the server in order and compares all it has stored with the exchange. */
  async compare(): Promise<Comparison & { code: number | null }> {
    await this.deaf(4_000);
    const to = await this.exchange.now();
    const code = await this.server.stop();
    const compared = await this.withStore((store) =>
      compareAll(store, this.exchange, this.listed, { from: this.from, to: to - 3_000, listened: this.listened }),
    );
    return { ...compared, code };
  }

  async stop(): Promise<void> {
    await this.server.kill();
    await this.exchange.stop();
    if (this.ownFolder) rmSync(this.server.dataDir, { recursive: true, force: true });
  }
}
