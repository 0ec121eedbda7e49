import { describe, expect, it } from "vitest";
import { InstrumentTable } from "@/server/domain/instruments/instrument-table";
import { Quote, QuoteBoard } from "@/server/domain/ticks/quote-board";
import type { Clock } from "@/server/ports/clock";
import type { Desk, QuoteValues } from "@/server/ports/desk";
import type { Latest, Mover } from "@/server/ports/latest";
import type { LiveMarket } from "@/server/ports/live";
import { testInstrument } from "@/server/testing/pipeline-rig";
import { Movers } from "./movers";

describe("movers", () => {
  const table = new InstrumentTable();
  for (let id = 1; id <= 25; id++) table.put(testInstrument(id), "NSE");
  table.put(testInstrument(26, { key: "NSE_INDEX:NIFTY 50", exchange: "NSE_INDEX", segment: "index" }), "NSE_INDEX");
  const board = new QuoteBoard();
  board.grow(32);
  let asked = 0;
  /** Instrument i is i - 12 percent up; the last has no previous close, the index moves most. */
  const quote = (index: number): QuoteValues => {
    asked++;
    return { price: 100_00 + (index - 12) * 100, previousClose: index === 24 ? 0 : 100_00 } as QuoteValues;
  };
  const published = new Map<string, readonly Mover[]>();
  const latest = {
    publishMovers: (side: string, rows: readonly Mover[]) => {
      published.set(side, rows);
    },
  } as unknown as Latest;
  const movers = new Movers({
    live: { table, board } as unknown as LiveMarket,
    desk: { quote } as unknown as Desk,
    latest,
    clock: { sleep: async () => {} } as unknown as Clock,
  });

  it("are the ten that changed most either way, indices apart, the strongest first", async () => {
    for (let index = 0; index < 26; index++) board.figures[index * Quote.size + Quote.sequence] = 1;
    await movers.renew();
    expect(published.get("gainers")!.map(({ change }) => change)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    expect(published.get("losers")!.map(({ change }) => change)).toEqual([-12, -11, -10, -9, -8, -7, -6, -5, -4, -3]);
    expect(published.get("gainers")![0]!.key).toBe("NSE:TEST24");
  });

  it("look only at what has changed", async () => {
    asked = 0;
    board.figures[3 * Quote.size + Quote.sequence] = 2;
    await movers.renew();
    expect(asked).toBe(1);
  });
});
