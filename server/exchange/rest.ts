import { KiteError, bodyOf, replyCsv, replyData, replyText } from "./reply";
import { EXCHANGE, exchangeOf } from "./market";
import { candles, checkSpan, intervals } from "./history";
import { faultyList, instrumentsCsv } from "./instruments-csv";
import { isQuotePath, quoteLimit, quotes } from "./quotes";
import { istText } from "@/server/domain/time/ist-text";
import { parseIst } from "./parse-ist";
import { rateLimit } from "./rate-limit";
import type { CallFamily } from "./rate-limit";
import type { Credentials, Logins } from "./login";
import type { Faults } from "./faults";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Market } from "./market";
import type { VirtualClock } from "./virtual-clock";

export interface RestParts {
  market: Market;
  clock: VirtualClock;
  faults: Faults;
  logins: Logins;
  credentials: Credentials;
  /** False: Kite's rate limits are lifted, for tests. */
  limits: boolean;
  real: () => number;
}

type Handle = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void> | void;

const USER = {
  user_type: "individual",
  email: "demo@simulated.exchange",
  user_name: "Simulated User",
  user_shortname: "Simulated",
  broker: EXCHANGE,
  exchanges: [EXCHANGE],
  products: ["CNC", "NRML", "MIS"],
  order_types: ["MARKET", "LIMIT", "SL", "SL-M"],
  avatar_url: null,
  user_id: "SIM001",
  meta: { demat_consent: "physical" },
};

/** A login may redirect only to a page on this machine. */
const loopbackUrl = (text: string): URL | null => {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname) && url.protocol === "http:" ? url : null;
};

/** Kite's REST: login, instruments, quotes, history. Unknown query names are ignored, as the official client sends some. */
export const restApi = ({ market, clock, faults, logins, credentials, limits, real }: RestParts): Handle => {
  const mayPass = rateLimit(real);

  /** The caller's key and token; throws Kite's TokenException. */
  const authorise = (request: IncomingMessage, family: CallFamily): void => {
    const match = /^token ([^:\s]+):(\S+)$/.exec(request.headers.authorization ?? "");
    const allowed = match !== null && faults.active("expired") === null && logins.accepts(match[1]!, match[2]!);
    if (!allowed) throw new KiteError("TokenException", "Incorrect `api_key` or `access_token`.");
    if (family !== "historical" && faults.active("text_error") !== null)
      throw new KiteError("GeneralException", `The gateway is not available for ${match[2]!}`, 503);
    if (limits && !mayPass(match[1]!, family)) throw new KiteError("NetworkException", "Too many requests", 429);
  };

  const login: Handle = (_request, response, url) => {
    if (url.searchParams.get("api_key") !== credentials.apiKey)
      throw new KiteError("InputException", "Invalid `api_key`.");
    const requestToken = logins.requestToken();
    const wanted = url.searchParams.get("redirect");
    if (wanted === null) {
      replyData(response, { request_token: requestToken });
      return;
    }
    const target = loopbackUrl(wanted);
    if (target === null) throw new KiteError("InputException", "`redirect` must be an http address of this machine.");
    for (const [name, value] of [
      ["request_token", requestToken],
      ["action", "login"],
      ["type", "login"],
      ["status", "success"],
    ] as const)
      target.searchParams.set(name, value);
    response.writeHead(302, { location: target.href }).end();
  };

  const openSession: Handle = async (request, response) => {
    const form = new URLSearchParams(await bodyOf(request));
    for (const field of ["api_key", "request_token", "checksum"])
      if (!form.get(field)) throw new KiteError("InputException", `Missing or empty field \`${field}\``);
    const accessToken = logins.session(form.get("api_key")!, form.get("request_token")!, form.get("checksum")!);
    if (accessToken === null) throw new KiteError("TokenException", "Token is invalid or has expired.");
    replyData(response, {
      ...USER,
      api_key: credentials.apiKey,
      access_token: accessToken,
      public_token: "simulated",
      enctoken: "",
      refresh_token: "",
      silo: "",
      login_time: istText(clock.now()),
    });
  };

  const closeSession: Handle = (_request, response, url) => {
    const accessToken = url.searchParams.get("access_token") ?? "";
    if (!logins.accepts(url.searchParams.get("api_key") ?? "", accessToken))
      throw new KiteError("TokenException", "Incorrect `api_key` or `access_token`.");
    logins.end(accessToken);
    replyData(response, true);
  };

  const historical: Handle = async (request, response, url) => {
    authorise(request, "historical");
    const [, , , token, interval] = url.pathname.split("/");
    const listing = market.cursor(Number(token))?.listing;
    if (listing === undefined) throw new KiteError("InputException", "invalid token");
    const shape = intervals.get(interval ?? "");
    if (shape === undefined) throw new KiteError("InputException", "invalid interval");
    const from = parseIst(url.searchParams.get("from") ?? "", "00:00:00");
    const to = parseIst(url.searchParams.get("to") ?? "", "23:59:59");
    if (from === null) throw new KiteError("InputException", "invalid from date");
    if (to === null) throw new KiteError("InputException", "invalid to date");
    if (from > to) throw new KiteError("InputException", "from date cannot be after to date");
    checkSpan(interval!, from, to);
    const rows = await candles(
      market,
      {
        listing,
        minutes: shape.minutes,
        from,
        to,
        openInterest: url.searchParams.get("oi") === "1",
        continuous: url.searchParams.get("continuous") === "1",
      },
      real,
    );
    replyText(response, 200, `{"status":"success","data":{"candles":[${rows.join(",")}]}}`);
  };

  const quote: Handle = (request, response, url) => {
    authorise(request, "quote");
    const path = url.pathname;
    const names = url.searchParams.getAll("i");
    if (!isQuotePath(path)) throw new KiteError("GeneralException", "Route not found");
    if (names.length > quoteLimit(path))
      throw new KiteError("InputException", `Too many instruments: at most ${quoteLimit(path)}`);
    replyData(response, quotes(market, path, names));
  };

  const instruments: Handle = (request, response, url) => {
    authorise(request, "rest");
    const exchange = url.pathname.split("/")[2];
    const listings =
      exchange === undefined
        ? market.listings
        : market.listings.filter((listing) => exchangeOf(market.calendar, listing) === exchange);
    if (listings.length === 0) throw new KiteError("InputException", `Invalid exchange: ${exchange}`);
    replyCsv(
      request,
      response,
      faults.any ? faultyList(market.calendar, listings, faults) : instrumentsCsv(market.calendar, listings),
    );
  };

  const profile: Handle = (request, response) => {
    authorise(request, "rest");
    replyData(response, USER);
  };

  const routes: readonly (readonly [path: RegExp, methods: Readonly<Record<string, Handle>>])[] = [
    [/^\/connect\/login$/, { GET: login }],
    [/^\/session\/token$/, { POST: openSession, DELETE: closeSession }],
    [/^\/user\/profile$/, { GET: profile }],
    [/^\/instruments\/historical\/[^/]+\/[^/]+$/, { GET: historical }],
    [/^\/instruments(\/[^/]+)?$/, { GET: instruments }],
    [/^\/quote(\/ohlc|\/ltp)?$/, { GET: quote }],
  ];
  return async (request, response, url) => {
    const methods = routes.find(([path]) => path.test(url.pathname))?.[1];
    if (methods === undefined) throw new KiteError("GeneralException", "Route not found", 404);
    const handle = methods[request.method ?? ""];
    if (handle === undefined) throw new KiteError("GeneralException", "Method not allowed", 405);
    await handle(request, response, url);
  };
};
