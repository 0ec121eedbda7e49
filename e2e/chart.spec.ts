import type { Page } from "@playwright/test";
import { expect, test } from "./support/app";
import {
  barAt,
  barCount,
  barsOf,
  expectChart,
  feedPill,
  holdStill,
  legendOf,
  openChart,
  pixelOf,
  recordCanvasText,
  restBars,
  rupees,
  visibleOf,
} from "./support/chart";

const IST_OFFSET = 19_800_000;
const DAY = 86_400_000;
const chartBox = async (page: Page) => (await page.getByTestId("chart-0").boundingBox())!;

/** TA-Lib's RSI: the mean of the first n changes, then Wilder's smoothing. */
const rsi = (closes: readonly number[], period: number): number => {
  let gain = 0;
  let loss = 0;
  for (let at = 1; at < closes.length; at++) {
    const change = closes[at]! - closes[at - 1]!;
    const [up, down] = [Math.max(change, 0), Math.max(-change, 0)];
    if (at <= period) {
      gain += up / period;
      loss += down / period;
    } else {
      gain = (gain * (period - 1) + up) / period;
      loss = (loss * (period - 1) + down) / period;
    }
  }
  return gain + loss === 0 ? 0 : (100 * gain) / (gain + loss);
};

test("CH-03 the legend reads the bar under the crosshair, and the live bar when the pointer leaves", async ({
  page,
  app,
}) => {
  await openChart(page, app);
  await holdStill(page);
  const old = await barAt(page, -20);
  const { x, y } = await pixelOf(page, old);
  await page.mouse.move(x, y);
  await expect
    .poll(() => legendOf(page))
    .toMatchObject({
      time: String(old.time),
      open: rupees(old.open),
      high: rupees(old.high),
      low: rupees(old.low),
      close: rupees(old.close),
    });
  await page.mouse.move(x, 10);
  await expect.poll(async () => (await legendOf(page)).time === String((await barAt(page, -1)).time)).toBe(true);
  await expect.poll(async () => (await legendOf(page)).close === rupees((await barAt(page, -1)).close)).toBe(true);
});

test("the keyboard's crosshair goes with Escape, a reset and a new symbol", async ({ page, app }) => {
  await openChart(page, app);
  await holdStill(page);
  await page.getByTestId("chart-0").focus();
  const readsOld = async (): Promise<boolean> => Number((await legendOf(page)).time) < (await barAt(page, -5)).time;
  for (const leave of ["Escape", "Alt+KeyR"]) {
    await page.keyboard.press("Shift+ArrowLeft");
    await expect.poll(readsOld).toBe(true);
    await page.keyboard.press(leave);
    await expect.poll(readsOld).toBe(false);
  }
  await page.keyboard.press("Shift+ArrowLeft");
  await expect.poll(readsOld).toBe(true);
  await page.getByTestId("wl-row-SIM:INFY").click();
  await expectChart(page, "SIM/INFY", "1m");
  await expect.poll(readsOld).toBe(false);
});

test("CH-04 the last price stays live while history is read", async ({ page, app }) => {
  await openChart(page, app);
  await holdStill(page);
  const { x, y } = await pixelOf(page, await barAt(page, -20));
  await page.mouse.move(x, y);
  await expect.poll(async () => (await legendOf(page)).time).not.toBe(String((await barAt(page, -1)).time));
  const legend = await legendOf(page);
  const ltp = page.getByTestId("legend-main-0").getByTestId("ltp");
  const before = await ltp.innerText();
  await expect.poll(() => ltp.innerText(), { timeout: 30_000 }).not.toBe(before);
  expect(await legendOf(page)).toEqual(legend);
  await expect(feedPill(page)).toHaveText(/LIVE\s*\d+(\.\d)?s/);
});

