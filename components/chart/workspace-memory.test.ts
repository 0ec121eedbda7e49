import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fetchWorkspace, saveWorkspace } from "@/components/client/api";
import type { Workspace } from "@/server/contract/rest";
import { chartMemory, firstChart, readKept, recallChart } from "./workspace-memory";

vi.mock("@/components/client/api", () => ({ fetchWorkspace: vi.fn(), saveWorkspace: vi.fn() }));
vi.mock("@/components/shell/dock-state", () => ({ dock: () => ({ get: () => ({ open: true, width: 320 }) }) }));

describe("what a browser keeps of a chart", () => {
  it("comes back as it was", () => expect(readKept(JSON.stringify(firstChart))).toEqual(firstChart));
  it("keeps a derived timeframe", () =>
    expect(readKept(JSON.stringify({ ...firstChart, timeframe: "45m" }))?.timeframe).toBe("45m"));
  it("is forgotten when it is damaged or of another version", () => {
    for (const text of [
      null,
      "",
      "{",
      "[]",
      JSON.stringify({ ...firstChart, timeframe: "7x" }),
      JSON.stringify({ ...firstChart, scale: { mode: "cubic" } }),
      JSON.stringify({ ...firstChart, indicators: [{}] }),
    ]) {
      expect(readKept(text)).toBeNull();
    }
  });
});

describe("what the server keeps of a chart", () => {
  const kept = new Map<string, string>();
  const saved: Workspace[] = [];
  beforeEach(() => {
    kept.clear();
    saved.length = 0;
    vi.stubGlobal("window", new EventTarget());
    vi.stubGlobal("localStorage", {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, text: string) => kept.set(name, text),
    });
    vi.mocked(saveWorkspace).mockImplementation((workspace) => {
      saved.push(workspace);
      return Promise.resolve();
    });
    vi.mocked(fetchWorkspace).mockImplementation(() => Promise.resolve(saved.at(-1) ?? null));
  });
  afterEach(() => vi.unstubAllGlobals());

  it("is nothing while the server has not confirmed the instrument; this browser keeps the rest", () => {
    const memory = chartMemory();
    memory.keep(null, { ...firstChart, timeframe: "15m" });
    memory.stop();
    expect(saved).toEqual([]);
    expect(readKept(kept.get("candela.chart") ?? null)?.timeframe).toBe("15m");
  });

  it("comes back in another browser with the colours it had", async () => {
    // MACD as the dialog adds it beside the first three: a pane of its own, not RSI's colour.
    const indicators = [...firstChart.indicators, { id: "MACD", params: { fast: 12 }, colour: 4, hidden: true }];
    const memory = chartMemory();
    memory.keep("SIM:TCS", { ...firstChart, indicators });
    memory.stop();
    expect(saved[0]?.key).toBe("SIM:TCS");
    kept.clear();
    expect((await recallChart()).indicators).toEqual(indicators);
  });
});
