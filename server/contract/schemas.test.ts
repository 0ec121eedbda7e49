import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { backfillBody, jobQuery, STANDARD_CONCURRENCY } from "./backfill";
import { parsedBy } from "./answer";
import { auditQuery, editBody, sessionsQuery, statusQuery, withdrawQuery } from "./calendar-queries";
import { loginBody } from "./collectors";
import { barsPage, barsSubscribe, indicatorSpec, quotesSubscribe } from "./live";
import { compareBody, compareQuery, completenessQuery, gapId, gapsQuery, ignoreBody } from "./quality-queries";
import {
  barsQuery,
  gapsOfQuery,
  latestQuery,
  missingQuery,
  orderBookQuery,
  passportQuery,
  spanQuery,
  symbolText,
  ticksQuery,
  timeIn,
  todayQuery,
} from "./read-queries";
import {
  activeIndicators,
  indicatorValuesQuery,
  instant,
  instrumentsQuery,
  statusOf,
  verifyQuery,
  workspace,
} from "./rest";
import { anyOfTimeframes, askedBars, builtBars, fetchedTimeframe, listedTimeframe } from "./timeframes";

const NINE_FIFTEEN = Date.parse("2026-11-20T09:15:00+05:30");
const NINE_FIFTEEN_TEXT = "2026-11-20 09:15";
const LISTED = "1s, 5s, 15s, 30s, 1m, 2m, 3m, 5m, 10m, 15m, 30m, 1h, 75m, 2h, 125m, 1d, 1W, 1M";
const letters = (count: number): string => "x".repeat(count);
const many = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

/** What a door makes of `given`. */
const read = (schema: z.ZodType, given: unknown): unknown => {
  const parsed = parsedBy(schema, given);
  return "data" in parsed
    ? parsed.data
    : { refused: parsed.fault.details!["field"], use: parsed.fault.details!["accepted"] };
};
/** Both values of each pair: the last that is taken, the first that is not. */
const bounds = (
  schema: z.ZodType,
  base: object,
  field: string,
  taken: readonly unknown[],
  refused: readonly unknown[],
): void => {
  for (const value of taken)
    expect(read(schema, { ...base, [field]: value }), JSON.stringify(value)).not.toHaveProperty("refused");
  for (const value of refused)
    expect(read(schema, { ...base, [field]: value }), JSON.stringify(value)).toMatchObject({
      refused: expect.stringMatching(new RegExp(`^${field}(\\W|$)`)) as unknown,
    });
};
const asked = (schema: z.ZodType, given: unknown): string => (read(schema, given) as { use: string }).use;

describe("a timeframe at a door", () => {
  it.each([
    [
      "listedTimeframe",
      listedTimeframe,
      { "1m": "1m", "5minute": "5m", day: "1d", "1W": "1W" },
      ["45m", "auction", "", "2x"],
    ],
    ["builtBars", builtBars, { "1m": "1m", FIVE_MINUTE: "5m", auction: "auction" }, ["45m", "Auctions", "7s"]],
    ["anyOfTimeframes", anyOfTimeframes, { "1m": "1m", "45m": "45m", "10s": "10s" }, ["auction", "1441m", "60x"]],
    ["askedBars", askedBars, { "1m": "1m", "45m": "45m", auction: "auction" }, ["auctions", "0m"]],
    [
      "fetchedTimeframe",
      fetchedTimeframe,
      { "1m": "1m", "15m": "15m", "1d": "1d", minute: "1m", day: "1d" },
      ["5m", "1s", "1W", "2d"],
    ],
  ] as const)("%s takes its names and refuses others", (_, schema, taken, refused) => {
    for (const [given, name] of Object.entries(taken)) expect(read(schema, given)).toBe(name);
    for (const each of refused) expect(read(schema, each)).toHaveProperty("refused", "body");
    expect(read(schema, 5)).toHaveProperty("refused", "body");
  });
  it("says what it takes", () => {
    for (const schema of [listedTimeframe, builtBars, anyOfTimeframes, askedBars])
      for (const given of ["x", letters(17), undefined]) expect(asked(schema, given)).toContain(LISTED);
    expect(
      [listedTimeframe, builtBars, anyOfTimeframes, askedBars].map((each) => asked(each, "x").includes("auction")),
    ).toEqual([false, true, false, true]);
    expect(asked(fetchedTimeframe, "x")).toMatch(/1m.*15m.*1d/);
  });
});

