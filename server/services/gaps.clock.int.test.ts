import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { GET as compares, POST as compare } from "@/app/api/v1/compare/route";
import { GET as completeness } from "@/app/api/v1/completeness/route";
import { POST as heal } from "@/app/api/v1/gaps/[id]/heal/route";
import { POST as ignore } from "@/app/api/v1/gaps/[id]/ignore/route";
import { GET as gaps } from "@/app/api/v1/gaps/route";
import { type Container, createContainer } from "@/server/container";
import type { RestCompare, RestCompleteness, RestGap } from "@/server/contract/quality";
import { istDate, istDay } from "@/server/domain/session";
import { timeframe } from "@/server/domain/timeframe";
import { publish } from "@/server/runtime";
import { wholeConfig } from "@/server/testing/whole-config";
import { historyOf } from "@/server/testing/whole-server";

type Handler = (request: Request, context: { params: Promise<Record<string, string>> }) => Promise<Response>;
const dataDir = mkdtempSync(path.join(tmpdir(), "candela-gaps-"));
let container: Container;
let exchange = "";

const start = async (): Promise<void> => {
  container = await createContainer(wholeConfig(dataDir), (step) => { exchange = /http:\/\/127\.0\.0\.1:\d+/.exec(step)?.[0] ?? exchange; });
  publish(container);
  await container.start(new AbortController().signal);
  await vi.waitFor(() => expect(container.desk.truth()[0]?.state).toBe("LIVE"), { timeout: 60_000, interval: 50 });
};

const ask = async <T>(handler: Handler, query = "", { id, body }: { id?: string; body?: unknown } = {}) => {
  const request = new Request(`http://localhost/api/v1${query}`, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  const params: Record<string, string> = id === undefined ? {} : { id };
  const answer = await handler(request, { params: Promise.resolve(params) });
  const { data, error, meta } = await answer.json() as { data: T; meta: Record<string, unknown>; error?: { code: string; details: Record<string, unknown> } };
  return { status: answer.status, data, meta, error };
};
const ledger = async (query = ""): Promise<RestGap[]> => (await ask<RestGap[]>(gaps, `/gaps${query}`)).data;
const fault = (body: Record<string, unknown>): Promise<Response> => fetch(`${exchange}/sim/fault`, { method: "POST", body: JSON.stringify(body) });
const wait = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });
const found = async (which: (gap: RestGap) => boolean, timeout = 60_000): Promise<RestGap> => {
  let gap: RestGap | undefined;
  await expect.poll(async () => (gap = (await ledger()).find(which)) !== undefined, { timeout, interval: 500 }).toBe(true);
  return gap!;
};
const closed = async (id: number, timeout = 300_000): Promise<RestGap> => {
  await expect.poll(async () => (await ledger()).find((gap) => gap.id === id)?.state, { timeout, interval: 1_000 }).toMatch(/^(healed|no_trade)$/);
  return (await ledger()).find((gap) => gap.id === id)!;
};

/** Stored minutes of every instrument beside the exchange's: sentences about those that differ, are missing, too many or cut. */
const differences = async (from: number): Promise<string[]> => {
  const { desk, instruments } = container;
  const said: string[] = [];
  for (const index of instruments.listedBy("kite")) {
    const { key, decimals } = desk.instrument(index);
    const { closed: ours } = await desk.bars({ instrument: index, timeframe: timeframe("1m"), from });
    const last = ours.length === 0 ? from : ours.time[ours.length - 1]!;
    const theirs = await historyOf(exchange, instruments.tokenOf("kite", index)!, from, last);
    for (let row = 0; row < ours.length; row++) {
      const time = ours.time[row]!;
      const mine = [...[ours.open, ours.high, ours.low, ours.close].map((column) => column[row]! / 10 ** decimals), ours.volume[row]!].join();
      const wanted = theirs.get(time)?.slice(0, 5).join();
      if (wanted !== mine) said.push(`${key} ${new Date(time).toISOString()}: ours ${mine}, theirs ${wanted}`);
      if (ours.incomplete[row] === 1 && time < last) said.push(`${key} ${new Date(time).toISOString()}: has a hole`);
      theirs.delete(time);
    }
    for (const time of theirs.keys()) said.push(`${key} ${new Date(time).toISOString()}: missing`);
  }
  return said;
};

