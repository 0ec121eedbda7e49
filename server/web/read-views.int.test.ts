import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { GET as bars } from "@/app/api/v1/bars/[...symbol]/route";
import { GET as completeness } from "@/app/api/v1/completeness/[...symbol]/route";
import { GET as gaps } from "@/app/api/v1/gaps/[...symbol]/route";
import { GET as latest } from "@/app/api/v1/latest/[...symbol]/route";
import { GET as orderbook } from "@/app/api/v1/orderbook/[...symbol]/route";
import { GET as stats } from "@/app/api/v1/stats/[...symbol]/route";
import { GET as ticks } from "@/app/api/v1/ticks/[...symbol]/route";
import { GET as today } from "@/app/api/v1/today/[...symbol]/route";
import { GET as vwap } from "@/app/api/v1/vwap/[...symbol]/route";
import { GET as intraday } from "@/app/intraday/[...path]/route";
import { type Container, createContainer } from "@/server/container";
import { type ReadView, readViews } from "@/server/contract/read-queries";
import type { ErrorEnvelope, RestBar } from "@/server/contract/rest";
import { unpackBars } from "@/server/contract/wire";
import { BY_EXCHANGE_CLOCK, FROM_LATE, FROM_STREAM, fromCollector, noPassport } from "@/server/domain/bars/bar";
import { storedTicks } from "@/server/domain/ticks/stored-ticks";
import { EXCHANGE_CLOCK, JOINED, TRADE } from "@/server/domain/ticks/tick";
import { timeframeNames } from "@/server/domain/time/timeframe";
import type { StoredBar } from "@/server/ports/stores";
import { publish } from "@/server/runtime";
import { serve, type Web } from "@/server/web/http";
import { bookRow, booksOf } from "@/server/testing/book-suite";
import { wholeConfig } from "@/server/testing/whole-config";

type Params = { params: Promise<{ symbol: string[] }> };
const routes: Record<ReadView, (request: Request, params: Params) => Promise<Response>> = {
  bars,
  completeness,
  gaps,
  latest,
  orderbook,
  stats,
  ticks,
  today,
  vwap,
};
const MINUTE = 60_000;
const KEY = "SIM:INFY";
/** A day long before the history a first start fetches: its minutes are ours to write. SIM trades around the clock. */
const OPEN = Date.parse("2026-07-01T00:00+05:30");

let folder: string;
let container: Container;
let web: Web;
let id: number;

/** Like Next: the route of the path, on a Request. */
const next = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const url = `http://localhost${request.url!}`;
  const [, first, , view, ...symbol] = new URL(url).pathname.split("/");
  const route = first === "intraday" ? intraday : routes[view as ReadView];
  const answer =
    route === undefined
      ? new Response(null, { status: 404 })
      : await route(new Request(url), { params: Promise.resolve({ symbol }) });
  response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), "x-door": "route" });
  response.end(Buffer.from(await answer.arrayBuffer()));
};

/** Any answer: of either door, in either shape. */
interface Body {
  data: unknown;
  meta: Record<string, unknown>;
  error: ErrorEnvelope["error"];
  [more: string]: unknown;
}
const ask = async (url: string): Promise<{ status: number; body: Body; door: string | null }> => {
  const answer = await fetch(`http://127.0.0.1:${web.port}${url}`);
  return { status: answer.status, body: (await answer.json()) as Body, door: answer.headers.get("x-door") };
};
const data = async <T>(url: string): Promise<T> => {
  const { status, body } = await ask(url);
  expect(body, url).toMatchObject({ status: "success" });
  expect(status).toBe(200);
  return body.data as T;
};
const minute = (at: number, more: Partial<StoredBar> = {}): StoredBar => ({
  instrumentId: id,
  timeframe: "1m",
  time: OPEN + at * MINUTE,
  open: 1500_00 + at,
  high: 1500_50 + at,
  low: 1499_50 + at,
  close: 1500_25 + at,
  volume: 100,
  value: 100 * (1500_10 + at),
  ticks: 10,
  openInterest: -1,
  rev: 1,
  state: "closed",
  incomplete: false,
  passport: {
    late: 0,
    firstTime: OPEN + at * MINUTE + 500,
    lastTime: OPEN + at * MINUTE + 59_500,
    firstSequence: 1_000 + at * 10,
    lastSequence: 1_009 + at * 10,
    sources: FROM_STREAM | BY_EXCHANGE_CLOCK | fromCollector(0),
    hash: 7 + at,
  },
  ...more,
});
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "candela-reads-"));
  container = await createContainer(wholeConfig(folder), () => {});
  publish(container);
  await container.start(new AbortController().signal);
  await vi.waitFor(() => expect(container.desk.truth()[0]?.state).toBe("LIVE"), { timeout: 60_000, interval: 100 });
  web = await serve(
    {
      root: ".",
      host: "127.0.0.1",
      port: 0,
      development: true,
      stopping: new AbortController().signal,
      sockets: { attach: () => {}, stop: () => Promise.resolve() },
      hot: container.readDoor,
    },
    () => ({
      prepare: () => Promise.resolve(),
      request: next,
      upgrade: () => Promise.resolve(),
      close: () => Promise.resolve(),
    }),
  );
  web.open();
  id = container.desk.instrument(container.desk.resolve(KEY)).id;
  // Minutes 0 to 29 without 10 to 12; a pre-open of 20 before.
  await container.store.bars.write(
    Array.from({ length: 30 }, (_, at) => at)
      .filter((at) => at < 10 || at > 12)
      .map((at) => minute(at)),
    "merge",
  );
}, 120_000);

