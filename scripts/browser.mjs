import { existsSync } from "node:fs";
import { findProgram } from "./system-packages.mjs";

/** The Chromium that browser tests drive: CHROMIUM_PATH, the system's, or one Playwright has downloaded; null when there is none. */
export async function findChromium() {
  if (process.env.CHROMIUM_PATH) return existsSync(process.env.CHROMIUM_PATH) ? process.env.CHROMIUM_PATH : null;
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    const found = findProgram(name);
    if (found !== null) return found;
  }
  const { chromium } = await import("playwright");
  return existsSync(chromium.executablePath()) ? chromium.executablePath() : null;
}
