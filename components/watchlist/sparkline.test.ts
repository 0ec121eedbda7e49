import { expect, test } from "vitest";
import { sparkline } from "./sparkline";

test("the highest close touches the top, the lowest the bottom, the previous close lies between", () => {
  const { path, base } = sparkline([100, 120, 110], 110, 56, 18, 3);
  expect(path).toBe("M0 16.5L28 1.5L56 9");
  expect(base).toBe(9);
});
test("half a day fills half the width", () => expect(sparkline([1, 2], 0, 56, 18, 3).path).toBe("M0 16.5L28 1.5"));
test("a price that never moved is a straight line; one price or none is no line", () => {
  expect(sparkline([5, 5], 5, 56, 18, 2)).toEqual({ path: "M0 16.5L56 16.5", base: 16.5 });
  expect(sparkline([4], 5, 56, 18, 60)).toEqual({ path: "", base: 9 });
  expect(sparkline([], 0, 56, 18, 60)).toEqual({ path: "", base: null });
});
