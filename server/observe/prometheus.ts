import { collectDefaultMetrics, Gauge, type Metric, Registry } from "prom-client";
import type { Metrics } from "./metrics";

export interface Exposition {
  contentType: string;
  /** What `/metrics` answers. */
  text(): Promise<string>;
}

interface Value {
  value: number;
  labels?: Record<string, string>;
  metricName?: string;
}

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

  const ours = (): Registry => {
    const registry = new Registry();
    const add = (name: string, help: string, type: "counter" | "summary", values: Value[]): void =>
      registry.registerMetric({
        name,
        get: async () => ({ name, help, type, values, aggregator: "sum" }),
      } as unknown as Metric);
    add(
      "candela_rejects_total",
      "Rejected rows by reason.",
      "counter",
      Object.entries(rejects()).map(([reason, value]) => ({ labels: { reason }, value })),
    );
    for (const [name, value] of metrics.counters) {
      if (!name.startsWith("reject."))
        add(`${nameOf(name)}_total`, `Count of ${name} since start.`, "counter", [{ value }]);
    }
    for (const [name, value] of metrics.gauges)
      new Gauge({ name: nameOf(name), help: `${name} now.`, registers: [registry] }).set(value);
    for (const name of metrics.measured()) {
      const recent = metrics.percentiles(name);
      const isSize = /(Bytes|Rows)$/.test(name);
      const family = isSize ? nameOf(name) : `${nameOf(name)}_seconds`;
      const unit = isSize ? 1 : 1_000;
      add(family, `${name}: percentiles of the newest values.`, "summary", [
        ...quantiles.map(([quantile, key]) => ({ labels: { quantile }, value: recent[key] / unit })),
        { metricName: `${family}_sum`, value: metrics.sum(name) / unit },
        { metricName: `${family}_count`, value: recent.count },
      ]);
    }
    return registry;
  };

  return {
    contentType: machine.contentType,
    text: async () => `${await ours().metrics()}\n${await machine.metrics()}`,
  };
};
