import type { Page } from "@playwright/test";
import { type App, expect, test } from "./support/app";
import { barAt, expectChart, holdStill, legendOf, pixelOf, rupees, visibleOf } from "./support/chart";

type Chosen = { id: string; params: Record<string, number | string> };
type Mode = "normal" | "log" | "percent" | "indexed";

/** Opens a chart whose workspace holds these indicators and this scale. */
async function openWith(
  page: Page,
  app: App,
  indicators: readonly Chosen[],
  mode: Mode = "normal",
  inverted = false,
): Promise<void> {
  const workspace = {
    key: "SIM:RELIANCE",
    timeframe: "1m",
    watchlist: "",
    rightDock: { open: true, width: 328 },
    scale: { mode, auto: true, inverted },
    indicators,
  };
  const answer = await fetch(`${app.url}/api/v1/workspace`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(workspace),
  });
  if (!answer.ok) throw new Error(await answer.text());
  await page.goto(`${app.url}/chart/SIM/RELIANCE?tf=1m`);
  await expectChart(page, "SIM/RELIANCE", "1m", 500);
  await holdStill(page);
}

const yOf = (page: Page, pane: number, value: number): Promise<number> =>
  page.evaluate(([at, wanted]) => window.__candela?.yOf(0, at!, wanted!) ?? Number.NaN, [pane, value] as const);
const scaleOf = (page: Page, pane = 0) => page.evaluate((at) => window.__candela?.scale(0, at), pane);
const box = async (page: Page) => (await page.getByTestId("chart-0").boundingBox())!;
const range = async (page: Page, pane: number) => {
  const [a, b] = [await yOf(page, pane, 1_000), await yOf(page, pane, 1_001)];
  return Math.abs(b - a);
};

/** How much further apart two equal steps of value are: 1 on a straight scale. */
const bend = async (page: Page, pane: number, from: number, step: number): Promise<number> => {
  const [a, b, c] = [
    await yOf(page, pane, from),
    await yOf(page, pane, from + step),
    await yOf(page, pane, from + 2 * step),
  ];
  return (b - a) / (c - b);
};

/** True when a pixel close to this point of the canvas is at least a third of the colour over the ground: thin lines are blended. */
const painted = (page: Page, at: { x: number; y: number }, colour: string): Promise<boolean> =>
  page.evaluate(
    ({ x, y, token }) => {
      const probe = document.createElement("canvas").getContext("2d")!;
      const rgb = (name: string): number[] => {
        probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
        probe.fillRect(0, 0, 1, 1);
        return [...probe.getImageData(0, 0, 1, 1).data.slice(0, 3)];
      };
      const [ground, ink] = [rgb("--c-bg"), rgb(token)];
      const way = ink.map((part, at) => part - ground[at]!);
      const length = way.reduce((sum, part) => sum + part * part, 0);
      return [...document.querySelectorAll<HTMLCanvasElement>(".chart-host canvas")].some((canvas) => {
        const place = canvas.getBoundingClientRect();
        if (x < place.left || x > place.right || y < place.top || y > place.bottom) return false;
        const ratio = canvas.width / place.width;
        const { data } = canvas
          .getContext("2d")!
          .getImageData(
            Math.round((x - place.left - 1) * ratio),
            Math.round((y - place.top - 2) * ratio),
            Math.ceil(3 * ratio),
            Math.ceil(5 * ratio),
          );
        for (let pixel = 0; pixel < data.length; pixel += 4) {
          if (data[pixel + 3]! < 200) continue;
          const seen = [0, 1, 2].map((part) => data[pixel + part]! - ground[part]!);
          const share = seen.reduce((sum, part, at) => sum + part * way[at]!, 0) / length;
          if (share > 0.33 && share < 1.1 && seen.every((part, at) => Math.abs(part - share * way[at]!) < 30))
            return true;
        }
        return false;
      });
    },
    { ...at, token: colour },
  );

const own: readonly Chosen[] = [
  { id: "MACD", params: {} },
  { id: "RSI", params: { period: 14 } },
];

for (const mode of ["log", "percent", "indexed"] as const) {
  test(`the price scale counts ${mode}, upside down, and no other: panes that come after it are straight`, async ({
    page,
    app,
  }) => {
    await openWith(page, app, own, mode, true);
    expect(await scaleOf(page)).toMatchObject({ mode: { log: 1, percent: 2, indexed: 3 }[mode], inverted: true });
    for (const pane of [1, 2]) {
      expect(await scaleOf(page, pane)).toEqual({ mode: 0, auto: true, inverted: false });
      expect(await bend(page, pane, pane === 1 ? -1 : 30, pane === 1 ? 1 : 20)).toBeCloseTo(1, 6);
      expect(await yOf(page, pane, 20), "more is higher").toBeGreaterThan(await yOf(page, pane, 21));
    }
    // And one added now.
    await page.getByTestId("indicators-button").click();
    await page.getByRole("combobox", { name: "Search indicators" }).fill("cci");
    await expect(page.getByRole("option").first()).toBeVisible();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.evaluate(() => window.__candela?.panes())).toBe(4);
    expect(await scaleOf(page, 3)).toEqual({ mode: 0, auto: true, inverted: false });
    expect(await scaleOf(page)).toMatchObject({ mode: { log: 1, percent: 2, indexed: 3 }[mode] });
  });
}

