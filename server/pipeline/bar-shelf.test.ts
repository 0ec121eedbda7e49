import { describe, expect, it } from "vitest";
import { AUCTION_BAR, barBatch } from "@/server/domain/bars/bar";
import { type StoredBar, storedBarAt, type StoredBars } from "@/server/domain/bars/stored-bars";
import { timeframe } from "@/server/domain/time/timeframe";
import type { BarWrite } from "@/server/ports/stores";
import { storedBar } from "@/server/testing/store-suite-rows";
import { BarShelf, BLOCK_ROWS } from "./bar-shelf";

const SECOND = timeframe("1s").index;
const all = (rows: StoredBars): StoredBar[] => Array.from({ length: rows.length }, (_, row) => storedBarAt(rows, row));
/** Everything that waits, as the writer takes it. */
const drained = (shelf: BarShelf, committedAt?: number): [BarWrite, StoredBar[]][] => {
  const runs: [BarWrite, StoredBar[]][] = [];
  for (let run = shelf.first(); run !== null; run = shelf.first()) {
    runs.push([run.how, all(run.rows)]);
    shelf.shift(run.rows.length, committedAt);
  }
  return runs;
};
const ever = (shelf: BarShelf, instrument = 1): StoredBar[] =>
  shelf.recent(instrument, "1m", 0, Number.POSITIVE_INFINITY);