describe("an instant at a door", () => {
  it("is read in IST, and held between 1970 and 2099", () => {
    expect(read(instant, NINE_FIFTEEN_TEXT)).toBe(NINE_FIFTEEN);
    expect(read(instant, String(NINE_FIFTEEN))).toBe(NINE_FIFTEEN);
    expect(read(instant, "1970-01-01T00:00:00Z")).toBe(0);
    expect(read(instant, "1950-01-01")).toBe(Date.parse("1970-01-01T00:00:00+05:30"));
    expect(read(instant, "2300-01-01")).toBe(Date.parse("2100-01-01T00:00:00+05:30"));
  });
  it("of more than 64 characters is not looked at", () => {
    expect(read(instant, NINE_FIFTEEN_TEXT.padEnd(64))).toBe(NINE_FIFTEEN);
    expect(read(instant, NINE_FIFTEEN_TEXT.padEnd(65))).toHaveProperty("refused", "body");
  });
  it("is written as epoch ms, or as text of the zone asked for", () => {
    expect(timeIn(undefined, NINE_FIFTEEN + 0.4)).toBe(NINE_FIFTEEN);
    expect(timeIn("UTC", NINE_FIFTEEN)).toBe("2026-11-20T03:45:00Z");
    expect(timeIn("UTC", NINE_FIFTEEN + 250)).toBe("2026-11-20T03:45:00.250Z");
    expect(timeIn("Asia/Kolkata", NINE_FIFTEEN)).toBe("2026-11-20T09:15:00+05:30");
    expect(timeIn("Asia/Kolkata", NINE_FIFTEEN + 250)).toBe("2026-11-20T09:15:00.250+05:30");
  });
});

describe("a backfill at its door", () => {
  const least = { from: "2026-11-01", to: "2026-11-20" };
  it("gets what was left out", () => {
    expect(read(backfillBody, least)).toEqual({
      ...least,
      timeframe: "1m",
      concurrency: 4,
      force: false,
      daily: false,
      dryRun: false,
    });
    expect(STANDARD_CONCURRENCY).toBe(4);
    expect(
      read(backfillBody, {
        ...least,
        watchlist: " mine ",
        symbols: ["INFY "],
        concurrency: "7",
        force: true,
        daily: true,
        dryRun: true,
      }),
    ).toEqual({
      ...least,
      watchlist: "mine",
      symbols: ["INFY"],
      timeframe: "1m",
      concurrency: 7,
      force: true,
      daily: true,
      dryRun: true,
    });
  });
  it("keeps its bounds", () => {
    bounds(backfillBody, least, "concurrency", [1, 20], [0, 21, 1.5, "many"]);
    bounds(backfillBody, least, "watchlist", ["m", letters(1_024)], ["", " ", letters(1_025), 7]);
    bounds(backfillBody, least, "symbols", [many(10_000, "A"), []], [many(10_001, "A"), [""], "A"]);
    bounds(backfillBody, least, "force", [true, false], ["true", 1]);
    expect(read(backfillBody, { to: "2026-11-20" })).toHaveProperty("refused", "from");
    expect(asked(backfillBody, { ...least, symbols: many(10_001, "A") })).toContain("10,000");
    expect(asked(backfillBody, { ...least, concurrency: 0 })).toContain("20");
  });
  it("takes files by their absolute path only", () => {
    bounds(
      backfillBody,
      least,
      "source",
      ["kite", "csv:/data/a.csv", "parquet:C:\\a.parquet", "csv[broker=kite]:/a.csv", "csv[]:/a"],
      ["csv:a.csv", "csv:", ":/a", "csv[x:/a", "a b:/a", ""],
    );
  });
  it("shows its differences by pages", () => {
    expect(read(jobQuery, {})).toEqual({ limit: 100, offset: 0 });
    bounds(jobQuery, {}, "limit", [1, 1_000], [0, 1_001]);
    bounds(jobQuery, {}, "offset", [0, 1e9], [-1, 1e9 + 1]);
    expect(asked(jobQuery, { limit: 0 })).toContain("1000");
    expect(asked(jobQuery, { offset: -1 })).toContain("0");
  });
});

