import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "@/server/domain/basics/errors";
import { Turns } from "@/server/domain/basics/turns";
import { type Asked, answered, asField, isTooDeep, MOST_BODY_BYTES, parsedBy, tooLarge } from "./answer";

const loose = z.looseObject({});
type Extra = Partial<Omit<Asked<z.ZodType>, "given" | "work">>;
const ask = async (given: unknown, work: Asked<z.ZodType>["work"], extra: Extra = {}) => {
  const reply = await answered({ schema: loose, failed: () => {}, given, work, ...extra });
  return {
    ...reply,
    json: typeof reply.body === "string" && reply.body !== "" ? (JSON.parse(reply.body) as never) : null,
  };
};
const failing =
  (error: unknown): (() => never) =>
  () => {
    throw error;
  };
const faultOf = (schema: z.ZodType, given: unknown) => {
  const parsed = parsedBy(schema, given);
  if (!("fault" in parsed)) throw new Error("it was accepted");
  return parsed.fault;
};

describe("what an answer holds", () => {
  it("wraps data and meta, with the request's id, and the status that was given", async () => {
    const plain = await ask({}, (_, requestId) => ({ data: [requestId], meta: { count: 3 } }));
    expect(plain.json).toEqual({
      status: "success",
      data: [expect.stringMatching(/^[0-9a-f]{8}$/)],
      meta: { requestId: (plain.json as unknown as { data: string[] }).data[0], count: 3 },
    });
    expect([plain.status, plain.type]).toEqual([200, "application/json"]);
    expect((await ask({}, () => ({ data: 1, status: 202 }))).status).toBe(202);
  });
  it("hands on a reply that is ready", async () => {
    const ready = { status: 201, type: "text/plain", body: "ready" };
    expect(await answered({ schema: loose, given: {}, failed: () => {}, work: () => ready })).toBe(ready);
  });
  it("is written in turns from a thousand rows on, with its status, and only where it is a list", async () => {
    const counted = async (data: unknown, status?: number) => {
      let pauses = 0;
      const turns = new Turns(() => {
        pauses++;
        return Promise.resolve();
      }, 1);
      const reply = await ask({}, () => ({ data, meta: { of: 7 }, ...(status === undefined ? {} : { status }) }), {
        turns,
      });
      expect(reply.json).toMatchObject({
        status: "success",
        data,
        meta: { of: 7, requestId: expect.any(String) as unknown },
      });
      return [pauses > 0, reply.status];
    };
    const rows = (length: number) => Array.from({ length }, (_, row) => row);
    expect(await counted(rows(999))).toEqual([false, 200]);
    expect(await counted(rows(1_000))).toEqual([true, 200]);
    expect(await counted(rows(1_000), 206)).toEqual([true, 206]);
    expect(await counted({ length: 5_000 })).toEqual([false, 200]);
    expect((await ask({}, () => ({ data: rows(2_000) }))).json).toMatchObject({ data: rows(2_000) });
  });
});

