import { createExchange } from "@/server/exchange/exchange";
import type { TranscriptEntry } from "@/server/exchange/transcript";
import { feedOf } from "@/server/feeds";
import type { FeedStand } from "@/server/testing/feed-suite";

/** The simulated exchange, which speaks Kite's protocol. */
export const stand = async (): Promise<FeedStand> => {
  const exchange = await createExchange({ limits: false, rate: { perInstrument: 4 } });
  const url = `http://127.0.0.1:${exchange.port}`;
  const login = feedOf("kite").simulated!(exchange.port);
  let read = 0;
  return {
    login,
    refused: { ...login, accessToken: "yesterdays-token" },
    nowhere: { ...login, root: "http://127.0.0.1:1", socket: "ws://127.0.0.1:1" },
    async asked() {
      const answer = await fetch(`${url}/sim/transcript`);
      const { entries } = (await answer.json()) as { entries: TranscriptEntry[] };
      const messages = entries
        .slice(read)
        .filter(({ kind }) => kind === "message")
        .map(({ text }) => JSON.parse(text) as { a: string; v: number[] });
      read = entries.length;
      const of = (action: string): number[] => messages.filter(({ a }) => a === action).flatMap(({ v }) => v);
      return { added: of("subscribe"), removed: of("unsubscribe") };
    },
    async drop() {
      await fetch(`${url}/sim/fault`, { method: "POST", body: JSON.stringify({ kind: "disconnect" }) });
    },
    stop: () => exchange.close(),
  };
};