describe("the calendar's doors", () => {
  const day = { exchanges: ["NSE"], date: "2026-11-20", note: "by circular" };
  it("ask for an exchange", () => {
    expect(read(sessionsQuery, { exchange: " NSE " })).toEqual({ exchange: "NSE" });
    expect(read(sessionsQuery, { exchange: " " })).toHaveProperty("refused", "exchange");
    expect(read(sessionsQuery, {})).toHaveProperty("refused", "exchange");
    bounds(sessionsQuery, { exchange: "NSE" }, "symbol", ["", letters(64)], [letters(65)]);
    expect(read(statusQuery, { exchange: "NSE", segment: "EQ", at: NINE_FIFTEEN_TEXT })).toEqual({
      exchange: "NSE",
      segment: "EQ",
      at: NINE_FIFTEEN,
    });
  });
  it("take a closed day, an open one, and a halt", () => {
    expect(read(editBody, { type: "closed", ...day, name: " Diwali " })).toEqual({
      type: "closed",
      ...day,
      name: "Diwali",
      by: "api",
    });
    expect(
      read(editBody, { type: "open", ...day, name: "Muhurat", phases: "regular", by: "cli", replaces: 3 }),
    ).toEqual({
      type: "open",
      ...day,
      name: "Muhurat",
      kind: "special",
      phases: "regular",
      by: "cli",
      replaces: 3,
    });
    const phases = [{ phase: "continuous", from: "18:00", to: null }];
    expect(read(editBody, { type: "open", ...day, name: "Muhurat", kind: "muhurat", phases })).toMatchObject({
      kind: "muhurat",
      phases,
    });
    expect(read(editBody, { type: "halt", ...day, from: "10:00", to: null })).toEqual({
      type: "halt",
      ...day,
      name: "Trading halt",
      from: "10:00",
      to: null,
      reopening: [],
      by: "api",
    });
    expect(read(editBody, { type: "halt", ...day, from: NINE_FIFTEEN, to: "11:00", reopening: phases })).toMatchObject({
      from: NINE_FIFTEEN,
      reopening: phases,
    });
  });
  it("keep the bounds of an edit", () => {
    const closed = { type: "closed", ...day, name: "Diwali" };
    bounds(editBody, closed, "note", ["why", letters(500)], ["no", " no ", letters(501), 3]);
    bounds(editBody, closed, "name", ["n", letters(80)], ["", letters(81)]);
    bounds(editBody, closed, "exchanges", [["NSE"], many(32, "NSE")], [[], many(33, "NSE"), "NSE", [1]]);
    bounds(editBody, closed, "replaces", [1], [0, 1.5, "1"]);
    bounds(editBody, closed, "by", ["api", "cli", "local user"], ["me"]);
    const open = { type: "open", ...day, name: "Muhurat" };
    const phase = { phase: "continuous", from: "18:00", to: "19:00" };
    bounds(
      editBody,
      open,
      "phases",
      ["regular", many(40, phase)],
      [many(41, phase), "closed", [{ ...phase, phase: "lunch" }], undefined],
    );
    expect(asked(editBody, { type: "halt", ...day, from: "10:00", to: null, reopening: many(41, phase) })).toContain(
      "40",
    );
    expect(asked(editBody, { ...closed, note: letters(501) })).toContain("500");
    expect(asked(editBody, { ...closed, name: letters(81) })).toContain("80");
    expect(asked(editBody, { ...closed, exchanges: many(33, "N") })).toContain("32");
    expect(asked(editBody, { ...closed, by: "me" })).toBe("local user, api, cli");
    expect(asked(editBody, { ...open, phases: "regular", kind: "late" })).toBe("regular, special, muhurat, partial");
  });
  it("withdraw by id and show the audit by pages", () => {
    expect(read(withdrawQuery, { id: "3", note: "wrong day" })).toEqual({ id: 3, note: "wrong day", by: "api" });
    bounds(withdrawQuery, { note: "wrong day" }, "id", [1], [0, 1.5, "x", undefined]);
    expect(read(auditQuery, {})).toEqual({ limit: 100 });
    expect(read(auditQuery, { limit: "5", before: "9" })).toEqual({ limit: 5, before: 9 });
    bounds(auditQuery, {}, "limit", [1, 1_000], [0, 1_001]);
    bounds(auditQuery, {}, "before", [1], [0]);
  });
});

