import { TickMarkType, type Time } from "lightweight-charts";
import { describe, expect, it } from "vitest";
import { crosshairLabel, IstBehavior, istWeight, tickMarkLabel } from "./ist-axis";

const ist = (text: string): number => Date.parse(`${text}+05:30`) / 1_000;
const time = (text: string): Time => ist(text) as Time;

describe("the IST axis", () => {
  it("marks the hour of an IST clock, which is a half hour in UTC", () => {
    expect(istWeight(ist("2026-11-18T10:00:00"), ist("2026-11-18T09:55:00"))).toBe(30);
    expect(istWeight(ist("2026-11-18T10:30:00"), ist("2026-11-18T10:25:00"))).toBe(22);
    expect(istWeight(ist("2026-11-18T12:00:00"), ist("2026-11-18T11:55:00"))).toBe(33);
    expect(istWeight(ist("2026-11-18T15:00:00"), ist("2026-11-18T14:55:00"))).toBe(31);
  });

  it("begins a day, a month and a year at Indian midnight", () => {
    expect(istWeight(ist("2026-11-18T09:15:00"), ist("2026-11-17T15:25:00"))).toBe(50);
    expect(istWeight(ist("2026-12-01T09:15:00"), ist("2026-11-30T15:25:00"))).toBe(60);
    expect(istWeight(ist("2027-01-01T09:15:00"), ist("2026-12-31T15:25:00"))).toBe(70);
    // 00:00 IST is 18:30 UTC of the day before: same UTC day, another Indian one.
    expect(istWeight(ist("2026-11-18T00:00:00"), ist("2026-11-17T23:59:00"))).toBe(50);
    expect(istWeight(ist("2026-11-18T05:30:00"), ist("2026-11-18T05:29:00"))).toBe(22);
  });

  it("distinguishes minutes and seconds", () => {
    expect(istWeight(ist("2026-11-18T10:05:00"), ist("2026-11-18T10:04:00"))).toBe(21);
    expect(istWeight(ist("2026-11-18T10:04:00"), ist("2026-11-18T10:03:00"))).toBe(20);
    expect(istWeight(ist("2026-11-18T10:04:05"), ist("2026-11-18T10:04:04"))).toBe(10);
    expect(istWeight(ist("2026-11-18T10:04:05"), ist("2026-11-18T10:04:05"))).toBe(0);
  });

  it("gives the library's points IST weights from the asked index on", () => {
    const behavior = new IstBehavior();
    const points = ["2026-11-17T15:25:00", "2026-11-18T09:15:00", "2026-11-18T09:20:00", "2026-11-18T10:00:00"].map(
      (text) => ({ time: behavior.convertHorzItemToInternal(time(text)), timeWeight: -1, originalTime: time(text) }),
    );
    behavior.fillWeightsForPoints(points as never, 1);
    expect(points.map((point) => point.timeWeight)).toEqual([-1, 50, 21, 30]);
  });

  it("leaves out a label that an end of the axis would cut, and has it back once there is room", () => {
    const behavior = new IstBehavior();
    behavior.setOptions({
      timeScale: { timeVisible: true, tickMarkFormatter: tickMarkLabel },
      localization: { locale: "en-IN", dateFormat: "dd" },
    } as never);
    const at = time("2026-11-18T14:30:00");
    const label = () => {
      const internal = behavior.convertHorzItemToInternal(at);
      return {
        key: behavior.cacheKey(internal),
        text: behavior.formatTickmark(
          { time: internal, weight: 22, originalTime: at, index: 0 } as never,
          { locale: "en-IN" } as never,
        ),
      };
    };
    const whole = label();
    behavior.isCut = (asked) => asked === at;
    const cut = label();
    expect([whole.text, cut.text]).toEqual(["14:30", ""]);
    // Labels are kept by this key: with the same one the first would stay.
    expect(cut.key).not.toBe(whole.key);
    behavior.isCut = () => false;
    expect(label()).toEqual(whole);
  });

  it("labels landmarks and the crosshair on a 24-hour Indian clock", () => {
    expect(tickMarkLabel(time("2026-11-18T09:15:00"), TickMarkType.DayOfMonth)).toBe("18 Nov");
    expect(tickMarkLabel(time("2026-11-18T14:30:00"), TickMarkType.Time)).toBe("14:30");
    expect(tickMarkLabel(time("2026-11-18T14:30:05"), TickMarkType.TimeWithSeconds)).toBe("14:30:05");
    expect(tickMarkLabel(time("2026-11-01T00:00:00"), TickMarkType.Month)).toBe("Nov");
    expect(tickMarkLabel(time("2027-01-01T00:00:00"), TickMarkType.Year)).toBe("2027");
    expect(crosshairLabel(time("2026-11-18T10:05:00"), "minutes")).toBe("Wed 18 Nov '26 10:05 IST");
    expect(crosshairLabel(time("2026-11-18T10:05:09"), "seconds")).toBe("Wed 18 Nov '26 10:05:09 IST");
    expect(crosshairLabel(time("2026-11-08T00:00:00"), "days")).toBe("Sun 8 Nov '26");
  });
});
