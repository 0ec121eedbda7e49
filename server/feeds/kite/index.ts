import { defineFeed } from "../define";
import { frames } from "./describe";
import { history } from "./history";
import { listInstruments } from "./instruments";
import { kiteLogin } from "./login";
import loginFields from "./login.json";
import { priceLimits } from "./price-limits";
import { kiteRequest } from "./rest";
import { tokenOfNumber } from "./segments";
import { connect } from "./stream";
import { bookAt, packetAt } from "./wire";

/** Zerodha Kite Connect 3. @see https://kite.trade/docs/connect/v3/ */
export const kite = defineFeed({
  id: "kite",
  title: "Zerodha Kite",
  login: kiteLogin,
  secretFields: ["accessToken", "apiSecret"],
  loginFields,
  simulated: (port) => ({
    apiKey: "candela-demo",
    accessToken: "candela-demo-token",
    root: `http://127.0.0.1:${port}`,
    socket: `ws://127.0.0.1:${port}`,
  }),
  limits: { instrumentsPerConnection: 3_000, connections: 3 },
  async check(login, signal) {
    await kiteRequest(login, { path: "/user/profile" }, signal);
  },
  connect,
  instruments: listInstruments,
  history,
  priceLimits,
  tokenOfNumber,
  frames,
  quote: packetAt,
  book: bookAt,
});
