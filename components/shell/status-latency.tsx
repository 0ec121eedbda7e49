import Link from "next/link";
import { useLatency } from "@/components/client/latency";
import { millisecondsText } from "@/components/format/numbers";
import { Popover } from "@/components/ui/popover";
import type { Percentiles } from "@/server/contract/live";
import { statusItem } from "./status-item";

function Row({ name, spans }: { name: string; spans: Percentiles }) {
  return (
    <tr>
      <th scope="row" className="py-0.5 text-left font-normal text-muted">{name}</th>
      {[spans.p50, spans.p95, spans.p99].map((ms, index) => <td key={index} className="py-0.5 text-right">{millisecondsText(ms)}</td>)}
    </tr>
  );
}

/** From the tick's arrival on the server to its pixel: p50 and p95, measured in this tab. Absent until a chart has drawn. */
export function LatencyItem() {
  const view = useLatency();
  if (view === null) return null;
  return (
    <Popover label="Latency" width={280} side="top" align="end"
      trigger={
        <button type="button" data-testid="hud" className={`${statusItem} border-l max-lg:hidden`}>
          recv→px <span className="font-semibold text-text">{millisecondsText(view.receiveToPaint.p50)}</span> / <span className="font-semibold text-text">{millisecondsText(view.receiveToPaint.p95)}</span> ms
        </button>
      }>
      <h2 className="mb-2 text-13 font-semibold">Latency in this tab</h2>
      <table className="w-full">
        <thead><tr className="text-11 text-muted"><td /><th scope="col" className="text-right font-normal">p50</th><th scope="col" className="text-right font-normal">p95</th><th scope="col" className="text-right font-normal">p99 ms</th></tr></thead>
        <tbody>
          <Row name="Receive to pixel" spans={view.receiveToPaint} />
          <Row name="Socket to pixel" spans={view.socketToPaint} />
        </tbody>
      </table>
      <p className="mt-2 border-t border-line pt-2 text-muted">Last {view.socketToPaint.count} frames. <Link href="/status" className="text-link">The server&apos;s part</Link></p>
    </Popover>
  );
}
