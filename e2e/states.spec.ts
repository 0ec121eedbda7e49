import type { Page } from "@playwright/test";
import { expect, test } from "./support/app";
import { barAt, feedPill, openChart } from "./support/chart";
import { exchangeAt } from "./support/exchange";

const light = (page: Page) => page.getByTestId("feed-pill");

test("a feed that is connected and silent is MUTE, with the evidence, and LIVE again when ticks come", async ({
  page,
  app,
}) => {
  const exchange = exchangeAt(app.exchangeUrl);
  await openChart(page, app, { bars: 1 });
  await expect(feedPill(page)).toContainText("LIVE");
  await exchange.fault("mute");
  try {
    await expect(feedPill(page)).toContainText("MUTE", { timeout: 8_000 });
    await expect(light(page)).toContainText("MUTE");
    await expect(feedPill(page).locator('[data-state="MUTE"]')).toBeVisible();
    await feedPill(page).click();
    const evidence = page.getByRole("dialog", { name: "Data feed of this chart" });
    await expect(evidence).toContainText(/connected, but no tick for \d/);
    await expect(evidence).toContainText(/Last tick\s*\d\d:\d\d:\d\d/);
    await expect(page.locator(".axis-label.is-stale").first()).toBeVisible();
  } finally {
    await exchange.reset();
  }
  await expect(feedPill(page)).toContainText("LIVE");
  await expect(page.locator(".axis-label.is-stale")).toHaveCount(0);
});

test("a lost connection is RECONNECTING, then LIVE, and the chart continues", async ({ page, app }) => {
  const exchange = exchangeAt(app.exchangeUrl);
  await openChart(page, app, { bars: 1 });
  const before = await barAt(page, -1);
  await exchange.fault("disconnect", { ms: 4_000 });
  await expect(feedPill(page)).toContainText(/RECONNECTING\s*try \d/);
  await expect(feedPill(page)).toContainText("LIVE", { timeout: 30_000 });
  await expect
    .poll(async () => {
      const bar = await barAt(page, -1);
      return bar.time > before.time || bar.ticks > before.ticks;
    })
    .toBe(true);
});

test("bad packets are counted and rejected while the chart continues", async ({ page, app }) => {
  const exchange = exchangeAt(app.exchangeUrl);
  await openChart(page, app, { bars: 1 });
  const rejects = async (): Promise<Record<string, number>> =>
    ((await (await fetch(`${app.url}/api/v1/status`)).json()) as { data: { rejects: Record<string, number> } }).data
      .rejects;
  const before = await rejects();
  await exchange.fault("garbage", { ratio: 0.2, ms: 5_000 });
  await exchange.fault("future_time", { ratio: 0.2, ms: 5_000 });
  await expect
    .poll(async () => {
      const now = await rejects();
      return (
        now.bad_packet! + now.bad_frame! > before.bad_packet! + before.bad_frame! &&
        now.future_time! > before.future_time!
      );
    })
    .toBe(true);
  await exchange.reset();
  await expect(feedPill(page)).toContainText("LIVE");
  const newest = await barAt(page, -1);
  expect(newest.time).toBeLessThanOrEqual(Date.now());
  await expect
    .poll(async () => {
      const bar = await barAt(page, -1);
      return bar.time > newest.time || bar.ticks > newest.ticks;
    })
    .toBe(true);
});

test("a token that has expired is said, and not tried for ever", async ({ page, launch }) => {
  const app = await launch();
  await openChart(page, app, { bars: 1 });
  await exchangeAt(app.exchangeUrl).fault("expired");
  await expect(feedPill(page)).toContainText("AUTH_EXPIRED");
  await expect(light(page)).toContainText("AUTH_EXPIRED");
  expect(app.output()).toContain("! sim-1 is not logged in: ");
  await expect(page.getByRole("alert").filter({ hasText: "sim-1" })).toBeVisible();
  await page.getByRole("link", { name: "Log in on the Status page" }).click();
  await expect(page.getByTestId("page-status")).toContainText("Not receiving data: log in");
  await expect(page.getByTestId("login-form")).toBeVisible();
});
