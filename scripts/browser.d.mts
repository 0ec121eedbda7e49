/** The Chromium that browser tests drive, or null when there is none. */
export function findChromium(): Promise<string | null>;