describe("the shelf of bars", () => {
  it("gives back each bar as it came, with its passport or without one, also an auction", () => {
    const shelf = new BarShelf();
    const bare = storedBar(1, 0, { state: "corrected", incomplete: true, openInterest: -1 });
    delete bare.passport;
    const made = storedBar(2, 1, {
      value: 2 ** 52,
      passport: {
        late: 3,
        firstTime: 5.5,
        lastTime: 7,
        firstSequence: 2 ** 51,
        lastSequence: 2 ** 51 + 9,
        sources: 0x00ff_ff1f,
        hash: 2 ** 48 - 1,
      },
    });
    const auction = storedBar(3, 2, { timeframe: "auction" });
    for (const bar of [bare, made, auction]) shelf.appendBar(bar, "merge", 5);
    expect([...ever(shelf), ...ever(shelf, 2), ...shelf.recent(3, "auction", 0, Number.POSITIVE_INFINITY)]).toEqual([
      bare,
      made,
      auction,
    ]);
    expect(drained(shelf)).toEqual([["merge", [bare, made, auction]]]);
  });

  it("tells no traded value where it has grown past what a number holds: the bar itself is not lost", () => {
    const shelf = new BarShelf();
    for (const [at, value] of [2 ** 53 - 1, 2 ** 53, 2 ** 64, Number.POSITIVE_INFINITY, Number.NaN].entries())
      shelf.appendBar(storedBar(1, at, { value }), "merge", 5);
    expect(ever(shelf).map(({ value }) => value)).toEqual([2 ** 53 - 1, 0, 0, 0, 0]);
  });

  it("takes a bar out for its readers, in order for the writer", () => {
    const shelf = new BarShelf();
    shelf.appendBar(storedBar(1, 0), "merge", 5);
    shelf.appendBar(storedBar(1, 0), "remove", 5);
    expect(ever(shelf)).toEqual([]);
    expect(drained(shelf).map(([how, bars]) => [how, bars.length])).toEqual([
      ["merge", 1],
      ["remove", 1],
    ]);
  });

  it("takes rows of the stages as they are", () => {
    const shelf = new BarShelf();
    const batch = barBatch(1);
    batch.length = 1;
    for (const [at, column] of Object.values(batch).entries()) if (typeof column !== "number") column[0] = at;
    batch.state[0] = 2;
    batch.incomplete[0] = 1;
    shelf.append(batch, 0, 7, AUCTION_BAR, "merge", 1);
    const { rows } = shelf.first()!;
    for (const name of [
      "time",
      "open",
      "high",
      "low",
      "close",
      "volume",
      "value",
      "ticks",
      "openInterest",
      "rev",
      "state",
      "incomplete",
      "late",
      "firstTime",
      "lastTime",
      "firstSequence",
      "lastSequence",
      "sources",
      "hash",
    ] as const) {
      expect([name, rows[name][0]]).toEqual([name, batch[name][0]]);
    }
    expect([rows.instrumentId[0], rows.kind[0], rows.made[0], rows.length]).toEqual([7, AUCTION_BAR, 1, 1]);
  });

  it("hands on in order, a way of writing and a block at a time", () => {
    const shelf = new BarShelf();
    const bars = Array.from({ length: BLOCK_ROWS * 2 + 5 }, (_, minute) => storedBar(1, minute));
    for (const bar of bars) shelf.appendBar(bar, "merge", 1);
    shelf.appendBar(bars[0]!, "patch", 2);
    shelf.appendBar(bars[1]!, "replace", 3);
    expect(shelf.waiting).toBe(bars.length + 2);
    const runs = drained(shelf);
    expect(runs.map(([how, { length }]) => [how, length])).toEqual([
      ["merge", BLOCK_ROWS],
      ["merge", BLOCK_ROWS],
      ["merge", 5],
      ["patch", 1],
      ["replace", 1],
    ]);
    expect(runs.flatMap(([, rows]) => rows)).toEqual([...bars, bars[0], bars[1]]);
    expect(shelf.waiting).toBe(0);
  });

  it("shows the newest of a bar, a replacement only where the bar is here, and a patch not at all", () => {
    const shelf = new BarShelf();
    shelf.appendBar(storedBar(1, 1, { close: 1 }), "merge", 1);
    shelf.appendBar(storedBar(1, 0, { close: 2 }), "merge", 1);
    shelf.appendBar(storedBar(1, 1, { close: 3 }), "merge", 1);
    shelf.appendBar(storedBar(1, 0, { close: 4 }), "replace", 1);
    shelf.appendBar(storedBar(1, 2, { close: 5 }), "replace", 1);
    shelf.appendBar(storedBar(1, 1, { close: 6 }), "patch", 1);
    expect(ever(shelf).map(({ close }) => close)).toEqual([4, 3]);
    expect(shelf.held).toBe(2);
  });

  it("lets go of what was committed long enough ago, not of what waits on disk, until that is committed too", () => {
    const shelf = new BarShelf();
    shelf.appendBar(storedBar(1, 0), "merge", 1);
    shelf.appendBar(storedBar(1, 1), "merge", 1);
    shelf.shift(1, 1_000);
    const { rows: onDisk } = shelf.first()!;
    shelf.shift(1);
    shelf.forgetBefore(1_000);
    expect(ever(shelf)).toHaveLength(2);
    shelf.forgetBefore(5_000);
    expect(ever(shelf).map(({ time }) => time)).toEqual([storedBar(1, 1).time]);
    shelf.committed(onDisk, 6_000);
    shelf.forgetBefore(6_001);
    expect([ever(shelf), shelf.held]).toEqual([[], 0]);
  });

  it("keeps the newest of each place when there are too many", () => {
    const shelf = new BarShelf();
    for (let minute = 0; minute < 10; minute++)
      for (const id of [1, 2]) shelf.appendBar(storedBar(id, minute), "merge", 1);
    shelf.keepNewest(6);
    expect([ever(shelf, 1), ever(shelf, 2)].map((bars) => bars.map(({ time }) => time))).toEqual(
      [1, 2].map((id) => [7, 8, 9].map((minute) => storedBar(id, minute).time)),
    );
  });

  it("uses its memory again, and never what somebody still reads: minutes of seconds in a few blocks", () => {
    const shelf = new BarShelf();
    const batch = barBatch(1);
    batch.length = 1;
    let blocks = 0;
    for (let second = 0; second < 400; second++) {
      for (let id = 1; id <= 100; id++) {
        batch.time[0] = second * 1_000;
        batch.close[0] = second * 1_000 + id;
        shelf.append(batch, 0, id, SECOND, "merge", second);
      }
      drained(shelf, second * 1_000 + 1);
      shelf.forgetBefore((second - 15) * 1_000);
      blocks = Math.max(blocks, shelf.blockCount);
      for (const id of [1, 50, 100]) {
        const seen = shelf.recent(id, "1s", 0, Number.POSITIVE_INFINITY);
        expect(seen.map(({ close }) => close)).toEqual(seen.map(({ time }) => time + id));
        expect(seen).toHaveLength(Math.min(second + 1, 16));
      }
    }
    expect(blocks).toBeLessThan(4);
  });
});
