import { ArrowLeftRight, Database, type LucideIcon, RadioTower } from "lucide-react";
import { compactText, countText, millisecondsText } from "@/components/format/numbers";
import { cx } from "@/components/ui/class-names";
import { Icon } from "@/components/ui/icon";
import { type PillState, StateMark } from "@/components/ui/pill";
import type { StageView, StatusSnapshot } from "@/server/contract/live";
import { lightState, stageLight } from "./health";
import { type Box, layoutPipeline } from "./pipeline-layout";
import { useWidth } from "./use-width";

/** Narrower than this the boxes would overlap: the diagram scrolls in its own frame. */
const LEAST_WIDTH = 1_180;

/** `1,812`, from a lakh on `1.23L`. */
const rateText = (rate: number): string => (rate < 100_000 ? countText(Math.round(rate)) : compactText(rate));
/** `512`, `8K`: queues come in powers of two. */
const sizeText = (size: number): string =>
  size < 1_000 ? countText(size) : `${Math.round((size / 1_024) * 10) / 10}K`;

const placed = (box: Box) => ({ left: box.x, top: box.y, width: box.width, height: box.height });

function Stage({ stage, box }: { stage: StageView; box?: Box }) {
  const light = stageLight(stage);
  const share = stage.queue === null || stage.queue.size === 0 ? 0 : stage.queue.used / stage.queue.size;
  const tone = light === "warn" ? "warn" : light === "danger" ? "danger" : null;
  return (
    <li
      className={cx(
        "flex flex-col justify-between rounded-md border bg-panel px-3 py-2 text-12",
        box !== undefined ? "absolute" : "min-h-21",
        tone === "warn" ? "border-warn" : tone === "danger" ? "border-danger" : "border-line",
      )}
      {...(box === undefined ? {} : { style: placed(box) })}
    >
      <p className="flex items-center justify-between font-semibold">
        {stage.name}
        <span role="img" aria-label={light === "ok" ? "works" : "needs attention"}>
          <StateMark state={lightState[light]} size={8} />
        </span>
      </p>
      <p className="flex justify-between text-text-2">
        <span>{rateText(stage.rate)}/s</span>
        <span className={tone === "warn" ? "text-warn" : tone === "danger" ? "text-danger" : ""}>
          {millisecondsText(stage.p95)} ms
        </span>
      </p>
      <div className="h-[3px] rounded-xs bg-line">
        <div
          className={cx(
            "h-full rounded-xs",
            tone === "warn" ? "bg-warn" : tone === "danger" ? "bg-danger" : "bg-accent",
          )}
          style={{ width: `${Math.min(100, share * 100)}%` }}
        />
      </div>
      <p className="flex justify-between gap-2 text-11 text-muted">
        {stage.queue !== null && stage.queue.size > 0 && (
          <span className="whitespace-nowrap">
            {sizeText(stage.queue.used)} / {sizeText(stage.queue.size)}
          </span>
        )}
        <span className="truncate" title={stage.detail}>
          {stage.detail}
        </span>
      </p>
    </li>
  );
}

function End({
  icon,
  title,
  detail,
  state,
  box,
}: {
  icon: LucideIcon;
  title: string;
  detail: string;
  state: PillState;
  box?: Box;
}) {
  return (
    <li
      className={cx(
        "flex items-center gap-2 rounded-md border border-dashed border-line-strong px-2.5 text-12",
        box !== undefined ? "absolute" : "h-11",
      )}
      {...(box === undefined ? {} : { style: placed(box) })}
    >
      <Icon of={icon} size={14} className="shrink-0 text-muted" />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{title}</span>
        <span className="block truncate text-11 text-muted" title={detail}>
          {detail}
        </span>
      </span>
      <StateMark state={state} size={8} />
    </li>
  );
}

