import { describe, expect, it } from "vitest";
import type { SnapshotHead } from "./bars-feed";
import { PriceLine } from "./price-line";
import { SeriesStore } from "./series-store";

const NOW = Date.parse("2026-11-18T10:01:30+05:30");
const instrument = { key: "NSE:RELIANCE", exchange: "NSE", simulated: false } as SnapshotHead["instrument"];
const session = {
  kind: "regular",
  phase: "open",
  open: Date.parse("2026-11-18T09:15:00+05:30"),
  close: Date.parse("2026-11-18T15:30:00+05:30"),
} as unknown as SnapshotHead["session"];
const asked = {
  instrument,
  timeframe: "1m",
  historicalOnly: true,
  connection: { kind: "connected" },
  frame: null,
  now: NOW,
} as unknown as Parameters<PriceLine["judge"]>[0];

describe("the price line", () => {
  it("is the last tick's price, and knows the previous close", () => {
    const line = new PriceLine(new SeriesStore());
    line.snapshot({
      session,
      quote: { price: 251_305, previousClose: 250_000, received: NOW - 400 },
    } as unknown as SnapshotHead);
    expect(line.judge(asked)).toMatchObject({ price: 251_305, rising: true, stale: false, below: "" });
    expect([line.previousClose, line.ltp]).toEqual([250_000, { price: 251_305, received: NOW - 400 }]);
    expect(line.light).toMatchObject({ state: "HISTORY" });
  });

  it("knows no previous close where the snapshot has 0, and forgets the last one", () => {
    const line = new PriceLine(new SeriesStore());
    line.snapshot({ session, quote: { price: 1, previousClose: 2, received: 3 } } as unknown as SnapshotHead);
    line.snapshot({ session, quote: { price: 1, previousClose: 0, received: 3 } } as unknown as SnapshotHead);
    expect(line.previousClose).toBeNull();
    line.snapshot({ session, quote: null } as unknown as SnapshotHead);
    expect([line.ltp, line.judge(asked).price]).toEqual([null, null]);
  });
});
