import { valuesOf } from "@/server/testing/indicator-values";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { IndicatorBar } from "@/server/domain/bars/indicator";
import { timeframe } from "@/server/domain/time/timeframe";
import { indicators, SNAPSHOT_FORMAT } from "@/server/indicators";
import { parseIndicatorList } from "./configs";
import { walkBars } from "@/server/testing/indicator-bars";
import { columnsOfBars, IndicatorRig } from "@/server/testing/indicator-rig";

const minute = timeframe("1m");
const DAY = 86_400_000;
/** Values by bar time, from the first bar. */
const over = (text: string, bars: readonly IndicatorBar[]): Map<number, number[]> => {
  const plots = valuesOf(parseIndicatorList("spec", text)[0]!.resolved, columnsOfBars(bars));
  return new Map(bars.map((bar, row) => [bar.time, plots.map((plot) => plot[row]!)]));
};
const started = async (rig: IndicatorRig): Promise<IndicatorRig> => {
  await rig.service.start();
  await rig.pass(10);
  return rig;
};
const running = (rig: IndicatorRig, instrument = 0): string[] =>
  rig.core
    .of(instrument, minute.index)
    .map((each) => each.resolved.label)
    .sort();
const bars = walkBars(900, 5);
const rigWith = (configs: string, count = 600, instruments = 1): IndicatorRig => {
  const rig = new IndicatorRig({ configs, instruments });
  for (let instrument = 0; instrument < instruments; instrument++) rig.put(instrument, "1m", bars.slice(0, count));
  rig.now = bars[count]!.time;
  return rig;
};

