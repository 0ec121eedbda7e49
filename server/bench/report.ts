import { cpus, loadavg } from "node:os";
import { describeShape, type HotRow } from "./hot";

/** A ratio beside the goal the project has set itself. */
export interface Goal {
  what: string;
  measured: number;
  accepted: string;
  met: boolean;
}

export interface MachineFacts {
  node: string;
  cpu: string;
  cores: number;
  load: number;
  compiler: string | null;
}

export const machineFacts = (compiler: string | null): MachineFacts => ({
  node: process.version,
  cpu: cpus()[0]?.model.trim() ?? "unknown",
  cores: cpus().length,
  load: Math.round(loadavg()[0]! * 100) / 100,
  compiler,
});

/** Goals: server README, "Hot path". */
const goals = { floor: 6.5, objectATick: 5, official: 80, tardis: 15, gcMs: 1 } as const;

export const figure = (value: number): string =>
  value >= 100
    ? Math.round(value).toLocaleString("en-IN")
    : value >= 10
      ? value.toFixed(0)
      : value.toFixed(value >= 1 ? 1 : 2);
export const times = (value: number): string => `${figure(value)}x`;

const find = (rows: readonly HotRow[], like: HotRow, contender: HotRow["contender"]): HotRow | undefined =>
  rows.find(
    (row) =>
      row.shape.instruments === like.shape.instruments &&
      row.shape.packet === like.shape.packet &&
      row.contender === contender,
  );

export const hotGoals = (rows: readonly HotRow[]): Goal[] =>
  rows
    .filter(({ contender }) => contender === "candela")
    .flatMap((ours) => {
      const where = describeShape(ours.shape);
      const against = (contender: HotRow["contender"], what: string, least: number): Goal[] => {
        const peer = find(rows, ours, contender);
        return peer === undefined
          ? []
          : [
              {
                what: `${what}, ${where}`,
                measured: peer.ns / ours.ns,
                accepted: `>= ${least}x`,
                met: peer.ns / ours.ns >= least,
              },
            ];
      };
      const floor = find(rows, ours, "c");
      return [
        ...(floor === undefined
          ? []
          : [
              {
                what: `CPU of the C loop, ${where}`,
                measured: ours.ns / floor.ns,
                accepted: `<= ${goals.floor}x`,
                met: ours.ns / floor.ns <= goals.floor,
              },
            ]),
        ...against("objectATick", "faster than an object a tick", goals.objectATick),
        ...against("tardis", "faster than tardis-dev's bars", goals.tardis),
        ...against("official", "faster than the official decoder", goals.official),
        {
          what: `GC ms per million ticks, ${where}`,
          measured: ours.gcMs ?? 0,
          accepted: `<= ${goals.gcMs}`,
          met: (ours.gcMs ?? 0) <= goals.gcMs,
        },
      ];
    });

const titles: Record<HotRow["contender"], string> = {
  c: "C loop: decode + 1 s bars (floor)",
  candela: "Candela: decode + validate + 1 s bars + every timeframe",
  objectATick: "object a tick, Map of objects, the same output",
  tardis: "tardis-dev trade bars of 1 s, no decoding",
  official: "official kiteconnect decoder + 1 s bars",
};

export const hotTable = (rows: readonly HotRow[]): string => {
  const lines = [["", "CPU ns a tick", "to Candela", "to C", "GC ms / M ticks"]];
  const shapes = rows.filter(({ contender }) => contender === "candela");
  for (const ours of shapes) {
    lines.push([`${describeShape(ours.shape)}, ${ours.shape.perSecond} ticks a second each`]);
    const floor = find(rows, ours, "c");
    for (const contender of ["c", "candela", "objectATick", "tardis", "official"] as const) {
      const row = find(rows, ours, contender);
      if (row === undefined) continue;
      lines.push([
        `  ${titles[contender]}`,
        figure(row.ns),
        times(row.ns / ours.ns),
        floor === undefined ? "-" : times(row.ns / floor.ns),
        row.gcMs === null ? "-" : figure(row.gcMs),
      ]);
    }
  }
  return table(lines);
};

export const goalTable = (list: readonly Goal[]): string =>
  table([
    ["goal", "accepted", "measured", ""],
    ...list.map(({ what, accepted, measured, met }) => [what, accepted, figure(measured), met ? "✓" : "✗"]),
  ]);

/** First column to the left, figures to the right; a line of one cell is a heading. */
export const table = (lines: readonly (readonly string[])[]): string => {
  const full = lines.filter((line) => line.length > 1);
  const widths = full[0]!.map((_, column) => Math.max(...full.map((line) => line[column]!.length)));
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column === 0 ? cell.padEnd(line.length === 1 ? 0 : widths[0]!) : cell.padStart(widths[column]!),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
};
