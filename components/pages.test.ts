import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pageAt, pages } from "./pages";

const sources = ["components/shell/rail.tsx", "components/shell/tab-bar.tsx", "components/palette/palette-host.tsx"];

describe("the table of pages", () => {
  it("has a line for each folder with a page, and a folder for each line", () => {
    const folders = readdirSync("app", { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(`app/${entry.name}/page.tsx`))
      .map(({ name }) => `/${name}`);
    expect(pages.map(({ root }) => root).sort()).toEqual(folders.sort());
    expect(new Set(pages.map(({ name }) => name)).size).toBe(pages.length);
  });

  it("knows which page a path belongs to", () => {
    expect(
      ["/chart", "/chart/SIM/TCS", "/status", "/about/", "/", "/statuses"].map((path) => pageAt(path)?.name),
    ).toEqual(["chart", "chart", "status", "about", undefined, undefined]);
  });

  it.each(sources)("is all that %s knows of pages beside the chart", (file) => {
    const text = readFileSync(file, "utf8");
    expect(text).toMatch(/\bpages\b/);
    for (const { name, href } of pages.filter((page) => page.href !== "/")) {
      expect(text).not.toContain(`"${name}"`);
      expect(text).not.toContain(`"${href}"`);
    }
  });
});
