import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";
import type axe from "axe-core";
import { expect, test } from "./support/app";
import { openChart } from "./support/chart";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds serious or critical, with the elements it means. */
async function offences(page: Page): Promise<string[]> {
  await page.evaluate(source);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] }),
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(
        (node) =>
          `${id}: ${node.target.join(" ")} ${node.any
            .concat(node.all)
            .map(({ message }) => message)
            .join("; ")}`,
      ),
    );
}

for (const theme of ["dark", "light", "contrast"] as const) {
  test(`nothing serious on any page in ${theme}`, async ({ page, app }) => {
    await page.addInitScript((name) => localStorage.setItem("candela.theme", name), theme);
    await openChart(page, app);
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    await expect(page.getByTestId("wl-ltp-SIM:TCS")).toHaveText(/\d/);
    expect(await offences(page), "chart").toEqual([]);

    await page.keyboard.press("Control+KeyK");
    await page.getByTestId("palette").getByRole("combobox").fill("bank");
    await expect(page.getByTestId("palette").getByRole("option").first()).toBeVisible();
    expect(await offences(page), "palette").toEqual([]);
    await page.keyboard.press("Escape");

    await page.getByTestId("indicators-button").click();
    await expect(page.getByRole("option", { name: /^RSI/ })).toBeVisible();
    expect(await offences(page), "indicators").toEqual([]);

    await page.goto(`${app.url}/status`);
    await expect(page.getByRole("list", { name: "Parts" })).toBeVisible();
    expect(await offences(page), "status").toEqual([]);

    await page.goto(`${app.url}/about`);
    await expect(page.getByTestId("page-about")).toBeVisible();
    expect(await offences(page), "about").toEqual([]);
  });
}

test("by keyboard alone: find a symbol, change the timeframe, add an indicator, read a bar", async ({ page, app }) => {
  await openChart(page, app);
  await page.keyboard.type("infy");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("legend-main-0")).toContainText("INFY");
  await page.keyboard.type("15");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("chart-0")).toHaveAttribute("data-timeframe", "15m");
  await expect(page.getByTestId("chart-0")).toHaveAttribute("data-phase", "live");
  await page.keyboard.press("Control+KeyK");
  await page.keyboard.type("> indicators");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("combobox", { name: "Search indicators" })).toBeFocused();
  await page.keyboard.type("sma");
  await expect(page.getByRole("option", { name: /^SMA/ })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("legend-main-0")).toContainText(/SMA \d+/);
  const newest = await page.getByTestId("legend-bar").getAttribute("data-time");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await expect
    .poll(async () => Number(await page.getByTestId("legend-bar").getAttribute("data-time")))
    .toBeLessThan(Number(newest));
});
