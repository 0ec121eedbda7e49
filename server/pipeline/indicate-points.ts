import type { IndicatorBar, PointBatch } from "@/server/domain/bars/indicator";
import { STRIDE } from "@/server/indicators/compute";

/** Rows of one message of points. */
export const POINT_ROWS = 1_024;

export const pointBatch = (): PointBatch => ({
  length: 0,
  stride: STRIDE,
  instance: new Int32Array(POINT_ROWS),
  instrument: new Int32Array(POINT_ROWS),
  timeframe: new Uint16Array(POINT_ROWS),
  time: new Float64Array(POINT_ROWS),
  values: new Float64Array(POINT_ROWS * STRIDE),
});

/** Writes a row's head and answers where its values begin. */
export const pointRow = (
  points: PointBatch,
  of: { id: number; instrument: number; timeframe: number },
  time: IndicatorBar["time"],
): number => {
  const at = points.length++;
  points.instance[at] = of.id;
  points.instrument[at] = of.instrument;
  points.timeframe[at] = of.timeframe;
  points.time[at] = time;
  return at * STRIDE;
};

/** Values computed between messages, oldest first, until the stage's next turn sends them. */
export class PointQueue {
  private batches: PointBatch[] = [];

  push(of: { id: number; instrument: number; timeframe: number }, time: number, values: Float64Array): void {
    let last = this.batches[this.batches.length - 1];
    if (last === undefined || last.length === POINT_ROWS) this.batches.push((last = pointBatch()));
    last.values.set(values, pointRow(last, of, time));
  }

  emit(to: (points: PointBatch) => void): void {
    if (this.batches.length === 0) return;
    const { batches } = this;
    this.batches = [];
    for (const each of batches) to(each);
  }
}
