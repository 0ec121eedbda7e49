import { expect, test } from "./support/app";
import { openChart } from "./support/chart";

test("a question mark lists the keys; Escape closes the list and gives the focus back", async ({ page, app }) => {
  await openChart(page, app);
  const chart = page.getByTestId("chart-0");
  await chart.focus();
  await page.keyboard.press("Shift+Slash");
  const list = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(list).toBeVisible();
  for (const does of [
    "Search instruments and commands",
    "Type a timeframe: 45, 4h, 10s, D",
    "Crosshair bar by bar",
    "Percent scale",
    "Watchlist on or off",
  ])
    await expect(list.getByText(does)).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(list).toBeHidden();
  await expect(chart).toBeFocused();
  // Where one types it is a letter.
  await page.keyboard.press("Control+KeyK");
  await page.keyboard.press("Shift+Slash");
  await expect(list).toBeHidden();
  await expect(page.getByTestId("palette").getByRole("combobox")).toHaveValue("?");
  await page.keyboard.press("Escape");
  await expect(chart).toBeFocused();
});

test("a dialog with a field of its own gives the focus back", async ({ page, app }) => {
  await openChart(page, app);
  const button = page.getByRole("button", { name: "Indicators" });
  await button.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("combobox", { name: "Search indicators" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(button).toBeFocused();
});

test("the timeframe box gives the focus back, whether it is left or used", async ({ page, app }) => {
  await openChart(page, app);
  const chart = page.getByTestId("chart-0");
  await chart.focus();
  await page.keyboard.press("4");
  await expect(page.getByTestId("tf-box")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(chart).toBeFocused();
  await page.keyboard.press("5");
  await page.keyboard.press("Enter");
  await expect(chart).toBeFocused();
  await page.getByTestId("tf-button").click();
  await page.getByRole("menuitem", { name: "Type any timeframe" }).click();
  await expect(page.getByTestId("tf-box")).toBeFocused();
});
