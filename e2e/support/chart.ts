import type { Locator, Page } from "@playwright/test";
import type { Envelope, RestBar } from "@/server/contract/rest";
import type { App } from "./app";
import { expect } from "./app";

/** Prices in minor units, time in epoch ms. */
export type ChartBar = Pick<
  RestBar,
  "time" | "open" | "high" | "low" | "close" | "volume" | "ticks" | "state" | "incomplete"
> & { points: number[][] };

export interface ChartChoice {
  /** `SIM/RELIANCE` */
  address?: string;
  timeframe?: string;
  /** Bars required before the test continues: 1 for timeframes without history. */
  bars?: number;
  /** Another way to the server than its own port. */
  url?: string;
}

/** A workspace as on a first run: what an earlier test chose would otherwise be recalled. */
export async function forgetWorkspace(app: App): Promise<void> {
  const fresh = {
    key: "SIM:RELIANCE",
    timeframe: "1m",
    watchlist: "",
    rightDock: { open: true, width: 320 },
    scale: { mode: "normal", auto: true, inverted: false },
    indicators: [
      { id: "EMA", params: { period: 20 } },
      { id: "RSI", params: { period: 14 } },
    ],
  };
  const answer = await fetch(`${app.url}/api/v1/workspace`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(fresh),
  });
  if (!answer.ok) throw new Error(`the workspace was not taken: ${await answer.text()}`);
}

/** Opens a chart cold and resolves when it is live and holds its history. */
export async function openChart(
  page: Page,
  app: App,
  { address = "SIM/RELIANCE", timeframe = "1m", bars = 1_000, url = app.url }: ChartChoice = {},
): Promise<void> {
  await forgetWorkspace(app);
  await page.goto(`${url}/chart/${address}?tf=${timeframe}`);
  await expectChart(page, address, timeframe, bars);
}

/** Resolves when the chart shows this instrument at this timeframe, live. */
export async function expectChart(page: Page, address: string, timeframe: string, bars = 1): Promise<void> {
  const cell = page.getByTestId("chart-0");
  await expect(cell).toHaveAttribute("data-key", decodeURIComponent(address).replace("/", ":"));
  await expect(cell).toHaveAttribute("data-timeframe", timeframe);
  await expect(cell).toHaveAttribute("data-phase", "live");
  await expect.poll(() => barCount(page), { timeout: 60_000 }).toBeGreaterThanOrEqual(bars);
}

export const barsOf = (page: Page): Promise<ChartBar[]> => page.evaluate(() => window.__candela?.bars() ?? []);
export const barCount = async (page: Page): Promise<number> =>
  page.evaluate(() => window.__candela?.bars().length ?? 0);
/** `-1` is the newest. */
export const barAt = (page: Page, index: number): Promise<ChartBar> =>
  page.evaluate((at) => {
    const bar = window.__candela?.bar(0, "main", at);
    if (bar === undefined || bar === null || Array.isArray(bar)) throw new Error(`no bar at ${at}`);
    return bar;
  }, index);
/** What the canvas shows once all requested changes are painted; it changes in animation frames. */
export const visibleOf = async (
  page: Page,
): Promise<{ from: number; to: number; fromTime: number; toTime: number }> => {
  const visible = await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++)
      await new Promise((painted) => {
        requestAnimationFrame(painted);
      });
    return window.__candela?.visible() ?? null;
  });
  if (visible === null) throw new Error("the chart shows no bars");
  return visible;
};

/** The pixel of a bar's price, in the page's coordinates. */
export async function pixelOf(page: Page, bar: Pick<ChartBar, "time" | "close">): Promise<{ x: number; y: number }> {
  const box = await page.getByTestId("chart-0").boundingBox();
  const at = await page.evaluate(({ time, price }) => window.__candela?.xy(0, { time, price }) ?? null, {
    time: bar.time,
    price: bar.close / 100,
  });
  if (box === null || at === null) throw new Error("the bar is not on the screen");
  return { x: box.x + at.x, y: box.y + at.y };
}

/** The state of the data behind the chart; there is one for wide screens and one for phones. */
export const feedPill = (page: Page): Locator => page.getByTestId("chart-feed-pill").filter({ visible: true });

/** Scrolls back until the chart no longer follows: a new bar then moves nothing from under the pointer. */
export async function holdStill(page: Page): Promise<void> {
  await expect(async () => {
    await page.keyboard.press("Control+ArrowLeft");
    await visibleOf(page);
    await expect(page.getByTestId("latest-button")).toBeVisible({ timeout: 100 });
  }).toPass({ intervals: [10] });
}

/** The legend of one bar: `{ open: "1,488.10", … }`. */
export async function legendOf(page: Page): Promise<Record<string, string>> {
  const line: Locator = page.getByTestId("legend-bar");
  return line.evaluate((element) => ({
    time: (element as HTMLElement).dataset.time ?? "",
    ...Object.fromEntries(
      [...element.querySelectorAll<HTMLElement>("[data-value]")].map((cell) => [
        cell.dataset.value!,
        cell.textContent ?? "",
      ]),
    ),
  }));
}

/** `1,02,345.00` from minor units: the page's own rule, said again here. */
export const rupees = (minor: number, decimals = 2): string =>
  new Intl.NumberFormat("en-IN", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(
    minor / 10 ** decimals,
  );

export async function restBars(
  app: Pick<App, "url">,
  key: string,
  query: Record<string, string | number>,
): Promise<RestBar[]> {
  const answer = await fetch(
    `${app.url}/api/v1/bars/${encodeURIComponent(key)}?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))}`,
  );
  if (!answer.ok) throw new Error(`REST did not answer: ${await answer.text()}`);
  return ((await answer.json()) as Envelope<RestBar[]>).data;
}

/**
 * Every text the canvas has drawn since the page opened: axis labels and watermarks are nowhere else. Call it before
 * `goto`.
 */
export async function recordCanvasText(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const drawn = new Set<string>();
    Object.assign(window, { drawnText: drawn });
    const draw = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function fillText(...told: Parameters<typeof draw>) {
      drawn.add(told[0]);
      draw.apply(this, told);
    };
  });
  return () => page.evaluate(() => [...(window as unknown as { drawnText: Set<string> }).drawnText]);
}