describe("configured indicators", () => {
  it("run on every live instrument, seeded from what is stored, and tell where they stand", async () => {
    const rig = await started(rigWith("SMA:9,MACD", 600, 3));
    expect(rig.service.active()).toMatchObject({
      source: "configuration",
      instruments: 3,
      instances: 6,
      unseeded: 0,
      indicators: [{ text: expect.stringMatching(/^SMA:9.*@1m$/), timeframe: "1m" }, { id: "MACD" }],
    });
    await rig.pass(50);
    for (const instance of rig.core.all()) {
      const want = over(instance.resolved.definition.id === "SMA" ? "SMA:9" : "MACD", bars.slice(0, 600)).get(
        bars[599]!.time,
      )!;
      const value = rig.told.get(instance.id)!.get(bars[599]!.time)!;
      value.forEach((each, plot) => expect(each).toBeCloseTo(want[plot]!, 4));
    }
    for (const bar of bars.slice(600, 640))
      for (let instrument = 0; instrument < 3; instrument++) rig.close(instrument, "1m", bar);
    const sma = rig.core.of(2, minute.index).find((each) => each.resolved.definition.id === "SMA")!;
    expect([...rig.told.get(sma.id)!].slice(-40)).toEqual([...over("SMA:9", bars.slice(0, 640))].slice(-40));
  });

  it("read each series once for all its indicators, and no series in one turn with another", async () => {
    const rig = await started(rigWith("SMA:9,EMA:20,RSI:14", 600, 4));
    expect(rig.reads.map(({ instrument }) => instrument)).toEqual([0, 1, 2, 3]);
    expect(Math.max(...rig.reads.map(({ rows }) => rows))).toBeLessThan(340);
  });

  it("share their instance with readers, and neither ends the other's", async () => {
    const rig = await started(rigWith("SMA:9"));
    const { desk } = rig.service;
    const [fixed] = rig.core.of(0, minute.index);
    const held = desk.hold(0, minute, { id: "sma", params: { period: 9 } });
    expect([held.instance, rig.core.size]).toEqual([fixed!.id, 1]);
    desk.drop(held.instance);
    expect(running(rig)).toEqual([fixed!.resolved.label]);
    const again = desk.hold(0, minute, { id: "SMA", params: { period: 9 } });
    await rig.service.choose({ indicators: [], timeframes: ["1m"] });
    expect(rig.core.size).toBe(1);
    desk.drop(again.instance);
    expect(rig.core.size).toBe(0);
  });

  it("are changed while they run: what stays goes on undisturbed, what is new is seeded, what goes ends", async () => {
    const rig = await started(rigWith("SMA:9,RSI:14", 600, 2));
    const [sma] = rig.core.of(1, minute.index);
    const reads = rig.reads.length;
    const answer = await rig.service.choose({ indicators: ["sma:9", "EMA:20@5m", "BB:20:2"], timeframes: ["1m"] });
    await rig.pass(10);
    expect(answer).toMatchObject({
      source: "settings",
      instances: 6,
      indicators: [{ id: "SMA" }, { id: "EMA", timeframe: "5m" }, { id: "BB" }],
    });
    expect(rig.core.of(1, minute.index)[0]).toBe(sma);
    expect(
      rig.reads
        .slice(reads)
        .map(({ timeframe: of }) => of.name)
        .sort(),
    ).toEqual(["1m", "1m", "5m", "5m"]);
    rig.close(1, "1m", bars[600]!);
    expect(rig.told.get(sma!.id)!.get(bars[600]!.time)).toEqual(over("SMA:9", bars.slice(0, 601)).get(bars[600]!.time));
  });

  it.each([
    [
      { indicators: ["EMA:20", "NOSUCH:9", 7, "SMA:5@5m"], timeframes: ["1m", "7 parsecs"] },
      "settings",
      ["EMA:20@1m", "SMA:5@5m"],
    ],
    [{ indicators: ["EMA:20"], timeframes: "all" }, "settings", ["EMA:20@1m"]],
    [{ indicators: ["NOSUCH:9"], timeframes: ["1m"] }, "configuration", ["SMA:9@1m"]],
    [{ indicators: null }, "configuration", ["SMA:9@1m"]],
    ["EMA:20", "configuration", ["SMA:9@1m"]],
  ] as const)("run without what can no longer be read of the choice %j", async (kept, source, texts) => {
    const rig = new IndicatorRig({ configs: "SMA:9" });
    rig.settings.set("indicators.active", kept);
    await started(rig);
    expect(rig.service.active()).toMatchObject({
      source,
      indicators: texts.map((text) => ({
        text: expect.stringContaining(text.split("@")[0]!) as unknown,
        timeframe: text.split("@")[1],
      })),
    });
    expect(rig.service.active().indicators).toHaveLength(texts.length);
  });

  it("are those that were chosen also after a restart, until the configuration is asked for again", async () => {
    const first = await started(rigWith("SMA:9"));
    await first.service.choose({ indicators: ["EMA:20"], timeframes: ["1m", "5m"] });
    await first.service.stop();
    const second = await started(
      new IndicatorRig({ configs: "SMA:9" }, first.snapshots, first.settings, {
        configs: "RSI:14,SMA:9",
        timeframes: "1m",
      }),
    );
    expect(second.service.active()).toMatchObject({
      source: "settings",
      indicators: [
        { id: "EMA", timeframe: "1m" },
        { id: "EMA", timeframe: "5m" },
      ],
    });
    expect(await second.service.reload()).toMatchObject({
      source: "configuration",
      indicators: [{ id: "RSI" }, { id: "SMA" }],
    });
    await second.service.stop();
    expect(
      (await started(new IndicatorRig({ configs: "SMA:9" }, first.snapshots, first.settings))).service.active(),
    ).toMatchObject({ source: "configuration", indicators: [{ id: "SMA" }] });
  });

  it("are refused as a whole when one entry is wrong, and what runs goes on", async () => {
    const rig = await started(rigWith("SMA:9"));
    await expect(rig.service.choose({ indicators: ["EMA:20", "EMMA:9"], timeframes: ["1m"] })).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "indicators", value: "EMMA:9" },
    });
    rig.reread = { configs: "EMA:x", timeframes: "1m" };
    await expect(rig.service.reload()).rejects.toMatchObject({
      details: { field: "INDICATOR_CONFIGS", value: "EMA:x" },
    });
    expect([running(rig).length, rig.settings.size, rig.service.active().source]).toEqual([1, 0, "configuration"]);
    expect(() => new IndicatorRig({ configs: "SMA:0" })).toThrow(/INDICATOR_CONFIGS: "SMA:0"/);
  });

  it("follow instruments that come and go", async () => {
    const rig = await started(rigWith("SMA:9", 600, 1));
    rig.put(1, "1m", bars.slice(0, 600));
    rig.table.put({ ...rig.table.at(0), id: 99, key: "NSE:NEW" }, "NSE");
    await rig.pass(2_100);
    expect(rig.core.of(1, minute.index).map((each) => each.lastTime)).toEqual([bars[599]!.time]);
  });
});

