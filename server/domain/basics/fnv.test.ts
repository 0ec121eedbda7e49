import { expect, it } from "vitest";
import { fnv1a } from "./fnv";

it("is FNV-1a: the published values of short texts", () => {
  expect([fnv1a(""), fnv1a("a"), fnv1a("foobar")]).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
});
