import { expect, it } from "vitest";
import { istClock, istIso, istLabel, istText } from "./ist-text";

it("writes India's clock, half past five ahead of UTC, over midnight", () => {
  const instant = Date.parse("2026-11-20T19:00:05Z");
  expect(istText(instant)).toBe("2026-11-21 00:30:05");
  expect(istClock(instant)).toBe("00:30:05");
  expect(istIso(instant)).toBe("2026-11-21T00:30:05+05:30");
  expect(istIso(instant + 40)).toBe("2026-11-21T00:30:05.040+05:30");
  expect(istLabel(instant)).toBe("2026-11-21T00:30:05+0530");
});
