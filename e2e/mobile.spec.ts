import { expect, test } from "./support/app";
import { barAt, barsOf, expectChart, feedPill, holdStill, legendOf, openChart, pixelOf } from "./support/chart";

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

const sideways = (page: Parameters<typeof openChart>[0]): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

test("a phone shows the chart, its price and its state, and scrolls nowhere sideways", async ({ page, app }) => {
  await openChart(page, app);
  await expect(page.getByTestId("symbol-button-phone")).toContainText("RELIANCE");
  await expect(page.getByTestId("ltp").filter({ visible: true })).toHaveText(/^[\d,]+\.\d\d$/);
  await expect(feedPill(page)).toContainText("LIVE");
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  for (const name of ["Chart", "Lists", "Search", "Status", "More"]) {
    const box = await page.getByRole("navigation", { name: "Pages" }).filter({ visible: true }).getByRole("button", { name }).boundingBox();
    expect(box!.height, `${name} is as tall as a thumb`).toBeGreaterThanOrEqual(44);
  }
});

test("timeframe and symbol are changed by touch", async ({ page, app }) => {
  await openChart(page, app);
  await page.getByRole("button", { name: "15m", exact: true }).filter({ visible: true }).tap();
  await expectChart(page, "SIM/RELIANCE", "15m");
  await page.getByTestId("symbol-button-phone").tap();
  await page.getByTestId("palette").getByRole("combobox").fill("tcs");
  await page.getByTestId("hit-SIM:TCS").tap();
  await expectChart(page, "SIM/TCS", "15m");
  expect(await sideways(page)).toBeLessThanOrEqual(0);
});

test("lists are a view of their own; a row leads back to its chart", async ({ page, app }) => {
  await openChart(page, app);
  await page.getByRole("button", { name: "Lists", exact: true }).tap();
  const row = page.getByTestId("wl-row-SIM:INFY");
  await expect(row).toBeVisible();
  expect((await row.boundingBox())!.height).toBeGreaterThanOrEqual(44);
  await expect(page.getByTestId("wl-ltp-SIM:INFY")).toHaveText(/^[\d,]+\.\d\d$/);
  await row.tap();
  await expect(page.getByTestId("chart-0")).toBeVisible();
  await expectChart(page, "SIM/INFY", "1m");
});

test("a long press reads a bar of the past", async ({ page, app, context }) => {
  await openChart(page, app);
  await holdStill(page);
  const bar = await barAt(page, -12);
  const { x, y } = await pixelOf(page, bar);
  const touch = await context.newCDPSession(page);
  await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
  await expect.poll(async () => (await legendOf(page)).time).toBe(String(bar.time));
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  expect((await barsOf(page)).some(({ time }) => time === bar.time)).toBe(true);
});
