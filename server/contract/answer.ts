/** How every REST request is answered, before Next or by a route: parse by contract, work, wrap, map errors to statuses. */
import type { z } from "zod";
import { acceptedBy } from "@/server/domain/basics/accepted";
import { jsonInTurns, type Turns } from "@/server/domain/basics/turns";
import type { ErrorCode } from "@/server/domain/basics/errors";
import { restCodeOf, statusOf, type Envelope, type ErrorEnvelope } from "./rest";

/** What the work returns: `data` and `meta` for the envelope, or a complete reply. */
export type Answer = { data: unknown; meta?: Record<string, unknown>; status?: number } | Reply;

/** Ready to be sent. */
export interface Reply {
  status: number;
  type: string;
  body: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
}

export interface Asked<S extends z.ZodType> {
  schema: S;
  /** The input of the schema: query parameters, or a body. */
  given: unknown;
  work(input: z.output<S>, requestId: string): Promise<Answer> | Answer;
  /** An internal error; the client gets only its id. */
  failed(requestId: string, cause: unknown): void;
  /** Errors in another shape than ours (old paths). */
  shape?(error: ErrorEnvelope["error"]): unknown;
  /** Turns of the event loop in which a long list is written. */
  turns?: Turns | undefined;
  /** Aborts when the client disconnected: then nothing is answered and nothing has failed. */
  signal?: AbortSignal | undefined;
}

const JSON_TYPE = "application/json";
/** Rows of a list that is written in turns. */
const LONG = 1_000;
/** Nobody is there to read it. */
const GONE: Reply = { status: 499, type: "text/plain", body: "" };

export const jsonReply = (value: unknown, status = 200): Reply => ({
  status,
  type: JSON_TYPE,
  body: JSON.stringify(value),
});

/** An input error as presented to the client. */
type Fault = Omit<ErrorEnvelope["error"], "requestId">;

/**
 * Parses input by its schema, or returns the error with field, value and what is accepted, in words. Used by every
 * door.
 */
export const parsedBy = <S extends z.ZodType>(schema: S, given: unknown): { data: z.output<S> } | { fault: Fault } => {
  const nul = nulIn(given);
  if (nul !== null)
    return {
      fault: {
        code: "bad_input",
        message: `${nul.field}: a text without NUL characters is needed`,
        details: { field: nul.field, value: brief(nul.value), accepted: NO_NUL },
      },
    };
  const parsed = schema.safeParse(given, { error: acceptedBy });
  if (parsed.success) return parsed;
  const issue = parsed.error.issues[0]!;
  const fault = faultOf(issue, given);
  const { field, accepted } = fault;
  const value = brief(fault.value);
  if (issue.code === "unrecognized_keys") {
    const fields =
      issue.path.length > 0 || !("shape" in schema)
        ? "the fields the documentation names"
        : Object.keys(schema.shape as object).join(", ") || "none; this takes no fields";
    return {
      fault: {
        code: "bad_input",
        message: `${field}: unknown field; use ${fields}`,
        details: { field, value, accepted: fields },
      },
    };
  }
  return {
    fault: {
      code: "bad_input",
      message: `${field}: ${fault.value === undefined ? "" : `${JSON.stringify(value)} is not accepted; use `}${accepted}`,
      details: { field, value, accepted },
    },
  };
};

/** An error from further in names the value it worked with; the client is shown what it typed. */
const asTyped = (
  given: unknown,
  message: string,
  details: Record<string, unknown>,
): { message: string; details: Record<string, unknown> } => {
  const field = details["field"];
  const typed =
    typeof field === "string" && typeof given === "object" && given !== null && Object.hasOwn(given, field)
      ? (given as Record<string, unknown>)[field]
      : undefined;
  if (typed === undefined || typeof typed === "object" || typed === details["value"]) return { message, details };
  const shown = brief(typed);
  return {
    message: message.replace(JSON.stringify(details["value"]), () => JSON.stringify(shown)),
    details: { ...details, value: shown },
  };
};

