import { expect, test } from "./support/app";
import { barAt, barsOf, expectChart, feedPill, holdStill, legendOf, openChart, pixelOf } from "./support/chart";

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

const sideways = (page: Parameters<typeof openChart>[0]): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

test("a phone shows the chart, its price and its state, and scrolls nowhere sideways", async ({ page, app }) => {
  await openChart(page, app);
  await expect(page.getByTestId("symbol-button-phone")).toContainText("RELIANCE");
  await expect(page.getByTestId("ltp").filter({ visible: true })).toHaveText(/^[\d,]+\.\d\d$/);
  await expect(feedPill(page)).toContainText("LIVE");
  expect(await sideways(page)).toBeLessThanOrEqual(0);
  for (const name of ["Chart", "Lists", "Search", "Status", "More"]) {
    const box = await page
      .getByRole("navigation", { name: "Pages" })
      .filter({ visible: true })
      .getByRole("button", { name })
      .boundingBox();
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

test("every timeframe is in reach of a thumb", async ({ page, app }) => {
  await openChart(page, app);
  await page.getByTestId("tf-button-phone").tap();
  const menu = page.getByRole("menu", { name: "All timeframes" });
  for (const name of [
    "1 second",
    "30 seconds",
    "1 minute",
    "3 minutes",
    "75 minutes",
    "2 hours",
    "1 day",
    "1 week",
    "1 month",
  ])
    await expect(menu.getByRole("menuitemcheckbox", { name })).toHaveCount(1);
  await menu.getByRole("menuitemcheckbox", { name: "3 minutes" }).tap();
  await expectChart(page, "SIM/RELIANCE", "3m");
});

test("any timeframe can be typed on a phone", async ({ page, app }) => {
  await openChart(page, app);
  await page.getByTestId("tf-button-phone").tap();
  await page.getByRole("menuitem", { name: "Type any timeframe" }).tap();
  const box = page.getByTestId("tf-box");
  await expect(box).toBeFocused();
  await box.fill("7x");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "is not a timeframe" })).toBeVisible();
  await box.fill("4h");
  await page.keyboard.press("Enter");
  await expectChart(page, "SIM/RELIANCE", "4h", 5);
  await expect(
    page
      .getByRole("group", { name: "Timeframe" })
      .filter({ visible: true })
      .getByRole("button", { name: "4h", exact: true }),
  ).toHaveAttribute("aria-pressed", "true");
  await page.reload();
  await expectChart(page, "SIM/RELIANCE", "4h", 5);
});

test("the chart's menu is in the head, and a long press opens none", async ({ page, app, context }) => {
  await openChart(page, app);
  await page.getByTestId("chart-menu-phone").tap();
  await page.getByRole("menuitemcheckbox", { name: "Percent" }).tap();
  await expect.poll(() => page.evaluate(() => window.__candela?.scale()?.mode)).toBe(2);
  const box = (await page.getByTestId("chart-0").boundingBox())!;
  const touch = await context.newCDPSession(page);
  await touch.send("Input.dispatchTouchEvent", {
    type: "touchStart",
    touchPoints: [{ x: box.x + 150, y: box.y + 200 }],
  });
  // By the page's own timers: one that waits for a long press, started before, has ended by then.
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        setTimeout(resolve, 1_200);
      }),
  );
  await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  await expect(page.getByRole("menu", { name: "Chart" })).toHaveCount(0);
});

test.describe("held sideways", () => {
  for (const viewport of [
    { width: 844, height: 390 },
    { width: 667, height: 375 },
  ]) {
    test(`most of ${viewport.width} by ${viewport.height} is the chart, and all else is in reach`, async ({
      page,
      app,
    }) => {
      await page.setViewportSize(viewport);
      await openChart(page, app);
      const box = (await page.getByTestId("chart-0").boundingBox())!;
      expect((box.width * box.height) / (viewport.width * viewport.height)).toBeGreaterThan(0.8);
      expect(await sideways(page)).toBeLessThanOrEqual(0);
      for (const name of ["Chart", "Lists", "Search", "Status", "More"])
        await expect(
          page.getByRole("navigation", { name: "Pages" }).filter({ visible: true }).getByRole("button", { name }),
        ).toBeInViewport();
      // The longest name a broker has: only the room it takes is on trial.
      await page
        .getByTestId("symbol-button-phone")
        .locator("span")
        .first()
        .evaluate((element) => {
          element.textContent = "NIFTY26NOV24500CE";
        });
      for (const id of ["symbol-button-phone", "tf-button-phone", "chart-menu-phone"])
        await expect(page.getByTestId(id)).toBeInViewport({ ratio: 0.99 });
      await page.getByRole("button", { name: "Lists", exact: true }).filter({ visible: true }).tap();
      await page.getByTestId("wl-row-SIM:INFY").tap();
      await expectChart(page, "SIM/INFY", "1m");
    });
  }
});
