import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "./program";

const leaves = (command: Command, path: string[] = []): [string, Command][] => {
  const name = [...path, command.name()];
  return command.commands.length === 0
    ? [[name.join(" "), command]]
    : command.commands.flatMap((each) => leaves(each, name));
};

describe("the command line", () => {
  const all = leaves(createProgram());
  it("has its commands", () =>
    expect(all.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        "candela decode kite",
        "candela replay",
        "candela resample",
        "candela sessions",
        "candela backfill",
        "candela verify",
        "candela stream",
        "candela database migrate",
        "candela database timescale",
      ]),
    ));
  it.each(all)("%s takes --json", (_, command) => expect(command.options.map(({ long }) => long)).toContain("--json"));
});
