/** One call of Kite's REST interface, and what its errors mean to us. */
import { brokerWords } from "@/server/domain/instruments/broker-words";
import { AppError } from "@/server/domain/basics/errors";

export interface KiteCaller {
  root: string;
  apiKey: string;
  /** Absent only for the call that fetches one. */
  accessToken?: string;
}

export interface KiteCall {
  method?: "GET" | "POST";
  path: string;
  query?: Record<string, string>;
  form?: Record<string, string>;
  timeoutMs?: number;
  /** More than a valid response can have; a longer one is refused. */
  mostBytes?: number;
}

const TIMEOUT_MS = 15_000;
/** Kite names no waiting time with its 429; its limits are counted by the second. */
const RETRY_AFTER_MS = 1_000;
/** No broker's limit lasts longer than a day; a longer one is an error. */
const LONGEST_RETRY_AFTER_MS = 60_000;
/** Kite's largest answer, the instrument list, has ten million bytes. */
const MOST_BYTES = 64 * 1024 ** 2;

/** The `data` of a JSON answer. @see https://kite.trade/docs/connect/v3/response-structure/ */
export const kiteRequest = async (caller: KiteCaller, call: KiteCall, signal: AbortSignal): Promise<unknown> => {
  const text = await kiteText(caller, call, signal);
  const body = parseJson(text) as { data?: unknown } | null;
  if (body === null || typeof body !== "object" || !("data" in body)) {
    throw new AppError("broker_refused", `Kite's response to ${call.path} is not its JSON envelope`, {
      details: { value: brokerWords(text, [caller.apiKey, caller.accessToken]) },
    });
  }
  return body.data;
};

/** The answer's text, decompressed (the instruments dump is CSV). Errors: `login_expired`, `rate_limited`, `broker_unreachable`, `broker_refused`. */
export const kiteText = async (caller: KiteCaller, call: KiteCall, signal: AbortSignal): Promise<string> => {
  const { root, apiKey, accessToken } = caller;
  const url = `${root.replace(/\/$/, "")}${call.path}${call.query === undefined ? "" : `?${new URLSearchParams(call.query)}`}`;
  const headers: Record<string, string> = { "X-Kite-Version": "3" };
  if (accessToken !== undefined) headers.Authorization = `token ${apiKey}:${accessToken}`;
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS)]);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: call.method ?? "GET",
      headers,
      signal: deadline,
      ...(call.form === undefined ? {} : { body: new URLSearchParams(call.form) }),
    });
    text = await boundedText(response, call.path, Math.min(call.mostBytes ?? MOST_BYTES, MOST_BYTES));
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof AppError) throw cause;
    throw new AppError("broker_unreachable", `No response from ${new URL(root).host} to ${call.path}`, {
      retryable: true,
      cause,
    });
  }
  if (!response.ok) throw refusal(response, text, call.path, [apiKey, accessToken]);
  return text;
};

/** Reads no more than any answer may have: a broker that answers without end must not fill the memory. */
const boundedText = async (response: Response, path: string, most: number): Promise<string> => {
  const decoder = new TextDecoder();
  let bytes = 0;
  let text = "";
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader!.read()) {
    bytes += part.value.byteLength;
    if (bytes > most) {
      await reader!.cancel();
      throw new AppError(
        "broker_refused",
        `Kite's response to ${path} exceeds ${most === MOST_BYTES ? `${MOST_BYTES / 1024 ** 2} MB` : `${most} bytes`}`,
        { details: { path } },
      );
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return text + decoder.decode();
};

const refusal = (
  response: Response,
  text: string,
  path: string,
  secrets: readonly (string | undefined)[],
): AppError => {
  const body = parseJson(text) as { message?: unknown; error_type?: unknown } | null;
  const said =
    typeof body?.message === "string" && body.message !== ""
      ? brokerWords(body.message, secrets)
      : `HTTP ${response.status}`;
  const details = {
    status: response.status,
    type: typeof body?.error_type === "string" ? body.error_type : undefined,
    path,
  };
  if (response.status === 429) {
    const seconds = Number(response.headers.get("retry-after"));
    return new AppError("rate_limited", `Kite limits the request rate: ${said}`, {
      retryable: true,
      details: {
        ...details,
        retryAfterMs: seconds > 0 ? Math.min(seconds * 1_000, LONGEST_RETRY_AFTER_MS) : RETRY_AFTER_MS,
      },
    });
  }
  if (response.status === 403 || details.type === "TokenException") {
    return new AppError("login_expired", `Kite rejected the access token: ${said}`, { details });
  }
  if (response.status >= 500)
    return new AppError("broker_unreachable", `Kite is not available: ${said}`, { retryable: true, details });
  return new AppError("broker_refused", `Kite rejected ${path}: ${said}`, { details });
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
