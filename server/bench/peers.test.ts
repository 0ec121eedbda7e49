import { describe, expect, it } from "vitest";
import { timeframeNames } from "@/server/domain/time/timeframe";
import type { BarSums, Contender } from "./contender";
import { contenders, type ContenderName } from "./contenders";
import { SyntheticMarket, type MarketShape } from "./market";

const SECONDS = 130;

const barsOf = async (name: ContenderName, shape: MarketShape): Promise<BarSums> => {
  const market = new SyntheticMarket(shape);
  const contender: Contender = await contenders[name](shape);
  for (let second = 0; second < SECONDS; second++) await contender.run(contender.prepare(market.next()));
  return contender.finish();
};

describe.each(["quote", "full"] as const)("contenders of the bench on %s packets", (packet) => {
  const shape: MarketShape = { instruments: 40, packet, perSecond: 3 };

  it("the object-a-tick version builds Candela's bars of every timeframe", async () => {
    const ours = await barsOf("candela", shape);
    expect(Object.keys(ours)).toEqual(timeframeNames);
    expect(ours["1s"]!.bars).toBeGreaterThan(40 * SECONDS * 0.9);
    expect(ours["1m"]!.bars).toBe(40 * 3);
    expect(await barsOf("objectATick", shape)).toEqual(ours);
  });

  it.each(["official", "tardis"] as const)("%s builds Candela's seconds", async (name) => {
    const ours = await barsOf("candela", shape);
    expect(await barsOf(name, shape)).toEqual({ "1s": ours["1s"] });
  });
});
