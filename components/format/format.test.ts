import { describe, expect, test } from "vitest";
import {
  changePercent,
  changeText,
  compactText,
  countText,
  differenceText,
  directionOf,
  millisecondsText,
  moneyText,
  numberText,
  percentText,
  priceText,
  rupeesText,
} from "./numbers";
import {
  ageText,
  clockText,
  countdownText,
  crosshairText,
  dateText,
  dayText,
  spanText,
  timeText,
  waitText,
  weekdayTimeText,
} from "./times";

describe("prices", () => {
  test("are grouped in lakhs with the digits of the instrument", () => {
    expect(priceText(10_234_500, 2)).toBe("1,02,345.00");
    expect(priceText(285_050, 2)).toBe("2,850.50");
    expect(priceText(834_525, 4)).toBe("83.4525");
    expect(priceText(5, 2)).toBe("0.05");
  });
  test("in rupees keep what two digits would lose", () =>
    expect([rupeesText(2850.5), rupeesText(83.4525), rupeesText(null)]).toEqual(["2,850.50", "83.4525", "–"]));
  test("carry a real minus sign", () => {
    expect(priceText(-45_000, 2)).toBe("−450.00");
    expect(moneyText(-450)).toBe("−₹450.00");
    expect(moneyText(1_234_567)).toBe("₹12,34,567.00");
  });
  test("of zero have no sign, whatever rounds to it", () => {
    for (const value of [-0, -0.4, -1e-9]) {
      expect(priceText(value, 2)).toBe("0.00");
      expect(numberText(value / 100, 2)).toBe("0.00");
      expect(differenceText(value, 4)).toBe("0.0000");
      expect(moneyText(value / 100)).toBe("₹0.00");
      expect(percentText(value / 100)).toBe("0.00%");
      expect(rupeesText(value / 1e6)).toMatch(/^0\.00(00)?$/);
      expect(compactText(value)).toBe("0");
      expect(countText(value)).toBe("0");
      expect(millisecondsText(value / 1_000)).not.toContain("−");
    }
    expect([priceText(-1, 2), numberText(-0.005, 2), compactText(-0.6), percentText(-0.005)]).toEqual([
      "−0.01",
      "−0.01",
      "−1",
      "−0.01%",
    ]);
  });
  test("that are unknown are an en dash, never zero", () => {
    for (const text of [
      priceText(null, 2),
      priceText(Number.NaN, 2),
      compactText(undefined),
      percentText(null),
      moneyText(null),
      countText(null),
    ])
      expect(text).toBe("–");
  });
});

describe("changes", () => {
  test("have a sign always and the percentage in brackets", () => {
    expect(changeText(285_050, 284_810, 2)).toBe("+2.40 (+0.08%)");
    expect(changeText(284_570, 284_810, 2)).toBe("−2.40 (−0.08%)");
  });
  test("of nothing have none, also when rounding makes it nothing", () => {
    expect(changeText(284_810, 284_810, 2)).toBe("0.00 (0.00%)");
    expect(percentText(-0.001)).toBe("0.00%");
  });
  test("need a base", () => {
    expect(changeText(284_810, 0, 2)).toBe("–");
    expect(changePercent(10, 0)).toBeNull();
    expect(directionOf(10, 0)).toBe("flat");
    expect([directionOf(11, 10), directionOf(9, 10), directionOf(10, 10)]).toEqual(["up", "down", "flat"]);
  });
  test("keep the digits of the instrument", () => expect(differenceText(25, 4)).toBe("+0.0025"));
});

describe("volumes", () => {
  test("are compact from a thousand, in K, L and Cr", () => {
    expect(compactText(999)).toBe("999");
    expect([compactText(999.4), compactText(999.6), compactText(-999.6), compactText(-123_456)]).toEqual([
      "999",
      "1.00K",
      "−1.00K",
      "−1.23L",
    ]);
    expect(compactText(12_345)).toBe("12.35K");
    expect(compactText(123_456)).toBe("1.23L");
    expect(compactText(125_000)).toBe("1.25L");
    expect(compactText(34_000_000)).toBe("3.40Cr");
  });
  test("in full are grouped", () => expect(countText(123_456)).toBe("1,23,456"));
});

test("milliseconds keep the digits that mean something", () => {
  expect([0.04, 0.31, 4.06, 9.2, 38.4, 0].map((ms) => millisecondsText(ms))).toEqual([
    "0.04",
    "0.3",
    "4.1",
    "9.2",
    "38",
    "0.0",
  ]);
});

describe("times", () => {
  const instant = Date.parse("2026-11-18T10:15:29+05:30");
  test("are IST unless another zone is named", () => {
    expect(timeText(instant)).toBe("10:15");
    expect(timeText(instant, "UTC")).toBe("04:45");
    expect(clockText(instant)).toBe("10:15:29");
    expect(clockText(Date.parse("2026-11-18T00:05:00+05:30"))).toBe("00:05:00");
  });
  test("name their day", () => {
    expect(dateText(instant)).toBe("18 Nov 2026");
    expect(dayText(Date.parse("2026-09-03T12:00:00+05:30"))).toBe("3 Sep");
    expect(weekdayTimeText(instant)).toBe("Wed 10:15");
    expect(crosshairText(instant)).toBe("Wed 18 Nov '26 10:15");
    expect(crosshairText(instant, "IST", true)).toBe("Wed 18 Nov '26 10:15:29");
  });
  test("the Indian day begins at half past six in the evening UTC", () => {
    expect(dateText(Date.parse("2026-11-17T18:30:00Z"))).toBe("18 Nov 2026");
    expect(dateText(Date.parse("2026-11-17T18:29:59Z"))).toBe("17 Nov 2026");
  });
});

describe("ages", () => {
  const now = Date.parse("2026-11-18T13:15:29+05:30");
  test("grow from tenths to seconds to minutes, then are a clock time, then a date", () => {
    expect(ageText(now - 400, now)).toBe("0.4s");
    expect(ageText(now - 12_300, now)).toBe("12s");
    expect(ageText(now - 190_000, now)).toBe("3m");
    expect(ageText(now - 2 * 3_600_000, now)).toBe("11:15");
    expect(ageText(now - 26 * 3_600_000, now)).toBe("17 Nov");
    expect(ageText(null, now)).toBe("–");
  });
  test("of a clock that runs ahead are nothing, not negative", () => expect(ageText(now + 300, now)).toBe("0.0s"));
  test("never print ten seconds as 10.0s", () =>
    expect([spanText(9_949), spanText(9_960), spanText(59_999)]).toEqual(["9.9s", "9s", "59s"]));
});

describe("what is left", () => {
  test("counts down by the second", () => {
    expect(countdownText(271_000)).toBe("04:31");
    expect(countdownText(7_171_000)).toBe("01:59:31");
    expect(countdownText(1)).toBe("00:01");
    expect(countdownText(-5)).toBe("00:00");
  });
  test("of days is shown in its two largest units", () => {
    expect([waitText(51 * 3_600_000), waitText(11_520_000), waitText(840_000)]).toEqual(["2d 3h", "3h 12m", "14m"]);
  });
});
