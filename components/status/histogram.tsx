import { millisecondsText } from "@/components/format/numbers";
import type { Percentiles } from "@/server/contract/live";
import { useWidth } from "./use-width";

const HEIGHT = 112;
const AXIS = 20;
const TICKS = 4;

/** Right end of the axis in ms: past the budget and past what matters of the tail, on a round number. */
const axisEnd = (spans: Percentiles, budget: number): number => {
  const wanted = Math.max(budget * 1.6, Math.min(spans.p99 * 1.1, budget * 8));
  const step = [0.4, 0.8, 1.6, 4, 8, 16, 20, 32, 40, 80, 160, 320, 400, 800, 1_600].find(
    (candidate) => candidate >= wanted,
  );
  return step ?? Math.ceil(wanted / 1_000) * 1_000;
};

export interface HistogramProps {
  title: string;
  spans: Percentiles;
  /** ms. */
  budget: number;
}

/** How long it took, how often: bars past p95 are pale, the budget is a dashed line. */
export function Histogram({ title, spans, budget }: HistogramProps) {
  const [element, width] = useWidth<HTMLDivElement>();
  const end = axisEnd(spans, budget);
  const x = (ms: number): number => (ms / end) * width;
  const floor = HEIGHT - AXIS;
  const most = Math.max(1, ...spans.buckets);
  const step = x(spans.bucketMs);
  return (
    <section
      aria-label={title}
      className="min-w-0 flex-1 border-line px-4 pt-3 pb-2 max-lg:border-b lg:not-last:border-r"
    >
      <div className="flex items-baseline justify-between gap-2">
        <h2 className="text-13 font-semibold">{title}</h2>
        <p className="flex gap-3 text-12 whitespace-nowrap text-muted">
          {(
            [
              ["p50", spans.p50],
              ["p95", spans.p95],
              ["p99", spans.p99],
            ] as const
          ).map(([name, ms]) => (
            <span key={name}>
              {name} <span className="font-medium text-text">{spans.count === 0 ? "–" : millisecondsText(ms)}</span>
              {name === "p99" && " ms"}
            </span>
          ))}
        </p>
      </div>
      <div ref={element} className="mt-2" style={{ height: HEIGHT }}>
        {width > 0 && (
          <svg
            width={width}
            height={HEIGHT}
            role="img"
            aria-label={`${title}: p95 ${millisecondsText(spans.p95)} ms, budget ${budget} ms`}
            className="overflow-visible text-11"
          >
            {spans.buckets.map((count, index) => {
              const from = index * spans.bucketMs;
              if (count === 0 || from >= end) return null;
              const height = Math.max(1, (count / most) * (floor - 16));
              return (
                <rect
                  key={index}
                  x={x(from) + 0.5}
                  y={floor - height}
                  width={Math.max(1, step - 1.5)}
                  height={height}
                  rx="1"
                  fill="var(--c-series-1)"
                  opacity={from + spans.bucketMs / 2 > spans.p95 ? 0.4 : 0.72}
                />
              );
            })}
            <line x1="0" x2={width} y1={floor + 0.5} y2={floor + 0.5} stroke="var(--c-line)" />
            <line
              x1={x(budget)}
              x2={width}
              y1={floor + 0.5}
              y2={floor + 0.5}
              stroke="var(--c-warn)"
              strokeDasharray="4 3"
            />
            <line x1={x(budget)} x2={x(budget)} y1="2" y2={floor} stroke="var(--c-warn)" strokeDasharray="3 3" />
            <text x={x(budget) + 4} y="12" fill="var(--c-warn)">
              budget {budget}
            </text>
            {spans.count > 0 && spans.p95 < end && (
              <>
                <line x1={x(spans.p95)} x2={x(spans.p95)} y1="18" y2={floor} stroke="var(--c-text-2)" />
                <text x={x(spans.p95) + 4} y="27" fill="var(--c-text-2)">
                  p95
                </text>
              </>
            )}
            {Array.from({ length: TICKS + 1 }, (_, index) => {
              const ms = (end / TICKS) * index;
              return (
                <text
                  key={index}
                  x={x(ms)}
                  y={HEIGHT - 5}
                  fill="var(--c-faint)"
                  textAnchor={index === 0 ? "start" : index === TICKS ? "end" : "middle"}
                >
                  {Number(ms.toFixed(1))}
                </text>
              );
            })}
          </svg>
        )}
      </div>
    </section>
  );
}
