import { describe, expect, it } from "vitest";
import { CLOSE, PATCH } from "@/server/domain/bars/bar";
import { createCalendar } from "@/server/domain/calendar/calendar";
import { AUCTION, IN_TIME, JOINED, RESET, SUSPECT, TRADE, UNBELIEVED } from "@/server/domain/ticks/tick";
import { named, PipelineRig } from "@/server/testing/pipeline-rig";

const open = Date.parse("2024-08-13T09:15:00+05:30");
const tick = (second: number, price: number, volume: number) => ({ time: open + second * 1_000, price, volume });
const rig = (): PipelineRig => new PipelineRig(createCalendar(), "NSE");
const minutes = (it: PipelineRig) =>
  it.closed(named("1m")).map(({ open: o, high, low, close, volume, ticks }) => [o, high, low, close, volume, ticks]);

describe("a late tick", () => {
  const late = (): PipelineRig => {
    const pipeline = rig();
    pipeline.ticks([tick(0, 100, 0), tick(1, 101, 10), tick(30, 102, 20), tick(40, 103, 30)]);
    return pipeline;
  };
  it("widens the minute that still runs, and never counts volume twice", () => {
    const pipeline = late();
    pipeline.ticks([tick(5, 150, 15)]);
    pipeline.finish();
    expect(minutes(pipeline)).toEqual([[100, 150, 100, 103, 30, 5]]);
    expect(pipeline.seconds.late).toBe(1);
  });
  it("patches bars that are closed, in every timeframe that holds it, each once", () => {
    const pipeline = late();
    pipeline.ticks([tick(60, 104, 40), tick(65, 104, 50), tick(70, 105, 60)]);
    pipeline.at(open + 80_000);
    pipeline.ticks([tick(5, 50, 15)]);
    const patched = pipeline.events
      .filter(({ event }) => event === PATCH)
      .map(({ timeframe, low, volume }) => [timeframe, low, volume]);
    expect(patched).toEqual(
      [named("1s"), named("5s"), named("15s"), named("30s"), named("1m")].map(({ index }) => [index, 50, 0]),
    );
    pipeline.finish();
    expect(minutes(pipeline)[0]).toEqual([100, 103, 50, 103, 30, 5]);
    // The running five minutes had included the minute; they are widened in place.
    expect(pipeline.closed(named("5m"))[0]).toMatchObject({ low: 50, volume: 60 });
  });
  it("of a later bar takes in nothing of the bars before it that are still open", () => {
    const pipeline = rig();
    pipeline.ticks([tick(898, 100, 0), tick(899, 101, 10), tick(905, 120, 30), tick(901, 130, 20)]);
    pipeline.finish();
    expect(pipeline.seconds.late).toBe(1);
    for (const name of ["1m", "5m", "15m"] as const) {
      expect(
        pipeline
          .closed(named(name))
          .map(({ open: o, high, low, close, volume, ticks }) => [o, high, low, close, volume, ticks]),
        name,
      ).toEqual([
        [100, 101, 100, 101, 10, 2],
        [130, 130, 120, 120, 20, 2],
      ]);
    }
  });
});