test("a logarithmic price scale is one", async ({ page, app }) => {
  await openWith(page, app, [], "log");
  const price = (await barAt(page, -1)).close / 100;
  // Equal steps come closer together as prices rise: (log 1.1) / (log 1.2 - log 1.1).
  expect(await bend(page, 0, price, price * 0.1)).toBeCloseTo(Math.log(1.1) / (Math.log(1.2) - Math.log(1.1)), 3);
});

for (const mode of ["normal", "log", "percent", "indexed"] as const) {
  test(`an overlay of equal value lies on its candle on a ${mode} scale`, async ({ page, app }) => {
    // The channel of one bar: its top is the bar's high, its bottom the low.
    await openWith(
      page,
      app,
      [
        { id: "EMA", params: { period: 20 } },
        { id: "DC", params: { period: 2 } },
      ],
      mode,
    );
    const { from } = await visibleOf(page);
    for (const back of [6, 14, 22]) {
      const [bar, before] = [await barAt(page, -back), await barAt(page, -back - 1)];
      expect(from).toBeGreaterThan(30);
      const [ema, , channel] = [bar.points[0]![0]!, 0, bar.points[1]!];
      const high = Math.max(bar.high, before.high);
      expect(Math.max(...channel)).toBe(high);
      const lineAt = await pixelOf(page, { time: bar.time, close: high });
      expect(await painted(page, lineAt, "--c-series-2"), `the channel's top at ${rupees(high)}`).toBe(true);
      expect(
        await painted(page, await pixelOf(page, { time: bar.time, close: ema }), "--c-series-1"),
        `the average at ${rupees(Math.round(ema))}`,
      ).toBe(true);
    }
  });
}

test("percent labels count from the first bar in view, and say so on the last price too", async ({ page, app }) => {
  await openWith(page, app, [], "percent");
  const { fromTime } = await visibleOf(page);
  const base = await page.evaluate(
    (time) => window.__candela?.bars().find((bar) => bar.time === time)?.close ?? 0,
    fromTime,
  );
  const bar = await barAt(page, -1);
  expect(await yOf(page, 0, base / 100)).toBeGreaterThan(0);
  const shown = Number(
    (await page.locator(".axis-label-price").first().innerText()).replace("−", "-").replace("%", ""),
  );
  expect(shown).toBeCloseTo((bar.close / base - 1) * 100, 0);
});

test("the wheel over a price scale scales that pane; a double click fits it again", async ({ page, app }) => {
  await openWith(page, app, own);
  const { x, y, width } = await box(page);
  const auto = page.getByRole("group", { name: "Price scale" }).getByRole("button", { name: "auto" });
  await expect(auto).toHaveAttribute("aria-pressed", "true");
  const [view, before, rsi] = [await visibleOf(page), await range(page, 0), await yOf(page, 2, 50)];
  await page.mouse.move(x + width - 30, y + 200);
  await page.mouse.wheel(0, -100);
  await expect.poll(() => range(page, 0)).toBeCloseTo(before / Math.exp(-0.1), 1);
  await expect(auto).toHaveAttribute("aria-pressed", "false");
  expect(await visibleOf(page), "the time stays").toEqual(view);
  expect(await yOf(page, 2, 50), "other panes stay").toBe(rsi);
  await page.mouse.wheel(0, 100);
  await expect.poll(() => range(page, 0)).toBeCloseTo(before, 1);
  await page.mouse.dblclick(x + width - 30, y + 200);
  await expect(auto).toHaveAttribute("aria-pressed", "true");
});

for (const mode of ["log", "percent"] as const) {
  test(`the wheel scales a ${mode} scale around its middle`, async ({ page, app }) => {
    await openWith(page, app, [], mode);
    const { x, y, width } = await box(page);
    const price = (await barAt(page, -10)).close / 100;
    const [high, low] = [price * 1.001, price * 0.999];
    const before = (await yOf(page, 0, low)) - (await yOf(page, 0, high));
    await page.mouse.move(x + width - 30, y + 200);
    await page.mouse.wheel(0, -200);
    await expect
      .poll(async () => ((await yOf(page, 0, low)) - (await yOf(page, 0, high))) / before)
      .toBeCloseTo(Math.exp(0.2), 1);
  });
}

