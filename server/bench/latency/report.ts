import { table, type Goal } from "../report";
import { CHARTS, INSTRUMENTS, type LatencyRow, type Percentiles } from "./latency";

const limits = { p95: 2, p99: 5 } as const;
const short = (value: number): string => value.toFixed(value < 10 ? 2 : 0);
const points = ({ p50, p95, p99 }: Percentiles): string => [p50, p95, p99].map(short).join(" / ");
const names = { candela: "Candela, the whole app", relay: "bare relay, no bars (floor)" } as const;
const rate = (ticks: number): string => `${Math.round(ticks / 1_000)},000 ticks a second`;

export const latencyTable = (rows: readonly LatencyRow[]): string =>
  table([
    [
      `broker frame to Socket.io client, ${CHARTS} charts of ${INSTRUMENTS} symbols`,
      "p50 / p95 / p99 ms",
      "beyond the 50 ms window",
      "frames/s",
      "delivered",
      "CPU of a core",
      "loop p99 ms",
      "refused",
    ],
    ...rows.map((row) => [
      `  ${rate(row.sentPerSecond)}: ${names[row.who]}`,
      points(row.whole),
      points(row.beyondWindow),
      String(Math.round(row.framesPerSecond)),
      `${(row.delivered * 100).toFixed(2)} %`,
      `${(row.cpu * 100).toFixed(0)} %`,
      short(row.loopP99),
      String(row.rejected),
    ]),
  ]);

/**
 * Engineering goal: p95 <= 2 ms and p99 <= 5 ms, from the moment a chart's window releases a frame. A machine on which
 * a relay that does nothing misses it cannot decide, so the relay's own figure is printed too.
 */
export const latencyGoals = (rows: readonly LatencyRow[]): Goal[] =>
  rows
    .filter(({ who }) => who === "candela")
    .flatMap((row) => {
      const relay = rows.find(({ who, ticksPerSecond }) => who === "relay" && ticksPerSecond === row.ticksPerSecond)!;
      return (["p95", "p99"] as const).map((point) => ({
        what: `${point} ms beyond the window, ${rate(row.ticksPerSecond)} (bare relay ${short(relay.beyondWindow[point])})`,
        measured: row.beyondWindow[point],
        accepted: `<= ${limits[point]}`,
        met: row.beyondWindow[point] <= limits[point],
      }));
    });
