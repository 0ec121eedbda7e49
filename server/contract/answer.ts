/** How a REST answer is made of a request, whichever door it came in by: parse by contract, work, wrap, map errors to statuses. */
import type { z } from "zod";
import { statusOf, type Envelope, type ErrorEnvelope } from "./rest";

/** What the work gives: `data` and `meta` for the envelope, or a reply that is ready. */
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
  /** What the schema is to parse: query parameters, or a body. */
  given: unknown;
  work(input: z.output<S>, requestId: string): Promise<Answer> | Answer;
  /** A fault of ours: the reader is told the id only. */
  failed(requestId: string, cause: unknown): void;
  /** Errors in another shape than ours (old paths). */
  shape?(error: ErrorEnvelope["error"]): unknown;
}

const JSON_TYPE = "application/json";

export const jsonReply = (value: unknown, status = 200): Reply => ({ status, type: JSON_TYPE, body: JSON.stringify(value) });

/** Never throws. Errors are told apart by `code`: Next's bundle has its own copy of every class. */
export const answered = async <S extends z.ZodType>({ schema, given, work, failed, shape }: Asked<S>): Promise<Reply> => {
  const requestId = crypto.randomUUID().slice(0, 8);
  const failure = (error: Omit<ErrorEnvelope["error"], "requestId">): Reply => {
    const told = { ...error, requestId };
    const body = shape === undefined ? { status: "error", error: told } satisfies ErrorEnvelope : shape(told);
    return jsonReply(body, statusOf[error.code as keyof typeof statusOf] ?? 500);
  };
  try {
    const nul = nulIn(given);
    if (nul !== null) return failure({ code: "bad_input", message: `${nul.field}: a text without NUL characters is needed`, details: { field: nul.field, value: brief(nul.value), accepted: NO_NUL } });
    const parsed = schema.safeParse(given, { error: acceptedBy });
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      const fault = faultOf(issue, given);
      const { field, accepted } = fault;
      const value = brief(fault.value);
      if (issue.code === "unrecognized_keys") {
        const fields = issue.path.length === 0 && "shape" in schema ? Object.keys(schema.shape as object).join(", ") : "the fields the documentation names";
        return failure({ code: "bad_input", message: `${field}: no such field is known; use ${fields}`, details: { field, value, accepted: fields } });
      }
      return failure({ code: "bad_input", message: `${field}: ${fault.value === undefined ? "" : `${JSON.stringify(value)} is not accepted; use `}${accepted}`, details: { field, value, accepted } });
    }
    const answer = await work(parsed.data, requestId);
    if ("body" in answer) return answer;
    const body: Envelope<unknown> = { status: "success", data: answer.data, meta: { requestId, ...answer.meta } };
    return jsonReply(body, answer.status);
  } catch (cause) {
    const { code, message, details } = cause as { code?: string; message?: string; details?: Record<string, unknown> };
    // A name that no instrument has is a bad value like any other: the question itself is at its right place.
    if (code === "not_found" && (details?.["field"] === "instrument" || details?.["field"] === "symbol")) return failure({ code: "bad_input", message: message ?? code, details });
    if (code !== undefined && code in statusOf && code !== "internal") return failure({ code, message: message ?? code, ...(details === undefined ? {} : { details }) });
    failed(requestId, cause);
    return failure({ code: "internal", message: `The server failed on this request; its log has it under ${requestId}.` });
  }
};

/** Tells what is wrong with an instrument under the name the field has at this door. */
export const asField = <T>(field: string, resolve: () => T): T => {
  try { return resolve(); } catch (cause) {
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

const kinds: Readonly<Record<string, string>> = { string: "a text", number: "a number", int: "a whole number", boolean: "true or false", array: "a list", object: "an object", record: "an object" };
/** What a field takes, in words, where its schema does not say it itself. */
const acceptedBy: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type": return kinds[issue.expected] ?? issue.expected;
    case "invalid_value": return issue.values.map(String).join(", ");
    case "too_small": return issue.origin === "string" ? `a text of at least ${issue.minimum} characters` : issue.origin === "array" ? `a list of at least ${issue.minimum}` : `${issue.minimum} or more`;
    case "too_big": return issue.origin === "string" ? `a text of at most ${issue.maximum} characters` : issue.origin === "array" ? `a list of at most ${issue.maximum}` : `${issue.maximum} or less`;
    default: return undefined;
  }
};

const nameOf = (path: readonly PropertyKey[]): string => path.map((part, at) => (typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${String(part)}`)).join("");

/** The field an issue is about, what it held, and what it takes. Of a union's alternatives the one that came furthest is told. */
const faultOf = (issue: Issue, given: unknown): { field: string; value: unknown; accepted: string } => {
  if (issue.code === "unrecognized_keys") return { field: nameOf([...issue.path, issue.keys[0]!]), value: valueAt([...issue.path, issue.keys[0]!], given), accepted: "" };
  if (issue.code === "invalid_union") {
    const furthest = issue.errors.flat().reduce<Issue | null>((most, each) => (each.path.length > (most?.path.length ?? 0) ? each : most), null);
    if (furthest !== null) return faultOf({ ...furthest, path: [...issue.path, ...furthest.path] }, given);
  }
  return { field: nameOf(issue.path) || "body", value: valueAt(issue.path, given), accepted: issue.message };
};

const valueAt = (path: readonly PropertyKey[], given: unknown): unknown => path.reduce<unknown>((holder, part) => (holder as Record<PropertyKey, unknown> | undefined)?.[part], given);
