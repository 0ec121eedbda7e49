import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { EXCHANGE_CLOCK, JOINED, SUSPECT, tickBatch, TRADE, UNBELIEVED } from "@/server/domain/ticks/tick";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { SecondBars } from "./second-bars";
import { TimeframeBars } from "./resample";
import { STAGE_SNAPSHOT_FORMAT } from "./snapshot-format";

/**
 * What the stages' snapshots hold after the same ticks, by format. Where this test fails, a snapshot has another shape or
 * another meaning: raise `STAGE_SNAPSHOT_FORMAT` and add a line. No line is ever changed.
 */
const recorded: Record<number, { seconds: string; longer: string }> = {
  2: { seconds: "9241ac5b09aef53a", longer: "d687245adbf8eb20" },
};

/** Places and figures as text: an exchange of two places shows as well as a new one. */
const fingerprint = (snapshot: object): string => {
  const text = JSON.stringify(snapshot, (_, value: unknown) =>
    ArrayBuffer.isView(value)
      ? [value.constructor.name, ...Array.from(value as Float64Array, String)]
      : typeof value === "number"
        ? String(value)
        : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
};

/** Two instruments in the middle of everything: open seconds and closed ones, a lost line, a late tick, a volume in doubt. */
const stages = (): { seconds: SecondBars; longer: TimeframeBars } => {
  const table = new InstrumentTable();
  for (const id of [1, 2]) table.put(testInstrument(id), "NSE");
  const seconds = new SecondBars();
  const longer = new TimeframeBars(createCalendar(), table, seconds, true);
  const open = Date.parse("2026-09-07T09:15:00+05:30");
  const batch = tickBatch(1);
  batch.collector = 3;
  batch.sequence = 101;
  const tick = (instrument: number, second: number, price: number, volume: number, flags = TRADE): void => {
    // A little later each time, so that the smallest lags of two windows differ.
    const now = open + second * 1_001 + 7_600;
    seconds.at(now, (bars) => longer.on(bars, () => {}));
    longer.at(now, () => {});
    batch.length = 1;
    batch.receivedTime = now;
    batch.instrument[0] = instrument;
    batch.time[0] = open + second * 1_000 + 250;
    batch.price[0] = price;
    batch.volume[0] = volume;
    batch.openInterest[0] = volume * 3;
    batch.flags[0] = flags | EXCHANGE_CLOCK;
    seconds.on(batch, (bars) => longer.on(bars, () => {}));
    batch.sequence++;
  };
  tick(0, 1, 10_000, 500);
  tick(1, 1, 20_000, 900);
  for (let second = 2; second < 70; second++) tick(second % 2, second, 10_000 + second * 5, 500 + second * 13);
  seconds.on({ kind: "disconnected", collector: 3, receivedTime: open + 80_000, detail: "" }, (bars) =>
    longer.on(bars, () => {}),
  );
  tick(0, 75, 10_300, 2_000, JOINED);
  tick(0, 76, 10_310, 2_040);
  tick(0, 50, 10_900, 1_100);
  tick(1, 77, 20_500, 1_900, TRADE | SUSPECT | UNBELIEVED);
  tick(0, 78, 10_320, 2_055);
  return { seconds, longer };
};

describe("the format of stage snapshots", () => {
  it("is raised with every change of what they hold", () => {
    const { seconds, longer } = stages();
    expect({ seconds: fingerprint(seconds.snapshot()), longer: fingerprint(longer.snapshot()) }).toEqual(
      recorded[STAGE_SNAPSHOT_FORMAT],
    );
  });

  it("is new with every line recorded", () => {
    const lines = Object.values(recorded).map((line) => JSON.stringify(line));
    expect(new Set(lines).size).toBe(lines.length);
    expect(Math.max(...Object.keys(recorded).map(Number))).toBe(STAGE_SNAPSHOT_FORMAT);
  });
});