test("CH-05 timeframes by chip and by typing; a refusal names the reason", async ({ page, app }) => {
  await openChart(page, app);
  await page.getByRole("group", { name: "Timeframe" }).first().getByRole("button", { name: "5m", exact: true }).click();
  await expectChart(page, "SIM/RELIANCE", "5m");
  await expect(page).toHaveURL(/tf=5m/);
  await page.keyboard.press("7");
  const box = page.getByTestId("tf-box");
  await expect(box).toHaveValue("7");
  await page.keyboard.press("5");
  await page.keyboard.press("Enter");
  await expectChart(page, "SIM/RELIANCE", "75m");
  await expect(page.getByTestId("tf-button")).toContainText("75m");
  for (const { time } of await barsOf(page))
    expect(((time + IST_OFFSET) % DAY) % (75 * 60_000), "bars count from the session's open").toBe(0);

  await page.keyboard.press("0");
  await page.keyboard.press("m");
  await page.keyboard.press("Enter");
  await expect(
    page.getByRole("alert").filter({
      hasText: "A timeframe cannot be zero. Type minutes (5, 45, 75), hours (4h), seconds up to 59 (10s), D, W or M",
    }),
  ).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(box).toBeHidden();
  await expectChart(page, "SIM/RELIANCE", "75m");
});

test("a timeframe that is derived is chosen by typing, lives, and stays", async ({ page, app }) => {
  await openChart(page, app);
  await page.keyboard.press("4");
  await page.getByTestId("tf-box").fill("45");
  await page.keyboard.press("Enter");
  await expectChart(page, "SIM/RELIANCE", "45m", 20);
  await expect(page.getByTestId("tf-button")).toContainText("45m");
  await expect(page.getByTestId("legend-main-0")).toContainText("RELIANCE · 45m · SIM");
  for (const { time } of await barsOf(page))
    expect(((time + IST_OFFSET) % DAY) % (45 * 60_000), "bars count from the session's open").toBe(0);
  // What forms moves with the ticks, and its indicator with it.
  const before = await barAt(page, -1);
  await expect.poll(async () => (await barAt(page, -1)).close, { timeout: 30_000 }).not.toBe(before.close);
  expect((await barAt(page, -1)).points.flat().every((value) => Number.isFinite(value))).toBe(true);
  const rest = (await restBars(app, "SIM:RELIANCE", { timeframe: "45m", limit: 12 })).slice(0, 10);
  const shown = await barsOf(page);
  for (const bar of rest)
    expect(
      shown.find(({ time }) => time === bar.time),
      new Date(bar.time).toISOString(),
    ).toMatchObject({ open: Math.round(bar.open * 100), close: Math.round(bar.close * 100), volume: bar.volume });
  await page.reload();
  await expectChart(page, "SIM/RELIANCE", "45m", 20);
  await expect(page.getByTestId("tf-button")).toContainText("45m");

  await page.keyboard.press("1");
  await page.getByTestId("tf-box").fill("10s");
  await page.keyboard.press("Enter");
  await expectChart(page, "SIM/RELIANCE", "10s", 1);
  const first = (await barAt(page, -1)).time;
  // A bar closes and the next begins.
  await expect.poll(async () => (await barAt(page, -1)).time, { timeout: 30_000 }).toBeGreaterThan(first);
  expect((await barAt(page, -1)).time % 10_000).toBe(0);
  await expect.poll(async () => (await barsOf(page)).find(({ time }) => time === first)?.state).toBe("closed");

  await page.keyboard.press("Control+KeyK");
  await page.getByTestId("palette").getByRole("combobox").fill("> 4h");
  await page.keyboard.press("Enter");
  await expectChart(page, "SIM/RELIANCE", "4h", 5);
});

test("CH-08 ten symbols in a hurry: the last one is shown, everywhere", async ({ page, app }) => {
  await openChart(page, app);
  const symbols = ["TCS", "INFY", "SBIN", "ITC", "WIPRO", "HDFCBANK", "ONGC", "NTPC", "MARUTI", "AXISBANK"];
  for (const symbol of symbols) await page.getByTestId(`wl-row-SIM:${symbol}`).click();
  await expectChart(page, "SIM/AXISBANK", "1m", 500);
  await expect(page).toHaveURL(/\/chart\/SIM\/AXISBANK\?tf=1m/);
  await expect(page.getByTestId("symbol-button")).toContainText("AXISBANK");
  await expect(page.getByTestId("legend-main-0")).toContainText("AXISBANK · 1m · SIM");
  await expect(page.getByTestId("wl-row-SIM:AXISBANK")).toHaveAttribute("aria-current", "true");
  const rest = new Map(
    (await restBars(app, "SIM:AXISBANK", { timeframe: "1m", limit: 400 }))
      .slice(0, 300)
      .map((bar) => [bar.time, Math.round(bar.close * 100)]),
  );
  const shown = (await barsOf(page)).filter((bar) => rest.has(bar.time));
  expect(shown.length).toBe(300);
  expect(shown.filter((bar) => rest.get(bar.time) !== bar.close)).toEqual([]);
});

