import type { IndicatorRow } from "./indicators";
import { figure, type Goal, table, times } from "./report";

/** Goals: server/indicators/README.md, "Speed". */
const goals = { bare: 2, batch: 1.5, aged: 1.15 } as const;

const same = (a: IndicatorRow, b: IndicatorRow): boolean =>
  a.id === b.id && a.instances === b.instances && a.among === b.among;
const shapeOf = ({ instances, among }: IndicatorRow): string =>
  instances === 0
    ? "a million bars at once"
    : `${instances.toLocaleString("en-IN")} ${instances === 1 ? "instance" : "instances"}${among ? " among others" : ""}`;

/** The worst of all indicators decides: one goal per shape. */
export const indicatorGoals = (rows: readonly IndicatorRow[]): Goal[] => {
  const ours = rows.filter(({ who }) => who === "candela");
  const shapes = [...new Set(ours.map(shapeOf))];
  const worst = (
    what: string,
    shape: string,
    accepted: string,
    measure: (row: IndicatorRow) => number,
    most: number,
  ): Goal => {
    const measured = ours
      .filter((row) => shapeOf(row) === shape)
      .map((row) => ({ id: row.id, value: measure(row) }))
      .sort((a, b) => b.value - a.value);
    const { id, value } = measured[0]!;
    return {
      what: `${what}, ${shape}, worst of ${measured.length} (${id})`,
      measured: most === 1 ? 1 / value : value,
      accepted,
      met: value <= most,
    };
  };
  const to =
    (who: IndicatorRow["who"], field: "updateNs" | "peekNs") =>
    (row: IndicatorRow): number =>
      row[field] / rows.find((each) => each.who === who && same(each, row))![field];
  return shapes.flatMap((shape) =>
    shape === "a million bars at once"
      ? [worst("batch against a bare loop", shape, `<= ${goals.batch}x`, to("bare", "updateNs"), goals.batch)]
      : [
          worst("update against a bare loop", shape, `<= ${goals.bare}x`, to("bare", "updateNs"), goals.bare),
          worst("peek against a bare loop", shape, `<= ${goals.bare}x`, to("bare", "peekNs"), goals.bare),
          worst("update faster than trading-signals", shape, "> 1x", to("tradingSignals", "updateNs"), 1),
          worst("peek faster than trading-signals", shape, "> 1x", to("tradingSignals", "peekNs"), 1),
          ...(shape === "1 instance among others"
            ? [
                worst(
                  "after 3 million bars against a new one",
                  shape,
                  `<= ${goals.aged}x`,
                  (row) => row.aged,
                  goals.aged,
                ),
              ]
            : []),
        ],
  );
};

const names: Record<IndicatorRow["who"], string> = {
  bare: "bare loop",
  candela: "Candela",
  tradingSignals: "trading-signals",
};

export const indicatorTable = (rows: readonly IndicatorRow[]): string =>
  table([
    ["", "update ns", "to bare loop", "peek ns", "to bare loop"],
    ...rows.map((row) => {
      const bare = rows.find((each) => each.who === "bare" && same(each, row))!;
      const peek = row.instances === 0 ? ["-", "-"] : [figure(row.peekNs), times(row.peekNs / bare.peekNs)];
      return [
        `${row.id}, ${shapeOf(row)}  ${names[row.who]}`,
        figure(row.updateNs),
        times(row.updateNs / bare.updateNs),
        ...peek,
      ];
    }),
  ]);
