import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Container, createContainer } from "./container";
import { timeframe } from "./domain/time/timeframe";
import { wholeConfig } from "./testing/whole-config";

const folders: string[] = [];
let running: Container | null = null;
let stalls: NodeJS.Timeout | undefined;

afterEach(async () => {
  clearInterval(stalls);
  await running?.stop();
  running = null;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const start = Date.parse("2022-11-25T09:15:00+05:30");
const text = (time: number): string => new Date(time + 19_800_000).toISOString().slice(0, 19).replace("T", " ");

/** Seconds of a value each; `isAway` leaves some out. */
const recording = (seconds: number, isAway: (second: number) => boolean): string => {
  const folder = mkdtempSync(path.join(tmpdir(), "candela-recording-"));
  folders.push(folder);
  const file = path.join(folder, "ticks.csv");
  const lines = Array.from({ length: seconds }, (_, second) => second).filter((second) => !isAway(second));
  writeFileSync(
    file,
    lines.map((second) => `${text(start + second * 1_000)},${(18_500 + (second % 97) / 20).toFixed(2)},0`).join("\n"),
  );
  return file;
};

/** Plays a recording in the server while something holds its event loop up again and again; answers when all is played. */
const play = async (file: string, speed: number, end: number): Promise<Container> => {
  const dataDir = mkdtempSync(path.join(tmpdir(), "candela-replayed-"));
  folders.push(dataDir);
  const config = wholeConfig(dataDir, {
    indicators: { configs: "", timeframes: "1m" },
    depthSeconds: 0,
    feed: { kind: "replay", file, speed, instrument: "NSE_INDEX:NIFTY 50", fileOptions: "" },
  });
  const container = await createContainer(config, () => {});
  running = container;
  await container.start(new AbortController().signal);
  stalls = setInterval(() => {
    for (const until = performance.now() + 900; performance.now() < until;) Math.sqrt(2);
  }, 1_700);
  // The clock stops four seconds after the last tick, which came a second before the end; its minute is closed by then.
  await expect
    .poll(() => container.clock.now(), { timeout: 120_000, interval: 200 })
    .toBeGreaterThanOrEqual(end + 3_000 - 1);
  clearInterval(stalls);
  return container;
};

const minutesOf = async (container: Container): Promise<number[]> => {
  const { closed } = await container.desk.bars({
    instrument: container.desk.resolve("NSE_INDEX:NIFTY 50"),
    timeframe: timeframe("1m"),
    from: start,
  });
  return Array.from({ length: closed.length }, (_, row) => closed.time[row]!);
};

describe("a recording of 2022 played by the server on a machine that stalls", () => {
  it.each([
    [60, 1_200],
    [600, 7_200],
  ])(
    "at speed %i has every minute of %i s, and no gap that was not in it",
    async (speed, seconds) => {
      const container = await play(
        recording(seconds, () => false),
        speed,
        start + seconds * 1_000,
      );
      // The clock is there a moment before the last bar has been closed by it.
      await expect
        .poll(() => minutesOf(container), { timeout: 20_000, interval: 100 })
        .toEqual(Array.from({ length: seconds / 60 }, (_, minute) => start + minute * 60_000));
      expect(await container.quality.gaps.list({})).toEqual([]);
      // Bars of 2022 are older than everything that is kept for a while: nothing is deleted in a replay.
      expect(
        (await container.storage.report()).parts.map(({ keepDays }) => keepDays).filter((days) => days !== null),
      ).toEqual([]);
    },
    180_000,
  );

  it("takes the pauses of a quiet recording for what is usual, at any speed", async () => {
    const container = await play(
      recording(3_600, (second) => second % 20 !== 0),
      60,
      start + 3_600_000 - 19_000,
    );
    expect((await container.quality.gaps.list({})).filter(({ from }) => from > start + 120_000)).toEqual([]);
    // The last minute is not over at the clock's time.
    expect((await minutesOf(container)).length).toBe(59);
  }, 180_000);

  it("tells a hole of the recording as a hole: nothing says that nothing traded", async () => {
    const container = await play(
      recording(1_800, (second) => second >= 605 && second < 1_100),
      60,
      start + 1_800_000,
    );
    expect((await container.quality.gaps.list({})).map(({ state, from, to }) => [state, from, to])).toEqual([
      ["open", start + 604_000, start + 1_100_000],
    ]);
    expect((await minutesOf(container)).length).toBe(30 - 7);
  }, 180_000);
});