/** The pipeline's table as a picture: what flows, how fast each stage is, what waits. A narrow screen gets it as a list. */
export function PipelineDiagram({ snapshot }: { snapshot: StatusSnapshot }) {
  const [element, measured] = useWidth<HTMLDivElement>();
  const width = Math.max(LEAST_WIDTH, measured);
  const { stages, feeds, store, sockets } = snapshot;
  const last = stages.filter((stage) => stage.to === null);
  const persist = last.find((stage) => stage.name === "persist");
  const broadcast = last.find((stage) => stage.name === "broadcast");
  const ends = [
    ...feeds.map((feed) => ({
      id: `feed ${feed.collector}`,
      behind: null,
      rate: feed.ticksPerSecond,
      icon: RadioTower,
      title: feed.collector,
      detail: `${countText(Math.round(feed.ticksPerSecond))}/s · ${feed.feed}`,
      state: feed.state as PillState,
    })),
    ...(persist === undefined
      ? []
      : [
          {
            id: "store",
            behind: "persist",
            rate: persist.rate,
            icon: Database,
            title: store.kind,
            detail: store.ok ? `answers in ${millisecondsText(store.pingMs)} ms` : store.detail,
            state: (store.ok ? "LIVE" : "ERROR") as PillState,
          },
        ]),
    ...(broadcast === undefined
      ? []
      : [
          {
            id: "sockets",
            behind: "broadcast",
            rate: sockets.framesPerSecond,
            icon: ArrowLeftRight,
            title: "Socket.io",
            detail: `${countText(sockets.clients)} ${sockets.clients === 1 ? "client" : "clients"} · ${compactText(Math.round(sockets.framesPerSecond))} frames/s`,
            state: "LIVE" as PillState,
          },
        ]),
  ];
  const exits = ends.flatMap(({ id, behind, rate }) => (behind === null ? [] : [{ id, behind, rate }]));
  const { boxes, wires, height } = layoutPipeline(
    stages,
    ends.filter((end) => end.behind === null),
    exits,
    width,
  );
  const lights = new Map(stages.map((stage) => [stage.name, stageLight(stage)]));
  return (
    <section aria-label="Pipeline" className="border-b border-line px-4 pt-3 pb-3">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <span className="text-13 font-semibold" role="heading" aria-level={2}>
          Pipeline
        </span>
        <span className="text-12 text-muted">line width shows messages/s · p95 per stage · queue used / size</span>
      </p>
      <div
        ref={element}
        className="overflow-x-auto max-md:hidden"
        tabIndex={measured < LEAST_WIDTH ? 0 : undefined}
        role="group"
        aria-label="Pipeline, stage by stage"
      >
        <ul className="relative" style={{ width, height }}>
          <li aria-hidden className="absolute inset-0">
            <svg width={width} height={height}>
              {wires.map((wire) => (
                <path
                  key={`${wire.from} ${wire.to}`}
                  d={wire.path}
                  fill="none"
                  strokeWidth={wire.weight}
                  strokeLinejoin="round"
                  stroke={
                    lights.get(wire.from) === "warn" || lights.get(wire.from) === "danger"
                      ? "var(--c-warn)"
                      : "var(--c-line-strong)"
                  }
                />
              ))}
            </svg>
          </li>
          {ends.map((end) => {
            const box = boxes.get(end.id);
            return (
              box !== undefined && (
                <End key={end.id} icon={end.icon} title={end.title} detail={end.detail} state={end.state} box={box} />
              )
            );
          })}
          {stages.map((stage) => {
            const box = boxes.get(stage.name);
            return box !== undefined && <Stage key={stage.name} stage={stage} box={box} />;
          })}
        </ul>
      </div>
      <ul className="mt-2 flex flex-col gap-2 md:hidden">
        {ends
          .filter((end) => end.behind === null)
          .map((end) => (
            <End key={end.id} icon={end.icon} title={end.title} detail={end.detail} state={end.state} />
          ))}
        {stages.map((stage) => (
          <Stage key={stage.name} stage={stage} />
        ))}
        {ends
          .filter((end) => end.behind !== null)
          .map((end) => (
            <End key={end.id} icon={end.icon} title={end.title} detail={end.detail} state={end.state} />
          ))}
      </ul>
    </section>
  );
}
