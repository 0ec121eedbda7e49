/** The status as text for an issue, without private information. */
import type { BrowserLatency } from "@/components/client/latency";
import { clockText, dateText } from "@/components/format/times";
import type { Percentiles, StatusSnapshot } from "@/server/contract/live";
import { counted } from "@/server/domain/basics/counted";

/** Removes credentials, addresses of other machines, and local paths (the last name stays). */
export const redact = (text: string): string =>
  text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi, "$1[redacted]@")
    .replace(
      /\b((?:access|api|enc)?_?-?(?:token|key|secret|password|passwd|authorization|checksum))(["']?\s*[=:]\s*["']?)[^\s"'&,;]+/gi,
      "$1$2[redacted]",
    )
    .replace(/\b(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}\b/g, "[address]")
    .replace(/(^|[\s"'(=])((?:[A-Za-z]:)?[\\/](?:[^\s"'()\\/:]+[\\/])+)([^\s"'()\\/:]+)/g, "$1…/$3");

const figures = (name: string, spans: Percentiles): string =>
  `${name.padEnd(18)} p50 ${spans.p50.toFixed(2)}  p95 ${spans.p95.toFixed(2)}  p99 ${spans.p99.toFixed(2)} ms  of ${spans.count}`;

export const reportText = (snapshot: StatusSnapshot, browser: BrowserLatency | null, userAgent: string): string =>
  redact(
    [
      `Candela ${snapshot.version}, Node ${snapshot.node}, up ${Math.round(snapshot.process.uptimeS)} s, ${dateText(snapshot.serverTime)} ${clockText(snapshot.serverTime)} IST`,
      `Browser ${userAgent}`,
      "",
      "Feeds",
      ...snapshot.feeds.map(
        (feed) =>
          `${feed.collector} (${feed.feed}) ${feed.state}: ${feed.reason} ${feed.ticksPerSecond.toFixed(0)}/s, ${counted(feed.subscribed, "instrument")}, ${counted(feed.reconnects, "reconnect")}`,
      ),
      "",
      "Stages",
      ...snapshot.stages.map(
        (stage) =>
          `${stage.name.padEnd(12)} ${stage.rate.toFixed(0)}/s  p50 ${stage.p50.toFixed(3)}  p95 ${stage.p95.toFixed(3)} ms  ${stage.queue === null ? "" : `queue ${stage.queue.used}/${stage.queue.size} ${stage.queue.overflow}`}  ${stage.detail}`,
      ),
      "",
      "Latency",
      figures("receive to emit", snapshot.latency.receiveToEmit),
      figures("emit to socket", snapshot.latency.emitToSocket),
      figures("commit", snapshot.latency.commit),
      figures("event loop", snapshot.latency.eventLoop),
      ...(browser === null
        ? []
        : [figures("socket to paint", browser.socketToPaint), figures("receive to paint", browser.receiveToPaint)]),
      "",
      `Rejected: ${
        Object.entries(snapshot.rejects)
          .filter(([, count]) => count > 0)
          .map(([reason, count]) => `${reason} ${count}`)
          .join(", ") || "nothing"
      }`,
      `Counters: ${Object.entries(snapshot.counters)
        .map(([name, count]) => `${name} ${count}`)
        .join(", ")}`,
      `Store: ${snapshot.store.kind} ${snapshot.store.version}, ping ${snapshot.store.pingMs.toFixed(1)} ms, ${snapshot.store.ok ? "ok" : snapshot.store.detail}, ${snapshot.store.location}`,
      `Bus: ${snapshot.bus.kind}, ${snapshot.bus.ok ? "ok" : snapshot.bus.detail}`,
      `Sockets: ${snapshot.sockets.clients} clients, ${snapshot.sockets.framesPerSecond.toFixed(0)} frames/s, ${snapshot.sockets.conflated} merged, ${snapshot.sockets.dropped} dropped`,
      `Process: ${snapshot.process.rssMb.toFixed(0)} MB, heap ${snapshot.process.heapMb.toFixed(0)} MB${snapshot.disk === null ? "" : `, disk ${snapshot.disk.freeGb.toFixed(0)} GB free`}`,
      "",
      "Events",
      ...snapshot.events.map((event) => `${clockText(event.time)} ${event.level} ${event.source}: ${event.message}`),
      "",
    ].join("\n"),
  );