describe("a change of the past", () => {
  it("is healed for everybody from the last mark before it, and corrected values are told of every bar since", async () => {
    const rig = await started(rigWith("EMA:20"));
    for (const bar of bars.slice(600, 700)) rig.close(0, "1m", bar);
    const [ema] = rig.core.of(0, minute.index);
    const before = rig.reads.length;
    const changed = { ...bars[690]!, close: bars[690]!.close + 5_000, high: bars[690]!.high + 6_000 };
    rig.patch(0, "1m", changed);
    expect(rig.core.isStale(ema!)).toBe(true);
    await rig.pass(300);
    expect(rig.core.isStale(ema!)).toBe(false);
    expect(rig.reads.slice(before).map(({ rows }) => rows)).toEqual([expect.toSatisfy((rows: number) => rows <= 32)]);
    const seeded = bars.slice(600 - 239, 600);
    const want = over("EMA:20", [...seeded, ...bars.slice(600, 690), changed, ...bars.slice(691, 700)]);
    const heard = rig.told.get(ema!.id)!;
    for (const bar of bars.slice(690, 700)) expect(heard.get(bar.time)![0]).toBeCloseTo(want.get(bar.time)![0]!, 6);
  });

  it("that history makes reaches every timeframe that runs", async () => {
    const rig = new IndicatorRig({ configs: "SMA:3,SMA:3@5m", hours: "SIM" });
    const fives = bars.filter((_, row) => row % 5 === 0);
    rig.put(0, "1m", bars.slice(0, 600));
    rig.put(0, "5m", fives.slice(0, 120));
    rig.now = bars[600]!.time;
    await started(rig);
    const twice = (list: readonly IndicatorBar[], count: number): IndicatorBar[] =>
      list.map((bar, row) => (row >= list.length - count ? { ...bar, close: bar.close * 2 } : bar));
    rig.put(0, "1m", twice(bars.slice(0, 600), 3));
    rig.put(0, "5m", twice(fives.slice(0, 120), 1));
    rig.service.changed(0, bars[597]!.time);
    await rig.pass(300);
    for (const [name, list, count] of [
      ["1m", bars.slice(0, 600), 3],
      ["5m", fives.slice(0, 120), 1],
    ] as const) {
      const [instance] = rig.core.of(0, timeframe(name).index);
      const last = list.at(-1)!.time;
      expect(rig.told.get(instance!.id)!.get(last)).toEqual(over("SMA:3", twice(list, count)).get(last));
    }
  });

  it("waits while bars cannot be read, and is healed then", async () => {
    const rig = await started(rigWith("SMA:9"));
    const [sma] = rig.core.of(0, minute.index);
    const read = rig.service as unknown as { upkeep: { parts: { bars: { read: unknown } } } };
    const { bars: source } = read.upkeep.parts;
    const working = source.read;
    source.read = async () => {
      throw new Error("the database is away");
    };
    rig.patch(0, "1m", { ...bars[599]!, close: 1 });
    await rig.pass(300);
    expect([rig.core.isStale(sma!), rig.warnings]).toEqual([true, [expect.stringContaining("retrying")]]);
    source.read = working;
    await rig.pass(6_000);
    expect(rig.core.isStale(sma!)).toBe(false);
  });
});

