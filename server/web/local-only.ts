import type { IncomingMessage } from "node:http";

const hostOf = (authority: string): string => {
  try { return new URL(`http://${authority}`).hostname; } catch { return ""; }
};
const isLocal = (host: string): boolean => host === "localhost" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

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
