import { afterAll, expect, it, vi } from "vitest";
import { BrokerRig } from "@/server/testing/broker-rig";
import { startedStore } from "@/server/testing/store-open";

/** Enough to make the difference visible; a broker lists a hundred thousand. */
const LISTED = 2_000;
let rig: BrokerRig;
afterAll(() => rig.stop());

it("after a restart, loads the stored bars of what is subscribed or listed, not of everything a broker ever listed", async () => {
  rig = await BrokerRig.create(["SIM:RELIANCE", "SIM:TCS"]);
  const store = await startedStore(rig.dataDir);
  await store.instruments.upsert(
    "kite",
    "2026-08-10",
    Array.from({ length: LISTED }, (_, at) => ({
      exchange: "NSE",
      symbol: `TEST${at}`,
      name: `Test ${at}`,
      segment: "equity" as const,
      decimals: 2,
      tickSize: 5,
      lotSize: 1,
      expiry: null,
      strike: null,
      token: 900_000_000 + at,
      wireDivisor: 1,
    })),
  );
  await store.watchlists.save({
    name: "mine",
    title: "Mine",
    category: "user",
    readOnly: false,
    rows: [
      { key: "NSE:TEST7", section: "" },
      { key: "NSE:NO SUCH", section: "" },
    ],
  });
  await store.stop();
  const { desk } = await rig.start();
  await vi.waitFor(() => expect(rig.truth().state).toBe("LIVE"), { timeout: 60_000, interval: 50 });
  const wanted = ["SIM:RELIANCE", "SIM:TCS", "NSE:TEST7"].map((key) => desk.resolve(key));
  await vi.waitFor(() => expect(wanted.map((index) => desk.isWarm(index))).toEqual([true, true, true]), {
    timeout: 30_000,
    interval: 50,
  });
  const warm = Array.from({ length: LISTED }, (_, index) => index).filter((index) => desk.isWarm(index));
  expect(warm.filter((index) => !wanted.includes(index))).toEqual([]);
  expect(rig.container.status.feed().markets.map(({ exchange }) => exchange)).toEqual(
    expect.arrayContaining(["NSE", "SIM"]),
  );
});
