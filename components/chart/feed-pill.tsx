import { useRef, useState } from "react";
import { useFeed } from "@/components/client/feed";
import { countText } from "@/components/format/numbers";
import { ageText, clockText } from "@/components/format/times";
import { Pill, type PillState } from "@/components/ui/pill";
import { Popover } from "@/components/ui/popover";
import type { ChartController } from "./chart-controller";
import { put, usePainted } from "./use-painted";

/** State of the data behind this chart with its age; opens on the evidence. The age is written, the state is rendered. */
export function FeedPill({ controller }: { controller: ChartController | null }) {
  const [state, setState] = useState<PillState | null>(null);
  const detail = useRef<HTMLSpanElement>(null);
  usePainted(controller, ({ light }) => {
    if (light === null) return;
    setState((shown) => (shown === light.state ? shown : light.state));
    put(detail.current, light.detail);
  });
  if (state === null) return null;
  return (
    <Popover
      label="Data feed of this chart"
      width={288}
      trigger={
        <button type="button" data-testid="chart-feed-pill" className="pointer-events-auto inline-flex rounded-sm">
          <Pill state={state} detailRef={detail} label={state === "HISTORY" ? "HISTORICAL ONLY" : undefined} />
        </button>
      }
    >
      <Evidence controller={controller} />
    </Popover>
  );
}

function Evidence({ controller }: { controller: ChartController | null }) {
  const frame = useFeed();
  const light = controller?.reading().light ?? null;
  const feed = light?.feed ?? null;
  if (light?.state === "HISTORY")
    return (
      <p className="text-muted">No live feed is subscribed to this instrument. The chart shows stored data only.</p>
    );
  if (feed === null) return <p className="text-muted">No feed is running for this instrument.</p>;
  const now = frame?.serverTime ?? feed.since;
  const rows: [string, string][] = [
    [
      "Last tick",
      feed.lastTick === null ? "none yet" : `${clockText(feed.lastTick)} · ${ageText(feed.lastTick, now)} ago`,
    ],
    ["Last minute", `${countText(feed.ticksLastMinute)} ticks`],
    ["Expected", feed.expectedPerMinute === null ? "not known yet" : `${countText(feed.expectedPerMinute)} a minute`],
  ];
  return (
    <>
      <p className="text-13 font-semibold">{feed.collector}</p>
      {light?.mute !== undefined && <p className="mt-0.5 text-danger">This instrument is mute: {light.mute}.</p>}
      <p className="mt-0.5 text-muted">{feed.reason}</p>
      <dl className="mt-2 grid grid-cols-[96px_1fr] gap-y-0.5">
        {rows.map(([name, value]) => [
          <dt key={name} className="text-muted">
            {name}
          </dt>,
          <dd key={`${name} value`} className="text-right">
            {value}
          </dd>,
        ])}
      </dl>
    </>
  );
}
