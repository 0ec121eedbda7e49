import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { transformSync } from "esbuild";
import { describe, expect, it } from "vitest";
import { feeds } from ".";

/**
 * Where a broker's name may stand in code: its folder and the registry's line, the exchange that speaks its protocol, the table
 * of printing conventions (data by source), tests and the bench.
 */
const allowed =
  /^server\/(feeds\/|exchange\/|testing\/|bench\/|domain\/instruments\/source-conventions\.ts$)|\.(test|spec)\.tsx?$/;

/** The lines of a source without its comments, which may describe a broker anywhere. */
const codeOf = (file: string): string[] =>
  transformSync(readFileSync(file, "utf8"), {
    loader: file.endsWith("x") ? "tsx" : "ts",
    legalComments: "none",
  }).code.split("\n");

describe("a broker's name", () => {
  it.each(feeds.map(({ id }) => id))("%s stands in no code outside its folder", (id) => {
    const name = new RegExp(`(^|[^a-z])${id}([^a-z]|$)`, "i");
    const found = ["app", "components", "scripts", "server"].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .map((file) => path.posix.join(folder, file.replaceAll("\\", "/")))
        .filter((file) => /\.(tsx?|mjs)$/.test(file) && !allowed.test(file))
        .flatMap((file) =>
          codeOf(file)
            .filter((line) => name.test(line.replaceAll("_", " ")))
            .map((line) => `${file}: ${line.trim()}`),
        ),
    );
    expect(found).toEqual([]);
  });
});