describe("the doors to quality", () => {
  it("list gaps", () => {
    expect(read(gapsQuery, {})).toEqual({ limit: 500 });
    expect(
      read(gapsQuery, { instrument: " NSE:INFY ", state: "open, healed", from: NINE_FIFTEEN_TEXT, limit: "7" }),
    ).toEqual({
      instrument: "NSE:INFY",
      state: ["open", "healed"],
      from: NINE_FIFTEEN,
      limit: 7,
    });
    bounds(gapsQuery, {}, "limit", [1, 5_000], [0, 5_001, 1.5]);
    bounds(gapsQuery, {}, "instrument", ["A", letters(64)], ["", letters(65)]);
    bounds(gapsQuery, {}, "state", ["open", "open,healing,healed,no_trade,ignored"], ["shut", "open,", ""]);
    expect(asked(gapsQuery, { state: "shut" })).toBe("open, healing, healed, no_trade, ignored");
    expect(asked(gapsQuery, { limit: 0 })).toContain("5000");
  });
  it("close a gap with a note", () => {
    expect(read(ignoreBody, { note: " expected " })).toEqual({ note: "expected", by: "api" });
    bounds(ignoreBody, {}, "note", ["why", letters(500)], ["no", " no ", letters(501), undefined]);
    bounds(ignoreBody, { note: "why" }, "by", ["cli"], ["me"]);
    expect(asked(ignoreBody, { note: "no" })).toContain("500");
    expect(asked(ignoreBody, 3)).toContain("500");
    expect([read(gapId, "1"), read(gapId, 2_147_483_647)]).toEqual([1, 2_147_483_647]);
    for (const each of [0, 2_147_483_648, "x"]) expect(read(gapId, each)).toHaveProperty("refused");
  });
  it("accept completeness for timeframes that divide a session", () => {
    const base = { instrument: "NSE:INFY" };
    expect(read(completenessQuery, base)).toEqual({ ...base, timeframe: "1m" });
    expect(read(completenessQuery, { ...base, timeframe: "day", from: "1970-01-02", to: "2026-11-20" })).toEqual({
      ...base,
      timeframe: "1d",
      from: 1,
      to: 20_777,
    });
    bounds(completenessQuery, base, "timeframe", ["1s", "1m", "1d"], ["1W", "1M", "45m", letters(17), 5]);
    bounds(completenessQuery, base, "from", ["2026-11-20"], ["2026-11-31", "20-11-2026", "", 5]);
    expect(asked(completenessQuery, { ...base, timeframe: "1W" })).toBe(LISTED.replace(", 1W, 1M", ""));
  });
  it("compare a day", () => {
    expect(read(compareBody, { instrument: "A", date: "1970-01-02" })).toEqual({ instrument: "A", date: 1, by: "api" });
    expect(read(compareQuery, {})).toEqual({ limit: 50 });
    bounds(compareQuery, {}, "limit", [1, 500], [0, 501]);
    bounds(compareQuery, {}, "to", ["2026-11-20"], ["x"]);
  });
});

