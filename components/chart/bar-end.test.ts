import { describe, expect, it } from "vitest";
import { countdownText } from "@/components/format/times";
import type { SessionView } from "@/server/contract/live";
import { timeframe } from "@/server/domain/time/timeframe";
import { barEnd } from "./bar-end";

const at = (clock: string): number => Date.parse(`2026-11-18T${clock}+05:30`);
const session: SessionView = {
  kind: "regular",
  name: "Regular",
  phase: "continuous",
  open: at("09:15:00"),
  close: at("15:30:00"),
  until: at("15:30:00"),
};
const shown = (name: Parameters<typeof timeframe>[0], clock: string): string | null => {
  const end = barEnd(session, timeframe(name), at(clock));
  return end === null ? null : countdownText(end - at(clock));
};

describe("the bar countdown", () => {
  it("counts down to the end of the bar in progress", () => {
    expect(shown("5m", "09:17:30")).toBe("02:30");
    expect(shown("5m", "09:15:00")).toBe("05:00");
    expect(shown("5m", "09:19:59.500")).toBe("00:01");
    expect(shown("2h", "09:17:30")).toBe("01:57:30");
  });

  it("is anchored at the open, and the last bar of the day is short", () => {
    expect(shown("1h", "10:00:00")).toBe("15:00");
    expect(shown("1h", "15:20:00")).toBe("10:00");
    expect(shown("1d", "15:20:00")).toBe("10:00");
  });

  it("is hidden when the market is closed and for weeks and months", () => {
    expect(barEnd({ ...session, phase: "closed" }, timeframe("5m"), at("09:17:30"))).toBeNull();
    expect(barEnd({ ...session, phase: "pre_open" }, timeframe("5m"), at("09:07:30"))).toBeNull();
    expect(barEnd(null, timeframe("5m"), at("09:17:30"))).toBeNull();
    expect(shown("5m", "15:30:00")).toBeNull();
    expect(shown("1W", "10:00:00")).toBeNull();
  });
});
