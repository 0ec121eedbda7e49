import type { Instrument } from "@/server/domain/instruments/instrument";
import type { Watchlist } from "@/server/domain/instruments/watchlist";

const SECTIONS: readonly [string, readonly string[]][] = [
  ["", ["NIFTY 50", "NIFTY BANK", "INDIA VIX"]],
  ["Energy and metals", ["RELIANCE", "ONGC", "NTPC", "TATASTEEL", "JSWSTEEL"]],
  ["Banks", ["HDFCBANK", "ICICIBANK", "SBIN", "AXISBANK", "KOTAKBANK"]],
  ["IT and others", ["TCS", "INFY", "WIPRO", "BHARTIARTL", "ITC", "MARUTI", "M&M"]],
];

/**
 * Watchlists of the first start, built from the exchange's instruments: a morning desk and one list per kind of
 * instrument.
 */
export const firstWatchlists = (instruments: readonly Instrument[]): Watchlist[] => {
  const bySymbol = new Map(instruments.map((each) => [each.symbol, each.key]));
  const futures = instruments
    .filter((each) => each.segment === "futures")
    .map((each) => ({ key: each.key, section: "Futures" }));
  const desk = SECTIONS.flatMap(([section, symbols]) =>
    symbols.flatMap((symbol) => {
      const key = bySymbol.get(symbol);
      return key === undefined ? [] : [{ key, section }];
    }),
  );
  const all = (segment: Instrument["segment"]) =>
    instruments
      .filter((each) => each.segment === segment)
      .map((each) => ({ key: each.key, section: "" }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  const lists: Watchlist[] = [
    {
      name: "morning-desk",
      title: "Morning desk",
      category: "demo",
      readOnly: false,
      rows: [...desk, ...futures.slice(0, 2)],
    },
    { name: "all-stocks", title: "All stocks", category: "demo", readOnly: true, rows: all("equity") },
    { name: "indices", title: "Indices", category: "index", readOnly: true, rows: all("index") },
    {
      name: "futures",
      title: "Futures",
      category: "demo",
      readOnly: true,
      rows: futures.map((row) => ({ ...row, section: "" })),
    },
  ];
  return lists.filter((list) => list.rows.length > 0);
};