describe("volume", () => {
  it("is the difference of the day's volume; the first tick's own is not one huge trade", () => {
    const pipeline = rig();
    pipeline.ticks([tick(0, 100, 90_000), tick(1, 100, 90_010)]);
    pipeline.finish();
    expect(minutes(pipeline)[0]![4]).toBe(10);
  });
  it("counts from the day's own figures, though the first packet of a connect before the open told the old day's without a time", () => {
    for (const auction of [[], [tick(-900, 100, 0), tick(-350, 100, 31)]]) {
      const pipeline = rig();
      // Without its own time it has our receive time, on this day.
      pipeline.ticks([tick(-2_700, 100, 19_353_875)], JOINED | IN_TIME);
      if (auction.length > 0) pipeline.ticks(auction, AUCTION);
      pipeline.ticks([tick(1, 101, 41), tick(2, 102, 60), tick(61, 103, 70), tick(121, 103, 95)]);
      pipeline.finish();
      expect(minutes(pipeline).map(([, , , , volume]) => volume)).toEqual(
        auction.length > 0 ? [29, 10, 25] : [19, 10, 25],
      );
    }
  });
  it("that is not believed enters no bar, and marks the bars it touches; where two packets agree, counting goes on from the new figure", () => {
    const pipeline = rig();
    pipeline.ticks([tick(0, 100, 1_000), tick(10, 101, 1_100)]);
    pipeline.ticks([tick(20, 101, 500)], TRADE | SUSPECT | UNBELIEVED);
    pipeline.ticks([tick(70, 102, 560)], TRADE | SUSPECT | RESET);
    pipeline.ticks([tick(130, 102, 600)]);
    pipeline.finish();
    expect(pipeline.whole(named("1m")).map(({ volume, incomplete }) => [volume, incomplete])).toEqual([
      [100, true],
      [60, true],
      [40, false],
    ]);
  });
  it("of a doubted jump that was true belongs to the second that told it, where that is still open", () => {
    const pipeline = rig();
    pipeline.ticks([tick(0, 100, 1_000), tick(58, 101, 1_100)]);
    pipeline.ticks([tick(59, 101, 9_000_000)], TRADE | SUSPECT | UNBELIEVED);
    pipeline.ticks([tick(60, 102, 9_000_010)], TRADE | SUSPECT);
    pipeline.finish();
    expect(pipeline.whole(named("1m")).map(({ volume, incomplete }) => [volume, incomplete])).toEqual([
      [8_999_000, true],
      [10, true],
    ]);
  });
  it("over a new connection starts from its first tick, whose bar is marked as incomplete", () => {
    const pipeline = rig();
    pipeline.ticks([tick(0, 100, 1_000), tick(1, 100, 1_010)]);
    pipeline.event("disconnected");
    pipeline.event("connected");
    pipeline.ticks([tick(90, 101, 8_000), tick(91, 102, 8_005), tick(200, 103, 8_010)]);
    pipeline.finish();
    expect(minutes(pipeline).map((bar) => bar[4])).toEqual([10, 5, 5]);
    expect(
      pipeline.events
        .filter(({ event, timeframe }) => event === CLOSE && timeframe === named("1m").index)
        .map(({ incomplete }) => incomplete),
    ).toEqual([true, true, false]);
  });
  it.each([
    ["during the pre-open", AUCTION | IN_TIME, false],
    ["before it, with an old packet", IN_TIME, false],
    ["when the market trades", 0, true],
  ])("connected %s: whether the first minute of trading is incomplete", (_, flags, incomplete) => {
    const pipeline = rig();
    pipeline.event("connected");
    pipeline.ticks([tick(-400, 100, 0)], flags);
    pipeline.event("disconnected");
    pipeline.event("connected");
    pipeline.ticks([tick(-300, 100, 0)], flags);
    pipeline.ticks([tick(1, 101, 100), tick(61, 101, 110)]);
    pipeline.finish();
    const closed = (name: "1s" | "1m" | "1d") =>
      pipeline.events.find(({ event, timeframe }) => event === CLOSE && timeframe === named(name).index)!.incomplete;
    expect([closed("1s"), closed("1m"), closed("1d")]).toEqual([incomplete, incomplete, incomplete]);
    expect(minutes(pipeline)[0]![4]).toBe(100);
  });
  it("of rows that enter no bar moves the base: an auction's belongs to no second", () => {
    const pipeline = rig();
    pipeline.ticks([tick(-600, 100, 0)], AUCTION);
    pipeline.ticks([tick(-400, 100, 5_000)], AUCTION);
    pipeline.ticks([tick(0, 101, 5_100)]);
    pipeline.finish();
    expect(minutes(pipeline)[0]).toEqual([101, 101, 101, 101, 100, 1]);
  });
  it("is not taken from an open second by a move of the book", () => {
    const pipeline = rig();
    pipeline.ticks([tick(0, 100, 10), tick(1, 101, 25)]);
    pipeline.ticks([tick(2, 101, 25)], 0);
    pipeline.ticks([tick(60, 101, 30)]);
    pipeline.finish();
    expect(minutes(pipeline).map((bar) => bar[4])).toEqual([15, 5]);
  });
});

describe("a silence", () => {
  const holes = (it: PipelineRig, name: string) =>
    it.whole(named(name)).map(({ time, incomplete }) => [(time - open) / 1_000, incomplete]);
  /** Ticks up to the 59th second, then nothing; noticed at the 64th, as a silence since the last one came. */
  const silence = (lastCame = 59_400): PipelineRig => {
    const pipeline = rig();
    pipeline.ticks([tick(0, 100, 0), tick(57, 101, 10), tick(58, 104, 20), tick(59, 99, 30), tick(59, 102, 40)]);
    pipeline.at(open + 64_400);
    pipeline.event("silent", open + lastCame);
    return pipeline;
  };
  it("makes a hole in the second it began in, though that was closed as whole when the silence was noticed, and in every bar that holds it", () => {
    const pipeline = silence();
    expect(holes(pipeline, "1s")).toEqual([
      [0, false],
      [57, false],
      [58, false],
      [59, true],
    ]);
    expect([holes(pipeline, "5s").at(-1), holes(pipeline, "1m")]).toEqual([[55, true], [[0, true]]]);
    pipeline.ticks([tick(70, 103, 60), tick(71, 103, 70)]);
    pipeline.finish();
    expect(holes(pipeline, "1s").slice(4)).toEqual([
      [70, true],
      [71, false],
    ]);
    expect(holes(pipeline, "5m")).toEqual([[0, true]]);
  });
  it("changes nothing else of those bars", () => {
    const [heard, silent] = [rig(), silence()];
    heard.ticks([tick(0, 100, 0), tick(57, 101, 10), tick(58, 104, 20), tick(59, 99, 30), tick(59, 102, 40)]);
    heard.at(open + 64_400);
    for (const pipeline of [heard, silent]) pipeline.finish();
    for (const name of ["1s", "5s", "1m", "5m", "1d"]) {
      const passports = (it: PipelineRig) => it.whole(named(name)).map(({ passport }) => passport);
      expect([silent.closed(named(name)), passports(silent)]).toEqual([heard.closed(named(name)), passports(heard)]);
    }
  });
  it("leaves a second whole after which something has come: the market had been quiet", () => {
    expect(holes(silence(63_000), "1s").at(-1)).toEqual([59, false]);
  });
});

describe("time", () => {
  it("closes a silent second and minute when the clock passes their watermark, not before", () => {
    const pipeline = rig();
    pipeline.ticks([tick(59, 100, 0)]);
    pipeline.at(open + 61_900);
    expect(pipeline.events).toEqual([]);
    pipeline.at(open + 62_000);
    expect(pipeline.events.map(({ timeframe }) => timeframe)).toContain(named("1m").index);
  });
  it("opens no bar for a minute without a tick", () => {
    const pipeline = rig();
    pipeline.ticks([tick(0, 100, 0), tick(180, 101, 5)]);
    pipeline.finish();
    expect(pipeline.closed(named("1m")).map(({ time }) => (time - open) / 60_000)).toEqual([0, 3]);
  });
});
