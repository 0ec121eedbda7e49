import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "@/server/domain/errors";
import { answered, asField, type Reply } from "./answer";

const query = z.strictObject({ limit: z.coerce.number().int().min(1).max(9).default(1), names: z.array(z.string().min(2)).optional(), on: z.boolean().optional(), side: z.enum(["buy", "sell"]).optional() });
const failures: unknown[] = [];
const ask = async (given: unknown, work: () => never | { data: unknown } = () => ({ data: "done" })): Promise<{ status: number; error: { code: string; message: string; details: Record<string, unknown>; requestId: string } }> => {
  const { status, body }: Reply = await answered({ schema: query, given, work, failed: (_, cause) => failures.push(cause) });
  return { status, error: (JSON.parse(body as string) as { error: never }).error };
};

describe("an answer", () => {
  it.each<[string, unknown, string, unknown, string]>([
    ["what is too small", { limit: "0" }, "limit", "0", "1 or more"],
    ["what is too large", { limit: 10 }, "limit", 10, "9 or less"],
    ["what is no number", { limit: "many" }, "limit", "many", "a number"],
    ["one of a list", { names: ["ab", "c"] }, "names[1]", "c", "a text of at least 2 characters"],
    ["another type", { on: "yes" }, "on", "yes", "true or false"],
    ["no list", { names: "ab" }, "names", "ab", "a list"],
    ["another word", { side: "hold" }, "side", "hold", "buy, sell"],
    ["no object", "{bad", "body", "{bad", "an object"],
    ["nothing", undefined, "body", null, "an object"],
    ["a field nobody knows", { limt: 3 }, "limt", 3, "limit, names, on, side"],
    ["a text no database can hold", { names: ["ab", "c\0d"] }, "names[1]", "c\0d", "a text without NUL characters"],
    ["a very long text", { side: "x".repeat(5_000) }, "side", `${"x".repeat(200)}… (5000 characters)`, "buy, sell"],
  ])("refuses %s with field, value and what is accepted, in words", async (_, given, field, value, accepted) => {
    const { status, error } = await ask(given);
    expect([status, error.code, error.details]).toEqual([400, "bad_input", { field, value, accepted }]);
    expect(error.message).toContain(field);
    expect(error.message.length).toBeLessThan(400);
    expect(error.requestId).toMatch(/^[0-9a-f]{8}$/);
  });

  it("calls an instrument nobody knows a bad value, under the name the field has at the door", async () => {
    const unknown = (): never => { throw new AppError("not_found", "no instrument NOPE", { details: { field: "instrument", value: "NOPE", accepted: "EXCHANGE:SYMBOL", candidates: [] } }); };
    expect(await ask({}, unknown)).toMatchObject({ status: 400, error: { code: "bad_input", details: { field: "instrument", value: "NOPE" } } });
    expect(await ask({}, () => asField("symbol", unknown))).toMatchObject({ status: 400, error: { code: "bad_input", details: { field: "symbol", value: "NOPE", candidates: [] } } });
    expect(await ask({}, () => { throw new AppError("not_found", "there is no gap 7", { details: { field: "id", value: 7 } }); })).toMatchObject({ status: 404, error: { code: "not_found" } });
  });

  it("tells nothing of a fault of ours but the number under which the log has it", async () => {
    const { status, error } = await ask({}, () => { throw new Error("secret"); });
    expect([status, error.code, failures.length]).toEqual([500, "internal", 1]);
    expect(JSON.stringify(error)).not.toContain("secret");
  });
});
