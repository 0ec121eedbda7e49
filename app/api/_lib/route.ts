import { answered, isTooDeep, MOST_BODY_BYTES, NO_NUL, type Reply, tooLarge } from "@/server/contract/answer";
import {
  type AnswerOf,
  type Given,
  type InputOf,
  type RestRoute,
  restRoutes,
  type RouteName,
} from "@/server/contract/routes";
import { container } from "@/server/runtime";

/** The services of the running server. Only they use the store; no route does. */
type Running = Omit<ReturnType<typeof container>, "store">;
type Context = { params: Promise<Record<string, string | string[] | undefined>> };

/** The one way a route answers: parse by its line in the contract, call the running server, wrap. */
export const route =
  <K extends RouteName>(
    name: K,
    work: (
      running: Running,
      input: InputOf<K>,
      params: Record<string, string>,
      signal: AbortSignal,
    ) => Promise<AnswerOf<K>> | AnswerOf<K>,
  ) =>
  async (request: Request, context: Context): Promise<Response> => {
    const running = container();
    const { signal } = request;
    const { given, input: schema }: RestRoute = restRoutes[name];
    const body = await readers[given](request);
    if (body === TOO_LARGE) return responseOf(tooLarge());
    return responseOf(
      await answered({
        schema,
        given: body,
        signal,
        turns: running.turns(signal),
        work: async (input) => {
          const { data, meta, status } = await work(running, input as InputOf<K>, await paramsOf(context), signal);
          return {
            data,
            ...(meta === undefined ? {} : { meta: { ...meta } }),
            ...(status === undefined ? {} : { status }),
          };
        },
        failed: (requestId, cause) =>
          running.log.error("a request failed", {
            requestId,
            path: new URL(request.url).pathname,
            cause: cause instanceof Error ? cause.stack : String(cause),
          }),
      }),
    );
  };

/** Decoded path parameters; the parts of a catch-all stay joined by slashes. Throws `bad_input`. */
const paramsOf = async (context: Context): Promise<Record<string, string>> =>
  Object.fromEntries(
    Object.entries((await context.params) ?? {}).map(([name, value]) => {
      const text = (Array.isArray(value) ? value : [String(value)]).map(decoded).join("/");
      if (text.includes("\0")) throw container().badInput(name, text, NO_NUL);
      return [name, text];
    }),
  );

/** An invalid encoding is shown as received. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export const responseOf = ({ status, type, body, headers }: Reply): Response =>
  new Response(body, { status, headers: { "Content-Type": type, "Cache-Control": "no-store", ...headers } });

/** Stands for a body that is not read to its end. */
const TOO_LARGE = Symbol("too large");

/** A JSON body of at most 64 kB. Anything else stays text, which the schema rejects and quotes. */
const jsonBody = async (request: Request): Promise<unknown> => {
  const text = await textOf(request);
  if (text === null) return TOO_LARGE;
  if (isTooDeep(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** The same for requests that need no body: an empty one counts as an empty object. */
const optionalBody = async (request: Request): Promise<unknown> => {
  const body = await jsonBody(request);
  return body === "" ? {} : body;
};

/** The body, read up to its limit; null if it is longer. */
const textOf = async (request: Request): Promise<string | null> => {
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    bytes += next.value.byteLength;
    if (bytes <= MOST_BODY_BYTES) continue;
    await reader.cancel();
    return null;
  }
  return Buffer.concat(parts).toString("utf8");
};

/** Reads the input. */
const readers: Record<Given, (request: Request) => unknown> = {
  query: (request) => Object.fromEntries(new URL(request.url).searchParams),
  body: jsonBody,
  "optional body": optionalBody,
};