test("scale labels beside the last price are whole or gone", async ({ page, app }) => {
  await openWith(page, app, []);
  // What the plate covers, and what the canvas has drawn beside it: non-empty rows of the scale.
  const cut = await page.evaluate(() => {
    const plate = [...document.querySelectorAll<HTMLElement>(".axis-label[data-plate='true']")].find(
      (each) => !each.hidden,
    )!;
    const edge = getComputedStyle(plate, "::before");
    const place = plate.getBoundingClientRect();
    const [top, bottom] = [place.top + Number.parseFloat(edge.top), place.bottom - Number.parseFloat(edge.bottom)];
    const canvas = [...document.querySelectorAll<HTMLCanvasElement>(".chart-host canvas")].find((each) => {
      const at = each.getBoundingClientRect();
      return at.left >= place.left - 2 && at.top <= place.top && at.bottom >= place.bottom && at.width < 120;
    })!;
    const at = canvas.getBoundingClientRect();
    const ratio = canvas.width / at.width;
    const inked = (y: number): boolean => {
      const { data } = canvas
        .getContext("2d")!
        .getImageData(6 * ratio, Math.round((y - at.top) * ratio), 50 * ratio, 1);
      for (let pixel = 4; pixel < data.length; pixel += 4) if (Math.abs(data[pixel]! - data[0]!) > 40) return true;
      return false;
    };
    return { top: inked(top) || inked(top - 1), bottom: inked(bottom) || inked(bottom + 1) };
  });
  expect(cut).toEqual({ top: false, bottom: false });
});

test("a legend names every value, and its curves stay below it", async ({ page, app }) => {
  await openWith(page, app, [{ id: "BB", params: {} }, ...own]);
  await expect(page.getByTestId("legend-pane-0-1")).toHaveText(
    /MACD 12 26 9\s*MACD\s*−?[\d.]+\s*Signal\s*−?[\d.]+\s*Histogram\s*−?[\d.]+/,
  );
  await expect(page.getByTestId("legend-main-0")).toHaveText(
    /BB 20 2\s*Upper\s*[\d,.]+\s*Middle\s*[\d,.]+\s*Lower\s*[\d,.]+/,
  );
  for (const [testId, pane] of [
    ["legend-main-0", 0],
    ["legend-pane-0-1", 1],
    ["legend-pane-0-2", 2],
  ] as const) {
    const legend = (await page.getByTestId(testId).boundingBox())!;
    const host = await box(page);
    const top = await page.evaluate(
      ({ at }) => {
        const chart = window.__candela!;
        const { from, to } = chart.visible()!;
        const bars = chart.bars().slice(Math.max(0, Math.ceil(from)), Math.floor(to) + 1);
        const values =
          at === 0
            ? bars.flatMap((bar) => [bar.high / 100, ...bar.points[0]!.map((value) => value / 100)])
            : bars.flatMap((bar) => bar.points[at]!.map((value) => (at === 1 ? value / 100 : value)));
        return chart.yOf(0, at, Math.max(...values.filter(Number.isFinite)))!;
      },
      { at: pane },
    );
    const paneTop = await page.evaluate(
      (at) =>
        [...document.querySelectorAll(".chart-host table tr td:nth-child(2)")]
          .filter((cell) => cell.querySelector("canvas") !== null)
          [at]?.getBoundingClientRect().top ?? 0,
      pane,
    );
    expect(paneTop, "the pane is found").toBeGreaterThanOrEqual(host.y);
    expect(paneTop + top, `${testId} ends above its curves`).toBeGreaterThanOrEqual(legend.y + legend.height - 1);
  }
});

test("the settings of what the first run shows open ready to apply", async ({ page, app }) => {
  await openWith(page, app, [
    { id: "EMA", params: { period: 20 } },
    { id: "VWAP", params: {} },
    { id: "MACD", params: {} },
  ]);
  for (const label of ["EMA 20", "VWAP", "MACD 12 26 9"]) {
    const row = page.locator('[data-testid^="ind-"]').filter({ hasText: label }).first();
    await row.hover();
    await row.getByRole("button", { name: `Settings of ${label}` }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByRole("button", { name: "Apply" })).toBeEnabled();
    expect(await dialog.locator('[aria-invalid="true"]').count()).toBe(0);
    for (const select of await dialog.locator("select").all()) await expect(select).not.toHaveValue("");
    await dialog.getByRole("button", { name: "Cancel" }).click();
  }
  expect((await legendOf(page)).close).toMatch(/^[\d,]+\.\d\d$/);
});
