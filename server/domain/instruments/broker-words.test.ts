import { expect, test } from "vitest";
import { brokerWords } from "./broker-words";

test.each([
  ["Too many subscriptions for token abc-123-def. Wait.", "Too many subscriptions for token …. Wait."],
  ["line one\n\tline\u0000 two", "line one line two"],
  [
    "checksum 5d41402abc4b2a76b9719d911017c592 is wrong for 12345678901234567890",
    "checksum … is wrong for 12345678901234567890",
  ],
  ["Incorrect `api_key` or `access_token`.", "Incorrect `api_key` or `access_token`."],
])("%j is shown as %j", (text, shown) => expect(brokerWords(text, ["abc-123-def", undefined, ""])).toBe(shown));

test("a key that is the beginning of a token does not leave the token's end", () =>
  expect(brokerWords("demo-token, demo", ["demo", "demo-token"])).toBe("…, …"));

test("a long text is cut, a secret across the cut is not shown in part", () => {
  const shown = brokerWords(`${"x ".repeat(97)}abc-123-def and more ${"y ".repeat(2_000)}`, ["abc-123-def"]);
  expect(shown.length).toBe(200);
  expect(shown).not.toContain("abc");
});