test("CH-09 scrolling back fetches older bars and leaves the view where it is", async ({ page, app }) => {
  await openChart(page, app);
  for (let times = 0; times < 6; times++) await page.keyboard.press("-");
  const loaded = await barCount(page);
  const box = await chartBox(page);
  const [left, right, y] = [box.x + 100, box.x + box.width - 150, box.y + box.height * 0.3];
  let dropped = await visibleOf(page);
  // The library takes two moves to begin a drag, and a busy browser folds moves into one: how far a drag leads differs.
  for (let drag = 0; drag < 40 && (await barCount(page)) <= loaded + 5; drag++) {
    await page.mouse.move(left, y);
    await page.mouse.down();
    await page.mouse.move(right, y, { steps: 12 });
    await page.mouse.up();
    dropped = await visibleOf(page);
    await expect.poll(async () => (await visibleOf(page)).from > 100 || (await barCount(page)) > loaded + 5).toBe(true);
  }
  await expect.poll(() => barCount(page)).toBeGreaterThan(loaded + 1_000);
  const after = await visibleOf(page);
  expect(Math.abs(after.fromTime - dropped.fromTime)).toBeLessThanOrEqual(60_000);
  const times = (await barsOf(page)).map((bar) => bar.time);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
});

test("CH-02 scrolled back, nothing jumps while new bars come; the button leads back", async ({ page, app }) => {
  await openChart(page, app, { timeframe: "5s", bars: 8 });
  await holdStill(page);
  const button = page.getByTestId("latest-button");
  const [view, bars] = [await visibleOf(page), await barCount(page)];
  await expect.poll(() => barCount(page), { timeout: 40_000 }).toBeGreaterThanOrEqual(bars + 2);
  const after = await visibleOf(page);
  expect(after.from).toBeCloseTo(view.from, 6);
  expect(after.to).toBeCloseTo(view.to, 6);
  await button.click();
  await expect(button).toBeHidden();
  await expect.poll(async () => (await visibleOf(page)).to - (await barCount(page))).toBeGreaterThanOrEqual(-1);
});

test("CH-13 the countdown shows when the bar ends", async ({ page, app }) => {
  await openChart(page, app, { timeframe: "5m", bars: 100 });
  const countdown = page.getByTestId("countdown");
  await expect(countdown).toHaveText(/^\d\d:\d\d$/);
  await expect
    .poll(async () => {
      const [minutes, seconds] = (await countdown.innerText()).split(":").map(Number);
      const left = 300 - (((Date.now() + IST_OFFSET) / 1_000) % 300);
      return Math.abs(minutes! * 60 + seconds! - left);
    })
    .toBeLessThanOrEqual(2);
});

test("CH-15 volume where there is any, none for an index", async ({ page, app }) => {
  await openChart(page, app);
  await expect(page.getByTestId("legend-bar")).toContainText(/Vol\s*\d/);
  expect((await barAt(page, -2)).volume).toBeGreaterThan(0);
  await openChart(page, app, { address: "SIM/NIFTY%2050" });
  await expect(page.getByTestId("legend-bar")).toContainText(/C\s*[\d,]+\.\d\d/);
  await expect(page.getByTestId("legend-bar").locator('[data-value="volume"]')).toHaveCount(0);
});

test("RSI in the legend is TA-Lib's RSI of the closes from REST", async ({ page, app }) => {
  await openChart(page, app);
  await holdStill(page);
  const bar = await barAt(page, -30);
  const { x, y } = await pixelOf(page, bar);
  await page.mouse.move(x, y);
  await expect.poll(async () => (await legendOf(page)).time).toBe(String(bar.time));
  const closes = (await restBars(app, "SIM:RELIANCE", { timeframe: "1m", limit: 1_500 }))
    .filter(({ time }) => time <= bar.time)
    .map(({ close }) => close);
  const row = page.getByTestId("legend-pane-0-1");
  await expect(row).toContainText("RSI 14");
  const shown = Number(await row.locator('[data-value="points"]').innerText());
  expect(shown).toBeCloseTo(rsi(closes, 14), 1);
  expect(Math.abs(shown - rsi(closes, 14))).toBeLessThanOrEqual(0.006);
});

