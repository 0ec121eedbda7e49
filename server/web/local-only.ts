import type { IncomingMessage } from "node:http";

const hostOf = (authority: string): string => {
  try {
    return new URL(`http://${authority}`).hostname;
  } catch {
    return "";
  }
};
const isLocal = (host: string): boolean => host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

/** True for an absolute URL that names this machine. */
export const isLocalUrl = (url: string): boolean => {
  try {
    return isLocal(new URL(url).hostname);
  } catch {
    return false;
  }
};

/**
 * True for requests that name this machine itself and, when a page made them, a page of ours: a web site open in the
 * same browser must not read the trader's data by pointing a name of its own at 127.0.0.1.
 */
export const localRequest = (request: IncomingMessage): boolean => {
  const host = request.headers.host;
  if (host === undefined || !isLocal(hostOf(host))) return false;
  const { origin } = request.headers;
  return origin === undefined || origin === `http://${host}`;
};

/**
 * True for a request from another site's page. The site cannot read the response of an `<img>`, but it can make the
 * server work. Such a request has no Origin; browsers name its source in `Sec-Fetch-Site`, older ones in the Referer.
 * Following a link to our page is allowed.
 */
export const isForeign = ({ headers, method }: IncomingMessage, isOfApi: boolean): boolean => {
  const site = headers["sec-fetch-site"];
  if (site === undefined)
    return isOfApi && headers.referer !== undefined && !isFrom(headers.referer, headers.host ?? "");
  if (site === "same-origin" || site === "none") return false;
  const followed =
    (method === "GET" || method === "HEAD") &&
    headers["sec-fetch-mode"] === "navigate" &&
    headers["sec-fetch-dest"] === "document";
  return isOfApi || !followed;
};

const isFrom = (referer: string, host: string): boolean => {
  try {
    return new URL(referer).host === host;
  } catch {
    return false;
  }
};
