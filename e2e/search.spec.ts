import { expect, test } from "./support/app";
import { expectChart, openChart } from "./support/chart";

test("typing on the chart searches, and Enter opens what was typed, however soon", async ({ page, app }) => {
  await openChart(page, app);
  await page.keyboard.type("tcs");
  await expect(page.getByTestId("palette").getByRole("combobox")).toHaveValue("tcs");
  await page.keyboard.press("Enter");
  await expectChart(page, "SIM/TCS", "1m");
  await expect(page.getByTestId("legend-main-0")).toContainText("TCS · 1m · SIM");
});

test("Ctrl+K opens the box anywhere; arrows choose, Escape closes", async ({ page, app }) => {
  await page.goto(`${app.url}/status`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(async () => {
    await page.keyboard.press("Control+KeyK");
    await expect(page.getByTestId("palette")).toBeVisible({ timeout: 1_000 });
  }).toPass();
  const palette = page.getByTestId("palette");
  await palette.getByRole("combobox").fill("bank");
  const options = palette.getByRole("option");
  await expect(options.nth(1)).toBeVisible();
  await expect(options.nth(0)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("ArrowDown");
  await expect(options.nth(1)).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expect(page).toHaveURL(/\/status$/);
});

test("words in any order find a future; an exchange narrows", async ({ page, app }) => {
  await openChart(page, app);
  await page.getByTestId("search-box").click();
  const palette = page.getByTestId("palette");
  await palette.getByRole("combobox").fill("fut nifty");
  await expect(palette.getByTestId(/^hit-SIM:NIFTY\d\d[A-Z]{3}FUT$/).first()).toBeVisible();
  await palette.getByRole("combobox").fill(":sim reliance");
  await expect(palette.getByTestId("hit-SIM:RELIANCE")).toBeVisible();
});

test("nothing found is said, with a hint", async ({ page, app }) => {
  await openChart(page, app);
  await page.keyboard.press("Control+KeyK");
  const palette = page.getByTestId("palette");
  await palette.getByRole("combobox").fill("zzzz");
  await expect(palette.getByText("No instrument matches")).toBeVisible();
  await expect(palette).toContainText("Try part of the name");
  await expect(palette.getByRole("option")).toHaveCount(0);
});

test("> runs commands: the scale becomes logarithmic", async ({ page, app }) => {
  await openChart(page, app);
  await page.keyboard.press("Control+KeyK");
  await page.getByTestId("palette").getByRole("combobox").fill("> log");
  await expect(page.getByTestId("palette").getByRole("option").first()).toContainText("Scale: logarithmic");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => window.__candela?.scale()?.mode)).toBe(1);
});

test("before anything is typed it offers instruments, then commands", async ({ page, app }) => {
  await openChart(page, app);
  await page.keyboard.press("Control+KeyK");
  const palette = page.getByTestId("palette");
  const first = palette.getByRole("option").first();
  await expect(first).toHaveAttribute("data-testid", /^hit-SIM:/);
  await expect(first).toHaveAttribute("aria-selected", "true");
  await expect(palette.getByText("Watchlist", { exact: true })).toBeVisible();
  await expect(palette.getByRole("option", { name: "Theme: Dark" })).toHaveAttribute("aria-selected", "false");
  const key = (await first.getAttribute("data-testid"))!.slice("hit-".length);
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("chart-0")).toHaveAttribute("data-key", key);
});
