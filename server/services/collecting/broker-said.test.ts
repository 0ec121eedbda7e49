import { describe, expect, it } from "vitest";
import { BrokerSaid } from "./broker-said";

describe("a broker's words", () => {
  it("are told once, and counted while they are the same but for their numbers", () => {
    const said = new BrokerSaid();
    let told = 0;
    for (let turn = 0; turn < 30_000; turn++) if (said.hear(`error: too many requests (${turn} of 3)`, turn)) told++;
    expect([told, said.last]).toEqual([
      1,
      { time: 29_999, text: "error: too many requests (29999 of 3)", count: 30_000 },
    ]);
    expect(said.hear("error: too many requests (1 of 3)", 29_999 + 60_000)).toBe(true);
  });

  it("are told once a second, whatever they are; the newest stands in the light", () => {
    const said = new BrokerSaid();
    const words = (turn: number): string => [...String(turn)].map((digit) => "abcdefghij"[Number(digit)]).join("");
    let told = 0;
    for (let turn = 0; turn < 5_000; turn++) if (said.hear(words(turn), turn)) told++;
    expect([told, said.last?.text]).toEqual([5, words(4_999)]);
    expect(said.hear("after the clock went back", 10), "a clock that goes back keeps nobody quiet").toBe(true);
  });
});
