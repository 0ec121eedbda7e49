import { beforeEach, describe, expect, it } from "vitest";
import { Metrics } from "./metrics";
import { createExposition } from "./prometheus";

describe("the Prometheus exposition", () => {
  let metrics: Metrics;
  let lines: () => Promise<string[]>;
  beforeEach(() => {
    metrics = new Metrics();
    const exposition = createExposition(metrics);
    lines = async () => (await exposition.text()).split("\n");
  });

  it("says that it is Prometheus text", () => {
    expect(createExposition(metrics).contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  });

  it("shows counters as totals, counting on between two reads", async () => {
    metrics.count("frames.bars", 3);
    expect(await lines()).toEqual(
      expect.arrayContaining(["# TYPE candela_frames_bars_total counter", "candela_frames_bars_total 3"]),
    );
    metrics.count("frames.bars");
    metrics.count("hub.rereadFailures");
    expect(await lines()).toEqual(
      expect.arrayContaining(["candela_frames_bars_total 4", "candela_hub_reread_failures_total 1"]),
    );
  });

  it("shows refused rows by reason, all reasons from the start", async () => {
    metrics.reject("duplicate", 7);
    const text = await lines();
    expect(text).toContain('candela_rejects_total{reason="duplicate"} 7');
    expect(text).toContain('candela_rejects_total{reason="zero_price"} 0');
    expect(text.filter((line) => line.startsWith("# TYPE candela_reject"))).toEqual([
      "# TYPE candela_rejects_total counter",
    ]);
  });

  it("escapes what would end a label, and prints what is no number as Prometheus reads it", async () => {
    metrics.gauge("odd", Number.NaN);
    const text = await createExposition(metrics, () => ({ 'a "b"\\c\nd': 1 })).text();
    expect(text).toContain('candela_rejects_total{reason="a \\"b\\"\\\\c\\nd"} 1\n');
    expect(text).toContain("candela_odd NaN\n");
  });

  it("takes the refusals of all stages where they are counted elsewhere", async () => {
    const text = await createExposition(metrics, () => ({ ...metrics.rejects(), late: 7 })).text();
    expect(text).toContain('candela_rejects_total{reason="late"} 7\n');
  });

  it("shows gauges as they are now", async () => {
    metrics.gauge("persist.queue", 12);
    metrics.gauge("persist.queue", 4);
    expect(await lines()).toEqual(
      expect.arrayContaining(["# TYPE candela_persist_queue gauge", "candela_persist_queue 4"]),
    );
  });

  it("shows durations as summaries in seconds, and sizes as they are", async () => {
    for (let ms = 1; ms <= 100; ms++) metrics.record("receiveToEmit", ms);
    metrics.record("batchRows", 500);
    expect(await lines()).toEqual(
      expect.arrayContaining([
        "# TYPE candela_receive_to_emit_seconds summary",
        'candela_receive_to_emit_seconds{quantile="0.5"} 0.051',
        'candela_receive_to_emit_seconds{quantile="0.95"} 0.096',
        "candela_receive_to_emit_seconds_sum 5.05",
        "candela_receive_to_emit_seconds_count 100",
        "candela_batch_rows_sum 500",
      ]),
    );
  });

  it("shows the process and the lag of its event loop, once each, every family typed before its values", async () => {
    metrics.record("commit", 5);
    const text = await lines();
    for (const family of [
      "process_resident_memory_bytes",
      "nodejs_eventloop_lag_seconds",
      "nodejs_eventloop_lag_p99_seconds",
    ]) {
      expect(text.filter((line) => line.startsWith(`# TYPE ${family} `))).toHaveLength(1);
    }
    let family = "";
    for (const line of text) {
      if (line.startsWith("# TYPE ")) family = line.split(" ")[2]!;
      else if (line !== "" && !line.startsWith("#")) expect(line.startsWith(family)).toBe(true);
    }
  });

  it("has a registry of its own: two in one process do not meet", async () => {
    const other = new Metrics();
    other.count("frames.quotes");
    metrics.count("frames.quotes", 9);
    expect(await createExposition(other).text()).toContain("candela_frames_quotes_total 1\n");
    expect(await lines()).toContain("candela_frames_quotes_total 9");
  });
});
