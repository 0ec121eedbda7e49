import { gzipSync } from "node:zlib";
import type { IncomingMessage, ServerResponse } from "node:http";

/** Kite's kinds of error and the HTTP status each comes with. */
const STATUS = { TokenException: 403, InputException: 400, NetworkException: 429, GeneralException: 404 } as const;
export type KiteErrorType = keyof typeof STATUS;

/** An answer that is an error, in Kite's words. */
export class KiteError extends Error {
  constructor(
    readonly type: KiteErrorType,
    message: string,
    readonly status: number = STATUS[type],
  ) {
    super(message);
  }
}

/** Responds with JSON text as it is. */
export const replyText = (response: ServerResponse, status: number, text: string): void => {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" }).end(text);
};

export const replyData = (response: ServerResponse, data: unknown): void =>
  replyText(response, 200, JSON.stringify({ status: "success", data }));

/** `{"status":"error","message":…,"data":null,"error_type":…}` with the status of its kind. */
export const replyError = (response: ServerResponse, error: KiteError): void =>
  replyText(
    response,
    error.status,
    JSON.stringify({ status: "error", message: error.message, data: null, error_type: error.type }),
  );

/**
 * Responds with CSV, gzipped if the client accepts it. The content type is exactly `text/csv`, because the official
 * client compares the whole string.
 */
export const replyCsv = (request: IncomingMessage, response: ServerResponse, csv: string): void => {
  const gzip = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? ""));
  response
    .writeHead(200, { "content-type": "text/csv", ...(gzip ? { "content-encoding": "gzip" } : {}) })
    .end(gzip ? gzipSync(csv) : csv);
};

const BODY_LIMIT = 65_536;

/** The body as text; longer than 64 KB is refused. */
export const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = "";
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_LIMIT) throw new KiteError("InputException", "Request body is too large", 413);
  }
  return text;
};