describe("the gap ledger of a running server", () => {
  let began = 0;
  beforeAll(async () => { await start(); began = Math.floor(container.clock.now() / 60_000) * 60_000; }, 120_000);
  afterAll(async () => {
    await container.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it("notes that nobody listened before the first start, and heals it from history", async () => {
    const first = await found((gap) => gap.cause === "restart");
    expect(first).toMatchObject({ collector: "sim-1", instrument: null, note: "no bar of them was stored" });
    const healed = await closed(first.id);
    expect(healed.state).toBe("healed");
    expect(healed.missing).toBeGreaterThan(0);
    expect(healed.remaining).toBe(0);
    expect(healed.healedBy).toBe("history of kite");
  }, 400_000);

  it("notes an instrument that falls silent while its feed goes on, a feed that goes mute and a line that is lost; all heal", async () => {
    await fault({ kind: "mute", symbols: ["RELIANCE"], ms: 50_000 });
    const one = await found((gap) => gap.cause === "silence" && gap.instrument === "SIM:RELIANCE");
    expect(one).toMatchObject({ to: null, state: "open", collector: "sim-1" });
    expect(one.note).toMatch(/no tick for \d+ s, usually every .* while its feed brings others/);
    const truth = (await ask(gaps, "/gaps?instrument=SIM:RELIANCE")).meta["feed"];
    expect(truth).toMatchObject({ collector: "sim-1", state: "MUTE", reason: expect.stringMatching(/^no tick for \d+ s, usually every .* while its feed brings others$/) as string, expectedPerMinute: expect.any(Number) as number });
    expect(container.desk.truth()[0]!.state).toBe("LIVE");
    await expect.poll(async () => (await ledger()).find(({ id }) => id === one.id)?.to, { timeout: 60_000 }).not.toBeNull();

    await fault({ kind: "mute", ms: 9_000 });
    const mute = await found((gap) => gap.cause === "silence" && gap.instrument === null);
    expect(mute).toMatchObject({ collector: "sim-1", to: null, state: "open" });
    await expect.poll(async () => (await ledger()).find(({ id }) => id === mute.id)?.to, { timeout: 60_000 }).not.toBeNull();
    expect((await ledger()).find(({ id }) => id === mute.id)!.durationMs).toBeGreaterThan(7_000);

    await fault({ kind: "disconnect", ms: 3_000 });
    const lost = await found((gap) => gap.cause === "disconnect");
    for (const { id } of [one, mute, lost]) {
      const { missing, filled, remaining, state } = await closed(id);
      expect({ state, remaining }).toEqual({ state: "healed", remaining: 0 });
      expect(filled).toBeGreaterThan(0);
      expect(filled).toBeLessThanOrEqual(missing!);
    }
  }, 600_000);

  it("notes the absence of a restart, and every bar is the exchange's in the end", async () => {
    await container.stop();
    await wait(2_000);
    await start();
    const again = await found((gap) => gap.cause === "restart" && gap.note === "" && gap.from > began);
    await closed(again.id);
    await expect.poll(async () => (await ledger("?state=open,healing")).length, { timeout: 300_000, interval: 2_000 }).toBe(0);
    expect(await differences(began - 5 * 60_000)).toEqual([]);
    // The heals of all those gaps left alone what the stream had brought whole: its ticks, traded value and hash.
    const { id } = container.desk.instrument(container.desk.resolve("SIM:TCS"));
    const whole = (await container.store.bars.readWhole({ instrumentId: id, timeframe: "1m", from: began, to: Infinity })).filter(({ state }) => state === "closed");
    expect(whole.length).toBeGreaterThan(1);
    for (const bar of whole) expect([bar.rev, bar.incomplete, bar.ticks > 0, bar.value > 0, bar.passport!.hash > 0]).toEqual([1, false, true, true, true]);
  }, 700_000);

  it("says of a whole day that nothing is missing", async () => {
    const { data, meta } = await ask<RestCompleteness[]>(completeness, "/completeness?instrument=SIM:RELIANCE");
    const [today] = data;
    expect(today).toMatchObject({ date: istDate(istDay(container.clock.now())), missing: 0, incomplete: 0, completeness: 1, quality: "excellent" });
    expect(today!.expected).toBe(today!.received + today!.patched + today!.corrected + today!.backfilled + today!.noTrade);
    expect(today!.backfilled).toBeGreaterThan(0);
    expect(today!.received).toBeGreaterThan(0);
    expect(meta).toMatchObject({ key: "SIM:RELIANCE", timeframe: "1m", missing: 0, feed: { state: "LIVE" } });
    const yesterday = istDate(istDay(container.clock.now()) - 1);
    const [whole] = (await ask<RestCompleteness[]>(completeness, `/completeness?instrument=SIM:NIFTY%2050&timeframe=15m&from=${yesterday}&to=${yesterday}`)).data;
    expect(whole).toMatchObject({ date: yesterday, expected: 96, backfilled: 96, missing: 0 });
    expect((await ask<RestCompleteness[]>(completeness, `/completeness?instrument=SIM:NIFTY%2050&from=2020-01-01&to=2020-01-01`)).data).toMatchObject([{ expected: 1_440, missing: 1_440, completeness: 0, quality: "poor" }]);
  });

  it("compares a day on demand: what equals, and what was spoilt and is put right with its revision kept", async () => {
    const index = container.desk.resolve("SIM:TCS");
    const { id } = container.desk.instrument(index);
    // The date of the bar that is spoilt below: the test may run across midnight.
    const day = istDate(istDay(began - 3 * 60_000));
    const same = await ask<RestCompare>(compare, "/compare", { body: { instrument: "SIM:TCS", date: day } });
    expect(same).toMatchObject({ status: 201, data: { instrument: "SIM:TCS", date: day, by: "api", kept: 0, corrected: 0, flagged: 0, differences: [] } });
    expect(same.data.equal).toBe(same.data.bars);
    expect(same.data.bars).toBeGreaterThan(0);

    const [bar] = await container.store.bars.readWhole({ instrumentId: id, timeframe: "1m", from: began - 3 * 60_000, to: began - 2 * 60_000 });
    await container.store.bars.write([{ ...bar!, close: bar!.close - 5, low: Math.min(bar!.low, bar!.close - 5) }], "replace");
    const put = (await ask<RestCompare>(compare, "/compare", { body: { instrument: "SIM:TCS", date: day, by: "local user" } })).data;
    expect(put).toMatchObject({ by: "local user", corrected: 1, flagged: 0 });
    expect(put.differences.find(({ field }) => field === "close")).toEqual({ timeframe: "1m", time: bar!.time, field: "close", ours: (bar!.close - 5) / 100, theirs: bar!.close / 100, decision: "corrected", why: "history says otherwise than it did" });
    const [now] = await container.store.bars.readWhole({ instrumentId: id, timeframe: "1m", from: bar!.time, to: bar!.time + 1 });
    expect(now).toMatchObject({ close: bar!.close, state: "corrected" });
    expect((await container.store.bars.revisions(id, "1m", bar!.time)).at(-1)).toMatchObject({ close: bar!.close - 5 });
    const runs = (await ask<RestCompare[]>(compares, `/compare?instrument=SIM:TCS&from=${day}`)).data;
    expect(runs.filter(({ by }) => by !== "healing").map((run) => run.id)).toEqual([put.id, same.data.id]);
    // What filling from history replaced stands there too, each with the rule: nothing that was whole.
    const replaced = runs.filter(({ by }) => by === "healing").flatMap(({ differences: found }) => found);
    expect(new Set(replaced.map(({ why }) => why))).toEqual(new Set(["the stored bar had a hole"]));
  });

  it("lets a person close a gap with a note, and have one healed again", async () => {
    const [any] = await ledger("?limit=1");
    const ignored = await ask<RestGap>(ignore, "", { id: String(any!.id), body: { note: "known outage of the broker", by: "local user" } });
    expect(ignored.data).toMatchObject({ id: any!.id, state: "ignored", healedBy: "local user" });
    expect(ignored.data.note).toContain("known outage of the broker");
    const healing = await ask<RestGap>(heal, "", { id: String(any!.id), body: {} });
    expect([healing.status, healing.data.state]).toEqual([202, "healing"]);
    await closed(any!.id);
  }, 200_000);

  it.each<[string, Handler, string, { id?: string; body?: unknown }, number, Record<string, unknown>]>([
    ["a state nobody knows", gaps, "/gaps?state=lost", {}, 400, { field: "state", value: "lost", accepted: "open, healing, healed, no_trade, ignored" }],
    ["a limit of 0", gaps, "/gaps?limit=0", {}, 400, { field: "limit", value: "0" }],
    ["times in the wrong order", gaps, "/gaps?from=2026-11-20&to=2026-11-19", {}, 400, { field: "from" }],
    ["an instrument nobody knows", gaps, "/gaps?instrument=NSE:NOTHING", {}, 400, { field: "instrument", value: "NSE:NOTHING" }],
    ["a parameter nobody knows", gaps, "/gaps?symbol=RELIANCE", {}, 400, { field: "symbol" }],
    ["a gap that is not there", heal, "", { id: "99999999", body: {} }, 404, { field: "id", value: 99_999_999 }],
    ["an id that is none", ignore, "", { id: "first", body: { note: "for no reason" } }, 400, { field: "id", value: "first" }],
    ["no note", ignore, "", { id: "1", body: {} }, 400, { field: "note" }],
    ["a note that no database can hold", ignore, "", { id: "1", body: { note: "an outage\0" } }, 400, { field: "note", value: "an outage\0" }],
    ["a note of two letters", ignore, "", { id: "1", body: { note: "ok" } }, 400, { field: "note", value: "ok" }],
    ["completeness of nothing", completeness, "/completeness", {}, 400, { field: "instrument" }],
    ["completeness by weeks", completeness, "/completeness?instrument=SIM:TCS&timeframe=1W", {}, 400, { field: "timeframe", value: "1W" }],
    ["completeness of a date that is none", completeness, "/completeness?instrument=SIM:TCS&from=2026-02-30", {}, 400, { field: "from", value: "2026-02-30" }],
    ["completeness of ten years", completeness, "/completeness?instrument=SIM:TCS&from=2016-01-01&to=2026-01-01", {}, 400, { field: "to", value: "2026-01-01" }],
    ["a compare of tomorrow", compare, "", { body: { instrument: "SIM:TCS", date: "2100-01-01" } }, 400, { field: "date", value: "2100-01-01" }],
    ["a compare without a date", compare, "", { body: { instrument: "SIM:TCS" } }, 400, { field: "date" }],
  ])("refuses %s, naming field, value and what is accepted", async (_, handler, query, given, status, details) => {
    const answer = await ask(handler, query, given);
    expect(answer.status).toBe(status);
    expect(answer.error?.details).toMatchObject(details);
    expect(answer.error?.details["accepted"]).toMatch(/\w{3}/);
  });
});
