import { expect, test } from "vitest";
import { checkFileLimit, filesAllowed } from "./file-limit";

const table = (soft: string): string =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax cpu time              unlimited            unlimited            seconds\nMax open files            ${soft.padEnd(20)} 1048576              files\n`;

test("a low limit of open files is a sentence that says what to do", () => {
  expect(() => checkFileLimit(() => table("128"))).toThrow(
    'This process may open only 128 files at once, and Candela needs 256 or more: run "ulimit -n 4096" and start again.',
  );
  expect(() =>
    checkFileLimit(() => {
      throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
    }),
  ).toThrow("may open too few files");
});

test("enough, no limit, and a system without such a table pass", () => {
  for (const text of [table("256"), table("unlimited"), ""]) expect(() => checkFileLimit(() => text)).not.toThrow();
  expect(() =>
    checkFileLimit(() => {
      throw Object.assign(new Error("no such file"), { code: "ENOENT" });
    }),
  ).not.toThrow();
  expect(filesAllowed(table("1024"))).toBe(1_024);
});
