import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** Recorded data outside the project: tests on it are skipped where it is absent. */
const folder = path.resolve(process.cwd(), "../shared/fixtures");
export const fixturesAbsent = !existsSync(folder);
export const fixturePath = (name: string): string => path.join(folder, name);
export const fixtureLines = (name: string): string[] => readFileSync(fixturePath(name), "utf8").split(/\r?\n/);
