import type { z } from "zod";
import { type Answer, answered, type Reply } from "@/server/contract/answer";
import { container } from "@/server/runtime";

type Running = ReturnType<typeof container>;
type Context = { params: Promise<Record<string, string | string[] | undefined>> };

/** The one way a route answers: parse by contract, call the running server, wrap. */
export const route = <S extends z.ZodType>(
  schema: S, work: (running: Running, input: z.output<S>, params: Record<string, string>) => Promise<Answer> | Answer,
  read: (request: Request) => Promise<unknown> | unknown = (request) => Object.fromEntries(new URL(request.url).searchParams),
) => async (request: Request, context: Context): Promise<Response> => {
  const running = container();
  return responseOf(await answered({
    schema, given: await read(request),
    work: async (input) => work(running, input, await paramsOf(context)),
    failed: (requestId, cause) => running.log.error("a request failed", { requestId, path: new URL(request.url).pathname, cause: cause instanceof Error ? cause.stack : String(cause) }),
  }));
};

/** Path parameters as they were meant; the parts of a catch-all stay joined by slashes. */
export const paramsOf = async (context: Context): Promise<Record<string, string>> =>
  Object.fromEntries(Object.entries((await context.params) ?? {}).map(([name, value]) => [name, (Array.isArray(value) ? value : [String(value)]).map(decodeURIComponent).join("/")]));

export const responseOf = ({ status, type, body, headers }: Reply): Response =>
  new Response(body, { status, headers: { "Content-Type": type, "Cache-Control": "no-store", ...headers } });

/** A JSON body of at most 64 kB; anything else is an empty value, which the schema refuses by name. */
export const jsonBody = async (request: Request): Promise<unknown> => {
  const text = await request.text();
  if (text.length > 65_536) return undefined;
  try { return JSON.parse(text); } catch { return undefined; }
};
