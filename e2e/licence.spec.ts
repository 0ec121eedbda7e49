import { expect, test } from "./support/app";
import { openChart } from "./support/chart";

test("the chart names its library's maker with a link", async ({ page, app }) => {
  await openChart(page, app, { bars: 1 });
  const link = page.locator("a#tv-attr-logo");
  await expect(link).toBeVisible();
  expect(new URL((await link.getAttribute("href"))!).host).toBe("www.tradingview.com");
});

test("About carries the notice the licence asks for", async ({ page, app }) => {
  await page.goto(`${app.url}/about`);
  const main = page.getByRole("main");
  await expect(main).toContainText(
    /TradingView Lightweight Charts™\s*Copyright (\(c\)|©) 2025 TradingView, Inc\. https:\/\/www\.tradingview\.com\//,
  );
  await expect(main.getByRole("link", { name: "https://www.tradingview.com/" })).toHaveAttribute(
    "href",
    "https://www.tradingview.com/",
  );
});
