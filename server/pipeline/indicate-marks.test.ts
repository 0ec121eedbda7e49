import { describe, expect, it } from "vitest";
import type { PointBatch } from "@/server/domain/bars/indicator";
import { type Mark, MARK_BARS, Marks } from "./indicate-marks";
import { POINT_ROWS, PointQueue } from "./indicate-points";

const mark = (at: number): Mark => ({ time: at * 60_000, count: at * MARK_BARS, state: `state ${at}` });
const marksOf = (most: number, count: number): Marks => {
  const marks = new Marks(most);
  for (let at = 1; at <= count; at++) marks.add(mark(at));
  return marks;
};
/** Places of the marks that are there, newest first. */
const places = (marks: Marks): number[] => {
  const found: number[] = [];
  for (let next = marks.before(Number.POSITIVE_INFINITY); next !== null; next = marks.before(next.time))
    found.push(next.time / 60_000);
  return found;
};

describe("states of the past", () => {
  it("grow sparse with age: each about twice as old as the next", () => {
    expect([3, 4, 5, 6].map((count) => places(marksOf(10, count)))).toEqual([
      [3, 2, 1],
      [4, 3, 1],
      [5, 4, 1],
      [6, 5, 4, 1],
    ]);
    expect(places(marksOf(10, 400))).toEqual([400, 399, 397, 394, 385, 373, 337, 193, 1]);
  });
  it("are never more than were asked for, and reach back 700 bars with seven", () => {
    for (let count = 1; count <= 300; count++) expect(marksOf(7, count).length).toBeLessThanOrEqual(7);
    expect((300 - places(marksOf(7, 300)).at(-1)!) * MARK_BARS).toBeGreaterThanOrEqual(700);
  });
  it("are looked up before an instant, and the last but one is kept on disk", () => {
    const marks = marksOf(10, 3);
    expect([marks.before(180_001), marks.before(180_000), marks.before(60_000)]).toEqual([mark(3), mark(2), null]);
    expect(marks.kept).toEqual(mark(2));
    expect([new Marks(3).kept, marksOf(3, 1).kept]).toEqual([null, mark(1)]);
  });
  it("after one are forgotten, or all", () => {
    const marks = marksOf(10, 6);
    marks.cutAfter(mark(3));
    expect(places(marks)).toEqual([1]);
    marks.cutAfter(null);
    expect([marks.length, marks.kept]).toEqual([0, null]);
  });
});

describe("values between messages", () => {
  it("leave in their order, in messages that are full before the next begins, once", () => {
    const queue = new PointQueue();
    const count = POINT_ROWS + 2;
    for (let row = 0; row < count; row++)
      queue.push(
        { id: 1_000 + row, instrument: 5_000 + row, timeframe: row % 7 },
        row * 60_000,
        Float64Array.of(row, row + 0.5),
      );
    const sent: PointBatch[] = [];
    queue.emit((points) => sent.push(points));
    expect(sent.map(({ length }) => length)).toEqual([POINT_ROWS, 2]);
    const [, last] = sent;
    const { stride } = last!;
    expect([last!.instance[1], last!.instrument[1], last!.timeframe[1], last!.time[1]]).toEqual([
      1_000 + count - 1,
      5_000 + count - 1,
      (count - 1) % 7,
      (count - 1) * 60_000,
    ]);
    expect([...last!.values.slice(stride, stride + 2)]).toEqual([count - 1, count - 0.5]);
    expect([...sent[0]!.values.slice(3 * stride, 3 * stride + 2)]).toEqual([3, 3.5]);
    queue.emit((points) => sent.push(points));
    expect(sent).toHaveLength(2);
  });
});