describe("the reading doors", () => {
  it("get what was left out", () => {
    const series = { timeframe: "1m", fill: "none", format: "rows", auctions: "broker" };
    expect(read(barsQuery, {})).toEqual({ ...series, limit: 1_000 });
    expect(read(todayQuery, {})).toEqual(series);
    expect(read(latestQuery, {})).toEqual({ timeframe: "1m" });
    expect(read(spanQuery, {})).toEqual({ timeframe: "1m" });
    expect(read(missingQuery, {})).toEqual({ timeframe: "1m" });
    expect(read(ticksQuery, {})).toEqual({ limit: 1_000 });
    expect(read(orderBookQuery, {})).toEqual({ limit: 100 });
    expect(read(gapsOfQuery, {})).toEqual({ limit: 500 });
    expect(read(verifyQuery, {})).toEqual({ timeframe: "1m" });
    expect(read(passportQuery, { time: NINE_FIFTEEN_TEXT })).toEqual({
      timeframe: "1m",
      auctions: "broker",
      time: NINE_FIFTEEN,
    });
    expect(read(passportQuery, {})).toHaveProperty("refused", "time");
  });
  it("keep their bounds", () => {
    bounds(barsQuery, {}, "limit", [1, 50_000], [0, 50_001]);
    bounds(ticksQuery, {}, "limit", [1, 50_000], [0, 50_001]);
    bounds(orderBookQuery, {}, "limit", [1, 5_000], [0, 5_001]);
    bounds(barsQuery, {}, "fill", ["none", "previous", "null"], ["zero"]);
    bounds(barsQuery, {}, "fields", ["passport"], ["all"]);
    bounds(barsQuery, {}, "format", ["rows", "columns", "binary"], ["csv"]);
    bounds(barsQuery, {}, "auctions", ["broker", "merged", "apart"], ["none"]);
    bounds(barsQuery, {}, "tz", ["Asia/Kolkata", "UTC"], ["IST"]);
    bounds(barsQuery, {}, "vendor", ["k", letters(32)], ["", letters(33)]);
    bounds(todayQuery, {}, "date", ["2026-11-20"], ["2026-11-31", "x"]);
    expect(asked(barsQuery, { limit: 0 })).toContain("50000");
    bounds(gapsOfQuery, {}, "timeframe", ["1m"], ["1W"]);
    expect(read(gapsOfQuery, { instrument: "NSE:INFY" })).toHaveProperty("refused", "instrument");
  });
  it("look a symbol up that has something to look up", () => {
    expect(read(symbolText, " NSE:RELIANCE ")).toBe("NSE:RELIANCE");
    for (const each of ["M&M", "₹5", letters(64), "-a-"]) expect(read(symbolText, each)).toBe(each);
    for (const each of ["", "--", letters(65), "a\tb", "a\nb", "\u0007a"])
      expect(read(symbolText, each)).toHaveProperty("refused", "body");
  });
});