test("CH-16 an indicator is added, hidden and removed; its pane comes and goes", async ({ page, app }) => {
  await openChart(page, app);
  const panes = () => page.evaluate(() => window.__candela?.panes());
  expect(await panes()).toBe(2);
  await page.getByTestId("indicators-button").click();
  await page.getByRole("combobox", { name: "Search indicators" }).fill("sma");
  await expect(page.getByRole("option").first()).toBeVisible();
  await expect(page.getByRole("option", { name: /^SMA/ })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("legend-main-0")).toContainText(/SMA \d+/);
  const row = page.getByTestId("legend-pane-0-1");
  await row.getByTestId(/^ind-/).hover();
  await row.getByRole("button", { name: /^Remove RSI/ }).click();
  await expect.poll(panes).toBe(1);
  await expect(page.getByTestId("legend-pane-0-1")).toHaveCount(0);
});

test("CH-07 simulated data say so, and the axis counts in Indian time", async ({ page, app }) => {
  const drawn = await recordCanvasText(page);
  await openChart(page, app);
  await expect(page.getByTestId("legend-main-0").locator('[data-state="SIM"]')).toBeVisible();
  await expect.poll(drawn).toContain("SIMULATED");
  // Two hours and more are in view: their full hours by an Indian clock carry labels. Half past by UTC would be any other's.
  const { fromTime, toTime } = await visibleOf(page);
  const hours: string[] = [];
  for (
    let hour = Math.ceil((fromTime + IST_OFFSET) / 3_600_000 + 0.3);
    hour <= (toTime + IST_OFFSET) / 3_600_000 - 0.3;
    hour++
  )
    if (hour % 24 !== 0) hours.push(`${String(hour % 24).padStart(2, "0")}:00`);
  await expect.poll(drawn).toEqual(expect.arrayContaining(hours));
  await holdStill(page);
  const bar = await barAt(page, -20);
  const { x, y } = await pixelOf(page, bar);
  await page.mouse.move(x, y);
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: "Asia/Kolkata",
    hour: "2-digit",
    minute: "2-digit",
  }).format(bar.time);
  await expect.poll(async () => (await drawn()).some((text) => text.endsWith(` ${clock} IST`))).toBe(true);
});

test("CH-33 another theme is another look of the same chart", async ({ page, app }) => {
  await openChart(page, app);
  const id = () => page.evaluate(() => window.__candela?.chartId());
  const made = await id();
  const html = page.locator("html");
  const first = await html.getAttribute("data-theme");
  await page.keyboard.press("Alt+Shift+KeyT");
  await expect(html).not.toHaveAttribute("data-theme", first!);
  await page
    .getByRole("group", { name: "Timeframe" })
    .first()
    .getByRole("button", { name: "15m", exact: true })
    .click();
  await expectChart(page, "SIM/RELIANCE", "15m");
  await page.getByTestId("wl-row-SIM:TCS").click();
  await expectChart(page, "SIM/TCS", "15m");
  expect(await id()).toBe(made);
  expect(await page.evaluate(() => window.__candela?.charts())).toBe(1);
});

test("no label of the time axis is cut at an end while the chart is moved", async ({ page, app }) => {
  await page.addInitScript(() => {
    const painted = { labels: 0, cut: [] as string[] };
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function fillText(text, x, y, most) {
      if (this.textAlign === "center" && /^(\d\d:\d\d(:\d\d)?|\d{1,2} [A-Z][a-z]{2}|[A-Z][a-z]{2}|\d{4})$/.test(text)) {
        const half = this.measureText(text).width / 2;
        painted.labels++;
        if (x - half < 0 || x + half > this.canvas.clientWidth) painted.cut.push(`${text} at ${x}`);
      }
      if (most === undefined) write.call(this, text, x, y);
      else write.call(this, text, x, y, most);
    };
    Object.assign(window, { paintedLabels: painted });
  });
  await openChart(page, app);
  const box = (await page.getByTestId("chart-0").boundingBox())!;
  await page.mouse.move(box.x + 200, box.y + 150);
  await page.mouse.down();
  for (let by = 0; by <= 240; by += 6) await page.mouse.move(box.x + 200 + by, box.y + 150);
  await page.mouse.up();
  const painted = await page.evaluate(
    () => (window as unknown as { paintedLabels: { labels: number; cut: string[] } }).paintedLabels,
  );
  expect(painted.labels).toBeGreaterThan(100);
  expect(painted.cut).toEqual([]);
});
