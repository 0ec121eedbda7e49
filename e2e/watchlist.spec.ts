import type { InstrumentHit } from "@/server/contract/answers";
import { expect, test } from "./support/app";
import { expectChart, openChart } from "./support/chart";

const number = (text: string): number => Number(text.replaceAll(",", ""));

test("rows are live: prices are the server's, and they move", async ({ page, app }) => {
  await openChart(page, app, { bars: 1 });
  await expect(page.getByTestId("wl-live")).toHaveText("22 of 22 live");
  const cell = page.getByTestId("wl-ltp-SIM:TCS");
  await expect(cell).toHaveText(/^[\d,]+\.\d\d$/);
  const before = await cell.innerText();
  await expect.poll(() => cell.innerText(), { timeout: 30_000 }).not.toBe(before);
  // Page and REST show the same price at the same moment; a row is at most a quarter of a second behind.
  await expect
    .poll(async () => {
      const answer = (await (await fetch(`${app.url}/api/v1/instruments?q=TCS&limit=1`)).json()) as {
        data: InstrumentHit[];
      };
      return Math.abs(number(await cell.innerText()) - answer.data[0]!.lastPrice!);
    })
    .toBeLessThan(0.005);
});

test("a price that moves flashes, and the flash goes away", async ({ page, app }) => {
  await openChart(page, app, { bars: 1 });
  const flashes = await page.getByTestId("wl-ltp-SIM:RELIANCE").evaluate(
    (cell) =>
      new Promise<string[]>((resolve) => {
        const seen: string[] = [];
        const observer = new MutationObserver(() => {
          const on = [...cell.classList].filter((name) => name.startsWith("flash-"));
          if (on.length > 0) seen.push(on[0]!);
          else if (seen.length > 0) {
            observer.disconnect();
            resolve(seen);
          }
        });
        observer.observe(cell, { attributes: true, attributeFilter: ["class"] });
      }),
  );
  expect(["flash-up", "flash-down"]).toContain(flashes[0]);
});

test("a click loads the chart; arrow keys walk the list and the chart follows", async ({ page, app }) => {
  await openChart(page, app);
  await page.getByTestId("wl-row-SIM:INFY").click();
  await expectChart(page, "SIM/INFY", "1m");
  await expect(page.getByTestId("wl-row-SIM:INFY")).toHaveAttribute("aria-current", "true");
  await page.getByTestId("wl-row-SIM:INFY").focus();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByTestId("wl-row-SIM:WIPRO")).toBeFocused();
  await expectChart(page, "SIM/WIPRO", "1m");
});

test("another list is another choice, kept over a reload", async ({ page, app }) => {
  await openChart(page, app, { bars: 1 });
  await page.getByTestId("watchlist").getByRole("button", { name: "Morning desk" }).click();
  await page.getByRole("menu").locator('[role^="menuitem"]').filter({ hasText: "Indices" }).click();
  await expect(page.getByTestId("wl-row-SIM:NIFTY 50")).toBeVisible();
  await expect(page.getByTestId("wl-row-SIM:TCS")).toHaveCount(0);
  await page.reload();
  await expect(page.getByTestId("watchlist").getByRole("button", { name: "Indices" })).toBeVisible();
});

test("a future's row has its whole name and the line of its day", async ({ page, app }) => {
  await openChart(page, app, { bars: 1 });
  const row = page.locator('[data-testid^="wl-row-SIM:BANKNIFTY"][data-testid$="FUT"]').first();
  await row.scrollIntoViewIfNeeded();
  await expect(row.locator(".wl-spark")).toBeVisible();
  await expect.poll(() => row.locator('[data-part="line"]').getAttribute("d")).toMatch(/^M.*L/);
  expect(await row.locator(".truncate").evaluate((name) => name.scrollWidth - name.clientWidth)).toBe(0);
});
