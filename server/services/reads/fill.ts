import { type BarColumns, barColumns, CLOSED, FORMING } from "@/server/domain/bars/bar";
import { copyRow } from "@/server/domain/bars/bar-rows";
import type { Turns } from "@/server/domain/basics/turns";

/** Rows between two looks at the clock. */
const ROWS = 1_000;

export interface FilledBars {
  bars: BarColumns;
  /** 1: nothing traded, the row is the reader's wish. */
  filled: Uint8Array;
}

/**
 * Bars with a row in every slot (starts, oldest first). `previous`: the close before, flat and without volume; slots
 * before the first known close stay empty. `null`: prices that are no number.
 */
export const fillBars = async (
  bars: BarColumns,
  slots: readonly number[],
  how: "previous" | "null",
  closeBefore: number | null,
  turns: Turns,
): Promise<FilledBars> => {
  const all = barColumns(bars.length + slots.length);
  const filled = new Uint8Array(bars.length + slots.length);
  let row = 0;
  let close = closeBefore;
  const take = (): void => {
    if (bars.state[row] !== FORMING) close = bars.close[row]!;
    copyRow(bars, row++, all);
  };
  for (const [place, start] of slots.entries()) {
    if (place % ROWS === ROWS - 1) await turns.take(ROWS);
    while (row < bars.length && bars.time[row]! < start) take();
    if (row < bars.length && bars.time[row] === start) {
      take();
      continue;
    }
    if (how === "previous" && close === null) continue;
    const at = all.length++;
    filled[at] = 1;
    const price = how === "null" ? Number.NaN : close!;
    all.time[at] = start;
    all.open[at] = price;
    all.high[at] = price;
    all.low[at] = price;
    all.close[at] = price;
    all.openInterest[at] = -1;
    all.state[at] = CLOSED;
  }
  while (row < bars.length) take();
  return { bars: all, filled };
};
