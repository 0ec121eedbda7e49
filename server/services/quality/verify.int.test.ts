import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCalendar } from "@/server/domain/calendar/calendar";
import type { Instrument } from "@/server/domain/instruments/instrument";
import { timeframes } from "@/server/domain/time/timeframe";
import { systemClock } from "@/server/observe/clock";
import { TickReplay } from "@/server/pipeline/rebuild";
import type { Store, StoredBar, StoredKind } from "@/server/ports/stores";
import { keepRound } from "@/server/testing/kept-round";
import { makeRound } from "@/server/testing/session-rounds";
import { tickRow, ticksOf } from "@/server/testing/tick-suite";
import { startedStore, temporaryFolder } from "@/server/testing/store-open";
import { Verify } from "./verify";
import type { VerifyReport } from "./verify-report";

const calendar = createCalendar();
const kinds: StoredKind[] = [
  "auction",
  ...timeframes.filter(({ kind }) => kind === "intraday" || kind === "day").map(({ name }) => name),
];
let folder: string;
let store: Store;
let verify: Verify;
let ids = 10_000;

beforeAll(async () => {
  folder = await temporaryFolder();
  store = await startedStore(folder);
  verify = new Verify({
    find: () => {
      throw new Error("not asked by name");
    },
    clock: systemClock(),
    bars: store.bars,
    ticks: store.ticks,
    calendar,
    rebuild: (request) => new TickReplay(calendar, request),
  });
});
afterAll(async () => {
  await store.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Sums {
  equal: number;
  differs: string[];
  reasons: Record<string, number>;
  late: number;
}

/** Verifies every fourth instrument of a kept round in all kinds. */
const verifyRound = async (
  seed: number,
  options: { late: boolean; cuts: boolean },
  restarts: readonly number[] = [],
): Promise<Sums> => {
  const round = makeRound(seed, calendar, options);
  const first = (ids += 100);
  const kept = await keepRound(store, calendar, round, first, restarts);
  const from = round.happenings[0]!.received - 3_600_000;
  const to = round.happenings.at(-1)!.received + 3_600_000;
  const sums: Sums = { equal: 0, differs: [], reasons: {}, late: 0 };
  for (const { instrument, hours } of kept.filter((_, at) => at % 4 === 0))
    for (const kind of kinds) {
      const report = await verify.run({ instrument, hours, kind, from, to });
      sums.equal += report.equal;
      for (const bar of report.bars)
        if (bar.verdict === "differs" || (bar.reason === "restart" && restarts.length === 0))
          sums.differs.push(
            `seed ${seed} ${hours} ${instrument.id} ${kind} ${new Date(bar.time + 19_800_000).toISOString()} ${JSON.stringify(bar.fields)}`,
          );
      for (const [reason, count] of Object.entries(report.reasons))
        sums.reasons[reason] = (sums.reasons[reason] ?? 0) + count;
    }
  return sums;
};

describe("verifying bars against stored ticks", () => {
  it("finds every bar of a random market equal, in every timeframe", async () => {
    const { equal, differs, reasons } = await verifyRound(1, { late: false, cuts: false });
    expect(differs.slice(0, 8)).toEqual([]);
    expect(equal).toBeGreaterThan(250);
    expect(Object.keys(reasons).filter((reason) => reason !== "still_open")).toEqual([]);
  });

  it("so too with late ticks, auctions and lost connections", async () => {
    const { equal, differs, reasons } = await verifyRound(3, { late: true, cuts: true });
    expect(differs.slice(0, 8)).toEqual([]);
    expect(equal).toBeGreaterThan(250);
    expect(Object.keys(reasons).filter((reason) => reason !== "still_open")).toEqual([]);
  });

  it("so too over restarts: what a process took with it is no difference", async () => {
    const { equal, differs } = await verifyRound(8, { late: true, cuts: true }, [150, 400]);
    expect(differs.slice(0, 8)).toEqual([]);
    expect(equal).toBeGreaterThan(250);
  });

  describe("when something was changed", () => {
    let other: { instrument: Instrument; hours: string };
    let kept: { instrument: Instrument; hours: string };
    let from: number;
    let to: number;
    const report = (kind: StoredKind): Promise<VerifyReport> => verify.run({ ...kept, kind, from, to });
    const wholeMinutes = (): Promise<StoredBar[]> =>
      store.bars.readWhole({ instrumentId: kept.instrument.id, timeframe: "1m", from, to });

    beforeAll(async () => {
      const round = makeRound(2, calendar, { late: true, cuts: false });
      const all = await keepRound(store, calendar, round, (ids += 100));
      [from, to] = [round.happenings[0]!.received - 3_600_000, round.happenings.at(-1)!.received + 3_600_000];
      const minutes = await Promise.all(
        all.map(({ instrument }) => store.bars.readWhole({ instrumentId: instrument.id, timeframe: "1m", from, to })),
      );
      const busiest = all
        .filter((_, at) => round.hours[at] === "SIM")
        .sort((one, another) => minutes[all.indexOf(another)]!.length - minutes[all.indexOf(one)]!.length);
      kept = busiest[0]!;
      other = busiest.at(-1)!;
    });

    it("finds the bar that was tampered with, says how, and no other", async () => {
      const before = await report("1m");
      expect([before.differs, before.equal > 4, before.ticks > 10]).toEqual([0, true, true]);
      const victim = (await wholeMinutes())[2]!;
      await store.bars.write([{ ...victim, close: victim.close + 5, volume: victim.volume + 1 }], "replace");
      const after = await report("1m");
      expect(after).toMatchObject({ differs: 1, equal: before.equal - 1 });
      expect(after.bars.find((bar) => bar.verdict === "differs")).toEqual({
        time: victim.time,
        verdict: "differs",
        fields: {
          close: { stored: (victim.close + 5) / 100, rebuilt: victim.close / 100 },
          volume: { stored: victim.volume + 1, rebuilt: victim.volume },
        },
      });
      expect((await report("2m")).differs, "what is derived from it").toBe(1);
      await store.bars.write([victim], "replace");
      expect((await report("1m")).differs).toBe(0);
    });

    it("finds a bar that ticks make and nobody stored", async () => {
      const { ticks } = store;
      const last = await ticks.read({ instrumentId: other.instrument.id, from: 0, to: Infinity, limit: 1 });
      const received = last.received[0]! + 4 * 60_000;
      const rows = [0, 65_000, 130_000].map((later, at) =>
        tickRow(last.sequence[0]! + at + 1, {
          received: received + later,
          time: received + later,
          price: last.price[0]!,
          volume: 9e6 + at,
        }),
      );
      await ticks.write([{ instrumentId: other.instrument.id, ticks: ticksOf(rows) }]);
      const { bars, differs } = await verify.run({
        ...other,
        kind: "1m",
        from: received - 60_000,
        to: received + 600_000,
      });
      expect(differs).toBe(2);
      expect(bars.map((bar) => [bar.verdict, bar.reason, bar.fields])).toEqual([
        ["differs", undefined, undefined],
        ["differs", undefined, undefined],
        ["not_comparable", "still_open", undefined],
      ]);
    });

    it("does not compare what history told, nor longer bars made of it", async () => {
      const victim = (await wholeMinutes())[3]!;
      await store.bars.write([{ ...victim, close: victim.close + 5, state: "backfilled" }], "replace");
      expect((await report("1m")).bars.find((bar) => bar.time === victim.time)).toEqual({
        time: victim.time,
        verdict: "not_comparable",
        reason: "from_history",
      });
      for (const kind of ["15m", "1d", "5m"] as const) {
        const longer = (await report(kind)).bars.findLast((bar) => bar.time <= victim.time);
        expect(longer?.reason ?? "absent", kind).toMatch(/from_history|absent/);
      }
      expect((await report("1s")).differs).toBe(0);
    });

    it("says where ticks are missing", async () => {
      const [sample] = await wholeMinutes();
      const strange = { ...kept.instrument, id: (ids += 100) };
      const bar = (minute: number, firstSequence: number, lastSequence: number): StoredBar => ({
        ...sample!,
        instrumentId: strange.id,
        time: from - (from % 60_000) + minute * 60_000,
        passport: { ...sample!.passport!, firstSequence, lastSequence },
      });
      await store.bars.write([bar(1, 10, 20), bar(2, 30, 40)], "merge");
      await store.ticks.write([
        {
          instrumentId: strange.id,
          ticks: ticksOf([tickRow(30, { received: from + 150_000, time: from + 150_000 - (from % 60_000) })]),
        },
      ]);
      const { bars } = await verify.run({ ...kept, instrument: strange, kind: "1m", from, to });
      expect(bars.map((each) => each.reason)).toEqual(["no_ticks", "ticks_incomplete"]);
    });

    it("refuses a span that is none, or longer than ticks are worth", async () => {
      await expect(verify.run({ ...kept, kind: "1m", from: to, to: from })).rejects.toMatchObject({
        code: "bad_input",
        details: { field: "from" },
      });
      await expect(verify.run({ ...kept, kind: "1m", from: to - 40 * 86_400_000, to })).rejects.toMatchObject({
        code: "bad_input",
        details: { accepted: expect.stringContaining("31 days") },
      });
    });
  });
});
