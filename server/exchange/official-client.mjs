// The official client's whole conversation with the exchange, printed as one line of JSON. Run in a process of its own:
// its ticker keeps one connection in module state and may end the process.
import { KiteConnect, KiteTicker } from "kiteconnect";

const [port, apiKey, apiSecret] = process.argv.slice(2);
const kite = new KiteConnect({ api_key: apiKey, root: `http://127.0.0.1:${port}` });

const login = await fetch(`http://127.0.0.1:${port}/connect/login?v=3&api_key=${apiKey}`).then((reply) => reply.json());
const session = await kite.generateSession(login.data.request_token, apiSecret);
kite.setAccessToken(session.access_token);

const out = { session: { user_id: session.user_id, login_time: session.login_time }, errors: {} };
const errorOf = (call) => call.then(() => null, (error) => ({ error_type: error.error_type, message: error.message }));
out.profile = await kite.getProfile();
out.instruments = await kite.getInstruments("SIM");
out.quote = await kite.getQuote(["SIM:RELIANCE", "SIM:NIFTY 50", "SIM:NOSUCH"]);
out.ohlc = await kite.getOHLC(["SIM:RELIANCE"]);
out.ltp = await kite.getLTP(["SIM:RELIANCE"]);
const token = (symbol) => Number(out.instruments.find((row) => row.tradingsymbol === symbol).instrument_token);
const tokens = [token("RELIANCE"), token("NIFTY 50"), token("NIFTY26NOVFUT")];
out.minutes = await kite.getHistoricalData(tokens[0], "minute", "2026-11-20 10:00:00", "2026-11-20 10:09:59");
out.errors.span = await errorOf(kite.getHistoricalData(tokens[0], "minute", "2026-01-01 00:00:00", "2026-11-20 00:00:00"));
out.errors.token = await errorOf(new KiteConnect({ api_key: apiKey, access_token: "stale", root: `http://127.0.0.1:${port}` }).getProfile());

const ticker = new KiteTicker({ api_key: apiKey, access_token: session.access_token, root: `ws://127.0.0.1:${port}/`, reconnect: false });
const modes = [ticker.modeQuote, ticker.modeFull, ticker.modeLTP];
out.ticks = { quote: [], full: [], ltp: [] };
ticker.on("ticks", (ticks) => { for (const tick of ticks) out.ticks[tick.mode].push(tick); });
ticker.on("connect", () => {
  ticker.subscribe(tokens);
  modes.forEach((mode, step) => setTimeout(() => ticker.setMode(mode, tokens), step * 700));
  setTimeout(() => process.stdout.write(`${JSON.stringify(out)}\n`, () => process.exit(0)), modes.length * 700);
});
ticker.connect();
