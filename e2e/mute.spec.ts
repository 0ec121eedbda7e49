import { expect, test } from "./support/app";
import { openChart } from "./support/chart";
import { exchangeAt } from "./support/exchange";

// A file of its own: it waits for more than a minute, and another worker goes on meanwhile.
test("an instrument that is mute while its feed is not says so, in its row and beside its chart", async ({
  page,
  launch,
}) => {
  test.setTimeout(240_000);
  const app = await launch();
  const exchange = exchangeAt(app.exchangeUrl);
  await openChart(page, app, { address: "SIM/INFY" });
  const muted = async (): Promise<boolean> => {
    const { meta } = (await (await fetch(`${app.url}/api/v1/gaps/SIM:INFY`)).json()) as {
      meta: { feed: { patienceMs: number | null } };
    };
    return meta.feed.patienceMs !== null;
  };
  await expect.poll(muted, { timeout: 120_000 }).toBe(true);
  await exchange.fault("mute", { symbols: ["INFY"] });
  const row = page.getByTestId("wl-row-SIM:INFY");
  await expect(row).toHaveAttribute("data-mute", "true", { timeout: 90_000 });
  await expect(row).toContainText(/mute \d+s|mute \dm/);
  await expect(row).toHaveAttribute("title", /no tick for .* while its feed delivers others/);
  await expect(page.getByTestId("chart-feed-pill").filter({ visible: true })).toContainText(/MUTE\s*no tick for/);
  await expect(page.getByTestId("wl-live")).toHaveText("21 of 22 live");
  await expect(page.getByTestId("wl-row-SIM:TCS")).toHaveAttribute("data-mute", "false");
  await exchange.reset();
  await expect(row).toHaveAttribute("data-mute", "false", { timeout: 30_000 });
});
