import { setTimeout as wait } from "node:timers/promises";

/** A minute as the exchange recorded it; prices in rupees, time in epoch ms. */
export interface Candle {
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number;
}

export type Fault = "mute" | "disconnect" | "expired" | "zero_price" | "future_time" | "duplicate" | "garbage";

/**
 * The simulated exchange as seen by another client: its record through Kite's REST, its faults through its control
 * paths.
 */
export interface Exchange {
  /** The exchange's own minutes between two instants, both included. */
  minutes(symbol: string, from: number, to: number): Promise<Candle[]>;
  /** Breaks something, for `ms` or until `reset`. */
  fault(kind: Fault, more?: { ms?: number; ratio?: number; symbols?: string[] }): Promise<void>;
  reset(): Promise<void>;
}

const demoLogin = { "X-Kite-Version": "3", Authorization: "token candela-demo:candela-demo-token" };
const ist = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Kolkata", dateStyle: "short", timeStyle: "medium" });

/** The answer to a request; asks again while the exchange finds us, or the server beside us, too fast. */
const ask = async (url: string, init: RequestInit): Promise<Response> => {
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, init);
    if (answer.ok) return answer;
    if (answer.status !== 429 || attempt === 40) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
    await wait(150 + 10 * attempt);
  }
};

export const exchangeAt = (url: string): Exchange => {
  const control = async (path: string, body: unknown): Promise<void> => {
    await ask(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
  };
  const tokenOf = async (symbol: string): Promise<string> => {
    const list = await (await ask(`${url}/instruments`, { headers: demoLogin })).text();
    const [head, ...rows] = list
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const row = rows.find((cells) => cells[head!.indexOf("tradingsymbol")] === symbol);
    if (row === undefined) throw new Error(`the exchange does not list ${symbol}`);
    return row[head!.indexOf("instrument_token")]!;
  };
  return {
    async minutes(symbol, from, to) {
      const query = new URLSearchParams({ from: ist.format(from), to: ist.format(to) });
      const answer = await ask(`${url}/instruments/historical/${await tokenOf(symbol)}/minute?${query}`, {
        headers: demoLogin,
      });
      const { data } = (await answer.json()) as {
        data: { candles: [string, number, number, number, number, number][] };
      };
      return data.candles.map(([label, open, high, low, close, volume]) => ({
        time: Date.parse(label.replace(/([+-]\d{2})(\d{2})$/, "$1:$2")),
        open,
        high,
        low,
        close,
        volume,
      }));
    },
    fault: (kind, more = {}) => control("/sim/fault", { kind, ...more }),
    reset: () => control("/sim/reset", {}),
  };
};
