import { rmSync } from "node:fs";
import { type Container, createContainer } from "@/server/container";
import type { CollectorRow, FeedTruth } from "@/server/domain/ticks/collector";
import { createExchange, DEMO_CREDENTIALS, type Exchange } from "@/server/exchange/exchange";
import { publish } from "@/server/runtime";
import { startedStore, temporaryFolder } from "./store-open";
import { wholeConfig } from "./whole-config";

/** A simulated exchange and a whole server that is logged in to it as to Kite, in one process. */
export class BrokerRig {
  container!: Container;
  private constructor(
    readonly exchange: Exchange,
    readonly dataDir: string,
    private readonly accessToken: string,
  ) {}

  /** The folder's store knows the collector `kite-1` with these subscriptions, as after an earlier run. */
  static async create(
    subscriptions: readonly string[],
    accessToken = DEMO_CREDENTIALS.accessToken,
  ): Promise<BrokerRig> {
    const exchange = await createExchange({ limits: false, rate: { perInstrument: 4 } });
    const dataDir = await temporaryFolder();
    const store = await startedStore(dataDir);
    const row: Omit<CollectorRow, "id"> = {
      name: "kite-1",
      feed: "kite",
      mode: "full",
      autoStart: true,
      subscriptions: [...subscriptions],
    };
    await store.collectors.save(row, {});
    await store.stop();
    return new BrokerRig(exchange, dataDir, accessToken);
  }

  get url(): string {
    return `http://127.0.0.1:${this.exchange.port}`;
  }

  /** `accessToken`: as the environment has it. */
  async start(accessToken = this.accessToken): Promise<Container> {
    const login = {
      apiKey: DEMO_CREDENTIALS.apiKey,
      accessToken,
      root: this.url,
      socket: `ws://127.0.0.1:${this.exchange.port}`,
    };
    this.container = await createContainer(
      wholeConfig(this.dataDir, { feed: { kind: "broker", feed: "kite", login } }),
      () => {},
    );
    publish(this.container);
    await this.container.start(new AbortController().signal);
    return this.container;
  }

  truth(): FeedTruth {
    return this.container.desk.truth()[0]!;
  }

  async fault(body: Record<string, unknown>): Promise<void> {
    const answer = await fetch(`${this.url}/sim/fault`, { method: "POST", body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
  }
  async reset(): Promise<void> {
    await fetch(`${this.url}/sim/reset`, { method: "POST" });
  }

  async stop(): Promise<void> {
    await this.container?.stop();
    await this.exchange.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
