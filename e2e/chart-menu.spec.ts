import type { Page } from "@playwright/test";
import { expect, test } from "./support/app";
import { barAt, barsOf, expectChart, holdStill, openChart, pixelOf } from "./support/chart";

const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("a right click opens the chart's own menu at a price and a bar", async ({ page, app }) => {
  await openChart(page, app);
  await holdStill(page);
  const bar = await barAt(page, -15);
  const at = await pixelOf(page, bar);
  await page.mouse.click(at.x, at.y, { button: "right" });
  const menu = page.getByRole("menu", { name: "Chart" });
  await expect(menu).toBeVisible();
  const price = menu.getByRole("menuitem", { name: /^Copy price/ });
  await expect(price).toContainText(/[\d,]+\.\d\d/);
  const shown = Number(((await price.innerText()).match(/[\d,]+\.\d\d/)?.[0] ?? "").replaceAll(",", ""));
  expect(Math.abs(shown - bar.close / 100)).toBeLessThan(1);
  expect(Math.abs(shown * 20 - Math.round(shown * 20)), "a price one can trade at: in steps of 0.05").toBeLessThan(
    1e-6,
  );
  await menu.getByRole("menuitem", { name: "Copy link to this bar" }).click();
  expect(await clipboard(page)).toBe(`${app.url}/chart/SIM/RELIANCE?tf=1m&at=${bar.time}`);

  await page.mouse.click(at.x, at.y, { button: "right" });
  await menu.getByRole("menuitemcheckbox", { name: "Logarithmic" }).click();
  await expect.poll(() => page.evaluate(() => window.__candela?.scale()?.mode)).toBe(1);
  await expect(menu).toBeHidden();
});

test("the menu of a scale is about the scale, of an indicator's pane about the indicator", async ({ page, app }) => {
  await openChart(page, app);
  const box = (await page.getByTestId("chart-0").boundingBox())!;
  const menu = page.getByRole("menu", { name: "Chart" });
  await page.mouse.click(box.x + box.width - 30, box.y + 250, { button: "right" });
  await expect(menu.getByRole("menuitemcheckbox", { name: "Percent" })).toBeVisible();
  await expect(menu.getByRole("menuitem", { name: "Search symbol…" })).toHaveCount(0);
  await page.keyboard.press("Escape");
  await expect(menu).toBeHidden();
  const legend = (await page.getByTestId("legend-pane-0-1").boundingBox())!;
  await page.mouse.click(box.x + 300, legend.y + 60, { button: "right" });
  await menu.getByRole("menuitem", { name: "Remove" }).click();
  await expect.poll(() => page.evaluate(() => window.__candela?.panes())).toBe(1);
});