describe("kept states", () => {
  const restarted = (before: IndicatorRig, configs: string, count: number): IndicatorRig => {
    const rig = new IndicatorRig({ configs }, before.snapshots, before.settings);
    rig.put(0, "1m", bars.slice(0, count));
    rig.now = bars[count - 1]!.time + 60_000;
    return rig;
  };
  const ran = async (configs = "EMA:20,RSI:14,BB:20:2", until = 700): Promise<IndicatorRig> => {
    const rig = await started(rigWith(configs));
    for (const bar of bars.slice(600, until)) rig.close(0, "1m", bar);
    await rig.pass(30_000);
    return rig;
  };

  it("are written every half minute while something happens, ten at most", async () => {
    const rig = await ran();
    expect(rig.snapshots.sets).toHaveLength(1);
    await rig.pass(90_000);
    expect(rig.snapshots.sets).toHaveLength(1);
    for (let set = 0; set < 12; set++) {
      rig.close(0, "1m", bars[700 + set]!);
      await rig.pass(30_000);
    }
    expect(rig.snapshots.sets).toHaveLength(10);
    expect(rig.snapshots.sets[0]).toMatchObject({ version: SNAPSHOT_FORMAT, instances: 3 });
  });

  it("are gone on from after a crash with the bars since, to the last bit as if it had never been", async () => {
    const first = await ran();
    const second = await started(restarted(first, "EMA:20,RSI:14,BB:20:2", 730));
    expect(second.meter.counters.get("indicators.resumed")).toBe(3);
    expect(second.reads).toHaveLength(1);
    expect(second.reads[0]!.rows).toBeLessThanOrEqual(30 + 32);
    for (const bar of bars.slice(700, 730)) first.close(0, "1m", bar);
    for (const rig of [first, second]) for (const bar of bars.slice(730, 748)) rig.close(0, "1m", bar);
    for (const instance of first.core.all()) {
      const other = second.core.find(0, minute.index, instance.resolved)!;
      for (const bar of bars.slice(730, 748))
        expect(second.told.get(other.id)!.get(bar.time)).toEqual(first.told.get(instance.id)!.get(bar.time));
    }
  });

  it("take again what came late just before the crash", async () => {
    const first = await ran("EMA:20");
    const second = restarted(first, "EMA:20", 700);
    const late = { ...bars[698]!, close: bars[698]!.close + 900 };
    second.put(0, "1m", [...bars.slice(0, 698), late, bars[699]!]);
    await started(second);
    await second.pass(50);
    first.patch(0, "1m", late);
    await first.pass(300);
    const [was, is] = [first, second].map((rig) => [...rig.core.all()][0]!);
    expect(second.told.get(is!.id)!.get(bars[699]!.time)).toEqual(first.told.get(was!.id)!.get(bars[699]!.time));
  });

  it("of a set that cannot be read give way to the set before it, which is told", async () => {
    const first = await ran("EMA:20");
    first.close(0, "1m", bars[700]!);
    await first.pass(30_000);
    first.snapshots.sets[0]!.damaged = true;
    const second = await started(restarted(first, "EMA:20", 710));
    expect(second.warnings).toEqual([expect.stringContaining("trying the previous one")]);
    expect(second.meter.counters.get("indicators.resumed")).toBe(1);
    for (const set of first.snapshots.sets) set.damaged = true;
    const third = await started(restarted(first, "EMA:20", 710));
    expect([third.warnings.length, third.meter.counters.get("indicators.seeded")]).toEqual([2, 1]);
  });

  it("of another version, another making or other parameters are not gone on from", async () => {
    const changed = async (
      change: (text: string) => string,
      version = SNAPSHOT_FORMAT,
      configs = "EMA:20",
    ): Promise<IndicatorRig> => {
      const first = await ran("EMA:20");
      const [set] = first.snapshots.sets;
      first.snapshots.sets[0] = { ...set!, version, pieces: [change(set!.pieces.join("\n"))] };
      return started(restarted(first, configs, 710));
    };
    for (const rig of [
      await changed((text) => text, SNAPSHOT_FORMAT + 1),
      await changed((text) => text.replace(/"EMA":"\w+"/, '"EMA":"other"')),
      await changed((text) => text, SNAPSHOT_FORMAT, "EMA:21"),
      await changed((text) => text.replace('"count"', '"counted"')),
      await changed(() => "no set at all"),
      await changed((text) => `${text}\n[1,"7m","EMA","EMA:20",5,{}]`),
    ]) {
      expect(rig.meter.counters.get("indicators.resumed") ?? 0).toBe(0);
      expect([...rig.core.all()].map((each) => each.lastTime)).toEqual([bars[709]!.time]);
    }
  });

  it("of another format are left aside with the reason, and the newest set of this format is gone on from", async () => {
    for (const format of [SNAPSHOT_FORMAT - 1, SNAPSHOT_FORMAT + 1]) {
      const first = await ran("EMA:20");
      first.close(0, "1m", bars[700]!);
      await first.pass(30_000);
      const [newest, before] = first.snapshots.sets;
      expect([newest!.version, before!.version]).toEqual([SNAPSHOT_FORMAT, SNAPSHOT_FORMAT]);
      first.snapshots.sets[0] = { ...newest!, version: format };
      const second = await started(restarted(first, "EMA:20", 710));
      expect(second.warnings).toEqual([expect.stringContaining("trying the previous one")]);
      expect(second.reasons).toEqual([`Error: format ${format} is not ${SNAPSHOT_FORMAT}`]);
      expect(second.meter.counters.get("indicators.resumed")).toBe(1);
      first.snapshots.sets[1] = { ...before!, version: format };
      const third = await started(restarted(first, "EMA:20", 710));
      expect(third.warnings).toHaveLength(2);
      expect([
        third.meter.counters.get("indicators.resumed") ?? 0,
        third.meter.counters.get("indicators.seeded"),
      ]).toEqual([0, 1]);
    }
  });

  it("so old that seeding is no more work are left", async () => {
    const first = await ran("EMA:20");
    const second = restarted(first, "EMA:20", 900);
    second.now += 5 * DAY;
    await started(second);
    expect([
      second.meter.counters.get("indicators.resumed") ?? 0,
      second.meter.counters.get("indicators.seeded"),
    ]).toEqual([0, 1]);
  });

  it("are also there for a reader who comes back", async () => {
    const first = await started(rigWith(""));
    const held = first.service.desk.hold(0, minute, { id: "EMA", params: { period: 20 } });
    await first.service.desk.read({ instrument: 0, timeframe: minute, bars: 100 }, [held]);
    for (const bar of bars.slice(600, 700)) first.close(0, "1m", bar);
    await first.pass(30_000);
    const second = await started(restarted(first, "", 700));
    const again = second.service.desk.hold(0, minute, { id: "EMA", params: { period: 20 } });
    await second.service.desk.read({ instrument: 0, timeframe: minute, bars: 100 }, [again]);
    for (const rig of [first, second]) rig.close(0, "1m", bars[700]!);
    expect(second.told.get(again.instance)!.get(bars[700]!.time)).toEqual(
      first.told.get(held.instance)!.get(bars[700]!.time),
    );
  });
});

