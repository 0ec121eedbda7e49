import type { StatusSnapshot } from "@/server/contract/live";
import { expect, test } from "./support/app";
import { exchangeAt } from "./support/exchange";

test("cards, stages at work, and what was refused with its reason", async ({ page, app }) => {
  const exchange = exchangeAt(app.exchangeUrl);
  await page.goto(`${app.url}/status`);
  const cards = page.getByRole("list", { name: "Parts" }).getByRole("listitem");
  await expect(cards).toHaveCount(8);
  for (const title of ["Feeds", "Event loop lag", "Dropped", "Database", "Bus", "Clock skew", "Disk", "Calendar"]) await expect(cards.filter({ hasText: title })).toHaveCount(1);
  await expect(cards.filter({ hasText: "Feeds" })).toContainText("1 of 1");
  await expect(cards.filter({ hasText: "Calendar" })).toContainText("SIM");

  const pipeline = page.getByRole("group", { name: "Pipeline, stage by stage" }).getByRole("listitem");
  for (const stage of ["collect", "normalise", "aggregate", "resample", "persist"]) {
    await expect.poll(async () => Number(/([\d,]+)\/s/.exec(await pipeline.filter({ hasText: stage }).first().innerText())?.[1]?.replaceAll(",", "") ?? 0)).toBeGreaterThan(0);
  }

  await exchange.fault("zero_price", { ratio: 0.3, ms: 3_000 });
  const refused = page.getByRole("region", { name: "Refused" }).getByRole("row", { name: /zero price/ });
  await expect(refused).toBeVisible();
  await expect.poll(async () => {
    const { data } = (await (await fetch(`${app.url}/api/v1/status`)).json()) as { data: StatusSnapshot };
    return data.rejects.zero_price;
  }).toBeGreaterThan(0);
  await exchange.reset();
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
