import { defineConfig } from "@playwright/test";
import { findChromium } from "../scripts/browser.mjs";
import { workers } from "../scripts/test-times.mjs";

const executablePath = await findChromium();

// Each worker starts its own server (support/app.ts): no `webServer`. What a spec does to its server disturbs no other worker.
// The first minutes of a server take both cores: waits are long, and no spec measures time.
export default defineConfig({
  testDir: ".",
  outputDir: "results/files",
  workers: workers.browser,
  forbidOnly: process.env.CI !== undefined,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"], ["json", { outputFile: "results/report.json" }]],
  use: {
    actionTimeout: 30_000,
    navigationTimeout: 30_000,
    viewport: { width: 1440, height: 900 },
    locale: "en-IN",
    timezoneId: "Asia/Kolkata",
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
    launchOptions: {
      ...(executablePath === null ? {} : { executablePath }),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-default-apps",
      ],
    },
  },
});
