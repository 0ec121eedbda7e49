import { nifty50 } from "@/server/domain/instruments/nifty50";
import { feedOf } from "@/server/feeds";
import type { CollectorRow } from "@/server/domain/ticks/collector";
import type { Logins } from "@/server/services/collecting/logins";
import type { Base } from "./base";
import type { Exchange } from "./exchange";

/** What a login subscribes at first: the index and its stocks. */
const niftyKeys = (): string[] => [
  "NSE_INDEX:NIFTY 50",
  "NSE_INDEX:NIFTY BANK",
  "NSE_INDEX:INDIA VIX",
  ...nifty50.map((symbol) => `NSE:${symbol}`),
];

/** The collector the configuration asks for, kept in the store like any other. */
export const configuredCollector = async (
  { config, store, say, eventLog }: Base,
  logins: Logins,
  exchange: Exchange,
): Promise<{ row: CollectorRow; login: Record<string, string>; simulated: boolean }> => {
  const { feed } = config;
  const base = { autoStart: true, mode: "full" as const };
  if (feed.kind === "replay") {
    const row = { id: 0, name: "replay", feed: "replay", ...base, subscriptions: ["*"] };
    return { row, login: {}, simulated: false };
  }
  if (feed.kind === "simulated") {
    const { feed: id, login } = await exchange.start(feed);
    logins.configure("sim-1", login);
    return {
      row: await store.collectors.save({ name: "sim-1", feed: id, ...base, subscriptions: ["*"] }, login),
      login,
      simulated: true,
    };
  }
  const name = `${feed.feed}-1`;
  const known = (await store.collectors.list()).find((each) => each.name === name);
  const { login, said } = await logins.atStart(name, feedOf(feed.feed), feed.login);
  if (said !== null) {
    say(said);
    eventLog.add("info", name, said);
  }
  const row = await store.collectors.save(
    {
      name,
      feed: feed.feed,
      ...base,
      subscriptions: known === undefined || known.subscriptions.length === 0 ? niftyKeys() : known.subscriptions,
    },
    login,
  );
  return { row, login, simulated: false };
};
