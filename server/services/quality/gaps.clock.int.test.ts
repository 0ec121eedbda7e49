import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GET as compares, POST as compare } from "@/app/api/v1/compare/route";
import { GET as completeness } from "@/app/api/v1/completeness/route";
import { POST as heal } from "@/app/api/v1/gaps/[id]/heal/route";
import { POST as ignore } from "@/app/api/v1/gaps/[id]/ignore/route";
import { GET as gaps } from "@/app/api/v1/gaps/route";
import type { RestGap } from "@/server/contract/answers";
import type { Comparison, CompletenessDay } from "@/server/contract/routes";
import { istDate, istDay } from "@/server/domain/time/session";
import {
  ask,
  closed,
  container,
  differences,
  found,
  type Handler,
  ledger,
  start,
  stop,
} from "@/server/testing/gap-server";

describe("the gap ledger of a running server", () => {
  let began = 0;
  beforeAll(async () => {
    await start();
    began = Math.floor(container.clock.now() / 60_000) * 60_000;
  }, 120_000);
  afterAll(stop);

  it("notes that nobody listened before the first start, and heals it from history", async () => {
    const first = await found((gap) => gap.cause === "restart");
    expect(first).toMatchObject({ collector: "sim-1", instrument: null, note: "no bar of them was stored" });
    const healed = await closed(first.id);
    expect(healed.state).toBe("healed");
    expect(healed.missing).toBeGreaterThan(0);
    expect(healed.remaining).toBe(0);
    expect(healed.healedBy).toBe("history of kite");
  }, 700_000);

  it("notes the absence of a restart, and every bar is the exchange's in the end", async () => {
    await container.stop();
    await new Promise((resolve) => {
      setTimeout(resolve, 2_000);
    });
    await start();
    const again = await found((gap) => gap.cause === "restart" && gap.note === "" && gap.from > began);
    await closed(again.id);
    await expect
      .poll(async () => (await ledger("?state=open,healing")).length, { timeout: 300_000, interval: 2_000 })
      .toBe(0);
    expect(await differences(began - 5 * 60_000)).toEqual([]);
    // Filling all those gaps changed nothing the feed had delivered completely: its ticks, traded value and hash.
    const { id } = container.desk.instrument(container.desk.resolve("SIM:TCS"));
    const whole = (
      await container.store.bars.readWhole({ instrumentId: id, timeframe: "1m", from: began, to: Infinity })
    ).filter(({ state }) => state === "closed");
    expect(whole.length).toBeGreaterThan(0);
    for (const bar of whole)
      expect([bar.rev, bar.incomplete, bar.ticks > 0, bar.value > 0, bar.passport!.hash > 0]).toEqual([
        1,
        false,
        true,
        true,
        true,
      ]);
  }, 1_000_000);

  it("says of a whole day that nothing is missing", async () => {
    const { data, meta } = await ask<CompletenessDay[]>(completeness, "/completeness?instrument=SIM:RELIANCE");
    const [today] = data;
    expect(today).toMatchObject({
      date: istDate(istDay(container.clock.now())),
      missing: 0,
      incomplete: 0,
      completeness: 1,
      quality: "excellent",
    });
    expect(today!.expected).toBe(
      today!.received + today!.patched + today!.corrected + today!.backfilled + today!.noTrade,
    );
    expect(today!.backfilled).toBeGreaterThan(0);
    expect(today!.received).toBeGreaterThan(0);
    expect(meta).toMatchObject({ key: "SIM:RELIANCE", timeframe: "1m", missing: 0, feed: { state: "LIVE" } });
    const yesterday = istDate(istDay(container.clock.now()) - 1);
    const [whole] = (
      await ask<CompletenessDay[]>(
        completeness,
        `/completeness?instrument=SIM:NIFTY%2050&timeframe=15m&from=${yesterday}&to=${yesterday}`,
      )
    ).data;
    expect(whole).toMatchObject({ date: yesterday, expected: 96, backfilled: 96, missing: 0 });
    expect(
      (
        await ask<CompletenessDay[]>(
          completeness,
          `/completeness?instrument=SIM:NIFTY%2050&from=2020-01-01&to=2020-01-01`,
        )
      ).data,
    ).toMatchObject([{ expected: 1_440, missing: 1_440, completeness: 0, quality: "poor" }]);
  });

  it("compares a day on demand: what equals, and what was spoilt and is put right with its revision kept", async () => {
    const index = container.desk.resolve("SIM:TCS");
    const { id } = container.desk.instrument(index);
    // The date of the bar that is spoilt below: the test may run across midnight.
    const day = istDate(istDay(began - 3 * 60_000));
    const same = await ask<Comparison>(compare, "/compare", { body: { instrument: "SIM:TCS", date: day } });
    expect(same).toMatchObject({
      status: 201,
      data: { instrument: "SIM:TCS", date: day, by: "api", kept: 0, corrected: 0, flagged: 0, differences: [] },
    });
    expect(same.data.equal).toBe(same.data.bars);
    expect(same.data.bars).toBeGreaterThan(0);

    const [bar] = await container.store.bars.readWhole({
      instrumentId: id,
      timeframe: "1m",
      from: began - 3 * 60_000,
      to: began - 2 * 60_000,
    });
    await container.store.bars.write(
      [{ ...bar!, close: bar!.close - 5, low: Math.min(bar!.low, bar!.close - 5) }],
      "replace",
    );
    const put = (
      await ask<Comparison>(compare, "/compare", { body: { instrument: "SIM:TCS", date: day, by: "local user" } })
    ).data;
    expect(put).toMatchObject({ by: "local user", corrected: 1, flagged: 0 });
    expect(put.differences.find(({ field }) => field === "close")).toEqual({
      timeframe: "1m",
      time: bar!.time,
      field: "close",
      ours: (bar!.close - 5) / 100,
      theirs: bar!.close / 100,
      decision: "corrected",
      why: "history has changed since it was stored",
    });
    const [now] = await container.store.bars.readWhole({
      instrumentId: id,
      timeframe: "1m",
      from: bar!.time,
      to: bar!.time + 1,
    });
    expect(now).toMatchObject({ close: bar!.close, state: "corrected" });
    expect((await container.store.bars.revisions(id, "1m", bar!.time)).at(-1)).toMatchObject({ close: bar!.close - 5 });
    const runs = (await ask<Comparison[]>(compares, `/compare?instrument=SIM:TCS&from=${day}`)).data;
    expect(runs.filter(({ by }) => by !== "healing").map((run) => run.id)).toEqual([put.id, same.data.id]);
    // What history replaced is recorded too, each with its rule; no complete bar is among it.
    const replaced = runs.filter(({ by }) => by === "healing").flatMap(({ differences: found }) => found);
    expect(new Set(replaced.map(({ why }) => why))).toEqual(new Set(["the stored bar had a gap"]));
  });

  it("lets a person close a gap with a note, and have one healed again", async () => {
    const [any] = await ledger("?limit=1");
    const ignored = await ask<RestGap>(ignore, "", {
      id: String(any!.id),
      body: { note: "known outage of the broker", by: "local user" },
    });
    expect(ignored.data).toMatchObject({ id: any!.id, state: "ignored", healedBy: "local user" });
    expect(ignored.data.note).toContain("known outage of the broker");
    const healing = await ask<RestGap>(heal, "", { id: String(any!.id), body: {} });
    expect([healing.status, healing.data.state]).toEqual([202, "healing"]);
    await closed(any!.id);
  }, 200_000);

  it.each<[string, Handler, string, { id?: string; body?: unknown }, number, Record<string, unknown>]>([
    [
      "a state nobody knows",
      gaps,
      "/gaps?state=lost",
      {},
      400,
      { field: "state", value: "lost", accepted: "open, healing, healed, no_trade, ignored" },
    ],
    ["a limit of 0", gaps, "/gaps?limit=0", {}, 400, { field: "limit", value: "0" }],
    ["times in the wrong order", gaps, "/gaps?from=2026-11-20&to=2026-11-19", {}, 400, { field: "from" }],
    [
      "an instrument nobody knows",
      gaps,
      "/gaps?instrument=NSE:NOTHING",
      {},
      400,
      { field: "instrument", value: "NSE:NOTHING" },
    ],
    ["a parameter nobody knows", gaps, "/gaps?symbol=RELIANCE", {}, 400, { field: "symbol" }],
    ["a gap that is not there", heal, "", { id: "99999999", body: {} }, 404, { field: "id", value: 99_999_999 }],
    [
      "an id that is none",
      ignore,
      "",
      { id: "first", body: { note: "for no reason" } },
      400,
      { field: "id", value: "first" },
    ],
    ["no note", ignore, "", { id: "1", body: {} }, 400, { field: "note" }],
    [
      "a note that no database can hold",
      ignore,
      "",
      { id: "1", body: { note: "an outage\0" } },
      400,
      { field: "note", value: "an outage\0" },
    ],
    ["a note of two letters", ignore, "", { id: "1", body: { note: "ok" } }, 400, { field: "note", value: "ok" }],
    ["completeness of nothing", completeness, "/completeness", {}, 400, { field: "instrument" }],
    [
      "completeness by weeks",
      completeness,
      "/completeness?instrument=SIM:TCS&timeframe=1W",
      {},
      400,
      { field: "timeframe", value: "1W" },
    ],
    [
      "completeness of a date that is none",
      completeness,
      "/completeness?instrument=SIM:TCS&from=2026-02-30",
      {},
      400,
      { field: "from", value: "2026-02-30" },
    ],
    [
      "completeness of ten years",
      completeness,
      "/completeness?instrument=SIM:TCS&from=2016-01-01&to=2026-01-01",
      {},
      400,
      { field: "to", value: "2026-01-01" },
    ],
    [
      "a compare of tomorrow",
      compare,
      "",
      { body: { instrument: "SIM:TCS", date: "2100-01-01" } },
      400,
      { field: "date", value: "2100-01-01" },
    ],
    ["a compare without a date", compare, "", { body: { instrument: "SIM:TCS" } }, 400, { field: "date" }],
  ])("refuses %s, naming field, value and what is accepted", async (_, handler, query, given, status, details) => {
    const answer = await ask(handler, query, given);
    expect(answer.status).toBe(status);
    expect(answer.error?.details).toMatchObject(details);
    expect(answer.error?.details["accepted"]).toMatch(/\w{3}/);
  });
});
