import { defineFeed } from "../define";
import { history } from "./history";
import { listInstruments } from "./instruments";
import { kiteLogin } from "./login";
import { connect } from "./stream";
import { packetAt } from "./wire";

/** Zerodha Kite Connect 3. @see https://kite.trade/docs/connect/v3/ */
export const kite = defineFeed({
  id: "kite",
  title: "Zerodha Kite",
  login: kiteLogin,
  secretFields: ["accessToken", "apiSecret"],
  limits: { instrumentsPerConnection: 3_000, connections: 3 },
  connect,
  instruments: listInstruments,
  history,
  quote: packetAt,
});
