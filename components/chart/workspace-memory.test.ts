import { describe, expect, it } from "vitest";
import { firstChart, readKept } from "./workspace-memory";

describe("what a browser keeps of a chart", () => {
  it("comes back as it was", () => expect(readKept(JSON.stringify(firstChart))).toEqual(firstChart));
  it("keeps a derived timeframe", () => expect(readKept(JSON.stringify({ ...firstChart, timeframe: "45m" }))?.timeframe).toBe("45m"));
  it("is forgotten when it is damaged or of another version", () => {
    for (const text of [null, "", "{", "[]", JSON.stringify({ ...firstChart, timeframe: "7x" }), JSON.stringify({ ...firstChart, scale: { mode: "cubic" } }), JSON.stringify({ ...firstChart, indicators: [{}] })]) {
      expect(readKept(text)).toBeNull();
    }
  });
});
