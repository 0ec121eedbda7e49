import Link from "next/link";
import { type BrowserLatency, type LegName, useLatency } from "@/components/client/latency";
import { millisecondsText } from "@/components/format/numbers";
import { Popover } from "@/components/ui/popover";
import type { Percentiles } from "@/server/contract/live";
import { statusItem } from "./status-item";

const legTitles: Record<LegName, string> = {
  server: "Server pipeline",
  wire: "Wire",
  queue: "Browser queue",
  frame: "Wait for animation frame",
  paint: "Paint",
};

function Row({
  name,
  spans,
  whole = false,
  testId,
}: {
  name: string;
  spans: Percentiles;
  whole?: boolean;
  testId: string;
}) {
  return (
    <tr data-testid={testId} className={whole ? "border-t border-line font-medium" : ""}>
      <th scope="row" className={`py-0.5 text-left ${whole ? "font-medium" : "font-normal text-muted"}`}>
        {name}
      </th>
      {[spans.p50, spans.p95, spans.p99].map((ms, index) => (
        <td key={index} className="py-0.5 text-right">
          {millisecondsText(spans.count === 0 ? null : ms)}
        </td>
      ))}
    </tr>
  );
}

/** Accuracy of the figures, and what they measure. */
const footOf = ({ roundTripMs, receiveToPaint }: BrowserLatency): string =>
  roundTripMs === null
    ? "The server's clock has not been measured yet."
    : `${receiveToPaint.count} frames in the last minute. Clock difference known to ±${millisecondsText(roundTripMs / 2)} ms.`;

/**
 * Latency from the tick's arrival at the server to its pixel, leg by leg, measured in this tab. Absent until a chart
 * has drawn.
 */
export function LatencyItem() {
  const view = useLatency();
  if (view === null) return null;
  const known = view.receiveToPaint.count > 0;
  const shown = known ? view.receiveToPaint : view.socketToPaint;
  return (
    <Popover
      label="Latency"
      width={312}
      side="top"
      align="end"
      trigger={
        <button type="button" data-testid="hud" className={`${statusItem} border-l max-lg:hidden`}>
          {known ? "recv→px" : "socket→px"}{" "}
          <span className="font-semibold text-text">{millisecondsText(shown.p50)}</span> /{" "}
          <span className="font-semibold text-text">{millisecondsText(shown.p95)}</span> ms
        </button>
      }
    >
      <h2 className="mb-2 text-13 font-semibold">Latency in this tab</h2>
      <table className="w-full">
        <thead>
          <tr className="text-11 text-muted">
            <td />
            <th scope="col" className="text-right font-normal">
              p50
            </th>
            <th scope="col" className="text-right font-normal">
              p95
            </th>
            <th scope="col" className="text-right font-normal">
              p99 ms
            </th>
          </tr>
        </thead>
        <tbody>
          {view.legs.map(({ name, spans }) => (
            <Row key={name} testId={`leg-${name}`} name={legTitles[name]} spans={spans} />
          ))}
          <Row testId="leg-total" name="Receive to pixel" spans={view.receiveToPaint} whole />
          <Row testId="leg-socket" name="Socket to pixel" spans={view.socketToPaint} />
        </tbody>
      </table>
      {view.brokerToServer !== null && (
        <p
          className="mt-2 flex justify-between gap-4 border-t border-line pt-2 text-muted"
          title="Exchange times are whole seconds, so only each minute's minimum is meaningful"
        >
          Broker to server, minimum
          <span className="text-text" data-testid="leg-broker">
            {millisecondsText(view.brokerToServer)} ms
          </span>
        </p>
      )}
      <p className="mt-2 border-t border-line pt-2 text-muted">
        {footOf(view)}{" "}
        <Link href="/status" className="text-link">
          Server latency
        </Link>
      </p>
    </Popover>
  );
}
