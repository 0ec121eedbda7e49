import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "./support/app";
import { barsOf, expectChart, recordCanvasText } from "./support/chart";

const OPEN = Date.parse("2026-11-18T09:15:00+05:30");
const MINUTES = 12;
const ist = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Kolkata", dateStyle: "short", timeStyle: "medium" });

/** One price a second: minute m opens at 2,500 + m, touches +0.45 and closes at +0.20. */
const priceAt = (second: number): number => {
  const [minute, within] = [Math.floor(second / 60), second % 60];
  return 2_500 + minute + (within === 30 ? 0.45 : within === 59 ? 0.2 : within === 0 ? 0 : 0.1);
};

test("a recorded session plays in the browser at its own time", async ({ page, launch }) => {
  const file = path.join(tmpdir(), `candela-replay-${process.pid}.csv`);
  writeFileSync(
    file,
    Array.from(
      { length: MINUTES * 60 },
      (_, second) => `${ist.format(OPEN + second * 1_000)},${priceAt(second).toFixed(2)},${1_000 + second * 10}\n`,
    ).join(""),
  );
  try {
    const drawn = await recordCanvasText(page);
    // Not waited for: once its file is played a recording is silent, and never ready again.
    const app = await launch({
      early: true,
      args: ["--feed", `replay:${file}`, "--speed", "60", "--instrument", "NSE:RELIANCE"],
    });
    await page.goto(`${app.url}/chart/NSE/RELIANCE?tf=1m`);
    await expectChart(page, "NSE/RELIANCE", "1m", 2);
    await expect.poll(async () => (await barsOf(page)).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(MINUTES);
    const bars = (await barsOf(page)).filter((bar) => bar.time < OPEN + (MINUTES - 1) * 60_000);
    expect(bars.map(({ time, open, high, low, close }) => [time, open, high, low, close])).toEqual(
      Array.from({ length: MINUTES - 1 }, (_, minute) => [
        OPEN + minute * 60_000,
        (2_500 + minute) * 100,
        (2_500 + minute) * 100 + 45,
        (2_500 + minute) * 100,
        (2_500 + minute) * 100 + 20,
      ]),
    );
    await expect(page.getByTestId("legend-main-0")).toContainText("RELIANCE · 1m · NSE");
    await expect(page.getByTestId("legend-main-0").locator('[data-state="SIM"]')).toHaveCount(0);
    const texts = await drawn();
    expect(texts.length).toBeGreaterThan(0);
    expect(texts).not.toContain("SIMULATED");
    // Its clock stops at the end, so the age of the last tick is meaningless; the feed's state shows it.
    const light = async (): Promise<unknown> =>
      (
        (await (await fetch(`${app.url}/api/v1/health`)).json()) as {
          data: { feeds: { state: string; reason: string }[] };
        }
      ).data.feeds[0];
    await expect
      .poll(light, { timeout: 60_000 })
      .toMatchObject({ state: "STOPPED", reason: `the recording ${file} has ended` });
  } finally {
    rmSync(file, { force: true });
  }
});
