import { defineFeed } from "../define";
import { history } from "./history";
import { listInstruments } from "./instruments";
import { kiteLogin } from "./login";
import { priceLimits } from "./price-limits";
import { kiteRequest } from "./rest";
import { connect } from "./stream";
import { bookAt, packetAt } from "./wire";

/** Zerodha Kite Connect 3. @see https://kite.trade/docs/connect/v3/ */
export const kite = defineFeed({
  id: "kite",
  title: "Zerodha Kite",
  login: kiteLogin,
  secretFields: ["accessToken", "apiSecret"],
  limits: { instrumentsPerConnection: 3_000, connections: 3 },
  async check(login, signal) {
    await kiteRequest(login, { path: "/user/profile" }, signal);
  },
  connect,
  instruments: listInstruments,
  history,
  priceLimits,
  quote: packetAt,
  book: bookAt,
});
