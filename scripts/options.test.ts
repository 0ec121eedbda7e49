import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { environment, options } from "@/server/config";
import { feeds } from "@/server/feeds";
import { help, settings, unknownOption } from "./options.mjs";

// Set by the commands themselves, not by a person.
const ours = ["CANDELA_TEST", "TEST_CLOCK", "NODE_ENV"];

describe("the help text", () => {
  it("names every variable and option the server reads, and no other", () => {
    expect(settings.map((each) => each.env).sort()).toEqual(
      [
        ...Object.keys(environment.shape).filter((name) => !ours.includes(name)),
        ...feeds.flatMap(({ loginFields }) => loginFields.map(({ env }) => env)),
      ].sort(),
    );
    expect(
      settings
        .filter((each) => each.option !== undefined)
        .map((each) => [each.option, each.env])
        .sort(),
    ).toEqual(
      Object.entries(options)
        .map(([option, variable]) => [`--${option}`, variable])
        .sort(),
    );
  });

  it("states the values the server takes when nothing is set", () => {
    const standard = Object.entries(environment.parse({})).filter(
      ([name, value]) => !ours.includes(name) && value !== "",
    );
    expect(standard).not.toEqual([]);
    for (const [name, value] of standard)
      expect(settings.find((each) => each.env === name)?.standard, name).toBe(String(value));
  });

  it("fits a terminal of 120 columns", () =>
    expect(
      help()
        .split("\n")
        .filter((line) => line.length > 120),
    ).toEqual([]));

  it("refuses an option that does not exist, whatever its form", () => {
    expect(unknownOption(["--port", "9000", "--data=x", "--speed", "-1"])).toBeNull();
    expect(unknownOption(["--port", "9000", "--prot=1"])).toBe("--prot=1");
  });
});

describe(".env.example", () => {
  it("lists every variable", () => {
    const listed = [...readFileSync(".env.example", "utf8").matchAll(/^# ([A-Z_]+)=/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual(settings.map((each) => each.env).sort());
  });
});
