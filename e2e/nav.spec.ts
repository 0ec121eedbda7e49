import { pages as table } from "@/components/pages";
import { expect, test } from "./support/app";
import { barsOf, forgetWorkspace, legendOf, openChart } from "./support/chart";

const pages = [
  { path: "/", page: "page-chart" },
  { path: "/chart/SIM/RELIANCE?tf=15m", page: "page-chart" },
  ...table.map(({ root, name }) => ({ path: root, page: `page-${name}` })),
];

for (const width of [1280, 390]) {
  for (const { path, page: name } of pages) {
    test(`${path} opens cold at ${width} px: one heading, no error, nothing to scroll sideways`, async ({
      page,
      app,
    }) => {
      await forgetWorkspace(app);
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(`${message.text()} (${message.location().url})`);
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      await page.setViewportSize({ width, height: 844 });
      await page.goto(`${app.url}${path}`);
      await expect(page.getByTestId(name)).toBeVisible();
      await expect(page.locator("h1")).toHaveCount(1);
      if (name === "page-chart") await expect(page.getByTestId("chart-0")).toHaveAttribute("data-phase", "live");
      if (name === "page-status") await expect(page.getByRole("list", { name: "Parts" })).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
    });
  }
}

test("an address with an instant reads that bar", async ({ page, app }) => {
  await openChart(page, app, { timeframe: "15m", bars: 300 });
  const bar = (await barsOf(page)).at(-40)!;
  await page.goto(`${app.url}/chart/SIM/RELIANCE?tf=15m&at=${bar.time}`);
  await expect(page.getByTestId("chart-0")).toHaveAttribute("data-timeframe", "15m");
  await expect.poll(async () => (await legendOf(page)).time).toBe(String(bar.time));
});

test("an unknown symbol is a page with a search, an unknown page says so", async ({ page, app }) => {
  await page.goto(`${app.url}/chart/SIM/NOSUCH?tf=5m`);
  await expect(page.getByTestId("chart-error")).toContainText("No instrument SIM:NOSUCH");
  await page.getByTestId("chart-error").getByRole("button", { name: "Search" }).click();
  await expect(page.getByTestId("palette")).toBeVisible();
  const answer = await page.goto(`${app.url}/no-such-page`);
  expect(answer!.status()).toBe(404);
  await expect(page.locator("h1")).toBeVisible();
  const index = await page.request.get(`${app.url}/chart`, { maxRedirects: 0 });
  expect([index.status(), index.headers()["location"]]).toEqual([307, "/"]);
  expect((await page.request.get(`${app.url}/favicon.ico`)).headers()["content-type"]).toContain("image/svg+xml");
  const none = await page.request.get(`${app.url}/api/v1/no-such-thing?x=1`);
  expect([none.status(), await none.json()]).toMatchObject([
    404,
    { status: "error", error: { code: "not_found", details: { value: "/api/v1/no-such-thing" } } },
  ]);
});

test("a mistyped symbol does not become the start page", async ({ page, app }) => {
  await openChart(page, app, { address: "SIM/TCS" });
  await page.goto(`${app.url}/chart/SIM/RELIENCE?tf=5m`);
  await expect(page.getByTestId("chart-error")).toContainText("No instrument has this name. Use search to find one.");
  // The workspace is saved when the page is left.
  await page.goto(`${app.url}/status`);
  const start = async (): Promise<string | undefined> =>
    (await page.request.get(`${app.url}/`, { maxRedirects: 0 })).headers()["location"];
  expect(await start()).toMatch(/^\/chart\/SIM\/TCS\?/);
  // One saved by other means is not followed either.
  const kept = ((await (await page.request.get(`${app.url}/api/v1/workspace`)).json()) as { data: object }).data;
  expect((await page.request.put(`${app.url}/api/v1/workspace`, { data: { ...kept, key: "SIM:RELIENCE" } })).ok()).toBe(
    true,
  );
  expect(await start()).toMatch(/^\/chart\/SIM\/RELIANCE\?/);
});

test("a timeframe that is none is refused in words", async ({ page, app }) => {
  await openChart(page, app);
  await page.goto(`${app.url}/chart/SIM/RELIANCE?tf=7x`);
  const notice = page.getByRole("status").filter({ hasText: "“7x” is not a timeframe. Type minutes (5, 45, 75)" });
  await expect(notice).toContainText("The chart shows 1 minute.");
  await expect(page).toHaveURL(/tf=1m$/);
  await notice.getByRole("button", { name: "Dismiss" }).click();
  await expect(notice).toBeHidden();
});

test("a link leads away from the chart, and back leads to it", async ({ page, app }) => {
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await openChart(page, app);
  await page.getByRole("link", { name: "Status" }).first().click();
  await expect(page.getByTestId("page-status")).toBeVisible();
  await page.goBack();
  await expect(page.getByTestId("chart-0")).toHaveAttribute("data-phase", "live");
  expect(errors).toEqual([]);
});

test("back and forward go through symbols and timeframes", async ({ page, app }) => {
  await openChart(page, app);
  await page.getByTestId("wl-row-SIM:TCS").click();
  await expect(page.getByTestId("legend-main-0")).toContainText("TCS · 1m");
  await page.goBack();
  await expect(page.getByTestId("legend-main-0")).toContainText("RELIANCE · 1m");
  await page.goForward();
  await expect(page.getByTestId("legend-main-0")).toContainText("TCS · 1m");
});