/** Never throws. Errors are distinguished by `code`, because Next's bundle has its own copy of every class. */
export const answered = async <S extends z.ZodType>({
  schema,
  given,
  work,
  failed,
  shape,
  turns,
  signal,
}: Asked<S>): Promise<Reply> => {
  const requestId = crypto.randomUUID().slice(0, 8);
  const failure = (error: Omit<ErrorEnvelope["error"], "requestId">): Reply => {
    const told = { ...error, requestId };
    const body = shape === undefined ? ({ status: "error", error: told } satisfies ErrorEnvelope) : shape(told);
    const reply = jsonReply(body, statusOf[error.code as keyof typeof statusOf] ?? 500);
    const retryAfterMs = error.details?.["retryAfterMs"];
    return typeof retryAfterMs === "number"
      ? { ...reply, headers: { "Retry-After": String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) } }
      : reply;
  };
  try {
    const parsed = parsedBy(schema, given);
    if ("fault" in parsed) return failure(parsed.fault);
    const answer = await work(parsed.data, requestId);
    if ("body" in answer) return answer;
    const body: Envelope<unknown> = { status: "success", data: answer.data, meta: { requestId, ...answer.meta } };
    const { data } = answer;
    if (turns === undefined || !Array.isArray(data) || data.length < LONG) return jsonReply(body, answer.status);
    return {
      status: answer.status ?? 200,
      type: JSON_TYPE,
      body: `{"status":"success","data":${await jsonInTurns(turns, data)},"meta":${JSON.stringify(body.meta)}}`,
    };
  } catch (cause) {
    if (signal?.aborted === true) return GONE;
    const { code, message, details } = cause as { code?: string; message?: string; details?: Record<string, unknown> };
    if (code !== undefined && code in statusOf && code !== "internal")
      return failure({
        code: restCodeOf[code as ErrorCode] ?? code,
        ...(details === undefined ? { message: message ?? code } : asTyped(given, message ?? code, details)),
      });
    failed(requestId, cause);
    return failure({
      code: "internal",
      message: `The server failed on this request; see its log under ${requestId}.`,
    });
  }
};

/** Reports an instrument error under the field's name at this door. */
export const asField = <T>(field: string, resolve: () => T): T => {
  try {
    return resolve();
  } catch (cause) {
    const { details } = cause as { details?: { field?: string } };
    if (details?.field === "instrument") details.field = field;
    throw cause;
  }
};

type Issue = z.core.$ZodIssue;

/** PostgreSQL's texts cannot hold it, and nothing that is looked up has it. */
export const NO_NUL = "a text without NUL characters";

/** The first text of a question that holds a NUL, by its field. */
const nulIn = (given: unknown, path: readonly PropertyKey[] = []): { field: string; value: string } | null => {
  if (path.length > MOST_DEPTH) return null; // no schema reads so far
  if (typeof given === "string") return given.includes("\0") ? { field: nameOf(path) || "body", value: given } : null;
  if (typeof given !== "object" || given === null) return null;
  for (const [name, value] of Object.entries(given)) {
    const found = nulIn(value, [...path, Array.isArray(given) ? Number(name) : name]);
    if (found !== null) return found;
  }
  return null;
};

const BRIEF = 200;
/** What was given, as an error repeats it: null where nothing was, and not at any length. */
const brief = (value: unknown): unknown => {
  if (value === undefined) return null;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= BRIEF ? value : `${text.slice(0, BRIEF)}… (${text.length} characters)`;
};

const nameOf = (path: readonly PropertyKey[]): string =>
  path.map((part, at) => (typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${String(part)}`)).join("");

/**
 * The field of an issue, its value, and what it accepts. For a union, the alternative that matched furthest is
 * reported.
 */
const faultOf = (issue: Issue, given: unknown): { field: string; value: unknown; accepted: string } => {
  if (issue.code === "unrecognized_keys")
    return {
      field: nameOf([...issue.path, issue.keys[0]!]),
      value: valueAt([...issue.path, issue.keys[0]!], given),
      accepted: "",
    };
  if (issue.code === "invalid_union") {
    const furthest = issue.errors
      .flat()
      .reduce<Issue | null>((most, each) => (each.path.length > (most?.path.length ?? 0) ? each : most), null);
    if (furthest !== null) return faultOf({ ...furthest, path: [...issue.path, ...furthest.path] }, given);
  }
  return { field: nameOf(issue.path) || "body", value: valueAt(issue.path, given), accepted: issue.message };
};

const valueAt = (path: readonly PropertyKey[], given: unknown): unknown =>
  path.reduce<unknown>((holder, part) => (holder as Record<PropertyKey, unknown> | undefined)?.[part], given);

/** Requests are small; a longer body is a mistake or an attack. */
export const MOST_BODY_BYTES = 65_536;
export const tooLarge = (): Reply =>
  jsonReply(
    {
      status: "error",
      error: {
        code: "too_large",
        message: `a body may have at most ${MOST_BODY_BYTES.toLocaleString("en-IN")} bytes`,
        details: { field: "body", accepted: `at most ${MOST_BODY_BYTES} bytes` },
        requestId: crypto.randomUUID().slice(0, 8),
      } satisfies ErrorEnvelope["error"],
    },
    statusOf.too_large,
  );

/** No request has deeply nested lists; walking one could overflow the stack. */
const MOST_DEPTH = 32;
export const isTooDeep = (text: string): boolean => {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!;
    if (quoted) {
      if (sign === "\\") at++;
      else if (sign === '"') quoted = false;
    } else if (sign === '"') quoted = true;
    else if (sign === "{" || sign === "[") {
      if (++depth > MOST_DEPTH) return true;
    } else if (sign === "}" || sign === "]") depth--;
  }
  return false;
};