describe("a reading", () => {
  it("of values is what the chart shows: over closed bars, and of what forms, which is marked", async () => {
    const rig = await started(rigWith("", 600));
    rig.forming.set("0/1m", [bars[600]!]);
    const held = rig.service.desk.hold(0, minute, { id: "EMA", params: { period: 20 } });
    const chart = await rig.service.desk.read({ instrument: 0, timeframe: minute, bars: 51 }, [held]);
    const view = await rig.service.values({ instrument: 0, timeframe: "1m", spec: "EMA:20", limit: 51 });
    expect(view.values.map(({ values }) => values[0])).toEqual(Array.from(chart.values[0]![0]!).slice(1));
    expect(view.values.map(({ live }) => live)).toEqual([...Array.from({ length: 50 }, () => false), true]);
    const want = over("EMA:20", bars.slice(0, 601));
    for (const { time, values } of view.values) expect(values[0]).toBeCloseTo(want.get(time)![0]!, 4);
    expect(Array.from(rig.service.desk.peek(held.instance, columnsOfBars([bars[600]!])))).toEqual([
      view.values[50]!.values[0],
    ]);
  });

  it("has as many rows as were asked for, what forms among them", async () => {
    const rig = await started(rigWith("", 600));
    rig.now += 5_000;
    const times = async (query: { limit: number; from?: number; to?: number; asOf?: number }) =>
      (await rig.service.values({ instrument: 0, timeframe: "1m", spec: "SMA:20", ...query })).values.map(
        ({ time, live }) => `${bars.findIndex((bar) => bar.time === time)}${live ? " forms" : ""}`,
      );
    expect(await times({ limit: 3 })).toEqual(["597", "598", "599"]);
    rig.forming.set("0/1m", [bars[600]!]);
    expect(await times({ limit: 3 })).toEqual(["598", "599", "600 forms"]);
    expect(await times({ limit: 1 })).toEqual(["600 forms"]);
    rig.forming.set("0/1m", [bars[600]!, bars[601]!]);
    expect(await times({ limit: 3 })).toEqual(["599", "600 forms", "601 forms"]);
    expect(await times({ limit: 3, from: bars[600]!.time })).toEqual(["600 forms", "601 forms"]);
    expect(await times({ limit: 3, to: bars[601]!.time })).toEqual(["598", "599", "600 forms"]);
    expect(await times({ limit: 9, from: bars[500]!.time, to: bars[503]!.time })).toEqual(["500", "501", "502"]);
    expect(await times({ limit: 2, asOf: bars[600]!.time })).toEqual(["598", "599"]);
    await expect(times({ limit: 2, from: 5, to: 5 })).rejects.toMatchObject({
      code: "bad_input",
      details: { field: "from" },
    });
  });

  // Averages with infinite memory start `settle` bars back: their values agree to 1e-9 of the price, the others
  // exactly.
  it.each(indicators.map(({ id }) => id))(
    "of %s: a closed bar's value does not depend on limit, from, to, on what forms, or on asOf",
    async (id) => {
      const count = 800;
      const rig = await started(rigWith("", count));
      rig.now += 5_000;
      const open = [[], [bars[count]!], [bars[count]!, bars[count + 1]!, bars[count + 2]!]];
      const read = async (
        query: { limit: number; from?: number; to?: number; asOf?: number },
        forming: readonly IndicatorBar[],
      ) => {
        rig.forming.set("0/1m", [...forming]);
        return (await rig.service.values({ instrument: 0, timeframe: "1m", spec: id, ...query })).values;
      };
      const whole = new Map((await read({ limit: count }, [])).map(({ time, values }) => [time, values]));
      expect(whole.size).toBe(count);
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 400 }),
          fc.constantFrom(...open),
          fc.option(fc.integer({ min: 300, max: count })),
          fc.option(fc.integer({ min: 300, max: count })),
          fc.boolean(),
          async (limit, forming, from, to, asOf) => {
            if (from !== null && to !== null && from >= to) return;
            const got = await read(
              {
                limit,
                ...(from === null ? {} : { from: bars[from]!.time }),
                ...(to === null ? {} : { to: bars[to]!.time }),
                ...(asOf ? { asOf: rig.now - 1 } : {}),
              },
              forming,
            );
            const there = bars
              .slice(0, count + (asOf ? 0 : forming.length))
              .filter((_, row) => (from === null || row >= from) && (to === null || row < to));
            expect(got.map(({ time }) => time)).toEqual(there.slice(-limit).map(({ time }) => time));
            for (const { time, live, values } of got) {
              expect(live).toBe(time >= bars[count]!.time);
              if (live) continue;
              const wanted = whole.get(time)!;
              values.forEach((value, plot) => {
                expect(value === null, `${id} at ${time} plot ${plot}: ${value} for ${wanted[plot]}`).toBe(
                  wanted[plot] === null,
                );
                if (value !== null)
                  expect(Math.abs(value - wanted[plot]!)).toBeLessThanOrEqual(
                    1e-9 * Math.max(Math.abs(value), 100_000),
                  );
              });
            }
          },
        ),
        { numRuns: 12, seed: 8 },
      );
    },
  );

  it("tells what is still warming up as null, and refuses what is no one indicator", async () => {
    const rig = await started(rigWith("", 30));
    const { values } = await rig.service.values({ instrument: 0, timeframe: "1m", spec: "SMA:20", limit: 30 });
    expect(values.map((row) => row.values[0] === null)).toEqual(Array.from({ length: 30 }, (_, row) => row < 19));
    for (const spec of ["EMA:20,RSI:14", "EMA:20@5m", "EMMA", ""])
      await expect(rig.service.values({ instrument: 0, timeframe: "1m", spec, limit: 5 })).rejects.toMatchObject({
        code: "bad_input",
        details: { field: "spec" },
      });
  });

  describe("on bars of seconds", () => {
    const open = Date.parse("2026-11-09T09:15:00+05:30");
    const seconds: IndicatorBar[] = walkBars(9_000, 9, 99_999).map((bar, row) => ({
      ...bar,
      time: open + row * 1_000,
    }));
    const yesterday: IndicatorBar[] = walkBars(375, 11, 999).map((bar, row) => ({
      ...bar,
      time: open - 3 * DAY + row * 60_000,
    }));
    const second = timeframe("1s");
    const rigOf = async (): Promise<IndicatorRig> => {
      const rig = new IndicatorRig();
      rig.put(0, "1s", [
        ...walkBars(2_000, 3, 99_999).map((bar, row) => ({ ...bar, time: open - 3 * DAY + row * 1_000 })),
        ...seconds,
      ]);
      rig.put(0, "1m", yesterday);
      rig.now = seconds.at(-1)!.time + 1_000;
      return started(rig);
    };

    it("begins what counts from the session's open there, and levels of the day before by its minutes", async () => {
      const rig = await rigOf();
      const helds = ["VWAP", "PDL", "EMA"].map((id) => rig.service.desk.hold(0, second, { id, params: {} }));
      const { closed, first, values } = await rig.service.desk.read(
        { instrument: 0, timeframe: second, bars: 1_500 },
        helds,
      );
      expect([closed.length, closed.time[0], closed.length - first]).toEqual([9_000, open, 1_500]);
      expect(Array.from(values[0]![0]!)).toEqual(
        [...over("VWAP", seconds).values()].slice(-1_500).map(([value]) => value!),
      );
      expect(values[1]!.map((plot) => plot[1_499])).toEqual([
        Math.max(...yesterday.map(({ high }) => high)),
        Math.min(...yesterday.map(({ low }) => low)),
        yesterday.at(-1)!.close,
      ]);
      expect(values[2]![0]![1_499]).toBeCloseTo(over("EMA", seconds).get(seconds.at(-1)!.time)![0]!, 3);
    });

    it("reads for the next reader only what the running instance does not remember", async () => {
      const rig = await rigOf();
      const first = rig.service.desk.hold(0, second, { id: "VWAP", params: {} });
      const one = await rig.service.desk.read({ instrument: 0, timeframe: second, bars: 1_500 }, [first]);
      const before = rig.reads.length;
      const next = rig.service.desk.hold(0, second, { id: "VWAP", params: {} });
      expect(next.instance).toBe(first.instance);
      const two = await rig.service.desk.read({ instrument: 0, timeframe: second, bars: 1_500 }, [next]);
      expect(two.values).toEqual(one.values);
      expect(Math.max(...rig.reads.slice(before).map(({ rows }) => rows))).toBeLessThan(6_200);
    });

    it("reads a page of the past from its own session's open, and seeds nobody with it", async () => {
      const rig = await rigOf();
      const held = rig.service.desk.hold(0, second, { id: "VWAP", params: {} });
      const page = await rig.service.desk.read(
        { instrument: 0, timeframe: second, bars: 500, to: seconds[3_000]!.time },
        [{ ...held, instance: 0 }],
      );
      expect([page.closed.time[0], page.closed.length, page.forming.length]).toEqual([open, 3_000, 0]);
      expect(Array.from(page.values[0]![0]!)).toEqual(
        [...over("VWAP", seconds.slice(0, 3_000)).values()].slice(-500).map(([value]) => value!),
      );
      expect(rig.core.get(held.instance)!.lastTime).toBe(0);
    });
  });
});
