import type { BrowserLatency } from "@/components/client/latency";
import { timeText } from "@/components/format/times";
import type { StatusSnapshot } from "@/server/contract/live";
import { budgets } from "./budgets";
import { useWidth } from "./use-width";

const HEIGHT = 104;
const TOP = 8;
const AXIS = 20;
const SCALE = 32;
/** The scale fits this share of the points: one bad second at the start must not flatten the rest; it runs out at the top. */
const USUAL = 0.9;
const SPAN_MS = 15 * 60_000;

interface Line {
  title: string;
  colour: string;
  points: readonly (readonly [number, number])[];
}

const linesOf = (history: StatusSnapshot["history"], browser: BrowserLatency | null): Line[] => [
  {
    title: "recv→emit",
    colour: "var(--c-series-1)",
    points: history.map((point) => [point.time, point.receiveToEmit]),
  },
  { title: "event loop", colour: "var(--c-series-3)", points: history.map((point) => [point.time, point.eventLoop]) },
  { title: "commit", colour: "var(--c-series-5)", points: history.map((point) => [point.time, point.commit]) },
  ...(browser === null
    ? []
    : [
        {
          title: "socket→paint",
          colour: "var(--c-series-4)",
          points: browser.history.map((point) => [point.time, point.socketToPaint] as const),
        },
      ]),
];

/** The p95 of a quarter of an hour. Where nothing was measured there is no line. */
export function HistoryGraph({ snapshot, browser }: { snapshot: StatusSnapshot; browser: BrowserLatency | null }) {
  const [element, width] = useWidth<HTMLDivElement>();
  const lines = linesOf(snapshot.history, browser);
  const end = snapshot.serverTime;
  const start = end - SPAN_MS;
  const inner = Math.max(0, width - SCALE);
  const all = lines
    .flatMap((line) => line.points.filter(([time]) => time >= start).map(([, ms]) => ms))
    .sort((a, b) => a - b);
  const highest = Math.max(budgets.socketToPaint * 1.2, all[Math.floor(all.length * USUAL)] ?? 0);
  const most =
    [30, 60, 120, 300, 600, 1_200, 3_000, 6_000, 12_000].find((candidate) => candidate >= highest) ?? highest;
  const floor = HEIGHT - AXIS;
  const x = (time: number): number => ((time - start) / SPAN_MS) * inner;
  const y = (ms: number): number => TOP + (1 - Math.min(1, ms / most)) * (floor - TOP);
  const minutes = Array.from({ length: 4 }, (_, index) => Math.floor(end / 300_000) * 300_000 - index * 300_000).filter(
    (time) => time > start + 20_000,
  );
  return (
    <section aria-label="Latency of the last 15 minutes" className="border-b border-line px-4 pt-3 pb-1">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <h2 className="text-13 font-semibold">p95, last 15 minutes</h2>
        {lines.map((line) => (
          <span key={line.title} className="flex items-center gap-1.5 text-12 text-muted">
            <span className="h-0.5 w-2.5" style={{ background: line.colour }} />
            {line.title}
          </span>
        ))}
        <span className="ml-auto text-11 text-faint">ms</span>
      </div>
      <div ref={element} className="mt-1" style={{ height: HEIGHT }}>
        {width > 0 && (
          <svg
            width={width}
            height={HEIGHT}
            role="img"
            aria-label={lines.map((line) => `${line.title} ${line.points.at(-1)?.[1].toFixed(1) ?? "–"} ms`).join(", ")}
            className="text-11"
          >
            {[0, most / 2]
              .filter((ms) => Math.abs(y(ms) - y(budgets.socketToPaint)) > 14)
              .map((ms) => (
                <g key={ms}>
                  <line
                    x1="0"
                    x2={inner}
                    y1={Math.round(y(ms)) + 0.5}
                    y2={Math.round(y(ms)) + 0.5}
                    stroke="var(--c-line)"
                  />
                  <text x={width} y={y(ms) + 4} textAnchor="end" fill="var(--c-faint)">
                    {ms}
                  </text>
                </g>
              ))}
            <line
              x1="0"
              x2={inner}
              y1={y(budgets.socketToPaint)}
              y2={y(budgets.socketToPaint)}
              stroke="var(--c-warn)"
              strokeDasharray="3 3"
            />
            <text x={width} y={y(budgets.socketToPaint) + 4} textAnchor="end" fill="var(--c-warn)">
              {budgets.socketToPaint}
            </text>
            {lines.map((line) => (
              <polyline
                key={line.title}
                fill="none"
                stroke={line.colour}
                strokeWidth="1.25"
                strokeLinejoin="round"
                points={line.points
                  .filter(([time]) => time >= start)
                  .map(([time, ms]) => `${x(time).toFixed(1)},${y(ms).toFixed(1)}`)
                  .join(" ")}
              />
            ))}
            {minutes.map((time) => (
              <text
                key={time}
                x={Math.min(inner, Math.max(14, x(time)))}
                y={HEIGHT - 4}
                textAnchor="middle"
                fill="var(--c-faint)"
              >
                {timeText(time)}
              </text>
            ))}
          </svg>
        )}
      </div>
    </section>
  );
}