describe("the other doors", () => {
  it("find instruments", () => {
    expect(read(instrumentsQuery, {})).toEqual({ q: "", limit: 20 });
    bounds(instrumentsQuery, {}, "limit", [1, 200], [0, 201]);
    bounds(instrumentsQuery, {}, "q", [letters(64)], [letters(65)]);
    bounds(instrumentsQuery, {}, "keys", [letters(1_024)], [letters(1_025)]);
  });
  it("hand a login over", () => {
    expect(read(loginBody, { accessToken: " abc " })).toEqual({ accessToken: "abc" });
    for (const each of [{}, "abc", null]) expect(read(loginBody, each)).toHaveProperty("refused", "body");
    expect(read(loginBody, { accessToken: 5 })).toHaveProperty("refused", "accessToken");
  });
  it("hold indicators to counts a server bears", () => {
    expect(read(activeIndicators, { indicators: ["EMA:20"] })).toEqual({ indicators: ["EMA:20"], timeframes: ["1m"] });
    bounds(activeIndicators, {}, "indicators", [[], many(64, letters(64))], [many(65, "A"), [""], [letters(65)]]);
    bounds(
      activeIndicators,
      { indicators: [] },
      "timeframes",
      [many(18, "1m"), [letters(8)]],
      [[], many(19, "1m"), [letters(9)], [""]],
    );
    const values = { instrument: "A", spec: "EMA:20" };
    expect(read(indicatorValuesQuery, values)).toEqual({ ...values, timeframe: "1m", limit: 300 });
    bounds(indicatorValuesQuery, values, "limit", [1, 12_000], [0, 12_001]);
    bounds(indicatorValuesQuery, values, "spec", ["A", letters(64)], ["", letters(65)]);
    bounds(indicatorValuesQuery, values, "instrument", ["A", letters(64)], ["", letters(65)]);
    expect(read(indicatorSpec, { id: "EMA" })).toEqual({ id: "EMA", params: {} });
    bounds(indicatorSpec, {}, "id", ["E", letters(32)], ["", letters(33)]);
  });
  it("keep a workspace", () => {
    const given = {
      key: "NSE:INFY",
      timeframe: "5m",
      indicators: [{ id: "EMA", params: { period: 20 }, colour: 5, hidden: true }],
      watchlist: "mine",
      rightDock: { open: true, width: 240 },
      scale: { mode: "log", auto: true, inverted: false },
    };
    expect(read(workspace, given)).toEqual(given);
    bounds(
      workspace,
      given,
      "rightDock",
      [{ open: false, width: 640 }],
      [{ open: true, width: 239 }, { open: true, width: 641 }, { width: 300 }],
    );
    bounds(
      workspace,
      given,
      "indicators",
      [many(24, { id: "A" }), [{ id: "A", colour: 0 }]],
      [many(25, { id: "A" }), [{ id: "A", colour: 6 }], [{ id: "A", colour: -1 }]],
    );
    bounds(workspace, given, "key", [letters(64)], [letters(65)]);
    bounds(workspace, given, "watchlist", [letters(64)], [letters(65)]);
    for (const mode of ["normal", "log", "percent", "indexed"])
      bounds(workspace, given, "scale", [{ ...given.scale, mode }], []);
    bounds(workspace, given, "scale", [], [{ ...given.scale, mode: "linear" }]);
  });
  it("bound what a chart and a watchlist ask for", () => {
    const chart = { key: "NSE:INFY", timeframe: "1m" };
    expect(read(barsSubscribe, chart)).toEqual({ ...chart, bars: 1_500, indicators: [] });
    bounds(barsSubscribe, chart, "bars", [0, 12_000], [-1, 12_001, 1.5]);
    bounds(barsSubscribe, chart, "since", [0], [-1]);
    bounds(barsSubscribe, chart, "key", ["A:B", letters(64)], ["AB", letters(65)]);
    bounds(barsSubscribe, chart, "indicators", [many(24, { id: "A" })], [many(25, { id: "A" })]);
    const page = { ...chart, before: NINE_FIFTEEN };
    expect(read(barsPage, page)).toEqual({ ...page, bars: 1_500, indicators: [] });
    bounds(barsPage, page, "bars", [1, 5_000], [0, 5_001]);
    bounds(
      quotesSubscribe,
      {},
      "keys",
      [[], many(1_000, "A:B"), [letters(64)]],
      [many(1_001, "A:B"), ["AB"], [letters(65)]],
    );
  });
  it("give each kind of error its status", () => {
    expect(statusOf).toEqual({
      bad_input: 400,
      unknown_instrument: 400,
      not_found: 404,
      ambiguous: 409,
      forbidden: 403,
      login_expired: 401,
      broker_refused: 502,
      broker_unreachable: 503,
      rate_limited: 429,
      overloaded: 503,
      too_large: 413,
      store_unreachable: 503,
      spool_full: 503,
      store_refused: 500,
      locked: 409,
      port_in_use: 409,
      unsupported: 400,
      internal: 500,
    });
  });
});
