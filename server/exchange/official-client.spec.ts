// The official client's whole conversation with the exchange, printed as one line of JSON for `exchange.int.test.ts`.
// A program of its own: the client's ticker keeps one connection in module state and may end the process.
import { KiteConnect, KiteTicker } from "kiteconnect";

interface ClientTick {
  mode: "ltp" | "quote" | "full";
  instrument_token: number;
  tradable: boolean;
  last_price: number;
  volume_traded?: number;
  oi: number;
  exchange_timestamp: string;
  ohlc: { open: number; high: number; low: number; close: number };
  depth: { buy: { price: number }[]; sell: { price: number }[] };
}

/** What the client got, after JSON: dates are ISO texts. */
export interface Conversation {
  session: { user_id: string };
  profile: { broker: string };
  instruments: { tradingsymbol?: string; instrument_token: string }[];
  quote: Record<string, { depth: { buy: unknown[] } }>;
  ohlc: Record<string, { ohlc: unknown }>;
  ltp: Record<string, { last_price: number }>;
  minutes: { date: string; open: number; high: number; low: number; close: number; volume: number }[];
  refusals: { span: Refusal; token: Refusal };
  ticks: Record<ClientTick["mode"], ClientTick[]>;
}
interface Refusal {
  error_type: string;
  message: string;
}

const [port, apiKey, apiSecret] = process.argv.slice(2) as [string, string, string];
const root = `http://127.0.0.1:${port}`;
const kite = new KiteConnect({ api_key: apiKey, root });

const login = (await fetch(`${root}/connect/login?v=3&api_key=${apiKey}`).then((reply) => reply.json())) as {
  data: { request_token: string };
};
const session = await kite.generateSession(login.data.request_token, apiSecret);
kite.setAccessToken(session.access_token);

const refusal = (call: Promise<unknown>): Promise<Refusal | null> =>
  call.then(
    () => null,
    ({ error_type, message }: Refusal) => ({ error_type, message }),
  );
const instruments = (await kite.getInstruments("SIM" as never)) as unknown as Conversation["instruments"];
const token = (symbol: string): number =>
  Number(instruments.find((row) => row.tradingsymbol === symbol)!.instrument_token);
const tokens = [token("RELIANCE"), token("NIFTY 50"), token("NIFTY26NOVFUT")];
const answers = {
  session: { user_id: session.user_id },
  profile: await kite.getProfile(),
  instruments,
  quote: await kite.getQuote(["SIM:RELIANCE", "SIM:NIFTY 50", "SIM:NOSUCH"]),
  ohlc: await kite.getOHLC(["SIM:RELIANCE"]),
  ltp: await kite.getLTP(["SIM:RELIANCE"]),
  minutes: await kite.getHistoricalData(tokens[0]!, "minute", "2026-11-20 10:00:00", "2026-11-20 10:09:59"),
  refusals: {
    span: await refusal(kite.getHistoricalData(tokens[0]!, "minute", "2026-01-01 00:00:00", "2026-11-20 00:00:00")),
    token: await refusal(new KiteConnect({ api_key: apiKey, access_token: "stale", root }).getProfile()),
  },
};

const ticks: Conversation["ticks"] = { quote: [], full: [], ltp: [] };
// The client takes `root`, its type does not know it.
const line = { api_key: apiKey, access_token: session.access_token, root: `ws://127.0.0.1:${port}/`, reconnect: false };
const ticker = new KiteTicker(line);
const modes = [ticker.modeQuote, ticker.modeFull, ticker.modeLTP];
const STEP_MS = 700;
ticker.on("ticks", (received: ClientTick[]) => {
  for (const tick of received) ticks[tick.mode].push(tick);
});
ticker.on("connect", () => {
  ticker.subscribe(tokens);
  modes.forEach((mode, step) => setTimeout(() => ticker.setMode(mode, tokens), step * STEP_MS));
  setTimeout(
    () => process.stdout.write(`${JSON.stringify({ ...answers, ticks })}\n`, () => process.exit(0)),
    modes.length * STEP_MS,
  );
});
ticker.connect();
