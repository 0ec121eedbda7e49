import { describe, expect, test } from "vitest";
import type { Percentiles, StageView, StatusSnapshot } from "@/server/contract/live";
import type { FeedState } from "@/server/domain/ticks/collector";
import { attentionCount, cardsOf, stageLight, summaryOf } from "./health";
import { redact, reportText } from "./report";

const spans = (p95: number): Percentiles => ({ p50: 1, p95, p99: p95 * 2, count: 10, buckets: [10], bucketMs: 1 });
const stage = (over: Partial<StageView> = {}): StageView => ({
  name: "persist",
  from: "bars",
  to: null,
  rate: 10,
  p50: 1,
  p95: 2,
  queue: { used: 0, size: 100, overflow: "wait" },
  detail: "",
  ...over,
});
const snapshot = (over: Partial<StatusSnapshot> = {}): StatusSnapshot => ({
  startedAt: 0,
  serverTime: 1_000_000,
  version: "0.1.0",
  node: "v22",
  feeds: [
    {
      collector: "sim-1",
      feed: "kite",
      state: "LIVE",
      simulated: true,
      daily: [],
      reason: "ticks",
      since: 0,
      lastTick: 1,
      ticksLastMinute: 1,
      expectedPerMinute: 1,
      ticksPerSecond: 1812,
      subscribed: 58,
      reconnects: 0,
      missing: { count: 0, names: [] },
      lagMs: null,
      said: null,
      nextAttempt: null,
      attempt: 0,
    },
  ],
  stages: [stage()],
  rejects: { late: 3, zero_price: 0 },
  counters: { ticks: 5 },
  latency: { receiveToEmit: spans(4), emitToSocket: spans(2), commit: spans(9), eventLoop: spans(1) },
  history: [],
  store: { kind: "PGlite", version: "17", location: "/home/asha/candela/data/pg", pingMs: 1, ok: true, detail: "" },
  bus: { kind: "memory", ok: true, detail: "" },
  sockets: { clients: 1, framesPerSecond: 1, conflated: 0, dropped: 0 },
  process: { rssMb: 1, heapMb: 1, uptimeS: 1 },
  disk: { freeGb: 212, dataMb: 88 },
  clockSkewMs: 4,
  clockSkewErrorMs: 20,
  lists: [],
  unusable: [],
  markets: [],
  instruments: 58,
  jobs: [],
  events: [
    { time: 0, level: "error", source: "store", message: "cannot reach postgres://asha:hunter2@10.0.0.7:5432/db" },
  ],
  ...over,
});
const card = (title: string, over: Partial<StatusSnapshot>) =>
  cardsOf(snapshot(over)).find((found) => found.title === title);

describe("lights", () => {
  test("are green when nothing is wrong", () => expect(attentionCount(snapshot())).toBe(0));
  test("of a stage turn with its queue and its time", () => {
    expect(stageLight(stage({ queue: { used: 49, size: 100, overflow: "wait" } }))).toBe("ok");
    expect(stageLight(stage({ queue: { used: 50, size: 100, overflow: "wait" } }))).toBe("warn");
    expect(stageLight(stage({ queue: { used: 90, size: 100, overflow: "wait" } }))).toBe("danger");
    expect(stageLight(stage({ p95: 26, queue: null }))).toBe("warn");
  });
  test("of the database name the reason", () => {
    expect(card("Database", { latency: { ...snapshot().latency, commit: spans(38) } })).toMatchObject({
      light: "warn",
      value: "38 ms",
      detail: "commit p95, limit 25",
    });
    expect(card("Database", { store: { ...snapshot().store, ok: false, detail: "connection refused" } })).toMatchObject(
      { light: "danger", value: "away", detail: "connection refused" },
    );
  });
  test("of the feeds name the worst", () => {
    const [feed] = snapshot().feeds;
    expect(card("Feeds", { feeds: [feed!, { ...feed!, collector: "options", state: "AUTH_EXPIRED" }] })).toMatchObject({
      value: "1 of 2",
      light: "warn",
      detail: "options: auth expired",
    });
    expect(card("Feeds", { feeds: [{ ...feed!, state: "MUTE" }] })?.light).toBe("danger");
    expect(card("Feeds", { feeds: [{ ...feed!, state: "CLOSED" }] })?.light).toBe("ok");
  });
});

describe("the first sentence", () => {
  const sentence = (...states: FeedState[]) =>
    summaryOf(snapshot({ feeds: states.map((state) => ({ ...snapshot().feeds[0]!, state })) }));
  test("says in red that nothing is received, and what to do", () => {
    expect(sentence("AUTH_EXPIRED")).toEqual({ text: "Not receiving data: log in", danger: true });
    expect(sentence("MUTE", "AUTH_EXPIRED").text).toBe("Not receiving data: log in");
    expect(sentence("RECONNECTING").text).toBe("Not receiving data: reconnecting");
    expect(card("Feeds", { feeds: [{ ...snapshot().feeds[0]!, state: "AUTH_EXPIRED" }] })).toMatchObject({
      value: "0 of 1",
      light: "danger",
    });
  });
  test("counts what wants a look while anything is received, or nothing is to be", () => {
    expect(sentence("LIVE")).toEqual({ text: "Working. Nothing needs attention.", danger: false });
    expect(sentence("LIVE", "AUTH_EXPIRED").text).toBe("Working. 1 item needs attention.");
    expect(sentence("CLOSED").text).toBe("Working. Nothing needs attention.");
    expect(sentence().danger).toBe(false);
  });
});

describe("the calendar", () => {
  const session = {
    kind: "regular" as const,
    name: "",
    phase: "continuous" as const,
    open: 0,
    close: 2_000_000,
    until: 2_000_000,
  };
  const market = { exchange: "NSE", session, known: true, knownTo: "2026-12-31", warning: null };
  test("wants a look when its holiday lists end, or have ended", () => {
    expect(card("Calendar", { markets: [market] })).toMatchObject({ value: "NSE open", light: "ok" });
    const warning = "the holiday list for MCX ends on 2026-12-31";
    expect(card("Calendar", { markets: [market, { ...market, exchange: "MCX", warning }] })).toMatchObject({
      value: "MCX open",
      detail: warning,
      light: "warn",
    });
    expect(
      card("Calendar", { markets: [{ ...market, session: { ...session, kind: "unknown" }, warning }] }),
    ).toMatchObject({ value: "NSE unknown", light: "warn" });
  });
});

describe("a report for an issue", () => {
  test("holds no credentials, no addresses, no folders", () => {
    const text = reportText(snapshot(), null, "Chromium");
    expect(text).not.toMatch(/asha|hunter2|10\.0\.0\.7|home/);
    expect(text).toContain("…/pg");
    expect(text).toContain("late 3");
    expect(text).not.toContain("zero_price");
  });
  test("hides tokens however they are written", () => {
    expect(redact("access_token=abc123&x=1 api_key: 'zzz' enctoken=Q9")).toBe(
      "access_token=[redacted]&x=1 api_key: '[redacted]' enctoken=[redacted]",
    );
    expect(redact("refused at 127.0.0.1:9001")).toBe("refused at 127.0.0.1:9001");
    expect(redact("lag 1/2 s, 3/s")).toBe("lag 1/2 s, 3/s");
  });
});