describe("an error", () => {
  const error = async (given: unknown, cause: unknown, extra?: Extra) => {
    const reply = await ask(given, failing(cause), extra);
    return {
      ...(reply.json as unknown as { status: string; error: Record<string, unknown> }),
      code: reply.status,
      headers: reply.headers,
    };
  };
  it("has the shape its door gives it", async () => {
    const told = await error({}, new AppError("locked", "in use"));
    expect(told).toMatchObject({ status: "error", code: 409, error: { code: "locked", message: "in use" } });
    expect(told.headers).toBeUndefined();
    const shaped = await ask({}, failing(new AppError("locked", "in use")), {
      shape: ({ code, requestId }) => ({ old: code, id: requestId.length }),
    });
    expect([shaped.json, shaped.status]).toEqual([{ old: "locked", id: 8 }, 409]);
  });
  it("asks to come back after a whole second at least, where a number is given", async () => {
    const after = async (retryAfterMs: unknown) =>
      (await error({}, new AppError("overloaded", "busy", { details: { retryAfterMs } }))).headers;
    expect([await after(0), await after(1_000), await after(1_001), await after("1000")]).toEqual([
      { "Retry-After": "1" },
      { "Retry-After": "1" },
      { "Retry-After": "2" },
      undefined,
    ]);
  });
  it("of ours is none of the reader's business, whatever it calls itself", async () => {
    const failures: unknown[] = [];
    const failed = (id: string, cause: unknown) => failures.push([id, cause]);
    for (const cause of [
      { code: "internal", message: "secret" },
      { code: "ENOENT", message: "secret" },
      new Error("secret"),
      { message: "secret" },
    ]) {
      const told = await error({}, cause, { failed });
      expect(told).toMatchObject({
        code: 500,
        error: { code: "internal", message: expect.stringContaining(String(told.error["requestId"])) as unknown },
      });
      expect(JSON.stringify(told)).not.toContain("secret");
      expect(failures.pop()).toEqual([told.error["requestId"], cause]);
    }
  });
  it("without a message has its code", async () => {
    expect((await error({}, { code: "locked" })).error["message"]).toBe("locked");
    expect((await error({}, { code: "locked", details: { a: 1 } })).error).toMatchObject({
      message: "locked",
      details: { a: 1 },
    });
  });
  it("shows the value as it was typed, where that is a plain value and another one", async () => {
    const told = async (given: unknown, field: unknown = "at") =>
      (await error(given, new AppError("bad_input", "at: 5 is wrong", { details: { field, value: 5 } } as never)))
        .error;
    expect(await told({ at: "five" })).toMatchObject({
      message: 'at: "five" is wrong',
      details: { field: "at", value: "five" },
    });
    for (const given of [{ at: 5 }, { at: { deep: 1 } }, { at: null }, { other: "five" }, {}])
      expect(await told(given)).toMatchObject({ message: "at: 5 is wrong", details: { value: 5 } });
    expect(await told({ at: "five" }, 7)).toMatchObject({ message: "at: 5 is wrong" });
    // What every object has is not what was typed.
    expect(await told({}, "constructor")).toMatchObject({ message: "at: 5 is wrong", details: { value: 5 } });
    expect((await told({ at: "y".repeat(300) }))["details"]).toMatchObject({
      value: `${"y".repeat(200)}… (300 characters)`,
    });
  });
  it("of a field keeps the name another field has", () => {
    const cause = (field: string) => new AppError("bad_input", "no", { details: { field } });
    const renamed = (field: string) => {
      try {
        return asField("symbol", failing(cause(field)));
      } catch (caught) {
        return (caught as AppError).details!["field"];
      }
    };
    expect([renamed("instrument"), renamed("timeframe")]).toEqual(["symbol", "timeframe"]);
    expect(() => asField("symbol", failing(new Error("plain")))).toThrow("plain");
    expect(asField("symbol", () => 3)).toBe(3);
  });
});

