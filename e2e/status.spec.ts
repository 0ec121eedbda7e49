import type { StatusSnapshot } from "@/server/contract/live";
import { expect, test } from "./support/app";
import { exchangeAt } from "./support/exchange";

test("cards, running stages, and rejections with their reasons", async ({ page, app }) => {
  const exchange = exchangeAt(app.exchangeUrl);
  await page.goto(`${app.url}/status`);
  const cards = page.getByRole("list", { name: "Parts" }).getByRole("listitem");
  await expect(cards).toHaveCount(8);
  for (const title of ["Feeds", "Event loop lag", "Dropped", "Database", "Bus", "Clock skew", "Disk", "Calendar"])
    await expect(cards.filter({ hasText: title })).toHaveCount(1);
  await expect(cards.filter({ hasText: "Feeds" })).toContainText("1 of 1");
  await expect(cards.filter({ hasText: "Calendar" })).toContainText("SIM");

  const pipeline = page.getByRole("group", { name: "Pipeline, stage by stage" }).getByRole("listitem");
  for (const stage of ["collect", "normalise", "aggregate", "resample", "persist"]) {
    await expect
      .poll(async () =>
        Number(
          /([\d,]+)\/s/.exec(await pipeline.filter({ hasText: stage }).first().innerText())?.[1]?.replaceAll(",", "") ??
            0,
        ),
      )
      .toBeGreaterThan(0);
  }

  await exchange.fault("zero_price", { ratio: 0.3, ms: 3_000 });
  const refused = page.getByRole("region", { name: "Rejected or flagged" }).getByRole("row", { name: /zero price/ });
  await expect(refused).toBeVisible();
  await expect
    .poll(async () => {
      const { data } = (await (await fetch(`${app.url}/api/v1/status`)).json()) as { data: StatusSnapshot };
      return data.rejects.zero_price;
    })
    .toBeGreaterThan(0);
  await exchange.reset();
});

test("gaps that are open stand in a table, and a sentence where there are none", async ({ page, app }) => {
  await page.goto(`${app.url}/status`);
  const gaps = page.getByRole("region", { name: "Open gaps" });
  // As the ledger of this server has it now: the tests before may have left holes that are being filled.
  await expect(gaps).toContainText(/No open gaps\.|Minutes missing/);
  await page.route("**/api/v1/gaps?*", (route) =>
    route.fulfill({ json: { status: "success", meta: { count: 0, open: 0 }, data: [] } }),
  );
  await expect(gaps).toContainText(
    "No open gaps. Every missed minute has been filled, had no trades, or was ignored with a note.",
  );
  await page.unrouteAll();
  await page.route("**/api/v1/gaps?*", (route) =>
    route.fulfill({
      json: {
        status: "success",
        meta: { count: 1, open: 1 },
        data: [
          {
            id: 7,
            instrument: null,
            collector: "sim-1",
            instruments: null,
            from: Date.parse("2026-11-20T10:00:00+05:30"),
            to: Date.parse("2026-11-20T10:20:11+05:30"),
            durationMs: 1_211_000,
            cause: "restart",
            openedAt: 0,
            state: "healing",
            closedAt: null,
            healedBy: null,
            note: "no bar of them was stored",
            missing: 60,
            filled: 18,
            remaining: 42,
            remainingIn: ["SIM:INFY"],
          },
        ],
      },
    }),
  );
  const row = gaps.getByRole("row").filter({ hasText: "sim-1" });
  await expect(row).toContainText("Before the first start");
  await expect(row.getByRole("cell")).toHaveText([
    "sim-1, all instruments",
    "20 Nov 10:00",
    "20 Nov 10:20",
    "42",
    "healing",
  ]);
});

test("the copied report says how it is and gives nothing away", async ({ page, app, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(`${app.url}/status`);
  await expect(page.getByRole("list", { name: "Parts" })).toBeVisible();
  await page.getByRole("button", { name: "Copy report" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  expect(report).toMatch(/^Candela \d+\.\d+\.\d+, Node v/);
  expect(report).toContain("sim-1 (kite) LIVE");
  expect(report).toMatch(/aggregate\s+\d+\/s/);
  expect(report).not.toContain("candela-demo-token");
  expect(report).not.toContain(app.dataDir);
});
