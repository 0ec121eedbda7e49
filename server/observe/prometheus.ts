import { collectDefaultMetrics, Registry } from "prom-client";
import type { Metrics } from "./metrics";

export interface Exposition {
  contentType: string;
  /** What `/metrics` answers. */
  text(): Promise<string>;
}

interface Value {
  value: number;
  labels?: Record<string, string>;
  /** After the family's name: `_sum`, `_count`. */
  suffix?: string;
}

const escaped = (text: string): string => text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
const labelsText = (labels: Record<string, string>): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value).replace(/"/g, '\\"')}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
};

/** A family in Prometheus' text format 0.0.4. */
const familyText = (name: string, help: string, type: "counter" | "gauge" | "summary", values: Value[]): string =>
  [
    `# HELP ${name} ${escaped(help)}`,
    `# TYPE ${name} ${type}`,
    ...values.map(({ value, labels = {}, suffix = "" }) => `${name}${suffix}${labelsText(labels)} ${value}`),
  ].join("\n");

/** `persist.queueRows` -> `candela_persist_queue_rows`. */
const nameOf = (name: string): string =>
  `candela_${name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^a-zA-Z0-9]+/g, "_")
    .toLowerCase()}`;

/** Percentiles are of what happened lately (`Metrics`), count and sum since the start. */
const quantiles = [
  ["0.5", "p50"],
  ["0.95", "p95"],
  ["0.99", "p99"],
] as const;

/**
 * `Metrics` as Prometheus reads it, beside the process's own figures (CPU, memory, event-loop lag, garbage collection):
 * counters end in `_total`, refused rows are one counter by reason, measures are summaries: durations (recorded in ms) in
 * seconds, those whose name ends in Bytes or Rows as they are.
 * `rejects` answers the refusals of all stages where the cores keep counts of their own.
 */
export const createExposition = (
  metrics: Metrics,
  rejects: () => Record<string, number> = () => metrics.rejects(),
): Exposition => {
  const machine = new Registry();
  collectDefaultMetrics({ register: machine });

  const ours = (): string[] => {
    const families = [
      familyText(
        "candela_rejects_total",
        "Rejected rows by reason.",
        "counter",
        Object.entries(rejects()).map(([reason, value]) => ({ labels: { reason }, value })),
      ),
    ];
    for (const [name, value] of metrics.counters) {
      if (!name.startsWith("reject."))
        families.push(familyText(`${nameOf(name)}_total`, `Count of ${name} since start.`, "counter", [{ value }]));
    }
    for (const [name, value] of metrics.gauges)
      families.push(familyText(nameOf(name), `${name} now.`, "gauge", [{ value }]));
    for (const name of metrics.measured()) {
      const recent = metrics.percentiles(name);
      const isSize = /(Bytes|Rows)$/.test(name);
      const unit = isSize ? 1 : 1_000;
      families.push(
        familyText(
          isSize ? nameOf(name) : `${nameOf(name)}_seconds`,
          `${name}: percentiles of the newest values.`,
          "summary",
          [
            ...quantiles.map(([quantile, key]) => ({ labels: { quantile }, value: recent[key] / unit })),
            { suffix: "_sum", value: metrics.sum(name) / unit },
            { suffix: "_count", value: recent.count },
          ],
        ),
      );
    }
    return families;
  };

  return {
    contentType: machine.contentType,
    text: async () => `${ours().join("\n\n")}\n\n${await machine.metrics()}`,
  };
};