describe("what is wrong with a question", () => {
  it("is reported with the field's place", () => {
    const schema = z.strictObject({ rows: z.array(z.strictObject({ at: z.number() })) });
    expect(faultOf(schema, { rows: [{ at: 1 }, { at: "x" }] }).details).toMatchObject({
      field: "rows[1].at",
      value: "x",
    });
    expect(faultOf(schema, { rows: [{ at: 1, more: 2 }] }).details).toMatchObject({ field: "rows[0].more", value: 2 });
    expect(faultOf(schema, {}).details).toMatchObject({ field: "rows", value: null });
    expect(faultOf(schema, {}).message).not.toContain("undefined");
    expect(faultOf(schema, { rows: 5 }).message).toContain("5");
    expect(faultOf(z.array(schema), [{ rows: [] }, 7]).details).toMatchObject({ field: "[1]", value: 7 });
  });
  it("for an unknown field names the known ones, at the top only", () => {
    expect(faultOf(z.strictObject({ a: z.number(), b: z.number() }), { a: 1, b: 2, c: 3 }).details).toMatchObject({
      field: "c",
      value: 3,
      accepted: "a, b",
    });
    expect(String(faultOf(z.strictObject({}), { c: 3 }).details!["accepted"])).toMatch(/^none/);
    const deep = faultOf(z.strictObject({ a: z.strictObject({ x: z.number() }) }), { a: { x: 1, y: 2 } }).details!;
    expect(deep).toMatchObject({ field: "a.y", value: 2 });
    expect(String(deep["accepted"])).not.toMatch(/^a|^x|^none/);
    expect(String(faultOf(z.union([z.strictObject({ a: z.number() })]), { a: 1, b: 2 }).details!["field"])).toBe("b");
  });
  it("of alternatives is what the one that came furthest says", () => {
    const schema = z.strictObject({
      list: z.union([z.literal("all"), z.array(z.strictObject({ at: z.number("a whole number") }))]),
    });
    expect(faultOf(schema, { list: [{ at: 1 }, { at: "x" }] }).details).toMatchObject({
      field: "list[1].at",
      value: "x",
    });
    expect(faultOf(schema, { list: 7 }).details).toMatchObject({ field: "list", value: 7 });
  });
  it("finds a NUL anywhere, as deep as any schema reads", () => {
    const anything = z.unknown();
    expect(faultOf(anything, "a\0b").details).toMatchObject({ field: "body", value: "a\0b" });
    expect(faultOf(anything, { a: { b: ["x", "\0"] } }).details).toMatchObject({ field: "a.b[1]" });
    const nested = (levels: number): unknown => (levels === 0 ? "\0" : [nested(levels - 1)]);
    expect(faultOf(anything, nested(32)).details).toMatchObject({ field: "[0]".repeat(32) });
    expect(parsedBy(anything, nested(33))).toHaveProperty("data");
    for (const each of [null, undefined, 5, { a: null }, "a0b"])
      expect(parsedBy(anything, each)).toHaveProperty("data");
  });
  it("repeats a value up to 200 characters", () => {
    const value = (given: unknown) => faultOf(z.boolean(), given).details!["value"];
    expect(value("y".repeat(200))).toBe("y".repeat(200));
    expect(value("y".repeat(201))).toBe(`${"y".repeat(200)}… (201 characters)`);
    const list = Array.from({ length: 100 }, () => 1);
    expect(value(list)).toBe(`${JSON.stringify(list).slice(0, 200)}… (201 characters)`);
    expect(value([1])).toEqual([1]);
  });
});

describe("a body", () => {
  it("may have 65,536 bytes", () => {
    const { status, body } = tooLarge();
    expect([status, MOST_BODY_BYTES]).toEqual([413, 65_536]);
    expect(JSON.parse(body as string)).toMatchObject({
      status: "error",
      error: {
        code: "too_large",
        message: expect.stringContaining("65,536") as unknown,
        details: { field: "body", accepted: expect.stringContaining("65536") as unknown },
        requestId: expect.stringMatching(/^[0-9a-f]{8}$/) as unknown,
      },
    });
  });
  it.each<[string, boolean]>([
    ["[".repeat(32), false],
    ["[".repeat(33), true],
    ["{".repeat(33), true],
    [`${"[".repeat(16)}${"{".repeat(17)}`, true],
    [`${"[]".repeat(20)}${"[".repeat(32)}`, false],
    [`${"{}".repeat(20)}${"[".repeat(33)}`, true],
    [`"a"${"[".repeat(33)}`, true],
    [`"${"[".repeat(33)}"`, false],
    [`"\\"${"[".repeat(33)}"`, false],
    [`"\\\\"${"[".repeat(33)}`, true],
    [`"x\\"${"[".repeat(33)}`, false],
    [`${"x".repeat(5)}${"[".repeat(33)}`, true],
    ["", false],
  ])("%s: too deep is %s", (text, deep) => expect(isTooDeep(text)).toBe(deep));
});