test("the menu opens and works by keyboard alone", async ({ page, app }) => {
  await openChart(page, app);
  await page.getByTestId("chart-0").focus();
  await page.keyboard.press("Shift+F10");
  const menu = page.getByRole("menu", { name: "Chart" });
  await expect(menu).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("i");
  await expect(menu.getByRole("menuitem", { name: "Indicators…" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Indicators" })).toBeVisible();
});

test("a key opens the menu at the keyboard's crosshair, about its bar", async ({ page, app }) => {
  await openChart(page, app);
  await holdStill(page);
  await page.getByTestId("chart-0").focus();
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  const before = (await barAt(page, -15)).time;
  const read = async (): Promise<number> => Number(await page.getByTestId("legend-bar").getAttribute("data-time"));
  await expect.poll(read).toBeLessThan(before);
  const time = await read();
  const bar = (await barsOf(page)).find((each) => each.time === time)!;
  await page.keyboard.press("Shift+F10");
  const menu = page.getByRole("menu", { name: "Chart" });
  await expect(menu.getByRole("menuitem", { name: /^Copy price/ })).toContainText(
    (bar.close / 100).toLocaleString("en-IN", { minimumFractionDigits: 2 }),
  );
  await menu.getByRole("menuitem", { name: "Copy link to this bar" }).click();
  expect(await clipboard(page)).toBe(`${app.url}/chart/SIM/RELIANCE?tf=1m&at=${bar.time}`);
});

test("the marked indicator stays in sight, and no name is cut", async ({ page, app }) => {
  await openChart(page, app);
  await page.getByTestId("indicators-button").click();
  const options = page.getByRole("dialog").getByRole("option");
  const count = await options.count();
  expect(count).toBeGreaterThan(25);
  for (let at = 1; at < count; at++) {
    await page.keyboard.press("ArrowDown");
    const marked = page.getByRole("option", { selected: true });
    await expect(marked).toBeInViewport({ ratio: 0.99 });
  }
  const cut = await page
    .getByRole("dialog")
    .evaluate((dialog) =>
      [...dialog.querySelectorAll<HTMLElement>("[role='option'] span, section li span")]
        .filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== "inline")
        .map((each) => each.textContent),
    );
  expect(cut).toEqual([]);
});

for (const viewport of [
  { width: 360, height: 740 },
  { width: 768, height: 1024 },
  { width: 844, height: 390 },
  { width: 1440, height: 900 },
]) {
  test(`dialogs and menus fit into ${viewport.width} by ${viewport.height}`, async ({ page, app }) => {
    await page.setViewportSize(viewport);
    await openChart(page, app);
    const inside = async (what: ReturnType<Page["getByRole"]>): Promise<void> => {
      await expect(what).toBeVisible();
      await expect
        .poll(async () => {
          const box = await what.boundingBox();
          return (
            box !== null &&
            box.x >= 0 &&
            box.y >= 0 &&
            box.x + box.width <= viewport.width &&
            box.y + box.height <= viewport.height
          );
        })
        .toBe(true);
    };
    await page.getByRole("button", { name: "Indicators" }).filter({ visible: true }).first().click();
    await inside(page.getByRole("dialog", { name: "Indicators" }));
    await page.getByRole("dialog").getByRole("button", { name: "Settings of RSI 14" }).click();
    await inside(page.getByRole("dialog", { name: "RSI settings" }));
    await expect(
      page.getByRole("dialog", { name: "RSI settings" }).getByRole("button", { name: "Apply" }),
    ).toBeInViewport();
    await page.keyboard.press("Escape");
    await page
      .getByRole("button", { name: /^(All timeframes|Timeframe )/ })
      .filter({ visible: true })
      .first()
      .click();
    await inside(page.getByRole("menu"));
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+k");
    await inside(page.getByTestId("palette"));
    await page.keyboard.press("Escape");
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
}

test("names of contracts are whole in the list, the head and the search", async ({ page, app }) => {
  await openChart(page, app);
  const row = page.locator('[data-testid^="wl-row-SIM:BANKNIFTY"]').first();
  const key = (await row.getAttribute("data-key"))!;
  const whole = (element: HTMLElement): boolean =>
    [element, ...element.querySelectorAll<HTMLElement>("*")].every(
      (each) =>
        each.scrollWidth <= each.clientWidth + 1 ||
        getComputedStyle(each).display === "inline" ||
        each instanceof SVGElement,
    );
  expect(await row.locator(".wl-symbol").evaluate(whole)).toBe(true);
  // The longest a broker has: an index option of a year from now. Only its name is on trial here.
  for (const width of [300, 328, 420]) {
    await page.evaluate((px) => {
      document.documentElement.style.setProperty("--dock-w", `${px}px`);
    }, width);
    for (const name of ["NIFTY26NOV24500CE", "BANKNIFTY26NOV52000CE"]) {
      await row
        .locator(".wl-symbol span")
        .first()
        .evaluate((element, text) => {
          element.textContent = text;
          // As a row of that name is drawn: beside half a line of the day, or with all the room.
          element.closest<HTMLElement>(".wl-row")!.dataset["long"] = text.length > 17 ? "whole" : "true";
        }, name);
      expect(await row.locator(".wl-symbol").evaluate(whole), `${name} in a dock of ${width}`).toBe(true);
    }
  }
  await row.click();
  await expectChart(page, key.replace(":", "/"), "1m");
  expect(await page.getByTestId("symbol-button").evaluate(whole)).toBe(true);
});
