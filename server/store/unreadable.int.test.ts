import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DayEdit } from "@/server/domain/calendar/calendar-edits";
import type { Gap } from "@/server/domain/bars/gap";
import type { WatchlistRow } from "@/server/domain/instruments/watchlist";
import type { Store } from "@/server/ports/stores";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";

/** Rows that another version, or a person, has left. */
describe("a stored row that cannot be read", () => {
  let dataDir: string;
  let store: Store;
  const told: [string, string, number | undefined][] = [];
  beforeAll(async () => {
    dataDir = await temporaryFolder();
    store = await startedStore(dataDir, { unreadable: (...said) => void told.push([said[0], said[1], said[2]]) });
  });
  afterAll(async () => {
    await store.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  const said = () => told.splice(0);

  it("leaves the other rows of a watchlist, and the other lists", async () => {
    const broken = [
      { key: "NSE:TCS", section: "IT" },
      { key: 7, section: "" },
      {},
      { key: "NSE:INFY", section: "IT" },
    ] as WatchlistRow[];
    await store.watchlists.save({
      name: "broken",
      title: "Broken",
      category: "party" as "user",
      readOnly: false,
      rows: broken,
    });
    await store.watchlists.save({
      name: "sound",
      title: "Sound",
      category: "user",
      readOnly: false,
      rows: [{ key: "NSE:SBIN", section: "" }],
    });
    const rows = [
      { key: "NSE:TCS", section: "IT" },
      { key: "NSE:INFY", section: "IT" },
    ];
    expect(await store.watchlists.list()).toMatchObject([
      { name: "broken", category: "user", rows },
      { name: "sound", rows: [{ key: "NSE:SBIN" }] },
    ]);
    expect(said()).toEqual([['watchlist "broken"', expect.stringMatching(/^row 2: key: /), 2]]);
    expect(await store.watchlists.get("broken")).toMatchObject({ rows });
  });

  it("leaves the other subscriptions of a collector", async () => {
    said();
    await store.collectors.save(
      {
        name: "kite-1",
        feed: "kite",
        mode: "party" as "full",
        autoStart: true,
        subscriptions: ["NSE:TCS", 7 as unknown as string, "", "NSE:INFY"],
      },
      {},
    );
    expect(await store.collectors.list()).toMatchObject([{ mode: "full", subscriptions: ["NSE:TCS", "NSE:INFY"] }]);
    expect(said().at(-1)).toEqual(["subscriptions of kite-1", expect.stringMatching(/^row 2: /), 2]);
  });

  it("leaves the calendar's other changes in force", async () => {
    const closed: DayEdit = { type: "closed", date: "2026-11-20", hours: ["NSE"], name: "State funeral" };
    const signed = { who: "api" as const, note: "as announced", time: 1_795_150_000_000, edit: null, before: null };
    const first = await store.calendarEdits.append({ ...signed, after: closed });
    await store.calendarEdits.append({ ...signed, after: { ...closed, date: "2026-02-30" } });
    await store.calendarEdits.append({
      ...signed,
      edit: first.edit,
      before: closed,
      after: { type: "halt", date: "2026-11-20", hours: ["NSE"] } as unknown as DayEdit,
    });
    const last = await store.calendarEdits.append({ ...signed, after: { ...closed, date: "2026-11-21" } });
    expect(await store.calendarEdits.list()).toEqual([first, last]);
    expect(said().map(([what]) => what)).toEqual([
      "change 2 of the calendar, after",
      "change 3 of the calendar, after",
    ]);
  });

  it("leaves the other gaps of the ledger", async () => {
    const gap = {
      instrument: 1,
      collector: "kite-1",
      instruments: null,
      from: 1_000,
      to: 2_000,
      openedAt: 2_000,
      note: "",
    };
    const [sound, odd] = await store.gaps.open([
      { ...gap, cause: "silence" },
      { ...gap, cause: "sabotage" as Gap["cause"] },
    ]);
    said();
    expect(await store.gaps.list({})).toEqual([sound]);
    expect(await store.gaps.get(odd!.id)).toBeNull();
    expect(said()).toEqual([
      [`gap ${odd!.id}`, 'its cause "sabotage" is unknown', undefined],
      [`gap ${odd!.id}`, 'its cause "sabotage" is unknown', undefined],
    ]);
  });
});
