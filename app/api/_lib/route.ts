import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { statusOf, type Envelope, type ErrorEnvelope } from "@/server/contract/rest";
import { container } from "@/server/runtime";

type Running = ReturnType<typeof container>;
type Answer = { data: unknown; meta?: Record<string, unknown>; status?: number };
type Context = { params: Promise<Record<string, string | string[] | undefined>> };

/**
 * The one way a route answers: parse by contract, call the running server, wrap, map error codes to statuses.
 * Errors are told apart by `code`: Next's bundle has its own copy of every class.
 */
export const route = <S extends z.ZodType>(
  schema: S, work: (running: Running, input: z.output<S>, params: Record<string, string>) => Promise<Answer> | Answer,
  read: (request: Request) => Promise<unknown> | unknown = (request) => Object.fromEntries(new URL(request.url).searchParams),
) => async (request: Request, context: Context): Promise<Response> => {
  const requestId = randomUUID().slice(0, 8);
  const running = container();
  try {
    const params = Object.fromEntries(Object.entries((await context.params) ?? {}).map(([name, value]) => [name, decodeURIComponent(String(value))]));
    const given = await read(request);
    const parsed = schema.safeParse(given);
    if (!parsed.success) {
      const { field, value, accepted } = faultOf(parsed.error.issues[0]!, given);
      return failure({ code: "bad_input", message: `${field}: ${value === undefined ? "" : `${JSON.stringify(value)} is not accepted; use `}${accepted}`, details: { field, value, accepted } }, requestId);
    }
    const { data, meta, status } = await work(running, parsed.data, params);
    const body: Envelope<unknown> = { status: "success", data, meta: { requestId, ...meta } };
    return Response.json(body, { status: status ?? 200, headers: { "Cache-Control": "no-store" } });
  } catch (cause) {
    const { code, message, details } = cause as { code?: string; message?: string; details?: Record<string, unknown> };
    if (code !== undefined && code in statusOf && code !== "internal") return failure({ code, message: message ?? code, ...(details === undefined ? {} : { details }) }, requestId);
    running.log.error("a request failed", { requestId, path: new URL(request.url).pathname, cause: cause instanceof Error ? cause.stack : String(cause) });
    return failure({ code: "internal", message: `The server failed on this request; its log has it under ${requestId}.` }, requestId);
  }
};

type Issue = z.core.$ZodIssue;

/** The field an issue is about, what it held, and what it takes. Of a union's alternatives the one that came furthest is told. */
const faultOf = (issue: Issue, given: unknown): { field: string; value: unknown; accepted: string } => {
  const name = (path: readonly PropertyKey[]): string => path.map((part, at) => (typeof part === "number" ? `[${part}]` : `${at === 0 ? "" : "."}${String(part)}`)).join("");
  if (issue.code === "unrecognized_keys") return { field: name([...issue.path, issue.keys[0]!]), value: undefined, accepted: "no such field is known" };
  if (issue.code === "invalid_union") {
    const furthest = issue.errors.flat().reduce<Issue | null>((most, each) => (each.path.length > (most?.path.length ?? 0) ? each : most), null);
    if (furthest !== null) return faultOf({ ...furthest, path: [...issue.path, ...furthest.path] }, given);
  }
  const value = issue.path.reduce<unknown>((holder, part) => (holder as Record<PropertyKey, unknown> | undefined)?.[part], given);
  return { field: name(issue.path) || "body", value, accepted: issue.message };
};

const failure = (error: { code: string; message: string; details?: Record<string, unknown> }, requestId: string): Response => {
  const body: ErrorEnvelope = { status: "error", error: { ...error, requestId } };
  return Response.json(body, { status: statusOf[error.code as keyof typeof statusOf] ?? 500, headers: { "Cache-Control": "no-store" } });
};

/** A JSON body of at most 64 kB; anything else is an empty value, which the schema refuses by name. */
export const jsonBody = async (request: Request): Promise<unknown> => {
  const text = await request.text();
  if (text.length > 65_536) return undefined;
  try { return JSON.parse(text); } catch { return undefined; }
};
