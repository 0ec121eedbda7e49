import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "@/server/domain/basics/errors";
import { Turns } from "@/server/domain/basics/turns";
import { answered, asField, isTooDeep, type Reply } from "./answer";

const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(9).default(1),
  names: z.array(z.string().min(2)).optional(),
  on: z.boolean().optional(),
  side: z.enum(["buy", "sell"]).optional(),
  above: z.number().positive().optional(),
  deep: z.unknown().optional(),
});
const failures: unknown[] = [];
const ask = async (
  given: unknown,
  work: () => never | { data: unknown } = () => ({ data: "done" }),
): Promise<{
  status: number;
  error: { code: string; message: string; details: Record<string, unknown>; requestId: string };
}> => {
  const { status, body }: Reply = await answered({
    schema: query,
    given,
    work,
    failed: (_, cause) => failures.push(cause),
  });
  return { status, error: (JSON.parse(body as string) as { error: never }).error };
};

describe("an answer", () => {
  it.each<[string, unknown, string, unknown, string]>([
    ["what is too small", { limit: "0" }, "limit", "0", "1 or more"],
    ["what is too large", { limit: 10 }, "limit", 10, "9 or less"],
    ["what is not above", { above: 0 }, "above", 0, "more than 0"],
    ["what is no number", { limit: "many" }, "limit", "many", "a number"],
    ["one of a list", { names: ["ab", "c"] }, "names[1]", "c", "text of at least 2 characters"],
    ["another type", { on: "yes" }, "on", "yes", "true or false"],
    ["no list", { names: "ab" }, "names", "ab", "a list"],
    ["another word", { side: "hold" }, "side", "hold", "buy, sell"],
    ["no object", "{bad", "body", "{bad", "an object"],
    ["nothing", undefined, "body", null, "an object"],
    ["a field nobody knows", { limt: 3 }, "limt", 3, "limit, names, on, side, above, deep"],
    ["a text no database can hold", { names: ["ab", "c\0d"] }, "names[1]", "c\0d", "a text without NUL characters"],
    ["a very long text", { side: "x".repeat(5_000) }, "side", `${"x".repeat(200)}… (5000 characters)`, "buy, sell"],
  ])("refuses %s with field, value and what is accepted, in words", async (_, given, field, value, accepted) => {
    const { status, error } = await ask(given);
    expect([status, error.code, error.details]).toEqual([400, "bad_input", { field, value, accepted }]);
    expect(error.message).toContain(field);
    expect(error.message.length).toBeLessThan(400);
    expect(error.requestId).toMatch(/^[0-9a-f]{8}$/);
  });

  it("shows what was typed, not what was made of it", async () => {
    const { error } = await ask({ deep: "2026-11-20" }, () => {
      throw new AppError("bad_input", "deep: 1763577000000 is not accepted; use an instant before `to`", {
        details: { field: "deep", value: 1763577000000, accepted: "an instant before `to`" },
      });
    });
    expect(error).toMatchObject({
      message: 'deep: "2026-11-20" is not accepted; use an instant before `to`',
      details: { field: "deep", value: "2026-11-20", accepted: "an instant before `to`" },
    });
  });

  it("says when to come back where that is the trouble", async () => {
    const { status, headers } = await answered({
      schema: query,
      given: {},
      failed: () => {},
      work: () => {
        throw new AppError("overloaded", "busy", { details: { retryAfterMs: 1_200 } });
      },
    });
    expect([status, headers]).toEqual([503, { "Retry-After": "2" }]);
  });

  it("is not ended by what is nested without end", async () => {
    let deep: unknown = "x";
    for (let level = 0; level < 50_000; level++) deep = [deep];
    expect((await ask({ deep })).status).toBe(200);
    expect([
      isTooDeep("[".repeat(33)),
      isTooDeep("[".repeat(32)),
      isTooDeep(`"${"[".repeat(99)}"`),
      isTooDeep(`{"a":"\\"[[[[${"{".repeat(40)}"}`),
      isTooDeep(`${"[]".repeat(99)}`),
    ]).toEqual([true, false, false, false, false]);
  });

  it("writes a long list in turns, the same as at once, and stops when its reader has gone", async () => {
    const data = Array.from({ length: 5_000 }, (_, row) => ({ row, text: 'é"' }));
    let turns = 0;
    const reply = await answered({
      schema: query,
      given: {},
      failed: () => {},
      work: () => ({ data }),
      turns: new Turns(() => {
        turns++;
        return Promise.resolve();
      }),
    });
    expect((JSON.parse(reply.body as string) as { data: unknown }).data).toEqual(data);
    expect(turns).toBeGreaterThanOrEqual(5);
    const gone = new AbortController();
    gone.abort(new Error("gone"));
    let failed = 0;
    const unread = await answered({
      schema: query,
      given: {},
      failed: () => {
        failed++;
      },
      work: () => ({ data }),
      signal: gone.signal,
      turns: new Turns(() => Promise.reject(new Error("gone"))),
    });
    expect([unread.status, unread.body, failed]).toEqual([499, "", 0]);
  });

  it("calls an unknown instrument a bad value, under the field's name at the door", async () => {
    const unknown = (): never => {
      throw new AppError("unknown_instrument", "no instrument NOPE", {
        details: { field: "instrument", value: "NOPE", accepted: "EXCHANGE:SYMBOL", candidates: [] },
      });
    };
    expect(await ask({}, unknown)).toMatchObject({
      status: 400,
      error: { code: "bad_input", details: { field: "instrument", value: "NOPE" } },
    });
    expect(await ask({}, () => asField("symbol", unknown))).toMatchObject({
      status: 400,
      error: { code: "bad_input", details: { field: "symbol", value: "NOPE", candidates: [] } },
    });
    expect(
      await ask({}, () => {
        // Whatever the field is called: the code alone decides.
        throw new AppError("not_found", "there is no gap 7", { details: { field: "instrument", value: 7 } });
      }),
    ).toMatchObject({ status: 404, error: { code: "not_found" } });
  });

  it("reveals only the log's id of an internal error", async () => {
    const { status, error } = await ask({}, () => {
      throw new Error("secret");
    });
    expect([status, error.code, failures.length]).toEqual([500, "internal", 1]);
    expect(JSON.stringify(error)).not.toContain("secret");
  });
});