afterAll(async () => {
  await web?.stop();
  await container?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const span = (from: string, to: string): string => `from=2026-07-01T${from}&to=2026-07-01T${to}`;
const [RANGE] = [span("00:00", "00:30")];

describe("a read over REST", () => {
  it("reads input without a zone as IST, epoch ms as they are, and answers epoch ms or the zone asked for", async () => {
    const one = (await data<RestBar[]>(`/api/v1/bars/${KEY}?${RANGE}`))[0]!;
    expect(one).toEqual({
      time: OPEN,
      open: 1500,
      high: 1500.5,
      low: 1499.5,
      close: 1500.25,
      volume: 100,
      vwap: 1500.1,
      openInterest: null,
      ticks: 10,
      state: "closed",
      rev: 1,
      incomplete: false,
    });
    const same = [
      `from=${OPEN}&to=${OPEN + MINUTE}`,
      "from=2026-06-30T18:30:00Z&to=2026-06-30T18:31:00Z",
      "from=2026-07-01T00:00:00%2B05:30&to=2026-07-01T00:01:00+05:30",
      "from=2026-07-01&to=2026-07-01%2000:01",
    ];
    for (const each of same) expect(await data(`/api/v1/bars/${KEY}?${each}`), each).toEqual([one]);
    expect((await data<RestBar[]>(`/api/v1/bars/${KEY}?${RANGE}&tz=Asia/Kolkata`))[0]!.time).toBe(
      "2026-07-01T00:00:00+05:30",
    );
    expect((await data<RestBar[]>(`/api/v1/bars/${KEY}?${RANGE}&tz=UTC`))[0]!.time).toBe("2026-06-30T18:30:00Z");
  });

  it("says how old the data are, what was expected, and what is missing", async () => {
    const { body } = await ask(`/api/v1/bars/${KEY}?${RANGE}`);
    expect(body.meta).toMatchObject({
      key: KEY,
      timeframe: "1m",
      count: 27,
      expected: 30,
      received: 27,
      missing: 3,
      incomplete: 0,
      truncated: false,
      lastBar: OPEN + 29 * MINUTE,
    });
    await expect
      .poll(async () => (await ask(`/api/v1/bars/${KEY}?limit=1`)).body.meta["dataAgeMs"], { timeout: 30_000 })
      .toBeTypeOf("number");
    const age = (await ask(`/api/v1/bars/${KEY}?limit=1`)).body.meta["dataAgeMs"] as number;
    expect(age).toBeGreaterThanOrEqual(0);
    expect(age).toBeLessThan(60_000);
    expect((await ask(`/api/v1/bars/${KEY}?${RANGE}&limit=5`)).body.meta).toMatchObject({
      count: 5,
      truncated: true,
      expected: 5,
      missing: 0,
    });
  });

  it("bounds the year 1 and the year 9999 to what there can be, at every view", async () => {
    for (const view of ["bars", "stats", "vwap", "ticks", "orderbook", "gaps"]) {
      expect([view, (await ask(`/api/v1/${view}/${KEY}?from=0001-01-01&to=9999-12-31`)).status]).toEqual([view, 200]);
    }
    const { body } = await ask(`/api/v1/bars/${KEY}?from=0001-01-01&limit=1`);
    expect([(body.data as unknown[]).length, body.meta["count"]]).toEqual([1, 1]);
    for (const url of [`completeness/${KEY}?from=0001-01-01`, `gaps/${KEY}?from=0001-01-01&timeframe=1m`])
      expect([url, (await ask(`/api/v1/${url}`)).status]).toEqual([url, 400]);
    for (const at of ["0001-01-01", "9999-12-31"])
      expect((await ask(`/api/v1/orderbook/${KEY}?at=${at}`)).status).toBe(200);
    expect((await ask(`/api/v1/bars/${"a".repeat(12_000)}%01`)).body.error.details).toMatchObject({ field: "symbol" });
  });

  it.each([
    ["RELIANCE", "SIM:RELIANCE"],
    ["SIM:RELIANCE", "SIM:RELIANCE"],
    ["SIM:NIFTY%2050", "SIM:NIFTY 50"],
    ["NIFTY50", "SIM:NIFTY 50"],
    ["1:99926000", "SIM:NIFTY 50"],
    ["SIM:M%26M", "SIM:M&M"],
  ])("takes %s for %s", async (text, key) => {
    expect((await ask(`/api/v1/latest/${text}`)).body.meta.key).toBe(key);
  });

  it("takes a broker's token, and a segment with the exchange's number, also unencoded", async () => {
    const token = container.instruments.tokenOf("kite", container.desk.resolve("SIM:RELIANCE"))!;
    for (const text of [
      `${token}?vendor=kite`,
      `${token}`,
      `NSE_EQ/${token >> 8}`,
      `NSE_EQ%2F${token >> 8}`,
      `1:${token >> 8}`,
    ]) {
      expect((await ask(`/api/v1/latest/${text}`)).body.meta.key, text).toBe("SIM:RELIANCE");
      expect((await ask(`/api/v1/stats/${text}`)).body.meta.key, text).toBe("SIM:RELIANCE");
    }
  });

  it.each([
    ["bars/NOSUCH", 400, "bad_input", "symbol", "NOSUCH"],
    ["bars/RELIANCE%00", 400, "bad_input", "symbol", "RELIANCE\0"],
    ["bars/---", 400, "bad_input", "symbol", "---"],
    [`bars/${"A".repeat(80)}`, 400, "bad_input", "symbol", "A".repeat(80)],
    ["latest/1234?vendor=odin", 400, "bad_input", "vendor", "odin"],
    ["stats/RELIANCE?vendor=kite", 400, "bad_input", "symbol", "RELIANCE"],
    [`bars/${KEY}?timeframe=7q`, 400, "bad_input", "timeframe", "7q"],
    [`today/${KEY}?timeframe=61s`, 400, "bad_input", "timeframe", "61s"],
    [`latest/${KEY}?timeframe=45m`, 400, "bad_input", "timeframe", "45m"],
    [`bars/${KEY}?timeframe=45m&fields=passport`, 400, "bad_input", "fields", "passport"],
    [`bars/${KEY}?limit=0`, 400, "bad_input", "limit", "0"],
    [`bars/${KEY}?limit=50001`, 400, "bad_input", "limit", "50001"],
    [`ticks/${KEY}?limit=x`, 400, "bad_input", "limit", "x"],
    [`bars/${KEY}?from=yesterday`, 400, "bad_input", "from", "yesterday"],
    [`bars/${KEY}?from=2026-02-30`, 400, "bad_input", "from", "2026-02-30"],
    [`bars/${KEY}?${span("10:00", "09:00")}`, 400, "bad_input", "from", "2026-07-01T10:00"],
    [`stats/${KEY}?${span("10:00", "10:00")}`, 400, "bad_input", "from", "2026-07-01T10:00"],
    [`bars/${KEY}?auctions=all`, 400, "bad_input", "auctions", "all"],
    [`today/${KEY}?auctions=`, 400, "bad_input", "auctions", ""],
    [`bars/${KEY}?fill=zero`, 400, "bad_input", "fill", "zero"],
    [`bars/${KEY}?tz=IST`, 400, "bad_input", "tz", "IST"],
    [`bars/${KEY}?fields=all`, 400, "bad_input", "fields", "all"],
    [`bars/${KEY}?format=csv`, 400, "bad_input", "format", "csv"],
    [`bars/${KEY}?format=binary&fill=null`, 400, "bad_input", "format", "binary"],
    [`bars/${KEY}?timeframe=auction&fill=null`, 400, "bad_input", "fill", "null"],
    [`bars/${KEY}?timefrme=5m`, 400, "bad_input", "timefrme", undefined],
    [`today/${KEY}?date=1.7.2026`, 400, "bad_input", "date", "1.7.2026"],
    [`bars/${KEY}/passport`, 400, "bad_input", "time", undefined],
    [`bars/${KEY}/passport?time=${OPEN + 11 * MINUTE}`, 404, "not_found", "time", String(OPEN + 11 * MINUTE)],
  ])(
    "refuses %s: %i, with field, value and what is accepted, by every door",
    async (url, status, code, field, value) => {
      for (const prefix of ["/api/v1/", "/intraday/"]) {
        if (prefix === "/intraday/" && url.includes("/passport")) continue;
        const answer = await ask(`${prefix}${url}`);
        expect(answer.status, url).toBe(status);
        const told = prefix === "/intraday/" ? answer.body : answer.body.error;
        expect(told).toMatchObject({
          code,
          details: { field, ...(value === undefined ? {} : { value }), accepted: expect.any(String) as string },
        });
        if (prefix === "/intraday/") expect(answer.body.error).toEqual(expect.any(String));
      }
    },
  );

  it("asks which one is meant where two brokers' instruments share a name", async () => {
    await container.store.instruments.upsert(
      "other",
      "2026-11-21",
      ["BSE", "MCX"].map((exchange, at) => ({
        exchange,
        symbol: "TWINS",
        name: "Twins",
        segment: "equity" as const,
        decimals: 2,
        tickSize: 5,
        lotSize: 1,
        expiry: null,
        strike: null,
        token: 9_000_001 + at,
        wireDivisor: 1,
      })),
    );
    await container.instruments.load();
    const { status, body } = await ask("/api/v1/bars/TWINS");
    expect(status).toBe(409);
    expect(body.error).toMatchObject({
      code: "ambiguous",
      details: { candidates: expect.arrayContaining(["BSE:TWINS", "MCX:TWINS"]) as unknown },
    });
  });

  it("fills what did not trade as asked", async () => {
    const rows = (fill: string) => data<RestBar[]>(`/api/v1/bars/${KEY}?${span("00:08", "00:14")}&fill=${fill}`);
    expect((await rows("none")).map((bar) => (bar.time - OPEN) / MINUTE)).toEqual([8, 9, 13]);
    const previous = await rows("previous");
    expect(previous.map((bar) => [(bar.time - OPEN) / MINUTE, bar.close, bar.volume, bar.state])).toEqual([
      [8, 1500.33, 100, "closed"],
      [9, 1500.34, 100, "closed"],
      [10, 1500.34, 0, "filled"],
      [11, 1500.34, 0, "filled"],
      [12, 1500.34, 0, "filled"],
      [13, 1500.38, 100, "closed"],
    ]);
    expect((await rows("null")).slice(2, 5).map((bar) => [bar.open, bar.close, bar.vwap, bar.state])).toEqual(
      Array.from({ length: 3 }, () => [null, null, null, "filled"]),
    );
    // The first place of the span is filled from before the span.
    expect(
      (await data<RestBar[]>(`/api/v1/bars/${KEY}?${span("00:11", "00:14")}&fill=previous`)).map((bar) => bar.close),
    ).toEqual([1500.34, 1500.34, 1500.38]);
  });

  it("gives every timeframe, rows and columns and packed alike", async () => {
    for (const timeframe of [...timeframeNames, "45m", "4h", "7m"]) {
      const rows = await data<RestBar[]>(`/api/v1/bars/${KEY}?timeframe=${timeframe}&from=2026-06-01&to=2026-07-02`);
      if (timeframe.endsWith("s")) {
        expect(rows).toEqual([]);
        continue;
      }
      expect(rows.length, timeframe).toBeGreaterThan(0);
      expect(
        rows.filter((bar) => bar.time >= OPEN).reduce((sum, bar) => sum + bar.volume, 0),
        timeframe,
      ).toBeGreaterThanOrEqual(timeframe === "1W" ? 0 : 2_700);
      const columns = await data<Record<keyof RestBar, never[]>>(
        `/api/v1/bars/${KEY}?timeframe=${timeframe}&from=2026-06-01&to=2026-07-02&format=columns`,
      );
      expect(
        rows.map((bar) => Object.fromEntries(Object.keys(bar).map((name) => [name, bar[name as keyof RestBar]]))),
      ).toEqual(
        rows.map((_, row) => Object.fromEntries(Object.entries(columns).map(([name, list]) => [name, list[row]]))),
      );
      const packed = await fetch(
        `http://127.0.0.1:${web.port}/api/v1/bars/${KEY}?timeframe=${timeframe}&from=2026-06-01&to=2026-07-02&format=binary`,
      );
      const unpacked = unpackBars(await packed.arrayBuffer());
      expect(packed.headers.get("x-candela-decimals")).toBe("2");
      expect(
        Array.from({ length: unpacked.length }, (_, row) => [
          unpacked.time[row],
          unpacked.close[row]! / 100,
          unpacked.volume[row],
        ]),
      ).toEqual(rows.map((bar) => [bar.time, bar.close, bar.volume]));
    }
    for (const [called, name] of [
      ["day", "1d"],
      ["60minute", "1h"],
      ["FIVE_MINUTE", "5m"],
      ["240", "4h"],
    ]) {
      const of = (timeframe: string | undefined): Promise<RestBar[]> =>
        data<RestBar[]>(`/api/v1/bars/${KEY}?timeframe=${timeframe}&from=2026-06-01&to=2026-07-02`);
      expect(await of(called), called).toEqual(await of(name));
    }
  });

  it("gives auctions as bars of their own", async () => {
    const time = OPEN + 20 * 3_600_000;
    await container.store.bars.write(
      [
        minute(0, {
          timeframe: "auction",
          time,
          open: 1498_00,
          high: 1498_00,
          low: 1498_00,
          close: 1498_00,
          volume: 40,
          value: 40 * 1498_00,
          ticks: 1,
        }),
      ],
      "merge",
    );
    expect(await data(`/api/v1/bars/${KEY}?timeframe=auction&from=2026-07-01&to=2026-07-02`)).toMatchObject([
      { time, close: 1498, volume: 40 },
    ]);
    expect((await ask(`/api/v1/bars/${KEY}?timeframe=auction`)).body.meta.expected).toBeNull();
  });

  it("says so when a span holds only closed hours", async () => {
    await container.store.instruments.upsert("other", "2026-11-21", [
      {
        exchange: "NSE",
        symbol: "QUIET",
        name: "Quiet",
        segment: "equity",
        decimals: 2,
        tickSize: 5,
        lotSize: 1,
        expiry: null,
        strike: null,
        token: 9_000_011,
        wireDivisor: 1,
      },
    ]);
    await container.instruments.load();
    const notice = async (view: string, from: string, to: string): Promise<unknown> =>
      (await ask(`/api/v1/${view}/NSE:QUIET?from=${from}&to=${to}`)).body.meta.notice;
    for (const view of ["bars", "stats", "ticks", "vwap"]) {
      expect(await notice(view, "2026-11-20T16:30", "2026-11-20T21:00"), view).toBe(
        "NSE:QUIET does not trade from 2026-11-20 16:30 to 2026-11-20 21:00 IST; nearest sessions: 2026-11-20 09:15 to 15:30, 2026-11-23 09:15 to 15:30",
      );
      expect(await notice(view, "2026-11-20T15:00", "2026-11-20T21:00"), view).toBe(
        view === "bars" ? "no bar of NSE:QUIET is stored in this period; no bar is stored at all" : undefined,
      );
    }
    const { meta } = (await ask(`/api/v1/bars/${KEY}?timeframe=1m&from=2024-01-01&to=2024-01-02`)).body;
    expect(meta.notice).toMatch(
      /^no bar of SIM:\S+ is stored in this period; the first stored bar begins at 2026-\d\d-\d\d \d\d:\d\d IST$/,
    );
    expect((await ask("/intraday/bars/NSE:QUIET?from=2026-11-21&to=2026-11-22")).body).toMatchObject({
      bars_count: 0,
      notice: expect.stringContaining("does not trade") as string,
    });
  });

  it("gives what was known at an instant, and explains each change since", async () => {
    const at = 100; // 01:40
    const query = `from=${OPEN + at * MINUTE}&to=${OPEN + (at + 1) * MINUTE}`;
    const instants = [Date.now()];
    for (const write of [
      () => container.store.bars.write([minute(at)], "merge"),
      () =>
        container.store.bars.write(
          [
            minute(at, {
              open: 1510_00,
              high: 1510_00,
              low: 1510_00,
              close: 1510_00,
              volume: 0,
              value: 0,
              ticks: 1,
              state: "patched",
              passport: {
                late: 1,
                firstTime: OPEN + at * MINUTE + 30_000,
                lastTime: OPEN + at * MINUTE + 30_000,
                firstSequence: 5_000,
                lastSequence: 5_000,
                sources: FROM_STREAM | FROM_LATE | BY_EXCHANGE_CLOCK,
                hash: 3,
              },
            }),
          ],
          "patch",
        ),
      () =>
        container.store.bars.write(
          [minute(at, { high: 1512_00, volume: 130, value: 0, state: "corrected", passport: noPassport })],
          "replace",
        ),
    ]) {
      await pause(30);
      await write();
      await pause(30);
      instants.push(Date.now());
    }
    const known = async (instant: number, more = ""): Promise<unknown[]> =>
      (await data<RestBar[]>(`/api/v1/bars/${KEY}?${query}&asOf=${instant}${more}`)).map((bar) => [
        bar.high,
        bar.volume,
        bar.rev,
        bar.state,
      ]);
    expect(await known(instants[0]!)).toEqual([]);
    expect(await known(instants[1]!)).toEqual([[1501.5, 100, 1, "closed"]]);
    expect(await known(instants[2]!)).toEqual([[1510, 100, 2, "patched"]]);
    expect(await known(instants[3]!)).toEqual([[1512, 130, 3, "corrected"]]);
    // Longer bars are folded from what their parts were.
    expect(
      (await data<RestBar[]>(`/api/v1/bars/${KEY}?timeframe=5m&${query}&asOf=${instants[2]}`)).map((bar) => bar.high),
    ).toEqual([1510]);
    // A future time knows no more than now: nothing is missing before it happens.
    const [later, now] = [
      await ask(`/api/v1/bars/${KEY}?limit=3&asOf=2100-01-01`),
      await ask(`/api/v1/bars/${KEY}?limit=3`),
    ].map(({ body }) => [body.meta["expected"], body.meta["missing"]]);
    expect(later).toEqual(now);

    const passport = await data<Record<string, unknown> & { revisions: Record<string, unknown>[] }>(
      `/api/v1/bars/${KEY}/passport?timeframe=1m&time=${OPEN + at * MINUTE + 12_345}`,
    );
    expect(passport).toMatchObject({
      state: "corrected",
      rev: 3,
      cause: "replaced by the exchange's bar, which differed from ours",
      end: OPEN + (at + 1) * MINUTE,
      lateTicks: 1,
      foldedFrom: null,
      sources: ["stream", "history", "late ticks", "exchange clock"],
      collectors: [0],
      collectorNames: ["sim-1"],
      hash: (7 + at + 3).toString(16).padStart(12, "0"),
      firstTick: { time: OPEN + at * MINUTE + 500, sequence: 1_000 + at * 10 },
      lastTick: { time: OPEN + at * MINUTE + 59_500, sequence: 5_000 },
      bar: { high: 1512, volume: 130 },
    });
    expect(passport.revisions.map(({ who, rev, before, after }) => ({ who, rev, before, after }))).toEqual([
      {
        who: "pipeline",
        rev: { before: 1, after: 2 },
        before: { high: 1501.5, ticks: 10, state: "closed" },
        after: { high: 1510, ticks: 11, state: "patched" },
      },
      {
        who: "history",
        rev: { before: 2, after: 3 },
        before: { high: 1510, volume: 100, ticks: 11, state: "patched" },
        after: { high: 1512, volume: 130, ticks: 10, state: "corrected" },
      },
    ]);
    const longer = await data<Record<string, unknown>>(
      `/api/v1/bars/${KEY}/passport?timeframe=5m&time=${OPEN + at * MINUTE}`,
    );
    expect(longer).toMatchObject({
      foldedFrom: { timeframe: "1m", count: 1 },
      hash: passport["hash"],
      revisions: passport.revisions,
    });
    expect(
      (await data<{ passport: unknown }[]>(`/api/v1/bars/${KEY}?${query}&fields=passport`))[0]!.passport,
    ).toMatchObject({ hash: passport["hash"], lateTicks: 1, sources: passport["sources"] });
  });

  it("folds the passports of the parts of a longer bar", async () => {
    const folded = await data<Record<string, unknown>>(`/api/v1/bars/${KEY}/passport?timeframe=10m&time=${OPEN}`);
    expect(folded).toMatchObject({
      foldedFrom: { timeframe: "1m", count: 10 },
      firstTick: { sequence: 1_000 },
      lastTick: { sequence: 1_099 },
      hash: (10 * 7 + 45).toString(16).padStart(12, "0"),
      cause: "built from the feed's ticks",
    });
  });

  it("gives figures of a span and its VWAP from traded value, and says what is estimated", async () => {
    const stat = await data<Record<string, unknown>>(`/api/v1/stats/${KEY}?${span("00:00", "00:05")}`);
    expect(stat).toMatchObject({
      open: 1500,
      high: 1500.54,
      low: 1499.5,
      close: 1500.29,
      volume: 500,
      value: 5 * 100 * 1500.12,
      vwap: 1500.12,
      estimatedVolume: 0,
      ticks: 50,
      bars: 5,
      auctions: 0,
      placeInRange: 0.7596,
    });
    expect(await data(`/api/v1/vwap/${KEY}?${span("00:00", "00:05")}`)).toMatchObject({ vwap: 1500.12, volume: 500 });
    await container.store.bars.write(
      [minute(200, { state: "backfilled", value: 0, ticks: 0, passport: undefined as never })],
      "replace",
    );
    expect(await data(`/api/v1/vwap/${KEY}?${span("03:20", "03:21")}`)).toMatchObject({
      vwap: Math.round(((1502_50 + 1501_50 + 1502_25) / 3) * 100) / 10_000,
      estimatedVolume: 100,
    });
    expect((await ask("/api/v1/vwap/SIM:NIFTY%2050")).body).toMatchObject({
      data: { vwap: null },
      meta: { notice: "an index has no volume and therefore no VWAP" },
    });
  });

  it("gives the running day and the newest bar", async () => {
    await expect
      .poll(async () => (await data<RestBar | null>("/api/v1/latest/SIM:RELIANCE?timeframe=1s"))?.time ?? 0, {
        timeout: 30_000,
      })
      .toBeGreaterThan(0);
    const { body } = await ask("/api/v1/latest/SIM:RELIANCE?timeframe=1m");
    const quote = body.meta.quote as { lastPrice: number };
    expect(quote.lastPrice).toBeGreaterThan(0);
    expect(Math.abs((body.data as RestBar).time - Date.now())).toBeLessThan(3 * MINUTE);
    const rows = await data<RestBar[]>("/api/v1/today/SIM:RELIANCE?timeframe=1s");
    expect(rows.length).toBeGreaterThan(0);
    const stat = await data<{ bars: number; close: number; previousClose: number | null }>(
      "/api/v1/stats/SIM:RELIANCE?timeframe=1s",
    );
    expect(stat.bars).toBeGreaterThanOrEqual(rows.length);
  });

  it("gives the order book from the newest packet, and says why where there is none", async () => {
    await expect
      .poll(async () => (await ask("/api/v1/orderbook/SIM:RELIANCE")).body.data, { timeout: 30_000 })
      .not.toBeNull();
    const book = await data<{
      bids: { price: number; quantity: number; orders: number }[];
      asks: { price: number }[];
      spread: number;
    }>("/api/v1/orderbook/SIM:RELIANCE");
    expect(book.bids.length).toBeGreaterThan(0);
    expect(book.bids.length).toBeLessThanOrEqual(5);
    expect(book.spread).toBeCloseTo(book.asks[0]!.price - book.bids[0]!.price, 9);
    expect(book.bids[0]!.price).toBeLessThan(book.asks[0]!.price);
    expect((await ask("/api/v1/orderbook/SIM:NIFTY%2050")).body).toMatchObject({
      data: null,
      meta: { notice: "an index has no order book" },
    });
    expect((await ask("/api/v1/orderbook/NSE:QUIET")).body.meta.notice).toBe(
      "no packet received for it since the start",
    );
    expect((await ask("/intraday/orderbook/SIM:NIFTY%2050")).status).toBe(404);
  });

  it("gives the order book as it stood at an instant, and those of a span, in either shape", async () => {
    const thin = bookRow(3, { time: OPEN + 3_000 }).figures.map((value, place) =>
      place >= 6 && place < 18 ? 0 : value,
    );
    await container.store.books.write([
      {
        instrumentId: id,
        books: booksOf([
          bookRow(1, { time: OPEN + 1_000 }),
          bookRow(2, { time: OPEN + 2_000, price: 1501_10 }),
          bookRow(3, { time: OPEN + 3_000, figures: thin }),
        ]),
      },
    ]);
    const at = async (seconds: number): Promise<Body> =>
      (await ask(`/api/v1/orderbook/${KEY}?at=${OPEN + seconds * 1_000}`)).body;
    expect((await at(2.5)).data).toMatchObject({
      lastPrice: 1501.1,
      time: OPEN + 2_000,
      spread: 0.05,
      buyQuantity: 10_002,
      bids: { length: 5, 0: { price: 1501.05, quantity: 102, orders: 1 } },
    });
    expect((await at(60)).data).toMatchObject({ time: OPEN + 3_000, bids: [{ price: 1499.95 }] });
    expect(await at(0)).toMatchObject({ data: null, meta: { notice: expect.stringContaining("DEPTH_SECONDS") } });
    const books = await ask(`/api/v1/orderbook/${KEY}?${span("00:00", "00:01")}&limit=2&tz=Asia/Kolkata`);
    expect((books.body.data as { time: string }[]).map(({ time }) => time)).toEqual([
      "2026-07-01T00:00:02+05:30",
      "2026-07-01T00:00:03+05:30",
    ]);
    expect(books.body.meta).toMatchObject({ count: 2, truncated: true });
    expect((await ask(`/intraday/orderbook/${KEY}?at=${OPEN + 1_000}`)).body).toMatchObject({
      symbol: "INFY",
      order_book: { snapshot_timestamp: "2026-06-30T18:30:01Z", bid_quantity: 10_001, spread: 0.05 },
    });
    expect((await ask(`/intraday/orderbook/${KEY}?${span("00:00", "00:01")}`)).body).toMatchObject({
      order_books_count: 3,
      order_books: { length: 3, 2: { snapshot_timestamp: "2026-06-30T18:30:03Z" } },
    });
    expect((await ask(`/api/v1/orderbook/${KEY}?at=${OPEN}&from=${OPEN}`)).body.error.details).toMatchObject({
      field: "at",
    });
  });

  it("keeps the order books of what trades, as they came", async () => {
    const held = async () =>
      await data<{ time: number; lastPrice: number; bids: { price: number }[] }[]>(
        `/api/v1/orderbook/SIM:RELIANCE?from=${Date.now() - 60_000}`,
      );
    await expect.poll(async () => (await held()).length, { timeout: 30_000 }).toBeGreaterThan(2);
    const books = await held();
    books.forEach(({ time, bids, lastPrice }, at) => {
      expect(bids[0]!.price).toBeCloseTo(lastPrice, -1);
      if (at > 0) expect(time).toBeGreaterThanOrEqual(books[at - 1]!.time);
    });
  });

  it("gives stored ticks with what was traded at each", async () => {
    const ticks = storedTicks(4);
    [
      [0, 1500_00, 100],
      [1, 1500_05, 130],
      [2, 1500_05, 130],
      [3, 1499_95, 190],
    ].forEach(([at, price, volume]) => {
      const row = ticks.length++;
      ticks.time[row] = OPEN + at! * 1_000;
      ticks.received[row] = OPEN + at! * 1_000 + 40;
      ticks.price[row] = price!;
      ticks.volume[row] = volume!;
      ticks.openInterest[row] = -1;
      ticks.flags[row] = at === 2 ? EXCHANGE_CLOCK : at === 0 ? TRADE | JOINED : TRADE | EXCHANGE_CLOCK;
      ticks.sequence[row] = 10 + at!;
    });
    await container.store.ticks.write([{ instrumentId: id, ticks }]);
    const rows = await data<Record<string, unknown>[]>(`/api/v1/ticks/${KEY}?${span("00:00", "00:01")}`);
    expect(
      rows.map(({ price, quantity, dayVolume, kind, clock, sequence }) => [
        price,
        quantity,
        dayVolume,
        kind,
        clock,
        sequence,
      ]),
    ).toEqual([
      [1500, null, 100, "trade", "ours", 10],
      [1500.05, 30, 130, "trade", "exchange", 11],
      [1500.05, 0, 130, "book", "exchange", 12],
      [1499.95, 60, 190, "trade", "exchange", 13],
    ]);
    const newest = await ask(`/api/v1/ticks/${KEY}?${span("00:00", "00:01")}&limit=2`);
    expect([
      newest.body.meta.truncated,
      (newest.body.data as { quantity: number }[]).map((tick) => tick.quantity),
    ]).toEqual([true, [0, 60]]);
    expect((await ask(`/intraday/ticks/${KEY}?${span("00:00", "00:01")}&limit=1`)).body).toEqual({
      symbol: "INFY",
      from: "2026-06-30T18:30:00Z",
      to: "2026-06-30T18:31:00Z",
      ticks_count: 1,
      ticks: [
        {
          exchange: "SIM",
          symbol: "INFY",
          instrument_token: expect.any(Number),
          tick_timestamp: "2026-06-30T18:30:03Z",
          price: 1499.95,
          quantity: 60,
          trade_type: "unknown",
          source: "live_tick",
        },
      ],
    });
  });

  it("answers hot reads before Next, and the same as the route does", async () => {
    const urls = [
      "",
      "&format=columns",
      "&fill=previous",
      "&fields=passport",
      "&tz=Asia/Kolkata",
      "&limit=3",
      "&timeframe=7m",
      "&timeframe=5m",
    ].flatMap((more) => [`/api/v1/bars/${KEY}?${RANGE}${more}`, `/intraday/bars/${KEY}?${RANGE}${more}`]);
    const anyRequest = (body: unknown): unknown =>
      JSON.parse(
        JSON.stringify(body, (name, value: unknown) => (name === "requestId" || name === "dataAgeMs" ? null : value)),
      );
    for (const url of [...urls, "/api/v1/bars/NOSUCH", "/intraday/latest/NOSUCH", `/api/v1/bars/${KEY}/?${RANGE}`]) {
      const early = await ask(url);
      expect(early.door, url).toBeNull();
      const late = await (url.startsWith("/intraday") ? intraday : url.includes("/latest/") ? latest : bars)(
        new Request(`http://localhost${url}`),
      );
      expect([early.status, anyRequest(early.body)], url).toEqual([late.status, anyRequest(await late.json())]);
    }
    const url = `/api/v1/bars/${KEY}?${RANGE}&format=binary`;
    const [early, late] = [
      await fetch(`http://127.0.0.1:${web.port}${url}`),
      await bars(new Request(`http://localhost${url}`)),
    ];
    expect(Buffer.from(await early.arrayBuffer()).equals(Buffer.from(await late.arrayBuffer()))).toBe(true);
    expect((await ask(`/api/v1/stats/${KEY}`)).door).toBe("route");
    expect((await ask(`/api/v1/bars/${KEY}/passport?time=${OPEN}`)).door).toBe("route");
  });

  it("keeps the shapes of Market Bridge and Odin Streamer", async () => {
    const row = {
      exchange: "SIM",
      symbol: "INFY",
      instrument_token: expect.any(Number) as number,
      bar_timestamp: "2026-06-30T18:30:00Z",
      timeframe: "1m",
      open: 1500,
      high: 1500.5,
      low: 1499.5,
      close: 1500.25,
      volume: 100,
      trades_count: 10,
      vwap: 1500.1,
      oi: null,
      source: "live_tick",
    };
    const query = span("00:00", "00:01");
    expect((await ask(`/intraday/bars/INFY?${query}`)).body).toEqual({
      symbol: "INFY",
      timeframe: "1m",
      from: "2026-06-30T18:30:00Z",
      to: "2026-06-30T18:31:00Z",
      bars_count: 1,
      bars: [row],
    });
    expect((await ask("/intraday/bars/INFY?timeframe=day&from=2026-06-01&to=2026-07-02&limit=1")).body).toMatchObject({
      timeframe: "day",
      bars: [{ timeframe: "day" }],
    });
    expect((await ask("/intraday/today/INFY?date=2026-07-01")).body).toMatchObject({
      symbol: "INFY",
      timeframe: "1m",
      date: "2026-07-01",
      bars_count: 29,
    });
    expect((await ask(`/intraday/stats/INFY?${query}`)).body).toMatchObject({
      date: expect.any(String) as string,
      stats: {
        day_open: 1500,
        day_high: 1500.5,
        day_low: 1499.5,
        current_price: 1500.25,
        total_volume: 100,
        bars_count: 1,
        day_change: 0.25,
        day_change_pct: 0.02,
      },
    });
    expect((await ask(`/intraday/vwap/INFY?${query}`)).body).toMatchObject({
      symbol: "INFY",
      timeframe: "1m",
      vwap: 1500.1,
    });
    expect((await ask("/intraday/latest/RELIANCE")).body).toMatchObject({
      symbol: "RELIANCE",
      timeframe: "1m",
      bar: { symbol: "RELIANCE", exchange: "SIM" },
    });
    const number = container.instruments.tokenOf("kite", container.desk.resolve(KEY))! >> 8;
    expect((await ask(`/intraday/NSE_EQ/${number}?${query}`)).body).toEqual({
      status: "success",
      data: [
        {
          symbol: "INFY",
          scrip_token: String(number),
          minute_ts: "2026-07-01T00:00:00+05:30",
          open: 1500,
          high: 1500.5,
          low: 1499.5,
          close: 1500.25,
          volume: 100,
          source: "live_tick",
        },
      ],
    });
    expect((await ask("/intraday/NSE_EQ/999999")).body).toMatchObject({
      status: "error",
      error: { code: "bad_input", details: { field: "symbol", value: "NSE_EQ/999999" } },
    });
    expect((await ask("/intraday/nothing/INFY")).body).toMatchObject({
      status: "error",
      error: { code: "not_found", details: { accepted: expect.stringContaining("bars") as string } },
    });
  });

  it("says what a span lacks, and knows no trade from no data", async () => {
    // Nothing is known about the day apart from our bars: absent ones are missing.
    const { status, body } = await ask(`/api/v1/completeness/${KEY}?from=2026-07-01&to=2026-07-01`);
    expect(status).toBe(200);
    expect(body.data).toMatchObject([{ date: "2026-07-01", expected: 1_440 }]);
    expect(
      (await ask(`/api/v1/completeness/RELIANCE?tz=Asia/Kolkata&from=2026-07-01&to=2026-07-01`)).body,
    ).toMatchObject({ meta: { key: "SIM:RELIANCE" }, data: [{ session: { open: "2026-07-01T00:00:00+05:30" } }] });
    const lacks = await ask(`/intraday/completeness/${KEY}?${span("00:00", "00:30")}`);
    const [day] = body.data as { runs: { kind: string; from: number; to: number; bars: number }[] }[];
    const missing = day!.runs
      .filter((run) => (run.kind === "missing" || run.kind === "incomplete") && run.from < OPEN + 30 * MINUTE)
      .reduce((sum, run) => sum + run.bars, 0);
    expect(lacks.body).toEqual({
      symbol: "INFY",
      timeframe: "1m",
      from: "2026-06-30T18:30:00Z",
      to: "2026-06-30T19:00:00Z",
      completeness: Math.round(((30 - missing) / 30) * 1e4) / 100,
      completeness_pct: Math.round(((30 - missing) / 30) * 1e4) / 100,
      quality: missing === 0 ? "excellent" : "poor",
    });
    expect((await ask(`/intraday/completeness/SIM:TCS?${span("00:00", "00:30")}`)).body).toMatchObject({
      completeness: 0,
      quality: "poor",
    });
    const gone = (await ask(`/intraday/gaps/SIM:TCS?timeframe=5m&${span("00:00", "00:10")}`)).body;
    expect(gone).toEqual({
      symbol: "TCS",
      timeframe: "5m",
      from: "2026-06-30T18:30:00Z",
      to: "2026-06-30T18:40:00Z",
      gaps_count: 2,
      gaps: ["2026-06-30T18:30:00Z", "2026-06-30T18:35:00Z"].map((missing_timestamp) => ({
        missing_timestamp,
        symbol: "TCS",
        timeframe: "5m",
      })),
    });
    expect((await ask(`/intraday/gaps/${KEY}?timeframe=1M`)).body).toMatchObject({
      code: "bad_input",
      details: { field: "timeframe" },
    });
    expect((await ask(`/api/v1/gaps/${KEY}?state=all`)).body.error).toMatchObject({
      code: "bad_input",
      details: { field: "state", value: "all" },
    });
    expect((await ask("/api/v1/gaps/RELIANCE?limit=5&tz=UTC")).body.meta).toMatchObject({ key: "SIM:RELIANCE" });
    expect((await ask(`/api/v1/gaps/SIM:TCS?timeframe=5m&${span("00:00", "00:10")}`)).body.meta).toMatchObject({
      timeframe: "5m",
      lacking: [{ kind: "missing", from: OPEN }],
    });
    expect((await ask(`/api/v1/gaps/${KEY}?timeframe=7x`)).body.error).toMatchObject({
      details: { field: "timeframe", value: "7x" },
    });
    expect(await ask("/api/v1/gaps/NOSUCH")).toMatchObject({
      status: 400,
      body: { error: { code: "bad_input", details: { field: "symbol", value: "NOSUCH" } } },
    });
    expect((await ask("/api/v1/gaps/RELIANCE")).body.meta["dataAgeMs"]).toBeTypeOf("number");
  });

  describe("of a day with auctions", () => {
    const listed = (symbol: string, token: number, more: object = {}) => ({
      exchange: "NSE",
      symbol,
      name: symbol,
      segment: "equity" as const,
      decimals: 2,
      tickSize: 5,
      lotSize: 1,
      expiry: null,
      strike: null,
      token,
      wireDivisor: 1,
      ...more,
    });
    const on = (text: string): number => Date.parse(`2026-${text}:00+05:30`);
    /** `timeframe` "auction": one price. */
    const put = async (
      key: string,
      rows: readonly (readonly [
        time: string,
        open: number,
        high: number,
        low: number,
        close: number,
        volume: number,
        timeframe?: "auction",
      ])[],
    ): Promise<void> => {
      const instrumentId = container.desk.instrument(container.desk.resolve(key)).id;
      await container.store.bars.write(
        rows.map(([time, open, high, low, close, volume, timeframe]): StoredBar => ({
          ...minute(0),
          instrumentId,
          timeframe: timeframe ?? "1m",
          time: on(time),
          open,
          high,
          low,
          close,
          volume,
          value: 0,
          passport: { ...minute(0).passport!, firstTime: on(time), lastTime: on(time) + 59_500 },
        })),
        "merge",
      );
    };
    const figures = async (key: string, query: string): Promise<number[][]> =>
      (await data<RestBar[]>(`/api/v1/bars/${encodeURIComponent(key)}?${query}`)).map(
        ({ open, high, low, close, volume }) => [open, high, low, close, volume],
      );

    beforeAll(async () => {
      await container.store.instruments.upsert("kite", "2026-11-21", [
        listed("ANGELONE", 9_100_001),
        listed("NIFTY 50", 9_100_002, { exchange: "NSE_INDEX", segment: "index" }),
      ]);
      await container.store.instruments.upsert("upstox", "2026-11-21", [listed("BDL", 9_100_003)]);
      await container.store.instruments.upsert("someone", "2026-11-21", [listed("CDSL", 9_100_004)]);
      await container.instruments.load();
      // ANGELONE on Kite: pre-open 292.00 x 7,605, 24 candles of 4,036,116, a day of 4,076,186 that closes at 294.80.
      await put("NSE:ANGELONE", [
        ["08-10T09:00", 292_00, 292_00, 292_00, 292_00, 7_605, "auction"],
        ["08-10T09:15", 292_30, 294_00, 292_20, 293_00, 367_153],
        ["08-10T15:14", 293_40, 293_60, 293_10, 293_50, 3_668_963],
        ["08-10T15:20", 294_80, 294_80, 294_80, 294_80, 30_000, "auction"],
        ["08-10T15:50", 294_80, 294_80, 294_80, 294_80, 2_465, "auction"],
      ]);
      // BDL: 1312.00 x 2,397, Kite's first candle 77,566; Upstox's holds both.
      for (const key of ["NSE:BDL", "NSE:CDSL"])
        await put(key, [
          ["08-11T09:00", 1312_00, 1312_00, 1312_00, 1312_00, 2_397, "auction"],
          ["08-11T09:15", 1313_00, 1315_00, 1312_50, 1314_00, 77_566],
        ]);
      await put("NSE_INDEX:NIFTY 50", [
        ["09-21T15:13", 23_430_00, 23_431_00, 23_428_00, 23_430_50, 0],
        ["09-21T15:14", 23_430_50, 23_430_50, 23_428_00, 23_429_00, 0],
        ["09-21T15:20", 23_414_30, 23_414_30, 23_414_30, 23_414_30, 0, "auction"],
      ]);
    });
    const DAY_OF = (date: string): string => `from=2026-${date}&to=2026-${date}T23:59`;

    it("prints a stock's bars as its broker does, with every auction merged, or without any", async () => {
      const of = (auctions: string, timeframe = "1m") =>
        figures(
          "NSE:ANGELONE",
          `timeframe=${timeframe}&${DAY_OF("08-10")}${auctions === "" ? "" : `&auctions=${auctions}`}`,
        );
      for (const timeframe of ["1m", "15m", "45m", "1h"]) {
        expect(await of("broker", timeframe), timeframe).toEqual([
          [292, 294, 292, 293, 367_153],
          [293.4, 293.6, 293.1, 293.5, 3_668_963],
        ]);
        expect(await of("", timeframe), timeframe).toEqual(await of("broker", timeframe));
        expect(await of("merged", timeframe), timeframe).toEqual([
          [292, 294, 292, 293, 374_758],
          [293.4, 294.8, 293.1, 294.8, 3_701_428],
        ]);
        expect(await of("apart", timeframe), timeframe).toEqual([
          [292.3, 294, 292.2, 293, 367_153],
          [293.4, 293.6, 293.1, 293.5, 3_668_963],
        ]);
      }
      const sum = (rows: number[][]): number => rows.reduce((total, row) => total + row[4]!, 0);
      expect([sum(await of("broker")), sum(await of("merged")), sum(await of("apart"))]).toEqual([
        4_036_116, 4_076_186, 4_036_116,
      ]);
      // A day has its auctions whatever is asked for.
      for (const auctions of ["broker", "merged", "apart"])
        expect(await of(auctions, "1d"), auctions).toEqual([[292, 294.8, 292, 294.8, 4_076_186]]);
      for (const auctions of ["broker", "merged", "apart"])
        expect(
          (await ask(`/api/v1/bars/NSE:ANGELONE?${DAY_OF("08-10")}&auctions=${auctions}`)).body.meta,
          auctions,
        ).toMatchObject({ auctions, count: 2, received: 2 });
      expect(
        (await ask(`/api/v1/bars/NSE:ANGELONE?timeframe=1d&${DAY_OF("08-10")}&auctions=merged`)).body.meta["auctions"],
      ).toBeUndefined();
    });

    it("asks each broker's own way: Upstox's first candle holds the pre-open's volume, nobody knows another's", async () => {
      expect(await figures("NSE:BDL", DAY_OF("08-11"))).toEqual([[1312, 1315, 1312, 1314, 79_963]]);
      expect(await figures("NSE:BDL", `${DAY_OF("08-11")}&auctions=apart`)).toEqual([
        [1313, 1315, 1312.5, 1314, 77_566],
      ]);
      expect(await figures("NSE:CDSL", DAY_OF("08-11"))).toEqual([[1313, 1315, 1312.5, 1314, 77_566]]);
      expect(await figures("NSE:CDSL", `${DAY_OF("08-11")}&auctions=merged`)).toEqual([
        [1312, 1315, 1312, 1314, 79_963],
      ]);
    });

    it("shows the index candle of 15:15 as the broker prints it, which counts as no bar", async () => {
      const key = "NSE_INDEX:NIFTY 50";
      const closing = [23_429, 23_429, 23_414.3, 23_414.3, 0];
      for (const timeframe of ["1m", "5m", "15m", "45m", "1h"]) {
        const rows = await data<RestBar[]>(
          `/api/v1/bars/${encodeURIComponent(key)}?timeframe=${timeframe}&${DAY_OF("09-21")}`,
        );
        expect([rows.at(-1)!.time, rows.at(-1)!.close], timeframe).toEqual([on("09-21T15:15"), 23_414.3]);
        expect((await figures(key, `timeframe=${timeframe}&${DAY_OF("09-21")}`)).at(-1), timeframe).toEqual(closing);
        expect(await figures(key, `timeframe=${timeframe}&${DAY_OF("09-21")}&limit=1`), timeframe).toEqual([closing]);
      }
      expect(
        (await ask(`/api/v1/bars/${encodeURIComponent(key)}?from=2026-09-21T15:13&to=2026-09-21T15:40`)).body.meta,
      ).toMatchObject({ count: 3, expected: 2, received: 2, missing: 0 });
      expect(
        (await ask(`/api/v1/bars/${encodeURIComponent(key)}?from=2026-09-21T15:14&to=2026-09-21T15:40&limit=1`)).body
          .meta,
      ).toMatchObject({ count: 1, received: 0, truncated: true });
      expect((await figures(key, `${DAY_OF("09-21")}&auctions=apart`)).at(-1)).toEqual([
        23_430.5, 23_430.5, 23_428, 23_429, 0,
      ]);
      expect((await figures(key, `${DAY_OF("09-21")}&auctions=merged`)).at(-1)).toEqual([
        23_430.5, 23_430.5, 23_414.3, 23_414.3, 0,
      ]);
      for (const more of ["timeframe=1d", "timeframe=30s", "fill=previous"])
        expect(
          (await data<RestBar[]>(`/api/v1/bars/${encodeURIComponent(key)}?${DAY_OF("09-21")}&${more}`)).every(
            ({ time }) => time !== on("09-21T15:15"),
          ),
          more,
        ).toBe(true);
      // It has no indicator value.
      const { body } = await ask(`/api/v1/bars/${encodeURIComponent(key)}?from=2026-09-21T15:15&to=2026-09-21T15:16`);
      expect((body.data as RestBar[]).map(({ close }) => close)).toEqual([23_414.3]);
    });

    it("says in a bar's passport how it was printed", async () => {
      const passport = async (key: string, time: string, auctions = "") => {
        const url = `/api/v1/bars/${encodeURIComponent(key)}/passport?timeframe=1m&time=${on(time)}${auctions === "" ? "" : `&auctions=${auctions}`}`;
        const { body } = await ask(url);
        expect(body.meta["auctions"], url).toBe(auctions === "" ? "broker" : auctions);
        return body.data as {
          bar: RestBar;
          end: number;
          cause: string;
          auction: unknown;
          auctions: unknown[];
          foldedFrom: unknown;
          hash: string;
        };
      };
      const preOpen = { price: 292, volume: 7_605, volumeIncluded: false, printedBy: "broker" };
      expect(await passport("NSE:ANGELONE", "08-10T09:15")).toMatchObject({
        bar: { open: 292, volume: 367_153 },
        auction: preOpen,
        auctions: [{ place: "pre_open", ...preOpen }],
        cause:
          "built from the feed's ticks; it opens at the pre-open's price as the broker prints it, without the pre-open's volume",
      });
      const merged = { price: 292, volume: 7_605, volumeIncluded: true, printedBy: "asked" };
      expect(await passport("NSE:ANGELONE", "08-10T09:15", "merged")).toMatchObject({
        bar: { open: 292, volume: 374_758 },
        auction: merged,
        auctions: [{ place: "pre_open", ...merged }],
        cause:
          "built from the feed's ticks; merged with adjacent auctions, as requested; it opens at the pre-open's price, with the pre-open's volume",
      });
      expect(await passport("NSE:ANGELONE", "08-10T09:15", "apart")).toMatchObject({
        bar: { open: 292.3, volume: 367_153 },
        auction: null,
        auctions: [],
        cause: "built from the feed's ticks; shown without auctions, as requested",
      });
      expect(await passport("NSE:ANGELONE", "08-10T15:14", "merged")).toMatchObject({
        bar: { close: 294.8, volume: 3_701_428 },
        auction: null,
        auctions: [
          { place: "closing", price: 294.8, volume: 30_000, volumeIncluded: true, printedBy: "asked" },
          { place: "post_close", price: 294.8, volume: 2_465, volumeIncluded: true, printedBy: "asked" },
        ],
      });
      expect(await passport("NSE:ANGELONE", "08-10T15:14")).toMatchObject({
        bar: { close: 293.5 },
        auctions: [],
        cause: "built from the feed's ticks",
      });
      expect(await passport("NSE:BDL", "08-11T09:15")).toMatchObject({
        bar: { volume: 79_963 },
        auction: { volumeIncluded: true, printedBy: "broker" },
      });
      expect(await passport("NSE:CDSL", "08-11T09:15")).toMatchObject({ bar: { volume: 77_566 }, auctions: [] });
      expect(await passport("NSE_INDEX:NIFTY 50", "09-21T15:15")).toMatchObject({
        bar: { open: 23_429, close: 23_414.3 },
        end: on("09-21T15:35"),
        auction: null,
        auctions: [{ place: "closing", price: 23_414.3, printedBy: "broker" }],
        foldedFrom: null,
        hash: "000000000007",
        cause:
          "built from the feed's ticks; the broker's candle row for the closing auction: not continuous trading, excluded from indicators",
      });
      for (const [key, time, auctions] of [
        ["NSE_INDEX:NIFTY 50", "09-21T15:15", "apart"],
        ["NSE_INDEX:NIFTY 50", "09-21T15:36", "broker"],
        ["NSE:ANGELONE", "08-10T15:20", "broker"],
      ]) {
        expect(
          (await ask(`/api/v1/bars/${encodeURIComponent(key!)}/passport?time=${on(time!)}&auctions=${auctions}`))
            .status,
          `${key} ${time}`,
        ).toBe(404);
      }
      expect(
        (await ask(`/api/v1/bars/NSE:ANGELONE/passport?time=${on("08-10T09:15")}&auctions=none`)).body.error,
      ).toMatchObject({
        code: "bad_input",
        details: { field: "auctions", value: "none", accepted: "broker, merged, apart" },
      });
    });
  });

  it("has a route for every view by name", () => {
    expect(Object.keys(routes).sort()).toEqual([...readViews].sort());
  });
});
