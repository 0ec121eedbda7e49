/** Positions of the pipeline's boxes and the lines between them, derived from the stages' own topics. Pure. */
import type { StageView } from "@/server/contract/live";

export interface Box {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Wire {
  from: string;
  to: string;
  path: string;
  /** px. */
  weight: number;
}
export interface PipelineLayout {
  boxes: Map<string, Box>;
  wires: Wire[];
  height: number;
}

const STAGE_HEIGHT = 84;
const END_HEIGHT = 44;
const ROW = 112;
const END_ROW = 56;
const MARGIN = 12;
const FEED_WIDTH = 148;
const END_WIDTH = 196;

/** Thicker with messages a second, on a scale of tens. */
export const wireWeight = (rate: number): number => Math.min(4, 1 + Math.log10(Math.max(1, rate)) * 0.7);

/** `exits`: what follows each sink, by name of the stage. */
export const layoutPipeline = (
  stages: readonly StageView[],
  feeds: readonly { id: string; rate: number }[],
  exits: readonly { id: string; behind: string; rate: number }[],
  width: number,
): PipelineLayout => {
  const chain = stages.filter((stage) => stage.to !== null);
  const sinks = stages.filter((stage) => stage.to === null);
  const columns = chain.length + (sinks.length > 0 ? 1 : 0);
  const stageWidth = 138;
  const gap = Math.max(20, (width - FEED_WIDTH - END_WIDTH - columns * stageWidth) / (columns + 1));
  const height =
    Math.max(STAGE_HEIGHT, sinks.length * ROW, feeds.length * END_ROW, exits.length * END_ROW) + 2 * MARGIN;
  const middle = height / 2;
  const boxes = new Map<string, Box>();
  const stack = (ids: readonly string[], x: number, boxWidth: number, boxHeight: number, row: number): void =>
    ids.forEach((id, index) =>
      boxes.set(id, {
        id,
        x,
        y: middle + (index - (ids.length - 1) / 2) * row - boxHeight / 2,
        width: boxWidth,
        height: boxHeight,
      }),
    );
  const columnX = (column: number): number => FEED_WIDTH + gap + column * (stageWidth + gap);

  stack(
    feeds.map((feed) => feed.id),
    0,
    FEED_WIDTH,
    END_HEIGHT,
    feeds.length > 2 ? END_ROW : 72,
  );
  chain.forEach((stage, column) => stack([stage.name], columnX(column), stageWidth, STAGE_HEIGHT, 0));
  stack(
    sinks.map((sink) => sink.name),
    columnX(chain.length),
    stageWidth,
    STAGE_HEIGHT,
    ROW,
  );
  // Each exit is level with its sink; several exits of one sink share its row.
  for (const sink of sinks) {
    const behind = exits.filter((exit) => exit.behind === sink.name);
    const box = boxes.get(sink.name)!;
    behind.forEach((exit, index) =>
      boxes.set(exit.id, {
        id: exit.id,
        x: width - END_WIDTH,
        y: box.y + box.height / 2 + (index - (behind.length - 1) / 2) * END_ROW - END_HEIGHT / 2,
        width: END_WIDTH,
        height: END_HEIGHT,
      }),
    );
  }

  const wires: Wire[] = [];
  const join = (from: string, to: string, rate: number): void => {
    const a = boxes.get(from);
    const b = boxes.get(to);
    if (a === undefined || b === undefined) return;
    const y1 = Math.round(a.y + a.height / 2);
    const y2 = Math.round(b.y + b.height / 2);
    const x1 = a.x + a.width;
    const bend = Math.round(a.x + a.width + (a.width === FEED_WIDTH ? Math.min(16, gap / 2) : Math.min(14, gap / 2)));
    wires.push({
      from,
      to,
      weight: wireWeight(rate),
      path: y1 === y2 ? `M${x1} ${y1}H${b.x}` : `M${x1} ${y1}H${bend}V${y2}H${b.x}`,
    });
  };
  const first = stages.find((stage) => stage.from === null);
  if (first !== undefined) for (const feed of feeds) join(feed.id, first.name, feed.rate);
  for (const stage of stages) {
    if (stage.from === null) continue;
    const source = stages.find((candidate) => candidate.to === stage.from);
    if (source !== undefined) join(source.name, stage.name, source.rate);
  }
  for (const exit of exits) join(exit.behind, exit.id, exit.rate);
  return { boxes, wires, height };
};
