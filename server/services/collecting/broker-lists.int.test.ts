import { afterEach, describe, expect, it, vi } from "vitest";
import type { FeedState } from "@/server/domain/ticks/collector";
import { BrokerRig } from "@/server/testing/broker-rig";
import { startedStore } from "@/server/testing/store-open";

/** The list of the day from the simulated exchange with faults, through a whole server. */
describe("a broker's instrument list", () => {
  let rig: BrokerRig;
  const begin = async (subscriptions: readonly string[], ...faults: Record<string, unknown>[]): Promise<void> => {
    rig = await BrokerRig.create(subscriptions);
    for (const fault of faults) await rig.fault(fault);
    await rig.start();
  };
  const again = async (...faults: Record<string, unknown>[]): Promise<void> => {
    await rig.container.stop();
    await rig.reset();
    for (const fault of faults) await rig.fault(fault);
    await rig.start();
  };
  const reaches = (state: FeedState): Promise<void> =>
    vi.waitFor(() => expect(rig.truth().state).toBe(state), { timeout: 60_000, interval: 50 });
  const list = () => rig.container.status.snapshot().lists[0]!;
  const ticking = (key: string): Promise<void> =>
    vi.waitFor(
      () =>
        expect(rig.container.desk.quote(rig.container.desk.resolve(key))!.received).toBeGreaterThan(
          rig.container.clock.now() - 3_000,
        ),
      { timeout: 20_000, interval: 100 },
    );
  afterEach(() => rig.stop());

  it("goes live without the rows that nobody can read and the exchanges nobody knows, each counted and named", async () => {
    await begin(["SIM:RELIANCE", "SIM:TCS"], { kind: "bad_rows" }, { kind: "unknown_exchange" });
    await reaches("LIVE");
    await ticking("SIM:TCS");
    const told = Object.fromEntries(
      list().leftOut.map(({ reason, count, examples }) => [reason, `${count} ${examples[0]}`]),
    );
    expect(told).toMatchObject({
      "expiry is not a date": '1 line 2: expiry "2026-13-45" is not a date',
      "lot size is not a whole number up to 2147483647":
        '1 line 3: lot size "99999999999" is not a whole number up to 2147483647',
      "exchange GLOBAL is not supported: its trading hours are unknown": expect.stringContaining("1 line") as unknown,
      "exchange NEWX is not supported: its trading hours are unknown": expect.stringContaining("1 line") as unknown,
    });
    expect(list().leftOut.reduce((sum, { count }) => sum + count, 0)).toBe(8);
    expect(rig.container.desk.instrument(rig.container.desk.resolve("NCO:ALUMINI26DECFUT"))).toMatchObject({
      segment: "commodity",
      decimals: 2,
    });
    await again({ kind: "unknown_exchange" });
    await reaches("LIVE");
  });

  it("lets a folder start that an older build has poisoned with an exchange nobody knows", async () => {
    rig = await BrokerRig.create(["SIM:RELIANCE"]);
    const store = await startedStore(rig.dataDir);
    await store.instruments.upsert("kite", "2026-08-10", [
      {
        exchange: "NEWX",
        symbol: "NEWCO",
        name: "NEWCO",
        segment: "equity",
        decimals: 2,
        tickSize: 5,
        lotSize: 1,
        expiry: null,
        strike: null,
        token: 4367,
        wireDivisor: 1,
      },
    ]);
    await store.stop();
    await rig.start();
    await reaches("LIVE");
    expect(rig.container.status.snapshot().unusable).toEqual([
      {
        reason: "exchange NEWX is not supported: its trading hours are unknown",
        count: 1,
        examples: [expect.stringContaining("NEWX:NEWCO")],
      },
    ]);
    expect(() => rig.container.desk.resolve("NEWX:NEWCO")).toThrow("no instrument");
  });

  it("goes live without what it does not list, and the light says what that is", async () => {
    await begin(["SIM:RELIANCE", "SIM:NOSUCH"]);
    await reaches("LIVE");
    expect(rig.truth()).toMatchObject({
      subscribed: 1,
      missing: { count: 1, names: ["SIM:NOSUCH"] },
      reason: expect.stringMatching(/last tick .*; not in the broker's list: SIM:NOSUCH$/) as unknown,
    });
  });

  it("is yesterday's where today's is empty, a page of HTML or half as long, and says why", async () => {
    await begin(["SIM:RELIANCE", "SIM:NIFTY 50"]);
    await reaches("LIVE");
    const { rows } = list();
    for (const [kind, problem] of [
      ["empty_list", /has no usable instrument/],
      ["html_list", /lacks instrument_token.*502|lacks instrument_token.*it begins "<html>/],
      [
        "half_list",
        new RegExp(`has ${Math.floor(rows / 2)} instruments, that of .* had ${rows}: it appears incomplete`),
      ],
    ] as const) {
      await again({ kind });
      await reaches("LIVE");
      await ticking("SIM:RELIANCE");
      // Between two attempts: while one is under way there is no next one.
      await expect.poll(list, { message: kind, timeout: 30_000, interval: 50 }).toMatchObject({
        readAt: null,
        problem: expect.stringMatching(problem) as unknown,
        nextAttempt: expect.any(Number) as unknown,
      });
      expect(rig.truth().missing.count).toBe(0);
    }
    await rig.reset();
    await vi.waitFor(() => expect(list()).toMatchObject({ rows, problem: null }), { timeout: 30_000, interval: 200 });
  });

  it("is waited for on a first start, and taken once it is one", async () => {
    rig = await BrokerRig.create(["SIM:RELIANCE"]);
    await rig.fault({ kind: "empty_list" });
    const started = rig.start();
    await vi.waitFor(
      () =>
        expect(rig.truth()).toMatchObject({
          state: "STARTING",
          reason: expect.stringContaining(
            "no instrument list available: the broker's instrument list has no usable instrument",
          ) as unknown,
        }),
      { timeout: 30_000, interval: 50 },
    );
    await rig.reset();
    await reaches("LIVE");
    await started;
  });

  it("moves subscriptions and watchlists with an instrument that got another name overnight", async () => {
    await begin(["SIM:RELIANCE", "SIM:TCS"]);
    await reaches("LIVE");
    const id = rig.container.desk.instrument(rig.container.desk.resolve("SIM:RELIANCE")).id;
    await rig.container.store.watchlists.save({
      name: "mine",
      title: "Mine",
      category: "user",
      readOnly: false,
      rows: [
        { key: "SIM:RELIANCE", section: "" },
        { key: "SIM:TCS", section: "" },
      ],
    });
    await again({ kind: "renamed", symbols: ["RELIANCE"] });
    await reaches("LIVE");
    await ticking("SIM:RELIANCE-NEW");
    expect(rig.truth()).toMatchObject({ subscribed: 2, missing: { count: 0 } });
    const { store, desk } = rig.container;
    expect(desk.instrument(desk.resolve("SIM:RELIANCE-NEW")).id).toBe(id);
    expect((await store.watchlists.get("mine"))!.rows.map(({ key }) => key)).toEqual(["SIM:RELIANCE-NEW", "SIM:TCS"]);
    expect((await store.collectors.list()).find(({ name }) => name === "kite-1")!.subscriptions).toEqual([
      "SIM:RELIANCE-NEW",
      "SIM:TCS",
    ]);
    expect(rig.container.status.snapshot().events.map(({ message }) => message)).toContain(
      "SIM:RELIANCE is renamed to SIM:RELIANCE-NEW from today; its bars, subscriptions and watchlists continue",
    );
  });
});
